package learn

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/lessons"
)

// Position is a point in the row of changes of a store.
type Position = lessons.Position

// Change is one step from one state of what was learned to the next.
type Change struct {
	At      Position
	Old     Record   // what was known of the message: class, domain and tokens; Class None for nothing
	New     Record   // what is known now
	Dropped []uint64 // tokens whose counts expired: they are gone whatever they were
}

// The errors of a store.
var (
	// ErrSettled says that a record's tokens are no longer kept, so that it can
	// be taken back only when the message itself is shown.
	ErrSettled = lessons.ErrSettled
	// ErrWaiting says that the shared store is away: the lesson was taken, waits on this
	// machine's disk and is learned when the store is back.
	ErrWaiting = lessons.ErrWaiting
)

// Limits bounds what a store keeps. Each may be passed by an eighth before it is looked after.
type Limits struct {
	Samples int // messages of each class whose tokens are kept
	Records int // records in all
	Tokens  int // tokens with counts
	Changes int // changes kept for those who follow, and about as many between two snapshots
}

// DefaultLimits keep about 100 MB of samples when full, and a table of 64 MiB.
func DefaultLimits() Limits {
	return Limits{Samples: 10_000, Records: 500_000, Tokens: 2_000_000, Changes: 1024}
}

// Store is what was learned, as it lasts. All nodes that share one see the same changes
// in the same order; that is all they need to agree. It is safe for concurrent
// use.
type Store struct {
	lessons lessons.Store
	limits  Limits
	tidyAt  atomic.Uint64 // number of the change from which on Tidy has something to do
	tidying chan struct{} // held by Tidy, for what follows
	rareAt  int           // tokens at which to look for expired ones again
	size    int           // tokens of the last snapshot
}

// NewStore makes a store of where lessons last.
func NewStore(l lessons.Store, limits Limits) *Store {
	return &Store{lessons: l, limits: limits, tidying: make(chan struct{}, 1)}
}

// InMemory makes a store that does not outlast the process.
func InMemory(limits Limits) *Store { return NewStore(lessons.NewMemory(), limits) }

// Put makes r what is known of its message, in one step. It returns the change with the
// position before it; a change At nothing is none, because the class is the same. To take a lesson back, r
// has Class None; its Tokens are used only when the store has none any more. Without
// either it is ErrSettled.
func (s *Store) Put(ctx context.Context, r Record) (c Change, before Position, err error) {
	l, err := r.lesson()
	if err != nil {
		return c, before, err
	}
	did, err := s.lessons.Put(ctx, l)
	if err != nil && !errors.Is(err, ErrSettled) {
		return c, before, err
	}
	old, damaged := readLesson(did.Old)
	if damaged != nil {
		return c, before, damaged
	}
	if old.Class != bayes.None && old.Tokens == nil {
		old.Tokens = r.Tokens
	}
	return Change{At: did.At, Old: old, New: r}, did.Before, err
}

// Get returns what is known of a message; Class None for nothing.
func (s *Store) Get(ctx context.Context, d Digest) (Record, error) {
	l, err := s.lessons.Get(ctx, string(d[:]))
	if err != nil {
		return Record{}, err
	}
	return readLesson(l)
}

// page is how many lessons are asked for at once.
const page = 1000

// Records yields everything that is known, in no order, without tokens.
func (s *Store) Records(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for cursor := ""; ; {
			list, next, err := s.lessons.List(ctx, cursor, page)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, l := range list {
				r, err := readLesson(l.Lesson)
				r.Kept = l.Kept
				if !yield(r, err) || err != nil {
					return
				}
			}
			if cursor = next; cursor == "" {
				return
			}
		}
	}
}

// Samples yields the records whose tokens are kept, with them, each once.
func (s *Store) Samples(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		seen := map[string]bool{}
		for cursor := ""; ; {
			list, next, err := s.lessons.Samples(ctx, cursor, page)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, l := range list {
				if seen[l.Name] {
					continue
				}
				seen[l.Name] = true
				r, err := readLesson(l)
				if !yield(r, err) || err != nil {
					return
				}
			}
			if cursor = next; cursor == "" {
				return
			}
		}
	}
}

// Load returns the counts, for the caller to own, and the position they stand for. Where
// a part of them was lost, as by a Redis that is short of memory, they are counted anew from the
// samples: what was settled is lost then.
func (s *Store) Load(ctx context.Context) (*bayes.Table, Position, error) {
	table, at, err := s.load(ctx)
	if errors.Is(err, lessons.ErrGap) || errors.Is(err, errDamaged) {
		return s.recount(ctx)
	}
	return table, at, err
}

// recount counts the samples.
func (s *Store) recount(ctx context.Context) (*bayes.Table, Position, error) {
	for {
		before, err := s.lessons.Stats(ctx)
		if err != nil {
			return nil, Position{}, err
		}
		table := bayes.NewTable(0)
		for r, err := range s.Samples(ctx) {
			if err != nil {
				return nil, Position{}, err
			}
			table.Add(r.Tokens, Counted, r.Class, 1)
		}
		after, err := s.lessons.Stats(ctx)
		if err != nil || after.End == before.End { // else somebody learned meanwhile
			return table, after.End, err
		}
	}
}

func (s *Store) load(ctx context.Context) (*bayes.Table, Position, error) {
	for {
		at, chunks, err := s.lessons.Snapshot(ctx)
		if err != nil {
			return nil, at, err
		}
		table, err := readTable(chunks)
		if err != nil {
			return nil, at, err
		}
		for c, err := range s.Changes(ctx, at) {
			switch {
			case errors.Is(err, lessons.ErrGap) && s.newer(ctx, at):
				table = nil // the snapshot was replaced meanwhile
			case err != nil:
				return nil, at, err
			default:
				Apply(table, c)
				at = c.At
			}
		}
		if table != nil {
			return table, at, nil
		}
	}
}

// newer tells whether there is another snapshot than that of a position.
func (s *Store) newer(ctx context.Context, at Position) bool {
	st, err := s.lessons.Stats(ctx)
	return err == nil && st.Snapshot.N > at.N
}

// changesAtOnce is how many changes are asked for at once.
const changesAtOnce = 200

// Changes yields the changes after a position that are there now, in order.
func (s *Store) Changes(ctx context.Context, after Position) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for {
			list, err := s.lessons.Changes(ctx, after, changesAtOnce)
			if err != nil {
				yield(Change{}, err)
				return
			}
			for _, l := range list {
				c, err := readChange(l)
				if !yield(c, err) || err != nil {
					return
				}
				after = c.At
			}
			if len(list) == 0 {
				return
			}
		}
	}
}

// Apply makes one change to counts. A store and every node use the same steps.
func Apply(t *bayes.Table, c Change) {
	t.Add(c.Old.Tokens, Counted, c.Old.Class, -1)
	t.Add(c.New.Tokens, Counted, c.New.Class, 1)
	t.Drop(c.Dropped)
}

// readChange reads a change.
func readChange(l lessons.Change) (c Change, err error) {
	c.At = l.At
	if l.Note != nil {
		if c.Dropped, err = readDropped(l.Note); err != nil {
			return c, fmt.Errorf("change %d: %w", l.At.N, err)
		}
		return c, nil
	}
	if c.Old, err = readLesson(l.Old); err == nil {
		c.New, err = readLesson(l.New)
	}
	return c, err
}
