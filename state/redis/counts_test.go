package redis

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/gcra"
	"github.com/postern-mail/postern/state/statetest"
	"github.com/postern-mail/postern/verdicts"
)

// counter counts commands and round trips, those with which a connection begins left out.
type counter struct{ commands, trips atomic.Int64 }

func (c *counter) count(cmds ...redis.Cmder) {
	n := int64(0)
	for _, cmd := range cmds {
		if !slices.Contains([]string{"hello", "client", "select", "auth"}, cmd.Name()) {
			n++
		}
	}
	c.commands.Add(n)
	c.trips.Add(min(n, 1))
}

func (c *counter) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.count(cmd)
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.count(cmds...)
		return next(ctx, cmds)
	}
}

func TestCommandsAndRoundTrips(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, Options{Addrs: []string{server.Addr}})
	defer statetest.Close(t, s)
	var c counter
	s.client.AddHook(&c)
	ctx := t.Context()
	limit := gcra.Limit{Count: 1, Period: time.Hour, Burst: 1000}
	four := []state.Take{{Key: "a", Limit: limit, N: 1}, {Key: "b", Limit: limit, N: 1}, {Key: "c", Limit: limit, N: 1}, {Key: "d", Limit: limit, N: 1}}
	now := time.Now()
	put := func(l lessons.Lesson) error { _, err := s.Lessons().Put(ctx, l); return err }
	item := func(key string) state.Item { return state.Item{Key: key, Lifetime: time.Hour} }
	for _, step := range []struct {
		name            string
		commands, trips int64
		do              func() error
	}{
		{"four limits, the script not known yet", 2, 2, func() error { _, err := s.Limits().Take(ctx, four...); return err }},
		{"four limits", 1, 1, func() error { _, err := s.Limits().Take(ctx, four...); return err }},
		{"a look at four limits", 1, 1, func() error { _, err := s.Limits().Peek(ctx, four...); return err }},
		{"no limits", 0, 0, func() error { _, err := s.Limits().Take(ctx); return err }},
		{"three values", 1, 1, func() error { _, err := s.KV().Get(ctx, "a:1", "a:2", "a:3"); return err }},
		{"no values", 0, 0, func() error { _, err := s.KV().Get(ctx); return err }},
		{"one value set", 1, 1, func() error { return s.KV().Set(ctx, item("a:1")) }},
		{"two values set, in MULTI and EXEC", 4, 1, func() error { return s.KV().Set(ctx, item("a:1"), item("a:2")) }},
		{"two values once, the script not known yet", 2, 2, func() error { _, err := s.KV().Once(ctx, item("a:3"), item("a:4")); return err }},
		{"two values once", 1, 1, func() error { _, err := s.KV().Once(ctx, item("a:3"), item("a:4")); return err }},
		{"a verdict, the script not known yet", 2, 2, func() error { return s.Verdicts().Add(ctx, statetest.Record(1, now)) }},
		{"a verdict", 1, 1, func() error { return s.Verdicts().Add(ctx, statetest.Record(2, now)) }},
		{"a lesson, the script not known yet", 2, 2, func() error { return put(lessons.Lesson{Name: "a", Class: 1, Sample: []byte("x")}) }},
		{"a lesson", 1, 1, func() error { return put(lessons.Lesson{Name: "b", Class: 1, Sample: []byte("x")}) }},
		{"a lesson taken back", 1, 1, func() error { return put(lessons.Lesson{Name: "b"}) }},
		{"a look whether others learned, in MULTI and EXEC", 4, 1, func() error {
			_, err := s.Lessons().Changes(ctx, lessons.Position{}, 10)
			return err
		}},
		{"the scripts forgotten by the server", 2, 2, func() error {
			server.Do(t, "SCRIPT", "FLUSH")
			return s.Verdicts().Add(ctx, statetest.Record(3, now))
		}},
	} {
		c.commands.Store(0)
		c.trips.Store(0)
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if n, m := c.commands.Load(), c.trips.Load(); n != step.commands || m != step.trips {
			t.Errorf("%s: %d commands in %d round trips, want %d in %d", step.name, n, m, step.commands, step.trips)
		}
	}
	c.trips.Store(0)
	if _, _, err := s.Verdicts().Query(ctx, verdicts.Query{Symbol: "SPF_PASS"}); err != nil {
		t.Error(err)
	}
	t.Logf("a query over 30 days took %d round trips", c.trips.Load())
}
