package learn

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/embedded"
	"github.com/postern-mail/postern/state/redis"
)

// opener opens the store once more, as another process would.
type opener func(t testing.TB) (state.Store, func())

// closing makes an opener of what opens a store.
func closing(open func() (state.Store, error)) opener {
	return func(t testing.TB) (state.Store, func()) {
		t.Helper()
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		once := sync.OnceFunc(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(once)
		return s, once
	}
}

func onFile(path string) opener {
	return closing(func() (state.Store, error) { return embedded.Open(embedded.Options{Path: path, Sweep: -1}) })
}

func onRedis(prefix string, o redis.Options) opener {
	return closing(func() (state.Store, error) {
		o.Prefix, o.Timeout, o.Sweep = prefix, 10*time.Second, -1 // the machine may be busy
		return redis.Open(o)
	})
}

// node is one machine, or one process of it.
type node struct {
	*Model
	close func()
}

func start(t testing.TB, open opener, l Limits, cache string) node {
	t.Helper()
	s, done := open(t)
	m := Open(ctx, NewStore(s.Lessons(), l), Options{Log: quiet, Cache: cache})
	if err := m.Away(); err != nil {
		t.Fatal(err)
	}
	return node{m, done}
}

// leaves checks that a node has the model of what is left, and nothing else.
func leaves(rt *rapid.T, n *Model, left map[int]bayes.Class) {
	if err := n.catchUp(ctx); err != nil {
		rt.Fatal(err)
	}
	want := bayes.NewTable(0)
	for i, c := range left {
		tokens, err := sampleOf(message(i, bayes.Class(1+i%2)))
		if err != nil {
			rt.Fatal(err)
		}
		if c != bayes.None {
			want.Add(tokens, Counted, c, 1)
		}
	}
	same(rt, n.judge.Load().Counts, want)
}

// Two nodes and any interleaving of learning, moving, forgetting, tidying up, and crashes of
// which a node comes back with a cache of any age or none: they agree on the model of what is left.
func anyInterleaving(t *testing.T, fresh func(t testing.TB) opener) {
	few(t)
	rapid.Check(t, func(rt *rapid.T) {
		open, dir := fresh(t), t.TempDir()
		limits := small
		limits.Changes = rapid.IntRange(1, 12).Draw(rt, "changes kept")
		cache := func(i int) string { return filepath.Join(dir, fmt.Sprint("model", i)) }
		nodes := []node{start(t, open, limits, cache(0)), start(t, open, limits, cache(1))}
		left := map[int]bayes.Class{}
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			i := rapid.IntRange(0, 1).Draw(rt, "node")
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				nodes[i].close()
				nodes[i] = start(t, open, limits, cache(i))
			case 1:
				if err := nodes[i].save(); err != nil {
					rt.Fatal(err)
				}
			case 2:
				if err := nodes[i].store.Tidy(ctx); err != nil {
					rt.Fatal(err)
				}
			case 3:
				if err := nodes[i].catchUp(ctx); err != nil {
					rt.Fatal(err)
				}
			default:
				n := rapid.IntRange(0, 9).Draw(rt, "message")
				c := bayes.Class(rapid.IntRange(0, 2).Draw(rt, "class"))
				if was := learnIt(rt, nodes[i].Model, message(n, bayes.Class(1+n%2)), c, Origin{}); was != left[n] {
					rt.Fatalf("message %d was %v, want %v", n, was, left[n])
				}
				left[n] = c
			}
		}
		late := start(t, open, limits, "")
		train := rapid.IntRange(0, 9).Draw(rt, "train") == 0 // it takes its time
		for _, n := range append(nodes, late) {
			leaves(rt, n.Model, left)
			if train {
				if err := n.Retrain(ctx); err != nil {
					rt.Fatal(err)
				}
			}
			n.close()
		}
		for _, n := range nodes {
			if train && !n.judge.Load().Weights.Equal(late.judge.Load().Weights) {
				rt.Fatal("the linear models differ")
			}
		}
	})
}

func TestTwoNodesOnOneFileAgreeAfterAnything(t *testing.T) {
	anyInterleaving(t, func(t testing.TB) opener { return onFile(filepath.Join(t.TempDir(), "state.db")) })
}

func TestTwoNodesOnOneRedisAgreeAfterAnything(t *testing.T) {
	server, n := redistest.Start(t), 0
	anyInterleaving(t, func(testing.TB) opener {
		n++
		return onRedis(fmt.Sprintf("n%d:", n), redis.Options{Addrs: []string{server.Addr}})
	})
}

// A learn on one node acts on the others within two seconds, by Run alone.
func TestALearnActsOnTheOthers(t *testing.T) {
	server := redistest.Start(t)
	for name, open := range map[string]opener{
		"on one file":  onFile(filepath.Join(t.TempDir(), "state.db")),
		"on one Redis": onRedis("x:", redis.Options{Addrs: []string{server.Addr}}),
	} {
		t.Run(name, func(t *testing.T) {
			a, b := start(t, open, small, ""), start(t, open, small, "")
			run, cancel := context.WithCancel(ctx)
			var wg sync.WaitGroup
			wg.Go(func() { b.Run(run) })
			teach(t, a.Model, 20, Origin{})
			began := time.Now()
			redistest.Wait(t, "the other node knows it", func() bool { return b.Seen() == a.Seen() })
			t.Logf("after %v", time.Since(began))
			cancel()
			wg.Wait()
		})
	}
}

// A master is killed while two nodes learn. What the new one lacks is gone, for both of them alike.
func TestNodesAgreeAfterAFailover(t *testing.T) {
	w := redistest.Sentinel(t)
	open := onRedis("f:", redis.Options{Addrs: []string{w.Sentinels[0].Addr, w.Sentinels[1].Addr}, Master: redistest.MasterName})
	limits := small
	limits.Changes = 10
	nodes := []node{start(t, open, limits, ""), start(t, open, limits, "")}
	lost := 0
	for i := range 120 {
		if i == 40 {
			w.Replica.Hang(t) // what comes now the replica does not get
		}
		if i == 60 {
			w.Master.Kill()
			w.Replica.Resume(t)
		}
		c := bayes.Class(1 + i%2)
		redistest.Wait(t, "a learn succeeds", func() bool {
			_, err := nodes[i/3%2].Learn(ctx, message(i%80, bayes.Class(1+i%80%2)), c, Origin{})
			if err != nil && !errors.Is(err, state.ErrAway) {
				t.Fatal(err)
			}
			if err != nil {
				lost++
			}
			return err == nil
		})
	}
	late := start(t, open, limits, "")
	want := bayes.NewTable(0)
	n := 0
	for r, err := range late.store.Samples(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		want.Add(r.Tokens, Counted, r.Class, 1)
	}
	for _, node := range append(nodes, late) {
		if err := node.catchUp(ctx); err != nil {
			t.Fatal(err)
		}
		same(t, node.judge.Load().Counts, want)
	}
	t.Logf("%d messages are known in the end, %d learns failed while there was no master", n, lost)
}

func TestWhatWasLearnedMovesFromAFileIntoRedisAndBack(t *testing.T) {
	server := redistest.Start(t)
	limits := small
	limits.Changes, limits.Samples = 7, 20
	file := start(t, onFile(filepath.Join(t.TempDir(), "state.db")), limits, "")
	shared, _ := onRedis("c:", redis.Options{Addrs: []string{server.Addr}})(t)
	back, _ := onFile(filepath.Join(t.TempDir(), "state.db"))(t)
	teach(t, file.Model, 100, Origin{Who: "ann"})
	told := 0
	if err := Copy(ctx, file.store.lessons, shared.Lessons(), func(n int) { told = n }); err != nil || told != 100 {
		t.Fatalf("%d lessons, %v", told, err)
	}
	for range 2 { // the second time there is nothing to do
		if err := Copy(ctx, shared.Lessons(), back.Lessons(), func(int) {}); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []state.Store{shared, back} {
		m := open(t, NewStore(s.Lessons(), limits))
		same(t, m.judge.Load().Counts, file.judge.Load().Counts)
		list, err := m.Learned(ctx, Filter{Who: "ann"})
		if err != nil || len(list) != 100 {
			t.Errorf("%d lessons, %v", len(list), err)
		}
		if was := learnIt(t, m, message(99, bayes.Spam), bayes.None, Origin{}); was != bayes.Spam {
			t.Errorf("was %v", was)
		}
	}
	if err := Copy(ctx, file.store.lessons, shared.Lessons(), func(int) {}); !errors.Is(err, ErrTaught) {
		t.Errorf("into a store that has learned: %v", err)
	}
}

// A Redis that was short of memory has thrown parts of it away: what the samples say is left.
func TestLostPartsAreCountedAnew(t *testing.T) {
	server := redistest.Start(t)
	open := onRedis("e:", redis.Options{Addrs: []string{server.Addr}})
	limits := small
	limits.Changes = 10
	n := start(t, open, limits, "")
	for _, key := range []string{"e:b:{b}:c", "e:b:{b}:s:*"} {
		teach(t, n.Model, 60, Origin{})
		lost := server.Do(t, "KEYS", key).([]any)
		for _, k := range lost {
			server.Do(t, "DEL", k)
		}
		if len(lost) == 0 {
			t.Fatalf("no key %s", key)
		}
		late := start(t, open, limits, "")
		same(t, late.judge.Load().Counts, n.judge.Load().Counts)
		for i := range 20 { // and things go on
			learnIt(t, late.Model, message(i, bayes.Ham), bayes.None, Origin{})
		}
		if err := n.catchUp(ctx); err != nil {
			t.Fatal(err)
		}
		same(t, n.judge.Load().Counts, late.judge.Load().Counts)
	}
}
