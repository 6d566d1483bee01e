// Package memory keeps values and limits in memory, up to a bound: what stands
// in for the shared store while that is away, and a store for tests.
//
// When it is full, what is past its lifetime goes first, and then whatever
// comes to hand: a stranger who fills it makes it forget, never grow.
package memory

import (
	"context"
	"sync"
	"time"

	"github.com/postern-mail/postern/state"
)

// Store keeps values, counters and limits. It is safe for several goroutines.
type Store struct {
	now func() time.Time
	max int

	mu     sync.Mutex
	values map[string]value
	limits map[string]int64
}

type value struct {
	data []byte
	ends time.Time
}

// New makes a store of at most max values and max limits. now is the clock.
func New(max int, now func() time.Time) *Store {
	return &Store{now: now, max: max, values: map[string]value{}, limits: map[string]int64{}}
}

// KV gives the store's values.
func (s *Store) KV() state.KVList { return kv{s} }

// Counters gives the store's counters.
func (s *Store) Counters() state.Counters { return kv{s} }

// Limits gives the store's limits.
func (s *Store) Limits() state.LimitsList { return limits{s} }

// room makes room for one more entry: over tells when an entry is of no use. Making room
// looks at everything, so it makes a tenth of the whole at once.
func room[V any](m map[string]V, max int, over func(V) bool) {
	if len(m) < max {
		return
	}
	for k, v := range m {
		if over(v) {
			delete(m, k)
		}
	}
	for k := range m {
		if len(m) < max-max/10 {
			return
		}
		delete(m, k)
	}
}

type limits struct{ s *Store }

var _ state.LimitsList = limits{}

// Take implements state.Limits.
func (l limits) Take(_ context.Context, takes ...state.Take) (state.Taken, error) {
	return l.settle(takes, false)
}

// Peek implements state.Limits.
func (l limits) Peek(_ context.Context, takes ...state.Take) (state.Taken, error) {
	return l.settle(takes, true)
}

func (l limits) settle(takes []state.Take, peek bool) (state.Taken, error) {
	if err := state.CheckTakes(takes...); err != nil {
		return state.Taken{}, err
	}
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	tats := make(map[string]int64, len(takes))
	for _, t := range takes {
		tats[t.Key] = l.s.limits[t.Key]
	}
	now := state.Micros(l.s.now())
	out := state.Settle(takes, tats, now, peek)
	if !peek {
		l.put(tats, now)
	}
	return out, nil
}

// put keeps the arrival times that lie ahead. The store is locked.
func (l limits) put(tats map[string]int64, now int64) {
	for k, tat := range tats {
		if tat <= now {
			delete(l.s.limits, k)
			continue
		}
		if _, there := l.s.limits[k]; !there {
			room(l.s.limits, l.s.max, func(tat int64) bool { return tat <= now })
		}
		l.s.limits[k] = tat
	}
}

// Restore implements state.LimitsList.
func (l limits) Restore(_ context.Context, levels ...state.Level) error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	tats := make(map[string]int64, len(levels))
	for _, v := range levels {
		tats[v.Key] = v.TAT
	}
	l.put(tats, state.Micros(l.s.now()))
	return nil
}

// Reset implements state.LimitsList.
func (l limits) Reset(_ context.Context, keys ...string) (int, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	n, now := 0, state.Micros(l.s.now())
	for _, k := range keys {
		if l.s.limits[k] > now {
			n++
		}
		delete(l.s.limits, k)
	}
	return n, nil
}

// List implements state.LimitsList.
func (l limits) List(_ context.Context, prefix, cursor string, limit int) ([]state.Level, string, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	now := state.Micros(l.s.now())
	keys, next := page(l.s.limits, prefix, cursor, limit, func(tat int64) bool { return tat > now })
	out := make([]state.Level, len(keys))
	for i, k := range keys {
		out[i] = state.Level{Key: k, TAT: l.s.limits[k]}
	}
	return out, next, nil
}
