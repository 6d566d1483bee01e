package redis

import (
	"context"
	"strconv"
	"time"
)

func (s *Store) sweepNowAndThen(ctx context.Context) {
	tick := time.NewTicker(s.opts.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// What is not done now is done next time, here or on another machine.
			_, _ = records{s}.Sweep(ctx)
		}
	}
}

// Sweep implements verdicts.Lasting. Age needs no sweep: every key ends by
// itself. When there are too many records, the oldest hours go whole as long as enough
// is left: up to one hour's records more than the limit are kept. Several machines may sweep at once.
func (v records) Sweep(ctx context.Context) (int, error) {
	oldest, newest := v.span()
	sizes, total, err := v.kept(ctx)
	if err != nil {
		return 0, err
	}
	removed := 0
	for h := oldest; h <= newest && total-sizes[h] >= int64(v.s.opts.Retention.Records); h++ {
		if sizes[h] == 0 {
			continue
		}
		if err := v.drop(ctx, h, sizes[h]); err != nil {
			return removed, err
		}
		total, removed = total-sizes[h], removed+int(sizes[h])
	}
	return removed, nil
}

// span are the first and the last hour that may have records.
func (v records) span() (oldest, newest int64) {
	now := v.s.opts.Now()
	return hour(now.Add(-v.s.opts.Retention.Age)) - 1, hour(now) + 1
}

// kept tells how many records each hour has, and all have.
func (v records) kept(ctx context.Context) (sizes map[int64]int64, total int64, err error) {
	oldest, newest := v.span()
	sizes = map[int64]int64{}
	for low := oldest; low <= newest; low += hoursAtOnce {
		some, err := v.sizes(ctx, low, min(low+hoursAtOnce-1, newest))
		if err != nil {
			return nil, 0, err
		}
		for h, n := range some {
			sizes[h], total = n, total+n
		}
	}
	return sizes, total, nil
}

// Records implements state.Counted.
func (s *Store) Records(ctx context.Context) (int, error) {
	_, n, err := records{s}.kept(ctx)
	return int(n), err
}

// drop removes the records of an hour and their index, and leaves the roll-up. The list of ids goes
// last, so that a drop which was broken off is taken up again.
func (v records) drop(ctx context.Context, h, size int64) error {
	for n := int64(0); n*chunkSize < size; n++ {
		var ids string
		err := v.s.call(ctx, func(ctx context.Context) (err error) {
			ids, err = v.s.client.GetRange(ctx, v.key(h, "n"), n*chunkSize*idLength, (n+1)*chunkSize*idLength-1).Result()
			return err
		})
		if err != nil {
			return err
		}
		keys := []string{v.key(h, "i:", strconv.FormatInt(n, 10))}
		for ; len(ids) >= idLength; ids = ids[idLength:] {
			keys = append(keys, v.key(h, "r:", ids[:idLength]))
		}
		if err := v.s.within(ctx, bulkTimeout, func(ctx context.Context) error {
			return v.s.client.Unlink(ctx, keys...).Err()
		}); err != nil {
			return err
		}
	}
	_, err := v.s.unlink(ctx, []string{v.key(h, "n")})
	return err
}
