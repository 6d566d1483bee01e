package gcra

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// take is what a store does: one number kept.
type bucket struct {
	tat   int64
	limit Limit
}

func (b *bucket) take(now time.Duration, n int64) Result {
	at, cost := now.Microseconds(), b.limit.Cost(n)
	next, ok := Step(b.tat, at, cost, b.limit.Tolerance())
	if ok {
		b.tat = next
	}
	return b.limit.Result(b.tat, at, cost, ok)
}

func TestABurstPassesAtOnceAndThenTheRate(t *testing.T) {
	b := &bucket{limit: Limit{Count: 60, Period: time.Hour, Burst: 3}}
	now := 1000 * time.Hour
	for i := range 3 {
		if r := b.take(now, 1); !r.Allowed || r.Remaining != int64(2-i) {
			t.Fatalf("taking %d: %+v", i, r)
		}
	}
	if r := b.take(now, 1); r.Allowed || r.Retry != time.Minute || r.Level != 1 || r.Reset != 3*time.Minute {
		t.Errorf("over the burst: %+v", r)
	}
	if r := b.take(now+59*time.Second, 1); r.Allowed || r.Retry != time.Second {
		t.Errorf("a second too early: %+v", r)
	}
	if r := b.take(now+time.Minute, 1); !r.Allowed {
		t.Errorf("after a minute: %+v", r)
	}
	if r := b.take(now+time.Minute, 4); r.Allowed || r.Retry != Never {
		t.Errorf("more than a burst: %+v", r)
	}
}

func TestWhatIsGivenBackCanBeTakenAgain(t *testing.T) {
	b := &bucket{limit: Limit{Count: 1, Period: time.Hour, Burst: 10}}
	b.take(0, 10)
	if r := b.take(0, -4); !r.Allowed || r.Remaining != 4 {
		t.Errorf("gave back 4: %+v", r)
	}
	if r := b.take(0, -1000); r.Remaining != 10 || r.Reset != 0 {
		t.Errorf("gave back more than was taken: %+v", r)
	}
}

func TestFaultyLimitsAreRefused(t *testing.T) {
	for name, l := range map[string]Limit{
		"no rate": {0, time.Hour, 1}, "no period": {1, 0, 1}, "no burst": {1, time.Hour, 0},
		"a burst of centuries": {1, 24 * time.Hour, 1e6},
	} {
		if l.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := (Limit{100e6, time.Hour, 20e6}).Check(); err != nil {
		t.Error(err)
	}
}

// Whatever is asked, never more passes in a span than burst and rate allow.
func TestNeverMorePassesThanTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Limit{rapid.Int64Range(1, 1e9).Draw(t, "count"), time.Duration(rapid.Int64Range(1e6, 86400e9).Draw(t, "period")), rapid.Int64Range(1, 1e6).Draw(t, "burst")}
		if l.Check() != nil {
			return
		}
		b := &bucket{limit: l}
		var now time.Duration
		var passed int64
		for range rapid.IntRange(1, 50).Draw(t, "takings") {
			now += time.Duration(rapid.Int64Range(0, int64(l.Period)).Draw(t, "pause"))
			n := rapid.Int64Range(1, l.Burst).Draw(t, "n")
			if b.take(now, n).Allowed {
				passed += n
			}
		}
		if bound := float64(l.Burst) + float64(l.Count)*(float64(now)/float64(l.Period)) + 1; float64(passed) > bound {
			t.Fatalf("%d passed, %.1f allowed", passed, bound)
		}
	})
}
