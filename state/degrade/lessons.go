package degrade

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/postern-mail/postern/learn/lessons"
)

// learned is what was learned. Judging by it asks nobody; so while the store is away only new
// lessons are of concern.
type learned struct{ s *Store }

var _ lessons.Store = learned{}

// errLessons says that a lesson is lost.
var errLessons = errors.New("state: queue of waiting lessons is full")

// Lessons implements state.Store.
func (s *Store) Lessons() lessons.Store { return learned{s} }

// Put implements lessons.Store. While lessons wait, a new one waits behind them.
func (v learned) Put(ctx context.Context, l lessons.Lesson) (did lessons.Step, err error) {
	if v.s.lessons.Load() == 0 {
		asked, err := v.s.ask(func() (err error) { did, err = v.s.shared.Lessons().Put(ctx, l); return err })
		if asked {
			if err == nil && did.At.N != 0 {
				v.s.taught.add(taughtLesson{l, did.Old.Class, v.s.opts.Now()})
			}
			return did, err
		}
	}
	kept, err := v.s.queue.KeepLesson(ctx, l, v.s.opts.Lessons)
	if err != nil {
		return did, err
	}
	if !kept {
		return did, fmt.Errorf("%w: %d lessons", errLessons, v.s.opts.Lessons)
	}
	v.s.lessons.Add(1)
	v.s.nudge()
	return did, lessons.ErrWaiting
}

// drainLessons puts some of the lessons that wait. One that the store refuses is not worth
// keeping the others back: its message was settled or forgotten meanwhile.
func (s *Store) drainLessons(ctx context.Context) error {
	list, last, err := s.queue.WaitingLessons(ctx, drainStep)
	if err != nil {
		return err
	}
	for _, l := range list {
		err := s.must(func() error { _, err := s.shared.Lessons().Put(ctx, l); return err })
		if err != nil && !errors.Is(err, lessons.ErrSettled) && !errors.Is(err, lessons.ErrLesson) {
			return err
		}
	}
	if err := s.queue.RemoveLessons(ctx, last); err != nil {
		return err
	}
	n, err := s.queue.CountLessons(ctx)
	if err == nil {
		s.lessons.Store(int64(n))
	}
	return err
}

// taught are the lessons put lately: a store that comes back as another process may have lost them.
type taught struct {
	mu   sync.Mutex
	list []taughtLesson
}

type taughtLesson struct {
	lessons.Lesson
	was uint8
	at  time.Time
}

// The bounds of taught.
const (
	taughtFor = time.Minute
	maxTaught = 1000
)

func (t *taught) add(l taughtLesson) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.list) >= maxTaught {
		t.list = append(t.list[:0], t.list[maxTaught/2:]...)
	}
	t.list = append(t.list, l)
}

// lately gives those that are not too old.
func (t *taught) lately(now time.Time) (list []taughtLesson) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.list {
		if now.Sub(l.at) < taughtFor {
			list = append(list, l)
		}
	}
	return list
}

// teachAgain puts the lessons that the store does not know any more: it knows of the
// message what it knew before.
func (s *Store) teachAgain(ctx context.Context) error {
	for _, l := range s.taught.lately(s.opts.Now()) {
		known, err := s.shared.Lessons().Get(ctx, l.Name)
		if err == nil && known.Class == l.was {
			_, err = s.shared.Lessons().Put(ctx, l.Lesson)
		}
		if err != nil && !errors.Is(err, lessons.ErrSettled) {
			return err
		}
	}
	return nil
}

// Get implements lessons.Store.
func (v learned) Get(ctx context.Context, name string) (l lessons.Lesson, err error) {
	err = v.s.must(func() (err error) { l, err = v.s.shared.Lessons().Get(ctx, name); return err })
	return l, err
}

// List implements lessons.Store.
func (v learned) List(ctx context.Context, cursor string, limit int) (out []lessons.Listed, next string, err error) {
	err = v.s.must(func() (err error) { out, next, err = v.s.shared.Lessons().List(ctx, cursor, limit); return err })
	return out, next, err
}

// Samples implements lessons.Store.
func (v learned) Samples(ctx context.Context, cursor string, limit int) (out []lessons.Lesson, next string, err error) {
	err = v.s.must(func() (err error) { out, next, err = v.s.shared.Lessons().Samples(ctx, cursor, limit); return err })
	return out, next, err
}

// Changes implements lessons.Store.
func (v learned) Changes(ctx context.Context, after lessons.Position, limit int) (out []lessons.Change, err error) {
	err = v.s.must(func() (err error) { out, err = v.s.shared.Lessons().Changes(ctx, after, limit); return err })
	return out, err
}

// Note implements lessons.Store.
func (v learned) Note(ctx context.Context, after lessons.Position, note []byte) (at lessons.Position, err error) {
	err = v.s.must(func() (err error) { at, err = v.s.shared.Lessons().Note(ctx, after, note); return err })
	return at, err
}

// Release implements lessons.Store.
func (v learned) Release(ctx context.Context, names ...string) error {
	return v.s.must(func() error { return v.s.shared.Lessons().Release(ctx, names...) })
}

// Remove implements lessons.Store.
func (v learned) Remove(ctx context.Context, names ...string) error {
	return v.s.must(func() error { return v.s.shared.Lessons().Remove(ctx, names...) })
}

// Import implements lessons.Store.
func (v learned) Import(ctx context.Context, ls ...lessons.Lesson) error {
	return v.s.must(func() error { return v.s.shared.Lessons().Import(ctx, ls...) })
}

// Snapshot implements lessons.Store.
func (v learned) Snapshot(ctx context.Context) (at lessons.Position, chunks [][]byte, err error) {
	err = v.s.must(func() (err error) { at, chunks, err = v.s.shared.Lessons().Snapshot(ctx); return err })
	return at, chunks, err
}

// PutSnapshot implements lessons.Store.
func (v learned) PutSnapshot(ctx context.Context, was, at lessons.Position, chunks [][]byte, keep int) error {
	return v.s.must(func() error { return v.s.shared.Lessons().PutSnapshot(ctx, was, at, chunks, keep) })
}

// Stats implements lessons.Store.
func (v learned) Stats(ctx context.Context) (st lessons.Stats, err error) {
	err = v.s.must(func() (err error) { st, err = v.s.shared.Lessons().Stats(ctx); return err })
	return st, err
}
