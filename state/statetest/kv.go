package statetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/state"
)

func item(key, value string) state.Item {
	return state.Item{Key: key, Value: []byte(value), Lifetime: time.Hour}
}

// KV is the suite for values with a lifetime.
func KV(t *testing.T, open func(testing.TB) state.KVList) {
	t.Run("what is set is got, in the order asked for", func(t *testing.T) {
		kv, ctx := open(t), t.Context()
		if err := kv.Set(ctx, item("a:1", "one"), item("a:2", ""), item("a:3", "\x00\xff")); err != nil {
			t.Fatal(err)
		}
		got := must(kv.Get(ctx, "a:3", "a:none", "a:2", "a:1", "a:1"))(t)
		if want := `"\x00\xff" - "" "one" "one" `; text(got) != want {
			t.Errorf("got %s, want %s", text(got), want)
		}
		if err := kv.Set(ctx, item("a:1", "two")); err != nil {
			t.Fatal(err)
		}
		if got, err := kv.Get(ctx, "a:1"); err != nil || text(got) != `"two" ` {
			t.Errorf("replaced: %s, %v", text(got), err)
		}
	})
	t.Run("nothing asked is nothing done", func(t *testing.T) {
		kv, ctx := open(t), t.Context()
		got, err := kv.Get(ctx)
		if err != nil || len(got) != 0 {
			t.Error(got, err)
		}
		if err := kv.Set(ctx); err != nil {
			t.Error(err)
		}
		if n, err := kv.Delete(ctx); n != 0 || err != nil {
			t.Error(n, err)
		}
	})
	t.Run("a value ends with its lifetime", func(t *testing.T) {
		kv, ctx := open(t), t.Context()
		if err := kv.Set(ctx, state.Item{Key: "a:short", Value: []byte("x"), Lifetime: 20 * time.Millisecond}, item("a:long", "y")); err != nil {
			t.Fatal(err)
		}
		Eventually(t, "the end of a lifetime", 5*time.Second, func() bool {
			return must(kv.Get(ctx, "a:short"))(t)[0] == nil
		})
		if got := must(kv.Get(ctx, "a:long"))(t); got[0] == nil {
			t.Error("the long one went too")
		}
		before, err := kv.Once(ctx, item("a:short", "z"))
		if err != nil || before[0] != nil {
			t.Errorf("an ended value is in the way of Once: %s, %v", text(before), err)
		}
	})
	t.Run("Once keeps the first", func(t *testing.T) {
		kv, ctx := open(t), t.Context()
		if got := must(kv.Once(ctx, item("a:1", "first")))(t); got[0] != nil {
			t.Errorf("before the first: %s", text(got))
		}
		got := must(kv.Once(ctx, item("a:1", "second"), item("a:2", "other")))(t)
		if text(got) != `"first" - ` {
			t.Errorf("before the second: %s", text(got))
		}
		if got := must(kv.Get(ctx, "a:1", "a:2"))(t); text(got) != `"first" "other" ` {
			t.Errorf("kept: %s", text(got))
		}
	})
	t.Run("Once among many at once has one winner", func(t *testing.T) {
		kv, ctx := open(t), t.Context()
		var mu sync.Mutex
		winners := 0
		together(t, 8, func(i int) error {
			before, err := kv.Once(ctx, item("a:race", fmt.Sprint(i)))
			mu.Lock()
			defer mu.Unlock()
			if err == nil && before[0] == nil {
				winners++
			}
			return err
		})
		if winners != 1 {
			t.Errorf("%d winners", winners)
		}
	})
	t.Run("Delete tells how many were there", func(t *testing.T) {
		kv, ctx := open(t), t.Context()
		_ = kv.Set(ctx, item("a:1", ""), item("a:2", ""))
		if n, err := kv.Delete(ctx, "a:1", "a:2", "a:3"); n != 2 || err != nil {
			t.Error(n, err)
		}
		if got := must(kv.Get(ctx, "a:1"))(t); got[0] != nil {
			t.Error("still there")
		}
	})
	t.Run("List finds what begins with a prefix", func(t *testing.T) {
		kv, ctx := open(t), t.Context()
		for i := range 120 {
			if err := kv.Set(ctx, item(fmt.Sprintf("a:x%d", i), "v"), item(fmt.Sprintf("a:y%d", i), "")); err != nil {
				t.Fatal(err)
			}
		}
		_ = kv.Set(ctx, item("b:x", "other"))
		found := map[string]state.Item{}
		for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
			items, next, err := kv.List(ctx, "a:x", cursor, 50)
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range items {
				found[it.Key] = it
			}
			cursor = next
		}
		if len(found) != 120 {
			t.Errorf("%d items", len(found))
		}
		if it := found["a:x7"]; string(it.Value) != "v" || it.Lifetime <= 59*time.Minute || it.Lifetime > time.Hour {
			t.Errorf("%+v", it)
		}
		items, _, err := kv.List(ctx, "a:*", "", 50)
		if err != nil || len(items) != 0 {
			t.Errorf("a star is no pattern: %d items, %v", len(items), err)
		}
	})
	t.Run("malformed items are refused whole", func(t *testing.T) {
		kv, ctx := open(t), t.Context()
		for name, items := range map[string][]state.Item{
			"no namespace":     {item("a", "")},
			"empty namespace":  {item(":a", "")},
			"strange name":     {item("a{b}:c", "")},
			"two namespaces":   {item("a:1", ""), item("b:1", "")},
			"no lifetime":      {{Key: "a:1"}},
			"too large":        {item("a:1", strings.Repeat("x", state.MaxValue+1))},
			"key too long":     {item("a:"+strings.Repeat("x", state.MaxKey), "")},
			"key is no UTF-8":  {item("a:\xff", "")},
			"one of two fails": {item("a:1", ""), {Key: "a:2"}},
		} {
			if err := kv.Set(ctx, items...); !errors.Is(err, state.ErrKey) {
				t.Errorf("%s: Set: %v", name, err)
			}
			if _, err := kv.Once(ctx, items...); !errors.Is(err, state.ErrKey) {
				t.Errorf("%s: Once: %v", name, err)
			}
		}
		if got := must(kv.Get(ctx, "a:1"))(t); got[0] != nil {
			t.Error("something was kept")
		}
	})
}

// together runs f n times at once and reports the errors.
func together(t testing.TB, n int, f func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := f(i); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// Counters is the suite for counters.
func Counters(t *testing.T, open func(testing.TB) state.Counters) {
	hour := time.Hour
	t.Run("counts add up, zero reads", func(t *testing.T) {
		c, ctx := open(t), t.Context()
		got, err := c.Count(ctx, state.Count{Key: "a:1", By: 2, Lifetime: hour}, state.Count{Key: "a:2", By: -3, Lifetime: hour}, state.Count{Key: "a:1", By: 5, Lifetime: hour}, state.Count{Key: "a:3"})
		if err != nil || fmt.Sprint(got) != "[2 -3 7 0]" {
			t.Error(got, err)
		}
		got, err = c.Count(ctx, state.Count{Key: "a:1"}, state.Count{Key: "a:2"})
		if err != nil || fmt.Sprint(got) != "[7 -3]" {
			t.Error(got, err)
		}
	})
	t.Run("the lifetime begins with the first count", func(t *testing.T) {
		c, ctx := open(t), t.Context()
		if _, err := c.Count(ctx, state.Count{Key: "a:1", By: 1, Lifetime: 30 * time.Millisecond}); err != nil {
			t.Fatal(err)
		}
		Eventually(t, "the counter begins anew", 5*time.Second, func() bool {
			n, err := c.Count(ctx, state.Count{Key: "a:1", By: 1, Lifetime: hour})
			return err == nil && n[0] == 1
		})
	})
	t.Run("none is lost among many at once", func(t *testing.T) {
		c, ctx := open(t), t.Context()
		together(t, 8, func(int) error {
			for range 25 {
				if _, err := c.Count(ctx, state.Count{Key: "a:1", By: 1, Lifetime: hour}); err != nil {
					return err
				}
			}
			return nil
		})
		if n, err := c.Count(ctx, state.Count{Key: "a:1"}); err != nil || n[0] != 200 {
			t.Error(n, err)
		}
	})
	t.Run("a malformed count is refused", func(t *testing.T) {
		c, ctx := open(t), t.Context()
		for _, bad := range []state.Count{{Key: "a", By: 1, Lifetime: hour}, {Key: "a:1", By: 1}} {
			if _, err := c.Count(ctx, bad); !errors.Is(err, state.ErrKey) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}
