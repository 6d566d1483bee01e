package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/state"
)

type kv struct{ s *Store }

var (
	_ state.KVList   = kv{}
	_ state.Counters = kv{}
)

// key gives a value's key: the namespace is the hash tag.
func (k kv) key(key string) string {
	ns, rest, _ := strings.Cut(key, ":")
	return k.s.key("k:{", ns, "}:", rest)
}

func (k kv) keys(keys []string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = k.key(key)
	}
	return out
}

// values turns a reply of strings and nils into values.
func values(reply []any) [][]byte {
	out := make([][]byte, len(reply))
	for i, v := range reply {
		if text, ok := v.(string); ok {
			out[i] = []byte(text)
		}
	}
	return out
}

// Get implements state.KV.
func (k kv) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if err := state.CheckKeys(keys...); err != nil || len(keys) == 0 {
		return nil, err
	}
	var reply []any
	err := k.s.call(ctx, func(ctx context.Context) (err error) {
		reply, err = k.s.client.MGet(ctx, k.keys(keys)...).Result()
		return err
	})
	if err != nil {
		return nil, err
	}
	return values(reply), nil
}

// Set implements state.KV.
func (k kv) Set(ctx context.Context, items ...state.Item) error {
	if err := state.CheckItems(items...); err != nil || len(items) == 0 {
		return err
	}
	return k.s.call(ctx, func(ctx context.Context) error {
		if len(items) == 1 {
			return k.s.client.Set(ctx, k.key(items[0].Key), items[0].Value, items[0].Lifetime).Err()
		}
		_, err := k.s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for _, it := range items {
				p.Set(ctx, k.key(it.Key), it.Value, it.Lifetime)
			}
			return nil
		})
		return err
	})
}

// Once implements state.KV.
func (k kv) Once(ctx context.Context, items ...state.Item) ([][]byte, error) {
	if err := state.CheckItems(items...); err != nil || len(items) == 0 {
		return nil, err
	}
	keys, args := make([]string, len(items)), make([]any, 0, 2*len(items))
	for i, it := range items {
		keys[i] = k.key(it.Key)
		args = append(args, it.Value, it.Lifetime.Milliseconds())
	}
	reply, err := k.s.run(ctx, onceScript, keys, args)
	if err != nil {
		return nil, err
	}
	return values(reply), nil
}

// run runs a script whose answer is a list.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args []any) ([]any, error) {
	var reply []any
	err := s.call(ctx, func(ctx context.Context) (err error) {
		reply, err = script.Run(ctx, s.client, keys, args...).Slice()
		return err
	})
	return reply, err
}

// Delete implements state.KV.
func (k kv) Delete(ctx context.Context, keys ...string) (int, error) {
	if err := state.CheckKeys(keys...); err != nil || len(keys) == 0 {
		return 0, err
	}
	return k.s.unlink(ctx, k.keys(keys))
}

func (s *Store) unlink(ctx context.Context, keys []string) (int, error) {
	var n int64
	err := s.call(ctx, func(ctx context.Context) (err error) {
		n, err = s.client.Unlink(ctx, keys...).Result()
		return err
	})
	return int(n), err
}

// Count implements state.Counters.
func (k kv) Count(ctx context.Context, counts ...state.Count) ([]int64, error) {
	if err := state.CheckCounts(counts...); err != nil || len(counts) == 0 {
		return nil, err
	}
	keys, args := make([]string, len(counts)), make([]any, 0, 2*len(counts))
	for i, c := range counts {
		keys[i] = k.key(c.Key)
		args = append(args, c.By, c.Lifetime.Milliseconds())
	}
	reply, err := k.s.run(ctx, countScript, keys, args)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(counts))
	for i := range min(len(out), len(reply)) {
		if out[i], err = integer(reply[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// integer reads a number that a script gave as a number or as text.
func integer(v any) (int64, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case string:
		return strconv.ParseInt(v, 10, 64)
	}
	return 0, fmt.Errorf("redis: a script answered %T where a number was due", v)
}

// List implements state.KVList.
func (k kv) List(ctx context.Context, prefix, cursor string, limit int) ([]state.Item, string, error) {
	pattern := k.s.key("k:{", prefix)
	if strings.Contains(prefix, ":") {
		pattern = k.key(prefix)
	}
	keys, next, err := k.s.scan(ctx, pattern, cursor, limit)
	if err != nil || len(keys) == 0 {
		return nil, next, err
	}
	data, left := make([]*redis.StringCmd, len(keys)), make([]*redis.DurationCmd, len(keys))
	err = k.s.within(ctx, bulkTimeout, func(ctx context.Context) error {
		_, err := k.s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range keys {
				data[i], left[i] = p.Get(ctx, key), p.PTTL(ctx, key)
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, "", err
	}
	var out []state.Item
	for i, key := range keys {
		value, err := data[i].Bytes()
		if err != nil || left[i].Val() <= 0 {
			continue // it ended meanwhile
		}
		ns, rest, _ := strings.Cut(strings.TrimPrefix(key, k.s.key("k:{")), "}:")
		out = append(out, state.Item{Key: ns + ":" + rest, Value: value, Lifetime: left[i].Val().Truncate(time.Millisecond)})
	}
	return out, next, nil
}
