package memory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/state"
)

type kv struct{ s *Store }

var (
	_ state.KVList   = kv{}
	_ state.Counters = kv{}
)

// Get implements state.KV.
func (k kv) Get(_ context.Context, keys ...string) ([][]byte, error) {
	if err := state.CheckKeys(keys...); err != nil {
		return nil, err
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	now := k.s.now()
	out := make([][]byte, len(keys))
	for i, key := range keys {
		out[i] = k.get(key, now)
	}
	return out, nil
}

// get gives a copy of a live value. The store is locked, here and below.
func (k kv) get(key string, now time.Time) []byte {
	v, ok := k.s.values[key]
	if !ok || !v.ends.After(now) {
		return nil
	}
	return append([]byte{}, v.data...)
}

func (k kv) set(it state.Item, now time.Time) {
	if _, there := k.s.values[it.Key]; !there {
		room(k.s.values, k.s.max, func(v value) bool { return !v.ends.After(now) })
	}
	k.s.values[it.Key] = value{append([]byte{}, it.Value...), now.Add(it.Lifetime)}
}

// Set implements state.KV.
func (k kv) Set(_ context.Context, items ...state.Item) error {
	if err := state.CheckItems(items...); err != nil {
		return err
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	for _, it := range items {
		k.set(it, k.s.now())
	}
	return nil
}

// Once implements state.KV.
func (k kv) Once(_ context.Context, items ...state.Item) ([][]byte, error) {
	if err := state.CheckItems(items...); err != nil {
		return nil, err
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	now := k.s.now()
	out := make([][]byte, len(items))
	for i, it := range items {
		if out[i] = k.get(it.Key, now); out[i] == nil {
			k.set(it, now)
		}
	}
	return out, nil
}

// Delete implements state.KV.
func (k kv) Delete(_ context.Context, keys ...string) (int, error) {
	if err := state.CheckKeys(keys...); err != nil {
		return 0, err
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	n, now := 0, k.s.now()
	for _, key := range keys {
		if k.get(key, now) != nil {
			n++
		}
		delete(k.s.values, key)
	}
	return n, nil
}

// Count implements state.Counters.
func (k kv) Count(_ context.Context, counts ...state.Count) ([]int64, error) {
	if err := state.CheckCounts(counts...); err != nil {
		return nil, err
	}
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	now := k.s.now()
	out := make([]int64, len(counts))
	for i, c := range counts {
		old := k.get(c.Key, now)
		n, err := strconv.ParseInt(string(old), 10, 64)
		if old != nil && err != nil {
			return nil, fmt.Errorf("state: counter %.80q holds no number", c.Key)
		}
		out[i] = n + c.By
		switch text := strconv.FormatInt(out[i], 10); {
		case c.By == 0:
		case old == nil:
			k.set(state.Item{Key: c.Key, Value: []byte(text), Lifetime: c.Lifetime}, now)
		default:
			k.s.values[c.Key] = value{[]byte(text), k.s.values[c.Key].ends}
		}
	}
	return out, nil
}

// List implements state.KVList.
func (k kv) List(_ context.Context, prefix, cursor string, limit int) ([]state.Item, string, error) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	now := k.s.now()
	keys, next := page(k.s.values, prefix, cursor, limit, func(v value) bool { return v.ends.After(now) })
	out := make([]state.Item, len(keys))
	for i, key := range keys {
		v := k.s.values[key]
		out[i] = state.Item{Key: key, Value: append([]byte{}, v.data...), Lifetime: v.ends.Sub(now)}
	}
	return out, next, nil
}

// page gives the next live keys in their order; the cursor is the last key.
func page[V any](m map[string]V, prefix, cursor string, limit int, live func(V) bool) (keys []string, next string) {
	for k, v := range m {
		if strings.HasPrefix(k, prefix) && k > cursor && live(v) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	if limit = max(limit, 1); len(keys) > limit {
		return keys[:limit], keys[limit-1]
	}
	return keys, ""
}
