package chain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type checkFunc func(ctx context.Context, m *mail.Message) (filters.Result, error)

func (f checkFunc) Check(ctx context.Context, m *mail.Message) (filters.Result, error) {
	return f(ctx, m)
}

func instance(name string, stage mail.Stage, f checkFunc, after ...string) Instance {
	return Instance{Name: name, Kind: filters.Kind{Name: name, Stage: stage, After: after}, Filter: f}
}

func finds(symbol string) checkFunc {
	return func(context.Context, *mail.Message) (filters.Result, error) {
		return filters.Result{Symbols: []scoring.Symbol{scoring.Found(symbol)}}, nil
	}
}

func hangs(context.Context, *mail.Message) (filters.Result, error) { select {} }

func waits(ctx context.Context, _ *mail.Message) (filters.Result, error) {
	<-ctx.Done()
	return filters.Result{}, ctx.Err()
}

func sleeps(d time.Duration, symbol string) checkFunc {
	return func(ctx context.Context, m *mail.Message) (filters.Result, error) {
		select {
		case <-time.After(d):
			return finds(symbol)(ctx, m)
		case <-ctx.Done():
			return filters.Result{}, ctx.Err()
		}
	}
}

func build(t *testing.T, o Options, instances ...Instance) *Chain {
	t.Helper()
	c, err := New(instances, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var session = &mail.Session{Listener: "inbound"}

func message(rcpts ...string) *mail.Message {
	return mail.New(mail.Message{Session: session, Envelope: mail.Envelope{Rcpts: rcpts}, Now: time.Unix(1, 0)})
}

// judge takes one message through all stages.
func judge(c *Chain) scoring.Evidence {
	r := c.Connect(context.Background(), session, time.Now)
	defer r.Close()
	r.Helo(session)
	tx := r.Mail(session, mail.Envelope{})
	tx.Rcpt("a@example.org")
	ev, _ := tx.Data(context.Background(), message("a@example.org"))
	return ev
}

func summary(ev scoring.Evidence) string {
	var out []string
	for _, c := range ev.Checks {
		out = append(out, c.Name+"="+string(c.Status))
	}
	for _, s := range ev.Symbols {
		out = append(out, s.Name)
	}
	return strings.Join(out, " ")
}

func TestEvidence(t *testing.T) {
	for _, c := range []struct {
		name  string
		chain []Instance
		want  string
		took  time.Duration
	}{
		{"every stage's filter is heard in the order of the list", []Instance{
			instance("data", mail.StageData, finds("D")), instance("conn", mail.StageConnect, finds("C")),
			instance("helo", mail.StageHelo, finds("H")), instance("mail", mail.StageMail, finds("M")), instance("rcpt", mail.StageRcpt, finds("R")),
		}, "data=ok conn=ok helo=ok mail=ok rcpt=ok D C H M R", 0},
		{"an error is evidence and stops nobody", []Instance{
			instance("bad", mail.StageData, func(context.Context, *mail.Message) (filters.Result, error) {
				return filters.Result{Symbols: []scoring.Symbol{scoring.Found("HALF")}}, errors.New("broken")
			}), instance("good", mail.StageData, finds("G")),
		}, "bad=error good=ok HALF BAD_ERROR G", 0},
		{"a panic costs that filter's evidence only", []Instance{
			instance("wild", mail.StageMail, func(context.Context, *mail.Message) (filters.Result, error) { panic("oops") }),
			instance("good", mail.StageData, finds("G"), "wild"),
		}, "wild=error good=ok WILD_ERROR G", 0},
		{"a filter that heeds its context times out alone", []Instance{
			instance("slow", mail.StageData, waits), instance("good", mail.StageData, finds("G")),
		}, "slow=timeout good=ok SLOW_TIMEOUT G", 5 * time.Second},
		{"time-outs of a row of filters stay within the total budget", []Instance{
			instance("s1", mail.StageData, waits), instance("s2", mail.StageData, waits, "s1"), instance("s3", mail.StageData, waits, "s2"),
			instance("s4", mail.StageData, waits, "s3"),
		}, "s1=timeout s2=timeout s3=timeout s4=timeout S1_TIMEOUT S2_TIMEOUT S3_TIMEOUT S4_TIMEOUT", 12 * time.Second},
		{"independent slow filters run at once", []Instance{
			instance("s1", mail.StageConnect, sleeps(4*time.Second, "A")), instance("s2", mail.StageMail, sleeps(4*time.Second, "B")),
			instance("s3", mail.StageData, sleeps(4*time.Second, "C")),
		}, "s1=ok s2=ok s3=ok A B C", 4 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				ev := judge(build(t, Options{Total: 12 * time.Second}, c.chain...))
				if got := summary(ev); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
				if took := time.Since(start); took != c.took {
					t.Errorf("took %v of the bubble's time, want %v", took, c.took)
				}
			})
		})
	}
}

func TestAHangingFilterIsNotStartedForever(t *testing.T) {
	release := make(chan struct{})
	c := build(t, Options{Filter: time.Microsecond}, instance("stuck", mail.StageData, func(context.Context, *mail.Message) (filters.Result, error) {
		<-release
		return filters.Result{}, nil
	}))
	for range maxHung {
		if got := summary(judge(c)); got != "stuck=timeout STUCK_TIMEOUT" {
			t.Fatal(got)
		}
	}
	for c.nodes[0].gate.hung.Load() < maxHung {
		time.Sleep(grace / 10) // they count once their grace is over
	}
	if got := summary(judge(c)); got != "stuck=skipped STUCK_ERROR" {
		t.Fatal(got)
	}
	close(release)
}

func TestAFilterReadsTheResultsOfThoseItComesAfter(t *testing.T) {
	says := func(method string) checkFunc {
		return func(context.Context, *mail.Message) (filters.Result, error) {
			return filters.Result{Auth: []authres.Result{{Method: method, Value: authres.Pass}}}, nil
		}
	}
	var read []string
	c := build(t, Options{},
		instance("dmarc", mail.StageData, func(_ context.Context, m *mail.Message) (filters.Result, error) {
			for _, r := range m.Auth {
				read = append(read, r.Method)
			}
			return filters.Result{}, nil
		}, "spf", "dkim", "absent"),
		instance("other", mail.StageData, says("other")),
		instance("dkim", mail.StageData, says("dkim")),
		instance("spf", mail.StageMail, says("spf")))
	if got := fmt.Sprint(c.Names()); got != "[spf dkim dmarc other]" {
		t.Errorf("the plan is %s", got)
	}
	judge(c)
	if got := fmt.Sprint(read); got != "[spf dkim]" {
		t.Errorf("dmarc read the results of %s", got)
	}
}

func TestPlanRefuses(t *testing.T) {
	for want, list := range map[string][]Instance{
		`two filters are named "a"`: {instance("a", mail.StageData, hangs), instance("a", mail.StageData, hangs)},
		"a after b after c after a": {instance("a", mail.StageData, hangs, "b"), instance("b", mail.StageData, hangs, "c"), instance("c", mail.StageData, hangs, "a")},
		"a after a":                 {instance("a", mail.StageData, hangs, "a")},
	} {
		if _, err := New(list, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestSecondTransactionKeepsTheClientAndNothingElse(t *testing.T) {
	var mu sync.Mutex
	calls := map[string]int{}
	counts := func(name string) checkFunc {
		return func(_ context.Context, m *mail.Message) (filters.Result, error) {
			mu.Lock()
			defer mu.Unlock()
			calls[name]++
			return filters.Result{Symbols: []scoring.Symbol{scoring.Found(strings.ToUpper(name), m.Envelope.From)}}, nil
		}
	}
	c := build(t, Options{}, instance("conn", mail.StageConnect, counts("conn")), instance("helo", mail.StageHelo, counts("helo")),
		instance("mail", mail.StageMail, counts("mail")), instance("rcpt", mail.StageRcpt, counts("rcpt")))
	r := c.Connect(context.Background(), session, time.Now)
	defer r.Close()
	first := r.Mail(session, mail.Envelope{From: "one@example.org"}) // no HELO was given: its filters run all the same
	first.Rcpt("a@example.org")
	first.Rcpt("refused@example.org")
	first.Early("a@example.org", nil)
	first.Early("refused@example.org", nil)
	first.Abort()
	second := r.Mail(session, mail.Envelope{From: "two@example.org"})
	second.Rcpt("b@example.org")
	second.Rcpt("refused@example.org")
	ev, _ := second.Data(context.Background(), message("b@example.org"))
	if got := summary(ev); got != "conn=ok helo=ok mail=ok rcpt=ok CONN HELO MAIL RCPT" {
		t.Error(got)
	}
	for _, s := range ev.Symbols {
		if (s.Name == "MAIL" || s.Name == "RCPT") && !slices.Equal(s.Details, []string{"two@example.org"}) {
			t.Errorf("%s saw %q", s.Name, s.Details)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got := fmt.Sprint(calls); got != "map[conn:1 helo:1 mail:2 rcpt:4]" && got != "map[conn:1 helo:1 mail:2 rcpt:3]" {
		t.Errorf("calls: %s", got)
	}
}

func TestRecipientsFindingsBecomeOne(t *testing.T) {
	c := build(t, Options{}, instance("rcpt", mail.StageRcpt, func(_ context.Context, m *mail.Message) (filters.Result, error) {
		s := scoring.Symbol{Name: "R", Factor: 0.2, Details: m.Envelope.Rcpts}
		if m.Envelope.Rcpts[0] == "b@example.org" {
			s.Factor = 0.9
			return filters.Result{Symbols: []scoring.Symbol{s}}, errors.New("half")
		}
		return filters.Result{Symbols: []scoring.Symbol{s}}, nil
	}))
	r := c.Connect(context.Background(), session, time.Now)
	defer r.Close()
	tx := r.Mail(session, mail.Envelope{})
	for _, rcpt := range []string{"a@example.org", "b@example.org", "refused@example.org"} {
		tx.Rcpt(rcpt)
	}
	ev, _ := tx.Data(context.Background(), message("a@example.org", "b@example.org"))
	if got := summary(ev); got != "rcpt=error R RCPT_ERROR" {
		t.Fatal(got)
	}
	if s := ev.Symbols[0]; s.Factor != 0.9 || fmt.Sprint(s.Details) != "[a@example.org b@example.org]" {
		t.Errorf("got %+v", s)
	}
}

func TestClosingTheConnectionTellsFiltersToStop(t *testing.T) {
	stopped := make(chan error)
	c := build(t, Options{}, instance("conn", mail.StageConnect, func(ctx context.Context, _ *mail.Message) (filters.Result, error) {
		<-ctx.Done()
		stopped <- context.Cause(ctx)
		return filters.Result{}, ctx.Err()
	}))
	r := c.Connect(context.Background(), session, time.Now)
	r.Close()
	if err := <-stopped; !errors.Is(err, errOver) {
		t.Errorf("the filter was stopped with %v", err)
	}
}

func BenchmarkChainOfTenFilters(b *testing.B) {
	var list []Instance
	for i := range 10 {
		list = append(list, instance(fmt.Sprint("f", i), mail.StageData, finds("S")))
	}
	c, err := New(list, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		judge(c)
	}
}

// Clients that drop their connections by the hundred do not make a filter look as if it hung.
func TestRunsThatEndWithTheirConnectionDoNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := build(t, Options{}, instance("slow", mail.StageConnect, waits))
		for range 4 * maxHung {
			c.Connect(context.Background(), session, time.Now).Close()
		}
		synctest.Wait()
		if n := c.nodes[0].gate.hung.Load(); n != 0 {
			t.Errorf("%d runs count as hanging", n)
		}
		r := c.Connect(context.Background(), session, time.Now)
		defer r.Close()
		synctest.Wait()
		if r.shared[0].ended() {
			t.Errorf("the filter was not run: %+v", r.shared[0].check)
		}
	})
}
