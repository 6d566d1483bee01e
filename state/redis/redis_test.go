package redis

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/statetest"
	"github.com/postern-mail/postern/verdicts"
)

var prefixes atomic.Int64

// open opens a store with key space of its own. The machine may be busy: the
// suite is about results, so calls have more time than in service.
func open(t testing.TB, o Options) *Store {
	t.Helper()
	o.Prefix = fmt.Sprintf("t%d:", prefixes.Add(1))
	if o.Timeout == 0 {
		o.Timeout = bulkTimeout
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func suite(t *testing.T, o Options) {
	statetest.Run(t, statetest.Backend{Slack: 60, Open: func(t testing.TB, r verdicts.Retention) state.Store {
		o.Retention = r
		return open(t, o)
	}})
}

// everyKeyEnds demands that all keys of a server have a lifetime.
func everyKeyEnds(t *testing.T, servers ...*redistest.Server) {
	n := 0
	for _, s := range servers {
		for _, key := range s.Do(t, "KEYS", "*").([]any) {
			n++
			if left := s.Do(t, "PTTL", key).(int64); left == -1 {
				t.Errorf("%q is kept for ever", key)
			}
		}
	}
	t.Logf("%d keys are left, each with a lifetime", n)
}

func TestSuiteOnOneServer(t *testing.T) {
	s := redistest.Start(t)
	suite(t, Options{Addrs: []string{s.Addr}, DB: 3})
	s.Do(t, "SWAPDB", 0, 3)
	everyKeyEnds(t, s)
}

func TestSuiteOnAUnixSocketWithAnACLUser(t *testing.T) {
	s := redistest.Start(t)
	// The rights that README names, and no more.
	s.Do(t, "ACL", "SETUSER", "postern", "on", ">secret", "~t*", "+@read", "+@write", "+@scripting", "+@transaction", "+@connection", "-@dangerous", "+info", "+time")
	o := Options{Addrs: []string{s.Socket}, Username: "postern", Password: "secret"}
	suite(t, o)
	store := open(t, o)
	defer statetest.Close(t, store)
	if err := store.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if id, err := store.Identity(t.Context()); err != nil || len(id) != 40 {
		t.Errorf("%q, %v", id, err)
	}
}

// Rights that are missing are noticed as such, whatever Redis calls it: what cannot be kept there waits.
func TestAUserWithTooFewRights(t *testing.T) {
	s := redistest.Start(t)
	all := []any{"ACL", "SETUSER", "postern", "on", ">secret", "~t*", "+@read", "+@write", "+@scripting", "+@transaction", "+@connection", "-@dangerous", "+info", "+time"}
	o := Options{Addrs: []string{s.Addr}, Username: "postern", Password: "secret"}
	for _, less := range []string{"-time", "-evalsha", "-set", "-@all"} {
		s.Do(t, append(all, less)...)
		store := open(t, o)
		if err := store.Probe(t.Context()); !errors.Is(err, state.ErrAway) {
			t.Errorf("%s: %v", less, err)
		}
		statetest.Close(t, store)
	}
}

func TestSuiteOnACluster(t *testing.T) {
	nodes := redistest.Cluster(t)
	suite(t, Options{Addrs: []string{nodes[0].Addr}, Cluster: true})
	everyKeyEnds(t, nodes...)
	for _, n := range nodes {
		if size := n.Do(t, "DBSIZE").(int64); size == 0 {
			t.Errorf("%s has no key", n.Addr)
		}
	}
}

func TestSuiteUnderSentinel(t *testing.T) {
	w := redistest.Sentinel(t)
	suite(t, Options{Addrs: []string{w.Sentinels[0].Addr, w.Sentinels[1].Addr}, Master: redistest.MasterName})
	everyKeyEnds(t, w.Master)
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for name, o := range map[string]Options{
		"no address":               {},
		"braces in the prefix":     {Addrs: []string{"127.0.0.1:1"}, Prefix: "a{b}"},
		"a database in a Cluster":  {Addrs: []string{"127.0.0.1:1", "127.0.0.1:2"}, DB: 1},
		"a database, Cluster of 1": {Addrs: []string{"127.0.0.1:1"}, Cluster: true, DB: 1},
	} {
		if s, err := Open(o); err == nil {
			t.Errorf("%s: taken", name)
			statetest.Close(t, s)
		} else if !strings.HasPrefix(err.Error(), "redis: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
