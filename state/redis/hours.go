package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/verdicts"
)

// hoursAtOnce is how many roll-ups one round trip reads.
const hoursAtOnce = 500

// Hours implements verdicts.Lasting.
func (v records) Hours(ctx context.Context, since, until time.Time) ([]verdicts.Hour, error) {
	now := v.s.opts.Now()
	low := max((since.Unix()+3599)/3600, hour(now.Add(-v.s.opts.Retention.Hours)))
	high := min((until.Unix()+3599)/3600, hour(now)+2) // left out
	var out []verdicts.Hour
	for ; low < high; low += hoursAtOnce {
		some, err := v.hours(ctx, low, min(low+hoursAtOnce, high))
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

func (v records) hours(ctx context.Context, low, high int64) ([]verdicts.Hour, error) {
	var cmds []*redis.MapStringStringCmd
	err := v.s.call(ctx, func(ctx context.Context) error {
		_, err := v.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for h := low; h < high; h++ {
				cmds = append(cmds, p.HGetAll(ctx, v.key(h, "c")))
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []verdicts.Hour
	for i, c := range cmds {
		if len(c.Val()) == 0 {
			continue
		}
		h := verdicts.Hour{Start: time.Unix((low+int64(i))*3600, 0).UTC(), Counts: map[string]int64{}}
		for name, text := range c.Val() {
			if h.Counts[name], err = strconv.ParseInt(text, 10, 64); err != nil {
				return nil, fmt.Errorf("redis: roll-up of %v: %w", h.Start, err)
			}
		}
		out = append(out, h)
	}
	return out, nil
}

// PutHours implements verdicts.Lasting.
func (v records) PutHours(ctx context.Context, hours ...verdicts.Hour) error {
	for some := range slices.Chunk(hours, importBatch) {
		err := v.s.within(ctx, bulkTimeout, func(ctx context.Context) error {
			_, err := v.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, h := range some {
					v.putHour(ctx, p, h)
				}
				return nil
			})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (v records) putHour(ctx context.Context, p redis.Pipeliner, h verdicts.Hour) {
	key, left := v.key(hour(h.Start), "c"), v.left(hour(h.Start), v.s.opts.Retention.Hours)
	if left <= 0 {
		return
	}
	p.Del(ctx, key)
	if len(h.Counts) == 0 {
		return
	}
	values := make([]any, 0, 2*len(h.Counts))
	for name, n := range h.Counts {
		values = append(values, name, n)
	}
	p.HSet(ctx, key, values...)
	p.Expire(ctx, key, time.Duration(left)*time.Second)
}
