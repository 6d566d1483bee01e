package statetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/gcra"
)

// slow is a limit of which nothing is earned back while a test runs.
func slow(burst int64) gcra.Limit { return gcra.Limit{Count: 1, Period: time.Hour, Burst: burst} }

func take(key string, burst, n int64) state.Take {
	return state.Take{Key: key, Limit: slow(burst), N: n}
}

// Limits is the suite for rate limits.
func Limits(t *testing.T, open func(testing.TB) state.LimitsList) {
	t.Run("a burst passes, what is over it does not", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		for i := range 3 {
			if got := must(l.Take(ctx, take("client:192.0.2.1", 3, 1)))(t); !got.Allowed || got.Limits[0].Remaining != int64(2-i) {
				t.Fatalf("taking %d: %+v", i, got)
			}
		}
		got := must(l.Take(ctx, take("client:192.0.2.1", 3, 1)))(t)
		if got.Allowed || got.Limits[0].Allowed || got.Limits[0].Level < 0.99 || got.Limits[0].Retry < 59*time.Minute {
			t.Errorf("over the burst: %+v", got)
		}
		if got := must(l.Take(ctx, take("client:192.0.2.2", 3, 1)))(t); !got.Allowed {
			t.Errorf("another client: %+v", got)
		}
	})
	t.Run("what was used is earned back in time", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		quick := state.Take{Key: "k", Limit: gcra.Limit{Count: 1, Period: 50 * time.Millisecond, Burst: 1}, N: 1}
		if !must(l.Take(ctx, quick))(t).Allowed {
			t.Fatal("the first is refused")
		}
		Eventually(t, "a taking that passes again", 5*time.Second, func() bool { return must(l.Take(ctx, quick))(t).Allowed })
	})
	t.Run("several limits take all or nothing", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		four := []state.Take{take("a", 10, 1), take("b", 10, 2), take("c", 2, 1), take("d", 10, 1)}
		for range 2 {
			if got := must(l.Take(ctx, four...))(t); !got.Allowed {
				t.Fatalf("%+v", got)
			}
		}
		got := must(l.Take(ctx, four...))(t)
		if got.Allowed || got.Limits[2].Allowed || !got.Limits[0].Allowed || !got.Limits[1].Allowed || !got.Limits[3].Allowed {
			t.Errorf("c is exhausted: %+v", got)
		}
		if r := got.Limits; r[0].Remaining != 8 || r[1].Remaining != 6 || r[3].Remaining != 8 {
			t.Errorf("the others were charged: %+v", r)
		}
	})
	t.Run("a key named twice is charged twice", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		if got := must(l.Take(ctx, take("a", 3, 2), take("a", 3, 2)))(t); got.Allowed {
			t.Errorf("4 of 3: %+v", got)
		}
		if got := must(l.Take(ctx, take("a", 3, 2), take("a", 3, 1)))(t); !got.Allowed || got.Limits[1].Remaining != 0 {
			t.Errorf("3 of 3: %+v", got)
		}
	})
	t.Run("a look takes nothing", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		for range 5 {
			if got := must(l.Peek(ctx, take("a", 3, 3)))(t); !got.Allowed || got.Limits[0].Remaining != 3 {
				t.Fatalf("%+v", got)
			}
		}
		must(l.Take(ctx, take("a", 3, 2)))(t)
		if got := must(l.Peek(ctx, take("a", 3, 2)))(t); got.Allowed || got.Limits[0].Remaining != 1 {
			t.Errorf("2 of 1: %+v", got)
		}
		if got := must(l.Take(ctx, take("a", 3, 0)))(t); !got.Allowed || got.Limits[0].Remaining != 1 {
			t.Errorf("none of 1: %+v", got)
		}
	})
	t.Run("what is given back can be taken again", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		must(l.Take(ctx, take("a", 3, 3)))(t)
		if got := must(l.Take(ctx, take("a", 3, -2)))(t); !got.Allowed || got.Limits[0].Remaining != 2 {
			t.Errorf("%+v", got)
		}
		if got := must(l.Take(ctx, take("a", 3, -100)))(t); !got.Allowed || got.Limits[0].Remaining != 3 {
			t.Errorf("more than was taken: %+v", got)
		}
		if got := must(l.Take(ctx, take("a", 3, 3)))(t); !got.Allowed {
			t.Errorf("all of it again: %+v", got)
		}
	})
	t.Run("a floor known from elsewhere holds", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		with := take("a", 10, 1)
		with.Floor = time.Now().Add(8 * time.Hour).UnixMicro()
		if got := must(l.Take(ctx, with))(t); !got.Allowed || got.Limits[0].Remaining != 1 {
			t.Errorf("with floor: %+v", got)
		}
		if got := must(l.Take(ctx, take("a", 10, 2)))(t); got.Allowed {
			t.Errorf("after it: %+v", got)
		}
	})
	t.Run("many at once get no more than the burst", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		var passed atomic.Int64
		together(t, 8, func(i int) error {
			for range 30 {
				got, err := l.Take(ctx, take("shared", 100, 1), take(fmt.Sprint("own", i), 1000, 1))
				if err != nil {
					return err
				}
				if got.Allowed {
					passed.Add(1)
				}
			}
			return nil
		})
		if n := passed.Load(); n != 100 {
			t.Errorf("%d passed a limit of 100", n)
		}
	})
	t.Run("limits are listed, reset and restored", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		must(l.Take(ctx, take("user:a", 3, 3), take("user:b", 3, 1), take("client:c", 3, 1)))(t)
		found := map[string]int64{}
		list := func(prefix string) {
			clear(found)
			for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
				levels, next, err := l.List(ctx, prefix, cursor, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range levels {
					found[v.Key] = v.TAT
				}
				cursor = next
			}
		}
		if list("user:"); len(found) != 2 || found["user:a"] <= time.Now().Add(2*time.Hour).UnixMicro() {
			t.Errorf("%v", found)
		}
		if n, err := l.Reset(ctx, "user:a", "user:none"); n != 1 || err != nil {
			t.Error(n, err)
		}
		if got := must(l.Peek(ctx, take("user:a", 3, 3)))(t); !got.Allowed {
			t.Errorf("after the reset: %+v", got)
		}
		if err := l.Restore(ctx, state.Level{Key: "user:a", TAT: time.Now().Add(3 * time.Hour).UnixMicro()}); err != nil {
			t.Fatal(err)
		}
		if got := must(l.Peek(ctx, take("user:a", 3, 1)))(t); got.Allowed {
			t.Errorf("after the restoration: %+v", got)
		}
		if list(""); len(found) != 3 {
			t.Errorf("%v", found)
		}
	})
	t.Run("a faulty take is refused", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		for _, bad := range []state.Take{{Key: "a"}, {Limit: slow(1)}, {Key: "a\xff", Limit: slow(1)}} {
			if _, err := l.Take(ctx, take("b", 1, 1), bad); !errors.Is(err, state.ErrKey) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if got := must(l.Take(ctx))(t); !got.Allowed {
			t.Error("no limits at all refuse")
		}
	})
}

// Logs is the suite for append logs.
func Logs(t *testing.T, open func(testing.TB) state.Logs) {
	log := state.Log{Name: "learned", Max: 10, Lifetime: time.Hour}
	data := func(entries []state.Entry) string {
		out := ""
		for _, e := range entries {
			out += string(e.Data) + " "
		}
		return out
	}
	t.Run("what is appended is read in order, from any cursor on", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		if end, err := l.End(ctx, "learned"); end != "" || err != nil {
			t.Errorf("end of nothing: %q, %v", end, err)
		}
		if got := must(l.Read(ctx, "learned", "", 5))(t); len(got) != 0 {
			t.Errorf("%v", got)
		}
		_ = l.Append(ctx, log, []byte("a"), []byte("b"))
		_ = l.Append(ctx, log, []byte("c"))
		_ = l.Append(ctx, state.Log{Name: "other", Max: 10, Lifetime: time.Hour}, []byte("x"))
		first := must(l.Read(ctx, "learned", "", 2))(t)
		if data(first) != "a b " {
			t.Fatalf("%q", data(first))
		}
		rest := must(l.Read(ctx, "learned", first[1].Cursor, 5))(t)
		if data(rest) != "c " {
			t.Errorf("%q", data(rest))
		}
		end := must(l.End(ctx, "learned"))(t)
		if end != rest[0].Cursor {
			t.Errorf("the end is %q, not %q", end, rest[0].Cursor)
		}
		if got := must(l.Read(ctx, "learned", end, 5))(t); len(got) != 0 {
			t.Errorf("beyond the end: %q", data(got))
		}
	})
	t.Run("the oldest give way", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		for i := range 25 {
			if err := l.Append(ctx, log, fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		if got := must(l.Read(ctx, "learned", "", 100))(t); len(got) != 10 || string(got[0].Data) != "15" {
			t.Errorf("%q", data(got))
		}
	})
	t.Run("a log ends when nothing comes any more", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		short := state.Log{Name: "learned", Max: 10, Lifetime: 20 * time.Millisecond}
		_ = l.Append(ctx, short, []byte("old"))
		Eventually(t, "the end of the log", 5*time.Second, func() bool { return len(must(l.Read(ctx, "learned", "", 5))(t)) == 0 })
		_ = l.Append(ctx, log, []byte("new"))
		if got := must(l.Read(ctx, "learned", "", 5))(t); data(got) != "new " {
			t.Errorf("%q", data(got))
		}
	})
	t.Run("malformed calls are refused", func(t *testing.T) {
		l, ctx := open(t), t.Context()
		for _, bad := range []state.Log{{}, {Name: "a:b", Max: 1, Lifetime: time.Hour}, {Name: "a", Lifetime: time.Hour}, {Name: "a", Max: 1}} {
			if err := l.Append(ctx, bad, []byte("x")); !errors.Is(err, state.ErrKey) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if _, err := l.Read(ctx, "learned", "no cursor", 5); !errors.Is(err, state.ErrKey) {
			t.Errorf("cursor: %v", err)
		}
	})
}
