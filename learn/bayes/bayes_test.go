package bayes

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func all(uint64) bool { return true }

// mix spreads small numbers over 64 bits, as token hashes are.
func mix(n uint64) uint64 {
	n = (n + 1) * 0x9e3779b97f4a7c15
	return n ^ n>>29
}

// equal compares two tables by what they count.
func equal(t rapid.TB, got, want *Table) {
	t.Helper()
	if got.Messages() != want.Messages() {
		t.Fatalf("messages %v, want %v", got.Messages(), want.Messages())
	}
	if got.Len() != want.Len() {
		t.Fatalf("%d tokens, want %d", got.Len(), want.Len())
	}
	for token, c := range want.All() {
		if got.Count(token) != c {
			t.Fatalf("token %x: %v, want %v", token, got.Count(token), c)
		}
	}
}

// mail is a message for the tests.
type mail struct {
	tokens []uint64
	class  Class
}

func drawMail(t *rapid.T) []mail {
	list := make([]mail, rapid.IntRange(0, 30).Draw(t, "mails"))
	for i := range list {
		for range rapid.IntRange(0, 20).Draw(t, "tokens") {
			list[i].tokens = append(list[i].tokens, mix(rapid.Uint64Range(0, 200).Draw(t, "token")))
		}
		list[i].class = Class(rapid.IntRange(1, 2).Draw(t, "class"))
	}
	return list
}

func TestForgettingLeavesTheModelOfTheRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := drawMail(t)
		got, want := NewTable(0), NewTable(0)
		for _, m := range list {
			got.Add(m.tokens, all, m.class, 1)
		}
		for _, i := range rapid.Permutation(indices(len(list))).Draw(t, "order") {
			if m := list[i]; rapid.Bool().Draw(t, "forget") {
				got.Add(m.tokens, all, m.class, -1)
			} else {
				want.Add(m.tokens, all, m.class, 1)
			}
		}
		equal(t, got, want)
	})
}

func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func TestReadersNeverWaitForAWriter(t *testing.T) {
	table := NewTable(0)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for n := range uint64(500) {
				if c := table.Count(mix(n)); c.Spam > 0 {
					t.Errorf("token %d was never in spam", n)
					return
				}
			}
			table.Score([]uint64{mix(1), mix(2)}, all)
		}
	})
	for n := range uint64(4_000) { // the table grows several times
		table.Add([]uint64{mix(n), mix(n % 500)}, all, Ham, 1)
	}
	close(stop)
	wg.Wait()
	if table.Messages().Ham != 4_000 {
		t.Errorf("%d messages", table.Messages().Ham)
	}
}

func TestWeight(t *testing.T) {
	tests := []struct {
		name   string
		c, all Count
		sign   int
	}{
		{"an unknown token says nothing", Count{}, Count{100, 100}, 0},
		{"nothing is said before both classes are known", Count{0, 5}, Count{0, 100}, 0},
		{"a token of spam alone", Count{0, 5}, Count{100, 100}, 1},
		{"a token of ham alone", Count{5, 0}, Count{100, 100}, -1},
		{"a token equally frequent in both", Count{5, 50}, Count{100, 1000}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := Weight(tt.c, tt.all)
			if w > 0 != (tt.sign > 0) || w < 0 != (tt.sign < 0) {
				t.Errorf("weight %g", w)
			}
		})
	}
	if few, many := Weight(Count{0, 3}, Count{3, 3}), Weight(Count{0, 300}, Count{300, 300}); few >= many {
		t.Errorf("three messages speak as loudly (%g) as three hundred (%g)", few, many)
	}
}

func TestAMillionTokensTakeLessThan64MiB(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	table := NewTable(0) // it grows, as it would while learning
	for n := range uint64(1_000_000) {
		table.Set(mix(n), Count{0, 1})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	size := after.HeapAlloc - before.HeapAlloc
	t.Logf("a million tokens take %.1f MiB", float64(size)/(1<<20))
	if size > 64<<20 {
		t.Error("more than 64 MiB")
	}
	runtime.KeepAlive(table)
}

func BenchmarkScore1000Tokens(b *testing.B) {
	for _, size := range []int{1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			table := NewTable(size)
			table.SetMessages(Count{5000, 5000})
			for n := range uint64(size) {
				table.Set(mix(n), Count{uint32(n % 7), uint32(n % 11)})
			}
			list := make([]uint64, 1000)
			r := rand.New(rand.NewPCG(1, 2))
			for i := range list {
				list[i] = mix(r.Uint64N(uint64(2 * size)))
			}
			b.ReportAllocs()
			for b.Loop() {
				table.Score(list, all)
			}
			b.ReportMetric(float64(16*len(table.slots.Load().list))/(1<<20), "MiB")
		})
	}
}

func BenchmarkLoadAMillion(b *testing.B) {
	for b.Loop() {
		start := time.Now()
		table := NewTable(1_000_000)
		for n := range uint64(1_000_000) {
			table.Set(mix(n), Count{1, 2})
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/load")
	}
}
