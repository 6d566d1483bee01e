package degrade

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/gcra"
	"github.com/postern-mail/postern/state/redis"
	"github.com/postern-mail/postern/state/statetest"
	"github.com/postern-mail/postern/verdicts"
)

// The ledger: two machines judge messages while something happens to Redis. In
// the end each message has one record, counted once, and a limit let pass no more
// than its burst on each machine.
const (
	ledgerMessages = 240
	ledgerBurst    = 60
)

func ledger(t *testing.T, o redis.Options, harm, mend func()) {
	t.Helper()
	ctx := t.Context()
	machines := []*Store{machine(t, openRedis(t, o), Options{}), machine(t, openRedis(t, o), Options{})}
	for _, m := range machines {
		defer statetest.Close(t, m)
	}
	var mu sync.Mutex
	sent := map[string]bool{}
	var passed, degraded, count atomic.Int64
	limit := gcra.Limit{Count: 1, Period: time.Hour, Burst: ledgerBurst}
	var all sync.WaitGroup
	harmed := make(chan struct{})
	const workers = 8
	for i := range workers {
		m := machines[i%len(machines)]
		all.Go(func() {
			for j := range ledgerMessages / workers {
				if j == ledgerMessages/workers/4 && i == 0 {
					harm()
					close(harmed)
				} else if j == ledgerMessages/workers/2 {
					<-harmed // half of the messages come afterwards for sure
				}
				got, err := m.Limits().Take(ctx, state.Take{Key: "all", Limit: limit, N: 1})
				if err != nil {
					t.Error(err)
				}
				if got.Allowed {
					passed.Add(1)
				}
				if m.Status().Degraded {
					degraded.Add(1)
				}
				r := statetest.Record(int(count.Add(1)), time.Now())
				if err := m.Verdicts().Add(ctx, r); err != nil {
					t.Error(err)
				}
				mu.Lock()
				sent[r.ID] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	waiting := machines[0].Status().Waiting + machines[1].Status().Waiting
	mend()
	for _, m := range machines {
		redistest.Wait(t, "all is well again", func() bool { st := m.Status(); return !st.Degraded && st.Waiting == 0 })
	}
	balance(t, o, sent)
	if n := passed.Load(); n > ledgerBurst*int64(len(machines)) || n < ledgerBurst {
		t.Errorf("%d passed a limit of %d on %d machines", n, ledgerBurst, len(machines))
	}
	t.Logf("%d messages, %d while degraded, %d records waited on disk, %d passed the limit of %d", len(sent), degraded.Load(), waiting, passed.Load(), ledgerBurst)
}

// balance compares what was sent with what is in Redis.
func balance(t *testing.T, o redis.Options, sent map[string]bool) {
	t.Helper()
	o.Timeout = patient
	s := openRedis(t, o)
	defer statetest.Close(t, s)
	found := map[string]int{}
	for q := (verdicts.Query{Limit: verdicts.MaxLimit}); ; {
		page, next, err := s.Verdicts().Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			found[r.ID]++
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	missing, twice := 0, 0
	for id := range sent {
		if found[id] == 0 {
			missing++
		}
		if found[id] > 1 {
			twice++
		}
	}
	if missing+twice > 0 || len(found) != len(sent) {
		t.Errorf("%d sent, %d found, %d missing, %d twice", len(sent), len(found), missing, twice)
	}
	counted := int64(0)
	hours, err := s.Verdicts().Hours(t.Context(), time.Now().Add(-time.Hour*3), time.Now().Add(time.Hour))
	for _, h := range hours {
		counted += h.Counts["symbol:SPF_PASS"]
	}
	if err != nil || counted != int64(len(sent)) {
		t.Errorf("%d sent, %d counted, %v", len(sent), counted, err)
	}
}

func TestLedgerWhileRedisIsKilled(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "everysec")
	ledger(t, redis.Options{Addrs: []string{server.Addr}}, server.Kill, func() { server.Run(t) })
}

func TestLedgerWhileRedisHangs(t *testing.T) {
	server := redistest.Start(t)
	ledger(t, redis.Options{Addrs: []string{server.Addr}}, func() { server.Hang(t) }, func() { server.Resume(t) })
}

func TestLedgerWhileRedisIsReadOnly(t *testing.T) {
	server := redistest.Start(t)
	ledger(t, redis.Options{Addrs: []string{server.Addr}},
		func() { server.Do(t, "REPLICAOF", "127.0.0.1", redistest.Port(t)) },
		func() { server.Do(t, "REPLICAOF", "NO", "ONE") })
}

func TestLedgerWhileRedisIsFull(t *testing.T) {
	server := redistest.Start(t, "--maxmemory-policy", "noeviction")
	ledger(t, redis.Options{Addrs: []string{server.Addr}},
		func() { server.Do(t, "CONFIG", "SET", "maxmemory", 1) },
		func() { server.Do(t, "CONFIG", "SET", "maxmemory", 0) })
}

func TestLedgerWhileAClusterLosesANode(t *testing.T) {
	nodes := redistest.Cluster(t)
	ledger(t, redis.Options{Addrs: []string{nodes[0].Addr, nodes[1].Addr, nodes[2].Addr}},
		func() { nodes[1].Hang(t) }, func() { nodes[1].Resume(t) })
}

// The old master is killed and stays away: what it had not passed on is lost to Redis, not to us.
func TestLedgerWhileSentinelFailsOver(t *testing.T) {
	w := redistest.Sentinel(t)
	o := redis.Options{Addrs: []string{w.Sentinels[0].Addr, w.Sentinels[1].Addr}, Master: redistest.MasterName}
	ledger(t, o, w.Master.Kill, func() {})
	role := w.Replica.Do(t, "ROLE").([]any)[0]
	if role != "master" {
		t.Errorf("the replica is %v", role)
	}
}

// A restart of the daemon takes up what waited.
func TestWhatWaitedIsAddedAfterARestart(t *testing.T) {
	server := redistest.Start(t)
	dir := t.TempDir()
	o := redis.Options{Addrs: []string{server.Addr}}
	nobody := redis.Options{Addrs: []string{strings.Replace(server.Addr, "127.0.0.1", "127.0.0.2", 1)}}
	first := machineIn(t, dir, openRedis(t, nobody), Options{})
	r := statetest.Record(1, time.Now())
	if err := first.Verdicts().Add(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	statetest.Close(t, first)
	second := machineIn(t, dir, openRedis(t, o), Options{})
	defer statetest.Close(t, second)
	redistest.Wait(t, "the record is in Redis", func() bool {
		_, err := second.shared.Verdicts().Get(context.Background(), r.ID)
		return err == nil
	})
}
