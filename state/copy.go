package state

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/postern-mail/postern/verdicts"
)

// Progress tells how far Copy has come: what is being copied (values, limits,
// verdicts, hours) and how many so far.
type Progress func(what string, n int)

// copyStep is how many entries are on their way at once.
const copyStep = 500

// Copy copies values, counters, limits, verdict records and roll-ups from one
// store to another. Logs are left out: their cursors mean something only where they were
// made. A value is written over what the target has under its key, a roll-up likewise; a
// record that is there stays. What was copied when an error ends it stays copied, and a second
// Copy does no harm. Neither store should be in use meanwhile: what is written
// behind the cursor is not seen.
func Copy(ctx context.Context, from, to Store, progress Progress) error {
	if progress == nil {
		progress = func(string, int) {}
	}
	for _, part := range []struct {
		what string
		copy func(context.Context, Store, Store, func(int)) error
	}{{"values", copyValues}, {"limits", copyLimits}, {"verdicts", copyVerdicts}, {"hours", copyHours}} {
		total := 0
		err := part.copy(ctx, from, to, func(n int) { total += n; progress(part.what, total) })
		if err != nil {
			return fmt.Errorf("copying %s, after %d: %w", part.what, total, err)
		}
	}
	return nil
}

func copyValues(ctx context.Context, from, to Store, did func(int)) error {
	for cursor := ""; ; {
		items, next, err := from.KV().List(ctx, "", cursor, copyStep)
		if err != nil {
			return err
		}
		// The items of one call are of one namespace.
		slices.SortFunc(items, func(a, b Item) int { return compareNamespaces(a.Key, b.Key) })
		for len(items) > 0 {
			n := 1
			for n < len(items) && compareNamespaces(items[0].Key, items[n].Key) == 0 {
				n++
			}
			if err := to.KV().Set(ctx, items[:n]...); err != nil {
				return err
			}
			did(n)
			items = items[n:]
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

func compareNamespaces(a, b string) int {
	na, _ := Namespace(a)
	nb, _ := Namespace(b)
	switch {
	case na < nb:
		return -1
	case na > nb:
		return 1
	}
	return 0
}

func copyLimits(ctx context.Context, from, to Store, did func(int)) error {
	for cursor := ""; ; {
		levels, next, err := from.Limits().List(ctx, "", cursor, copyStep)
		if err != nil {
			return err
		}
		if err := to.Limits().Restore(ctx, levels...); err != nil {
			return err
		}
		did(len(levels))
		if cursor = next; next == "" {
			return nil
		}
	}
}

func copyVerdicts(ctx context.Context, from, to Store, did func(int)) error {
	for q := (verdicts.Query{Limit: copyStep}); ; {
		rs, next, err := from.Verdicts().Query(ctx, q)
		if err != nil {
			return err
		}
		slices.Reverse(rs)
		if err := to.Verdicts().Import(ctx, rs...); err != nil {
			return err
		}
		did(len(rs))
		if q.Cursor = next; next == "" {
			return nil
		}
	}
}

// copyHours goes month by month.
func copyHours(ctx context.Context, from, to Store, did func(int)) error {
	const month = 30 * 24 * time.Hour
	end := time.Now().Add(time.Hour)
	for start := end.Add(-5 * 365 * 24 * time.Hour); start.Before(end); start = start.Add(month) {
		hours, err := from.Verdicts().Hours(ctx, start, start.Add(month))
		if err != nil {
			return err
		}
		if err := to.Verdicts().PutHours(ctx, hours...); err != nil {
			return err
		}
		did(len(hours))
	}
	return nil
}
