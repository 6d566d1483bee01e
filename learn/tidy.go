package learn

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/lessons"
)

// due tells whether Tidy has something to do when the changes have come so far.
func (s *Store) due(at Position) bool { return at.N >= s.tidyAt.Load() }

// Tidy looks after the bounds: it settles messages that are not in the sample, lets go of
// records and tokens that are too many, and puts a snapshot of the counts in the
// place of the changes it stands for. It may run on several machines at once; one of them is done
// in vain then. It renews the lifetime of what has one.
func (s *Store) Tidy(ctx context.Context) error {
	select {
	case s.tidying <- struct{}{}:
		defer func() { <-s.tidying }()
	default:
		return nil
	}
	st, err := s.lessons.Stats(ctx)
	if err != nil {
		return err
	}
	// The more there is in a snapshot, the less often it is worth the while.
	every := uint64(max(s.limits.Changes, s.size/256))
	if s.tidyAt.Store(st.Snapshot.N + every); st.End.N < st.Snapshot.N+every {
		return nil
	}
	if err := s.settle(ctx, st); err != nil {
		return err
	}
	at, err := s.snapshot(ctx, st.Snapshot)
	if errors.Is(err, lessons.ErrMoved) {
		err = nil // another machine was first
	}
	s.tidyAt.Store(at.N + every)
	return err
}

// settle lets go of samples and records that are too many, each when there is an eighth too much.
func (s *Store) settle(ctx context.Context, st lessons.Stats) error {
	over := func(n, limit int) bool { return n > limit+limit/8 }
	if !over(st.Kept[bayes.Ham], s.limits.Samples) && !over(st.Kept[bayes.Spam], s.limits.Samples) && !over(st.Lessons, s.limits.Records) {
		return nil
	}
	var kept [3][]Record
	var settled []Record
	for r, err := range s.Records(ctx) {
		if err != nil {
			return err
		}
		if r.Kept {
			kept[r.Class] = append(kept[r.Class], r)
		} else {
			settled = append(settled, r)
		}
	}
	for _, list := range kept {
		slices.SortFunc(list, older)
		keep := map[Digest]bool{}
		for _, r := range Sample(list, s.limits.Samples) {
			keep[r.Digest] = true
		}
		list = slices.DeleteFunc(list, func(r Record) bool { return keep[r.Digest] })
		if err := s.lessons.Release(ctx, names(list)...); err != nil {
			return err
		}
		settled = append(settled, list...)
	}
	slices.SortFunc(settled, older)
	return s.lessons.Remove(ctx, names(settled[:min(max(st.Lessons-s.limits.Records, 0), len(settled))])...)
}

func names(list []Record) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = string(r.Digest[:])
	}
	return out
}

// snapshot writes the counts down, without tokens that are too many.
func (s *Store) snapshot(ctx context.Context, was Position) (Position, error) {
	table, at, err := s.Load(ctx)
	if err != nil {
		return at, err
	}
	if limit := s.limits.Tokens; table.Used() > max(s.rareAt, limit+limit/8) {
		if at, err = s.expire(ctx, table, at); err != nil {
			return at, err
		}
		s.rareAt = table.Used() + table.Used()/8 // the samples may hold more than the limit
	}
	s.size = table.Used()
	return at, s.lessons.PutSnapshot(ctx, was, at, writeTable(table), s.limits.Changes)
}

// tries is how often expire begins anew because somebody learned meanwhile.
const tries = 8

// expire drops rare tokens, for all machines.
func (s *Store) expire(ctx context.Context, table *bayes.Table, at Position) (Position, error) {
	held := map[uint64]bool{}
	hold := func(list []uint64) {
		for _, t := range list {
			if Counted(t) {
				held[t] = true
			}
		}
	}
	for r, err := range s.Samples(ctx) {
		if err != nil {
			return at, err
		}
		hold(r.Tokens)
	}
	for range tries {
		for c, err := range s.Changes(ctx, at) {
			if err != nil {
				return at, err
			}
			hold(c.New.Tokens)
			Apply(table, c)
			at = c.At
		}
		dropped := expired(table, held, s.limits.Tokens)
		if len(dropped) == 0 {
			return at, nil
		}
		next, err := s.lessons.Note(ctx, at, writeDropped(dropped))
		if err == nil {
			table.Drop(dropped)
			return next, nil
		}
		if !errors.Is(err, lessons.ErrMoved) {
			return at, err
		}
	}
	return at, nil // next time
}

// expired are tokens to let go of: the rarest of those that no kept sample
// has. So a message that can be forgotten still can be, exactly.
func expired(table *bayes.Table, held map[uint64]bool, limit int) []uint64 {
	var list []counted
	total := 0
	for t, c := range table.All() {
		if total++; !held[t] {
			list = append(list, counted{t, c})
		}
	}
	messages := func(c counted) uint64 { return uint64(c.Ham) + uint64(c.Spam) }
	slices.SortFunc(list, func(a, b counted) int {
		return cmp.Or(cmp.Compare(messages(a), messages(b)), cmp.Compare(a.token, b.token))
	})
	list = list[:min(len(list), max(total-limit, 0))]
	out := make([]uint64, len(list))
	for i, c := range list {
		out[i] = c.token
	}
	return out
}
