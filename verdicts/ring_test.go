package verdicts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postern-mail/postern/scoring"
)

// ids pages through a store until there is nothing more.
func ids(t interface{ Fatal(...any) }, s Store, q Query) []string {
	var all []string
	for {
		page, next, err := s.Query(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > q.PageSize() {
			t.Fatal("a page of ", len(page))
		}
		for _, r := range page {
			all = append(all, r.ID)
		}
		if next == "" {
			return all
		}
		if len(page) == 0 {
			t.Fatal("an empty page that goes on")
		}
		q.Cursor = next
	}
}

func TestRingIsAListThatForgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(-1, 7).Draw(t, "size")
		ring, model := NewRing(size), []*Record(nil)
		for i := range rapid.IntRange(0, 25).Draw(t, "records") {
			r := &Record{ID: fmt.Sprintf("id%d", i), Score: float64(rapid.IntRange(0, 2).Draw(t, "score"))}
			if err := ring.Add(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			model = append([]*Record{r}, model...)
		}
		forgotten := model[min(len(model), max(size, 1)):]
		model = model[:min(len(model), max(size, 1))]
		least := float64(rapid.IntRange(0, 3).Draw(t, "least"))
		q := Query{MinScore: &least, Limit: rapid.IntRange(1, 9).Draw(t, "limit")}
		var want []string
		for _, r := range model {
			if r.Score >= least {
				want = append(want, r.ID)
			}
			if got, err := ring.Get(context.Background(), r.ID); got != r || err != nil {
				t.Fatalf("%s is not there: %v", r.ID, err)
			}
		}
		if got := ids(t, ring, q); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for _, r := range forgotten {
			if _, err := ring.Get(context.Background(), r.ID); !errors.Is(err, ErrNotFound) {
				t.Fatalf("%s is still there", r.ID)
			}
			q.Cursor = r.ID
			if page, next, err := ring.Query(context.Background(), q); len(page) > 0 || next != "" || err != nil {
				t.Fatalf("a forgotten cursor gives %v %q %v", page, next, err)
			}
		}
	})
}

func TestRingHoldsItsPlaceWhileRecordsCome(t *testing.T) {
	ring := NewRing(10)
	for i := range 6 {
		ring.Add(context.Background(), &Record{ID: fmt.Sprint(i)})
	}
	page, next, _ := ring.Query(context.Background(), Query{Limit: 2})
	ring.Add(context.Background(), &Record{ID: "new"})
	rest := ids(t, ring, Query{Limit: 2, Cursor: next})
	if page[0].ID != "5" || page[1].ID != "4" || !slices.Equal(rest, []string{"3", "2", "1", "0"}) {
		t.Errorf("%v, then %v", page, rest)
	}
}

func TestRingIsSafeForSeveralGoroutines(t *testing.T) {
	ring := NewRing(50)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 200 {
				id := fmt.Sprintf("%d-%d", w, i)
				ring.Add(context.Background(), &Record{ID: id})
				ring.Query(context.Background(), Query{Limit: 7, Cursor: id})
			}
		})
	}
	all.Wait()
	if n := len(ids(t, ring, Query{Limit: 3})); n != 50 {
		t.Errorf("%d records", n)
	}
}

func TestRingGivesUpWithItsCaller(t *testing.T) {
	ring := NewRing(3)
	ring.Add(context.Background(), &Record{ID: "1"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := ring.Query(ctx, Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestFits(t *testing.T) {
	score := func(f float64) *float64 { return &f }
	r := &Record{
		Time: day, QueueID: "4ABC", Action: scoring.Mark, Score: 6.5, Reason: "score 6.5 reaches mark at 6",
		Session:  Session{ClientIP: "192.0.2.1"},
		Envelope: Envelope{From: "bounce@lists.example.net", Rcpts: []string{"anna@example.org", "otto@example.com"}},
		Message:  Message{From: "Joe@Example.Net", Subject: "Grüße aus Köln", MessageID: "<m1@example.net>"},
		Symbols:  []Symbol{{Name: "SPF_FAIL"}},
	}
	for _, c := range []struct {
		name string
		q    Query
		want bool
	}{
		{"nothing asked", Query{}, true},
		{"action", Query{Action: scoring.Mark}, true},
		{"another action", Query{Action: scoring.Reject}, false},
		{"since the very moment", Query{Since: day}, true},
		{"since a moment later", Query{Since: day.Add(1)}, false},
		{"until the very moment leaves it out", Query{Until: day}, false},
		{"until a moment later", Query{Until: day.Add(time.Nanosecond)}, true},
		{"envelope sender", Query{From: "BOUNCE@lists.example.net"}, true},
		{"author", Query{From: "joe@example.net"}, true},
		{"domain of the author", Query{From: "example.net"}, true},
		{"domain with an at sign", Query{From: "@EXAMPLE.net"}, true},
		{"domain above the envelope sender's only", Query{From: "ists.example.net"}, false},
		{"second recipient", Query{Rcpt: "otto@example.com"}, true},
		{"recipients' domain", Query{Rcpt: "example.org"}, true},
		{"no recipient of that name", Query{Rcpt: "joe@example.net"}, false},
		{"client", Query{IP: "192.0.2.1"}, true},
		{"another client", Query{IP: "192.0.2.10"}, false},
		{"symbol", Query{Symbol: "spf_fail"}, true},
		{"part of a symbol", Query{Symbol: "SPF"}, false},
		{"queue id", Query{QueueID: "4ABC"}, true},
		{"score reached exactly", Query{MinScore: score(6.5)}, true},
		{"score not reached", Query{MinScore: score(6.51)}, false},
		{"text in the subject, another case", Query{Text: "GRÜSSE AUS"}, false},
		{"text in the subject", Query{Text: "KÖLN"}, true},
		{"text in the message id", Query{Text: "m1@"}, true},
		{"text in the reason", Query{Text: "reaches mark"}, true},
		{"all must hold", Query{Action: scoring.Mark, IP: "192.0.2.2"}, false},
	} {
		if got := c.q.Fits(r); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
