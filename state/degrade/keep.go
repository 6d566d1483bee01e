package degrade

import (
	"context"
	"errors"
	"time"

	"github.com/postern-mail/postern/state"
)

// drainStep is how many records or values are handed over between two looks at the rest.
const drainStep = 100

func (s *Store) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// keep probes while the shared store is away, and hands over what waits when it
// is back.
func (s *Store) keep(ctx context.Context) {
	tick := time.NewTicker(s.opts.Probe)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.wake:
		}
		if s.away.Load() && !s.recover(ctx) {
			// One probe in a while, however often somebody falls.
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			continue
		}
		s.drain(ctx)
	}
}

// recover probes, and tells the store what was written meanwhile before others
// read from it again.
func (s *Store) recover(ctx context.Context) bool {
	if err := s.shared.Probe(ctx); err != nil {
		return false
	}
	if err := s.pay(ctx); err != nil {
		return false
	}
	if err := s.again(ctx); err != nil {
		return false
	}
	s.rise()
	return true
}

// again puts what was added lately into the queue when the store is not the one it was and may have
// lost it.
func (s *Store) again(ctx context.Context) error {
	id, err := s.shared.Identity(ctx)
	if err != nil || id == s.known {
		return err
	}
	if err := s.teachAgain(ctx); err != nil {
		return err
	}
	s.filling.RLock()
	defer s.filling.RUnlock()
	rs := s.recent.take(s.opts.Now())
	if err := s.queue.Verdicts().Import(ctx, rs...); err != nil {
		return err
	}
	s.waiting.Add(int64(len(rs)))
	s.known = id
	return nil
}

// pay writes the values and counts that this machine owes.
func (s *Store) pay(ctx context.Context) error {
	for {
		items, counts := s.debts.take(s.opts.Now(), drainStep)
		if len(items)+len(counts) == 0 {
			return nil
		}
		for i, it := range items {
			if err := s.shared.KV().Set(ctx, it); errors.Is(err, state.ErrAway) {
				s.debts.giveBack(s.opts.Now(), items[i:], counts)
				return err
			}
		}
		for i, c := range counts {
			if _, err := s.shared.Counters().Count(ctx, c); errors.Is(err, state.ErrAway) {
				s.debts.giveBack(s.opts.Now(), nil, counts[i:])
				return err
			}
		}
	}
}

// drain adds what waits in the queue to the shared store, and pays what came to
// be owed while it rose.
func (s *Store) drain(ctx context.Context) {
	if s.away.Load() || s.pay(ctx) != nil {
		return
	}
	for s.lessons.Load() > 0 && !s.away.Load() && ctx.Err() == nil {
		if err := s.drainLessons(ctx); err != nil {
			return
		}
	}
	for s.waiting.Load() > 0 && !s.away.Load() && ctx.Err() == nil {
		if err := s.drainSome(ctx); err != nil {
			return
		}
	}
}

func (s *Store) drainSome(ctx context.Context) error {
	waiting, err := s.queue.Oldest(ctx, drainStep)
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		return s.recount(ctx)
	}
	var done []string
	for _, r := range waiting {
		var asked bool
		if asked, err = s.ask(func() error { return s.shared.Verdicts().Add(ctx, r) }); err != nil {
			break
		}
		if !asked {
			err = state.ErrAway
			break
		}
		done = append(done, r.ID)
	}
	if err := s.queue.Remove(ctx, done...); err != nil {
		return err
	}
	s.waiting.Add(-int64(len(done)))
	return err
}

// recount counts what waits, while nothing is on its way into the queue.
func (s *Store) recount(ctx context.Context) error {
	s.filling.Lock()
	defer s.filling.Unlock()
	n, err := s.queue.Records(ctx)
	if err == nil {
		s.waiting.Store(int64(n))
	}
	return err
}
