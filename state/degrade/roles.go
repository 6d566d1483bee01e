package degrade

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/postern-mail/postern/state"
)

// remembered is how long a value that was read is good for when the store goes away:
// how long it has to live nobody said.
const remembered = time.Hour

type kv struct{ s *Store }

// Get implements state.KV.
func (k kv) Get(ctx context.Context, keys ...string) (out [][]byte, err error) {
	asked, err := k.s.ask(func() (err error) { out, err = k.s.shared.KV().Get(ctx, keys...); return err })
	if !asked {
		return k.s.local.KV().Get(ctx, keys...)
	}
	if err != nil {
		return nil, err
	}
	var seen []state.Item
	for i, v := range out {
		if v != nil && len(v) <= state.MaxValue {
			seen = append(seen, state.Item{Key: keys[i], Value: v, Lifetime: remembered})
		}
	}
	// What was set with a lifetime of its own stays as it is.
	_, err = k.s.local.KV().Once(ctx, seen...)
	return out, err
}

// Set implements state.KV.
func (k kv) Set(ctx context.Context, items ...state.Item) error {
	asked, err := k.s.ask(func() error { return k.s.shared.KV().Set(ctx, items...) })
	if err != nil {
		return err
	}
	if err := k.s.local.KV().Set(ctx, items...); err != nil {
		return err
	}
	if !asked {
		k.s.debts.owe(k.s.opts.Now(), items...)
	}
	return nil
}

// Once implements state.KV.
func (k kv) Once(ctx context.Context, items ...state.Item) (out [][]byte, err error) {
	asked, err := k.s.ask(func() (err error) { out, err = k.s.shared.KV().Once(ctx, items...); return err })
	if !asked {
		if out, err = k.s.local.KV().Once(ctx, items...); err == nil {
			k.s.debts.owe(k.s.opts.Now(), news(items, out)...)
		}
		return out, err
	}
	if err == nil {
		err = k.s.local.KV().Set(ctx, news(items, out)...)
	}
	return out, err
}

// news are the items that were kept: there was nothing before.
func news(items []state.Item, before [][]byte) []state.Item {
	var out []state.Item
	for i, it := range items {
		if before[i] == nil {
			out = append(out, it)
		}
	}
	return out
}

// Delete implements state.KV. What is deleted while the store is away may be
// there again when it is back.
func (k kv) Delete(ctx context.Context, keys ...string) (n int, err error) {
	asked, err := k.s.ask(func() (err error) { n, err = k.s.shared.KV().Delete(ctx, keys...); return err })
	if err != nil {
		return 0, err
	}
	k.s.debts.forgive(keys...)
	m, err := k.s.local.KV().Delete(ctx, keys...)
	if !asked {
		n = m
	}
	return n, err
}

// Count implements state.Counters.
func (k kv) Count(ctx context.Context, counts ...state.Count) (out []int64, err error) {
	asked, err := k.s.ask(func() (err error) { out, err = k.s.shared.Counters().Count(ctx, counts...); return err })
	if !asked {
		if out, err = k.s.local.Counters().Count(ctx, counts...); err == nil {
			k.s.debts.oweCounts(counts...)
		}
		return out, err
	}
	for i := range out {
		if c := counts[i]; c.By != 0 && err == nil {
			err = k.s.local.KV().Set(ctx, state.Item{Key: c.Key, Value: strconv.AppendInt(nil, out[i], 10), Lifetime: c.Lifetime})
		}
	}
	return out, err
}

// List implements state.KVList.
func (k kv) List(ctx context.Context, prefix, cursor string, limit int) (out []state.Item, next string, err error) {
	err = k.s.must(func() (err error) { out, next, err = k.s.shared.KV().List(ctx, prefix, cursor, limit); return err })
	return out, next, err
}

// must asks for what this machine cannot answer.
func (s *Store) must(f func() error) error {
	asked, err := s.ask(f)
	if !asked {
		return fmt.Errorf("%w: %s", state.ErrAway, s.Status().Reason)
	}
	return err
}

type limits struct{ s *Store }

// Take implements state.Limits.
func (l limits) Take(ctx context.Context, takes ...state.Take) (out state.Taken, err error) {
	with, floored := l.s.debts.floors(takes)
	asked, err := l.s.ask(func() (err error) { out, err = l.s.shared.Limits().Take(ctx, with...); return err })
	if !asked {
		if out, err = l.s.local.Limits().Take(ctx, takes...); err == nil {
			out.Local = true
			l.s.debts.oweLevels(out.Levels)
		}
		return out, err
	}
	if err != nil {
		return out, err
	}
	if floored {
		l.s.debts.settled(keysOf(takes)...)
	}
	return out, l.s.local.Limits().Restore(ctx, out.Levels...)
}

func keysOf(takes []state.Take) []string {
	keys := make([]string, len(takes))
	for i, t := range takes {
		keys[i] = t.Key
	}
	return keys
}

// Peek implements state.Limits.
func (l limits) Peek(ctx context.Context, takes ...state.Take) (out state.Taken, err error) {
	with, _ := l.s.debts.floors(takes)
	asked, err := l.s.ask(func() (err error) { out, err = l.s.shared.Limits().Peek(ctx, with...); return err })
	if !asked {
		out, err = l.s.local.Limits().Peek(ctx, takes...)
		out.Local = true
	}
	return out, err
}

// Reset implements state.LimitsList.
func (l limits) Reset(ctx context.Context, keys ...string) (n int, err error) {
	err = l.s.must(func() (err error) { n, err = l.s.shared.Limits().Reset(ctx, keys...); return err })
	if err != nil {
		return 0, err
	}
	l.s.debts.settled(keys...)
	_, err = l.s.local.Limits().Reset(ctx, keys...)
	return n, err
}

// Restore implements state.LimitsList.
func (l limits) Restore(ctx context.Context, levels ...state.Level) error {
	return l.s.must(func() error { return l.s.shared.Limits().Restore(ctx, levels...) })
}

// List implements state.LimitsList.
func (l limits) List(ctx context.Context, prefix, cursor string, limit int) (out []state.Level, next string, err error) {
	err = l.s.must(func() (err error) {
		out, next, err = l.s.shared.Limits().List(ctx, prefix, cursor, limit)
		return err
	})
	return out, next, err
}

type logs struct{ s *Store }

// Append implements state.Logs.
func (l logs) Append(ctx context.Context, log state.Log, entries ...[]byte) error {
	return l.s.must(func() error { return l.s.shared.Logs().Append(ctx, log, entries...) })
}

// Read implements state.Logs.
func (l logs) Read(ctx context.Context, name, after string, limit int) (out []state.Entry, err error) {
	err = l.s.must(func() (err error) { out, err = l.s.shared.Logs().Read(ctx, name, after, limit); return err })
	return out, err
}

// End implements state.Logs.
func (l logs) End(ctx context.Context, name string) (end string, err error) {
	err = l.s.must(func() (err error) { end, err = l.s.shared.Logs().End(ctx, name); return err })
	return end, err
}
