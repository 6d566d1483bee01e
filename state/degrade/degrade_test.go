package degrade

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/embedded"
	"github.com/postern-mail/postern/state/gcra"
	"github.com/postern-mail/postern/state/redis"
	"github.com/postern-mail/postern/state/statetest"
	"github.com/postern-mail/postern/verdicts"
)

// counted is a Redis that tells how often it was asked, and how often in vain.
type counted struct {
	*redis.Store
	asked, away atomic.Int64
}

func (c *counted) note(err error) {
	c.asked.Add(1)
	if errors.Is(err, state.ErrAway) {
		c.away.Add(1)
	}
}

type countedRecords struct {
	verdicts.Lasting
	c *counted
}

func (c *counted) Verdicts() verdicts.Lasting { return countedRecords{c.Store.Verdicts(), c} }

func (r countedRecords) Add(ctx context.Context, rec *verdicts.Record) error {
	err := r.Lasting.Add(ctx, rec)
	r.c.note(err)
	return err
}

func openRedis(t testing.TB, o redis.Options) *redis.Store {
	t.Helper()
	s, err := redis.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// machine is one of the machines that share a Redis: with a queue of its own.
func machine(t testing.TB, shared Shared, o Options) *Store {
	t.Helper()
	return machineIn(t, t.TempDir(), shared, o)
}

func machineIn(t testing.TB, dir string, shared Shared, o Options) *Store {
	t.Helper()
	queue, err := embedded.Open(embedded.Options{Path: filepath.Join(dir, "queue.db"), Sweep: -1})
	if err != nil {
		t.Fatal(err)
	}
	if o.Probe == 0 {
		o.Probe = 50 * time.Millisecond
	}
	s, err := New(shared, queue, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// patient gives calls more time than in service: the machine may be busy.
const patient = 5 * time.Second

func TestSuiteWhileAllIsWell(t *testing.T) {
	server := redistest.Start(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	n := 0
	statetest.Run(t, statetest.Backend{Slack: 60, Open: func(t testing.TB, r verdicts.Retention) state.Store {
		n++
		return machine(t, openRedis(t, redis.Options{Addrs: []string{server.Addr}, Prefix: fmt.Sprint(n, ":"), Retention: r, Timeout: patient}), Options{})
	}})
}

func TestSuiteInMemoryWithoutAnyRedis(t *testing.T) {
	nobody := redis.Options{Addrs: []string{fmt.Sprintf("127.0.0.1:%d", redistest.Port(t))}}
	open := func(t testing.TB) *Store {
		s := machine(t, openRedis(t, nobody), Options{})
		t.Cleanup(func() { statetest.Close(t, s) })
		return s
	}
	statetest.Limits(t, func(t testing.TB) state.LimitsList { return onlyTake{open(t).Limits(), t} })
	statetest.Counters(t, func(t testing.TB) state.Counters { return open(t).Counters() })
	s := open(t)
	if st := s.Status(); !st.Degraded || st.Reason == "" || st.Kind != "redis" {
		t.Errorf("%+v", st)
	}
	if err := s.Logs().Append(t.Context(), state.Log{Name: "a", Max: 1, Lifetime: time.Hour}, []byte("x")); !errors.Is(err, state.ErrAway) {
		t.Errorf("a log: %v", err)
	}
}

// onlyTake skips what the suite asks of a postmaster's commands.
type onlyTake struct {
	state.LimitsList
	t testing.TB
}

func (o onlyTake) List(ctx context.Context, prefix, cursor string, limit int) ([]state.Level, string, error) {
	o.t.Skip("lists need the store")
	return nil, "", nil
}

// A message makes three calls, one after the other: only the first may wait.
func TestOnlyOneCallWaitsForAHungRedis(t *testing.T) {
	server := redistest.Start(t)
	shared := &counted{Store: openRedis(t, redis.Options{Addrs: []string{server.Addr}})}
	redistest.Wait(t, "Redis answers in time", func() bool { return shared.Probe(t.Context()) == nil })
	s := machine(t, shared, Options{Probe: time.Hour})
	defer statetest.Close(t, s)
	ctx := t.Context()
	if st := s.Status(); st.Degraded {
		t.Fatalf("%+v", st)
	}
	server.Hang(t)
	defer server.Resume(t)
	for i := range 3 {
		if err := s.Verdicts().Add(ctx, statetest.Record(i, time.Now())); err != nil {
			t.Error(err)
		}
	}
	if shared.asked.Load() != 1 || shared.away.Load() != 1 {
		t.Errorf("asked %d times, %d in vain", shared.asked.Load(), shared.away.Load())
	}
	if st := s.Status(); !st.Degraded || st.Waiting != 3 {
		t.Errorf("%+v", st)
	}
}

func TestWhatIsWrittenMeanwhileIsThereAfterwards(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	opts := redis.Options{Addrs: []string{server.Addr}}
	var seen sync.Map
	s := machine(t, openRedis(t, opts), Options{Notify: func(st state.Status) { seen.Store(st.Degraded, true) }})
	defer statetest.Close(t, s)
	ctx := t.Context()
	item := func(key, value string) state.Item {
		return state.Item{Key: key, Value: []byte(value), Lifetime: time.Hour}
	}
	set := func(it state.Item) {
		t.Helper()
		if err := s.KV().Set(ctx, it); err != nil {
			t.Fatal(err)
		}
	}
	slow := gcra.Limit{Count: 1, Period: time.Hour, Burst: 10}
	take := func(n int64) state.Taken {
		t.Helper()
		got, err := s.Limits().Take(ctx, state.Take{Key: "user", Limit: slow, N: n})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	set(item("a:before", "1"))
	take(4)
	server.Kill()
	set(item("a:during", "2"))
	got, err := s.KV().Get(ctx, "a:before", "a:during")
	if err != nil || string(got[0]) != "1" || string(got[1]) != "2" {
		t.Errorf("while Redis is away: %q, %v", got, err)
	}
	if n, err := s.Counters().Count(ctx, state.Count{Key: "a:n", By: 3, Lifetime: time.Hour}); err != nil || n[0] != 3 {
		t.Error(n, err)
	}
	if got := take(5); !got.Allowed || !got.Local || got.Limits[0].Remaining != 1 {
		t.Errorf("the limit goes on from where it was: %+v", got)
	}
	if got := take(2); got.Allowed {
		t.Errorf("over the limit: %+v", got)
	}
	server.Run(t)
	redistest.Wait(t, "Redis is in use again", func() bool { return !s.Status().Degraded })
	other := openRedis(t, opts)
	defer statetest.Close(t, other)
	redistest.Wait(t, "the other machines see it", func() bool {
		got, err := other.KV().Get(ctx, "a:before", "a:during", "a:n")
		return err == nil && string(got[0]) == "1" && string(got[1]) == "2" && string(got[2]) == "3"
	})
	if got := take(2); got.Allowed || got.Local {
		t.Errorf("the shared limit knows nothing of the meantime: %+v", got)
	}
	if got := take(1); !got.Allowed {
		t.Errorf("%+v", got)
	}
	for _, degraded := range []bool{true, false} {
		if _, ok := seen.Load(degraded); !ok {
			t.Errorf("nobody was told of degraded=%v", degraded)
		}
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	s := machine(t, openRedis(t, redis.Options{Addrs: []string{fmt.Sprintf("127.0.0.1:%d", redistest.Port(t))}}), Options{Waiting: 3})
	defer statetest.Close(t, s)
	var failed int
	for i := range 5 {
		if s.Verdicts().Add(t.Context(), statetest.Record(i, time.Now())) != nil {
			failed++
		}
	}
	if st := s.Status(); failed != 2 || st.Waiting != 3 || st.Lost != 2 {
		t.Errorf("%d failed, %+v", failed, st)
	}
	rs, _, err := s.Verdicts().Query(t.Context(), verdicts.Query{Symbol: "SPF_PASS"})
	if err != nil || len(rs) != 3 {
		t.Errorf("%d records are found while they wait, %v", len(rs), err)
	}
}
