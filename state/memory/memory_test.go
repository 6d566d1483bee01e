package memory

import (
	"fmt"
	"testing"
	"time"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/gcra"
	"github.com/postern-mail/postern/state/statetest"
)

func TestSuite(t *testing.T) {
	open := func() *Store { return New(1000, time.Now) }
	statetest.KV(t, func(testing.TB) state.KVList { return open().KV() })
	statetest.Counters(t, func(testing.TB) state.Counters { return open().Counters() })
	statetest.Limits(t, func(testing.TB) state.LimitsList { return open().Limits() })
}

func TestItForgetsAndDoesNotGrow(t *testing.T) {
	s, ctx := New(10, time.Now), t.Context()
	for i := range 100 {
		key := fmt.Sprintf("a:%d", i)
		if err := s.KV().Set(ctx, state.Item{Key: key, Lifetime: time.Hour}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Limits().Take(ctx, state.Take{Key: key, Limit: gcra.Limit{Count: 1, Period: time.Hour, Burst: 5}, N: 1}); err != nil {
			t.Fatal(err)
		}
		if got, err := s.KV().Get(ctx, key); err != nil || got[0] == nil {
			t.Errorf("the newest is not there: %v", err)
		}
	}
	if len(s.values) > 10 || len(s.limits) > 10 {
		t.Errorf("%d values, %d limits", len(s.values), len(s.limits))
	}
}
