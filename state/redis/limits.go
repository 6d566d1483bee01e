package redis

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/state"
)

// limits keeps arrival times. They are all under one tag: any of them can be asked for
// together with any other.
type limits struct{ s *Store }

var _ state.LimitsList = limits{}

func (l limits) key(key string) string { return l.s.key("l:{l}:", key) }

// Take implements state.Limits.
func (l limits) Take(ctx context.Context, takes ...state.Take) (state.Taken, error) {
	return l.settle(ctx, takes, 0)
}

// Peek implements state.Limits.
func (l limits) Peek(ctx context.Context, takes ...state.Take) (state.Taken, error) {
	return l.settle(ctx, takes, 1)
}

func (l limits) settle(ctx context.Context, takes []state.Take, peek int) (state.Taken, error) {
	if err := state.CheckTakes(takes...); err != nil {
		return state.Taken{}, err
	}
	if len(takes) == 0 {
		return state.Taken{Allowed: true}, nil
	}
	keys, args := make([]string, len(takes)), []any{peek}
	for i, t := range takes {
		keys[i] = l.key(t.Key)
		args = append(args, t.Limit.Cost(t.N), t.Limit.Tolerance(), t.Floor)
	}
	reply, err := l.s.run(ctx, takeScript, keys, args)
	if err != nil {
		return state.Taken{}, err
	}
	n := make([]int64, 2*len(takes)+1)
	for i := range min(len(n), len(reply)) {
		if n[i], err = integer(reply[i]); err != nil {
			return state.Taken{}, err
		}
	}
	ok, tats := make([]bool, len(takes)), map[string]int64{}
	for i, t := range takes {
		ok[i], tats[t.Key] = n[2*i+1] == 1, n[2*i+2]
	}
	return state.Settled(takes, tats, n[0], ok), nil
}

// Reset implements state.LimitsList.
func (l limits) Reset(ctx context.Context, keys ...string) (int, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	full := make([]string, len(keys))
	for i, k := range keys {
		full[i] = l.key(k)
	}
	return l.s.unlink(ctx, full)
}

// Restore implements state.LimitsList.
func (l limits) Restore(ctx context.Context, levels ...state.Level) error {
	return l.s.within(ctx, bulkTimeout, func(ctx context.Context) error {
		_, err := l.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, v := range levels {
				if left := time.Until(time.UnixMicro(v.TAT)); left >= time.Millisecond {
					p.Set(ctx, l.key(v.Key), v.TAT, left)
				}
			}
			return nil
		})
		return err
	})
}

// List implements state.LimitsList.
func (l limits) List(ctx context.Context, prefix, cursor string, limit int) ([]state.Level, string, error) {
	keys, next, err := l.s.scan(ctx, l.key(prefix), cursor, limit)
	if err != nil || len(keys) == 0 {
		return nil, next, err
	}
	var tats []any
	err = l.s.call(ctx, func(ctx context.Context) (err error) {
		tats, err = l.s.client.MGet(ctx, keys...).Result()
		return err
	})
	var out []state.Level
	for i, v := range tats {
		text, _ := v.(string)
		if tat, err := strconv.ParseInt(text, 10, 64); err == nil {
			out = append(out, state.Level{Key: strings.TrimPrefix(keys[i], l.key("")), TAT: tat})
		}
	}
	return out, next, err
}
