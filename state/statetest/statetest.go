// Package statetest is the one suite that every implementation of the state
// roles passes: it says by example what package state promises.
package statetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/verdicts"
)

// Backend is an implementation under test.
type Backend struct {
	// Open gives a fresh, empty store. The test closes it.
	Open func(t testing.TB, r verdicts.Retention) state.Store
	// Slack is by how many records more than Retention.Records the store may
	// keep after a Sweep.
	Slack int
}

// Run runs the whole suite.
func Run(t *testing.T, b Backend) {
	open := func(t testing.TB) state.Store {
		s := b.Open(t, verdicts.Retention{})
		t.Cleanup(func() { Close(t, s) })
		return s
	}
	t.Run("values", func(t *testing.T) { KV(t, func(t testing.TB) state.KVList { return open(t).KV() }) })
	t.Run("counters", func(t *testing.T) { Counters(t, func(t testing.TB) state.Counters { return open(t).Counters() }) })
	t.Run("limits", func(t *testing.T) { Limits(t, func(t testing.TB) state.LimitsList { return open(t).Limits() }) })
	t.Run("logs", func(t *testing.T) { Logs(t, func(t testing.TB) state.Logs { return open(t).Logs() }) })
	t.Run("verdicts", func(t *testing.T) { Verdicts(t, func(t testing.TB) verdicts.Lasting { return open(t).Verdicts() }) })
	t.Run("lessons", func(t *testing.T) { Lessons(t, func(t testing.TB) lessons.Store { return open(t).Lessons() }) })
	t.Run("retention", func(t *testing.T) { Retention(t, b) })
	t.Run("after Close everything is refused", func(t *testing.T) { closed(t, b) })
}

// Close closes a store and complains when that goes wrong.
func Close(t testing.TB, s state.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func closed(t *testing.T, b Backend) {
	s := b.Open(t, verdicts.Retention{})
	Close(t, s)
	ctx := t.Context()
	_, get := s.KV().Get(ctx, "a:b")
	set := s.KV().Set(ctx, state.Item{Key: "a:b", Lifetime: time.Hour})
	_, _, query := s.Verdicts().Query(ctx, verdicts.Query{})
	for name, err := range map[string]error{"Get": get, "Set": set, "Query": query} {
		if !errors.Is(err, state.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// must gives v, and ends the test on an error: must(f())(t).
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Eventually waits for what comes by itself, such as the end of a lifetime.
func Eventually(t testing.TB, what string, within time.Duration, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func text(values [][]byte) string {
	out := ""
	for _, v := range values {
		if v == nil {
			out += "- "
		} else {
			out += fmt.Sprintf("%q ", v)
		}
	}
	return out
}
