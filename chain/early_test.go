package chain

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// scout is a filter that looks early, and tells what it was shown.
type scout struct {
	early func(context.Context, *mail.Message) (filters.Result, error)

	mu    sync.Mutex
	looks []string
}

func (s *scout) Check(context.Context, *mail.Message) (filters.Result, error) {
	return filters.Result{Symbols: []scoring.Symbol{scoring.Found("LATE")}}, nil
}

func (s *scout) Early(ctx context.Context, m *mail.Message) (filters.Result, error) {
	look := "client"
	switch {
	case len(m.Header) > 0:
		look = "header"
	case m.Envelope.From != "":
		look = "sender"
	case m.Session.Helo != "":
		look = "helo"
	}
	s.mu.Lock()
	s.looks = append(s.looks, look)
	s.mu.Unlock()
	if s.early != nil {
		return s.early(ctx, m)
	}
	return filters.Result{Symbols: []scoring.Symbol{scoring.Found("SEEN_" + strings.ToUpper(look))}}, nil
}

func scouting(s *scout, after ...string) Instance {
	return Instance{Name: "scout", Kind: filters.Kind{Name: "scout", Stage: mail.StageData, After: after}, Filter: s}
}

func TestEarlyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(scout)
		var observed []string
		var mu sync.Mutex
		c := build(t, Options{Observe: func(c scoring.Check) {
			mu.Lock()
			defer mu.Unlock()
			observed = append(observed, c.Name+"@"+c.Stage.String())
		}}, instance("slow", mail.StageData, sleeps(time.Second, "S")), scouting(s, "slow"))
		r := c.Connect(context.Background(), &mail.Session{}, time.Now)
		defer r.Close()
		if got := summary(r.Early()); got != "scout=ok SEEN_CLIENT" {
			t.Errorf("at connect: %s", got)
		}
		helo := &mail.Session{Helo: "mail.example.org"}
		r.Helo(helo)
		if got := summary(r.Early()); got != "scout=ok SEEN_HELO" {
			t.Errorf("at HELO: %s", got)
		}
		tx := r.Mail(helo, mail.Envelope{From: "a@example.org"})
		tx.Rcpt("b@example.org")
		if got := summary(tx.Early("b@example.org", nil)); got != "scout=ok SEEN_SENDER" {
			t.Errorf("at RCPT: %s", got)
		}
		ev, _ := tx.Data(context.Background(), mail.New(mail.Message{Session: helo, Header: mail.Header{{Name: "A", Value: "1"}}}))
		if got := summary(ev); got != "slow=ok scout=ok S LATE" {
			t.Errorf("at the end: %s", got)
		}
		if got := strings.Join(s.looks, " "); got != "client helo sender header" {
			t.Errorf("looked at %s", got)
		}
		if got := strings.Join(observed, " "); got != "slow@data scout@data" {
			t.Errorf("observed %s", got)
		}
	})
}

// What hangs or panics early costs the early evidence, and the message nothing.
func TestEarlyLooksThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		early func(context.Context, *mail.Message) (filters.Result, error)
		want  string
	}{
		"a panic": {func(context.Context, *mail.Message) (filters.Result, error) { panic("oops") }, "scout=error SCOUT_ERROR"},
		"a wait":  {waits, "scout=timeout SCOUT_TIMEOUT"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ch := build(t, Options{}, scouting(&scout{early: c.early}))
				r := ch.Connect(context.Background(), session, time.Now)
				defer r.Close()
				if got := summary(r.Early()); got != c.want {
					t.Errorf("early: %s, want %s", got, c.want)
				}
				tx := r.Mail(session, mail.Envelope{})
				start := time.Now()
				ev, _ := tx.Data(context.Background(), message())
				if got := summary(ev); got != "scout=ok LATE" || time.Since(start) != 0 {
					t.Errorf("at the end: %s after %v", got, time.Since(start))
				}
			})
		})
	}
}

func TestPartsThatWereNotDoneAreChecks(t *testing.T) {
	parts := func(context.Context, *mail.Message) (filters.Result, error) {
		return filters.Result{Checks: []scoring.Check{{Name: "zen", Status: scoring.StatusSkipped, Err: "dead"}}}, nil
	}
	ev := judge(build(t, Options{}, instance("lists", mail.StageData, parts)))
	if got := summary(ev); got != "lists=ok lists/zen=skipped" || ev.Checks[1].Err != "dead" || ev.Checks[1].Stage != mail.StageData {
		t.Errorf("%s: %v", got, ev.Checks)
	}
	if got := summary(judge(build(t, Options{}, instance("lists", mail.StageRcpt, parts)))); got != "lists=ok" {
		t.Errorf("a RCPT filter: %s", got)
	}
}

func TestOneBudgetOfQuestionsForAllFilters(t *testing.T) {
	srv := dnstest.Serve(t, dnstest.Zone{"*.example.org": {A: []string{"192.0.2.1"}}})
	client, err := dns.New(dns.Options{Servers: []string{srv.Addr}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	asks := func(name string) checkFunc {
		return func(ctx context.Context, _ *mail.Message) (filters.Result, error) {
			_, err := client.Lookup(ctx, name+".example.org", dns.TypeA)
			return filters.Result{}, err
		}
	}
	c := build(t, Options{Questions: 1}, instance("one", mail.StageConnect, asks("one")),
		instance("two", mail.StageMail, asks("two")), instance("three", mail.StageData, asks("three")))
	run := c.Connect(context.Background(), session, time.Now)
	defer run.Close()
	tx := run.Mail(session, mail.Envelope{})
	<-tx.tasks[slices.Index(c.Names(), "two")].done
	ev, _ := tx.Data(context.Background(), message())
	if got := summary(ev); got != "one=ok two=ok three=error THREE_ERROR" {
		t.Error(got)
	}
	if err := ev.Checks[2].Err; !strings.Contains(err, dns.ErrBudget.Error()) {
		t.Error(err)
	}
	if _, err := asks("four")(context.Background(), nil); errors.Is(err, dns.ErrBudget) {
		t.Error("without a message there is a budget too")
	}
}
