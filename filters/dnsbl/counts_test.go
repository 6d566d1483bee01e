package dnsbl

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/chain"
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// served is a filter that asks a real server by a real resolver.
func served(t testing.TB, zone dnstest.Zone, timeout time.Duration, c *Config) (*filter, *dnstest.Server, *dns.Client) {
	t.Helper()
	srv := dnstest.Serve(t, zone)
	client, err := dns.New(dns.Options{Servers: []string{srv.Addr}, Timeout: timeout, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	f := start(t, client, c)
	awaitProbes(f)
	return f, srv, client
}

func asked(srv *dnstest.Server, suffix string) int {
	n := 0
	for _, q := range srv.Asked() {
		if strings.HasSuffix(q, suffix) {
			n++
		}
	}
	return n
}

func clientIP(i int) string { return fmt.Sprintf("192.0.2.%d", i+1) }

func TestThousandMessagesOfFiftyClientsAskFiftyTimes(t *testing.T) {
	zones := []Zone{{Name: "one", Zone: "one.example.net"}, {Name: "two", Zone: "two.example.net"}}
	f, srv, client := served(t, points("one.example.net", "two.example.net"), 2*time.Second, only(zones...))
	var wg sync.WaitGroup
	for w := range 10 {
		wg.Go(func() {
			for i := range 100 {
				if got := summary(check(t, f, from4(clientIP((i+7*w)%50)))); got != "" {
					t.Error(got)
				}
			}
		})
	}
	wg.Wait()
	for _, z := range zones {
		if n := asked(srv, ".2.0.192."+z.Zone); n > 50 {
			t.Errorf("%s: %d questions about 50 clients", z.Zone, n)
		}
	}
	warm := len(srv.Asked())
	for i := range 50 {
		check(t, f, from4(clientIP(i)))
	}
	if n := len(srv.Asked()) - warm; n != 0 {
		t.Errorf("%d questions with a warm cache", n)
	}
	t.Logf("1000 messages, 2 zones: %d questions about clients, %d hits of the cache, %d waited for another's question",
		asked(srv, ".2.0.192.one.example.net")+asked(srv, ".2.0.192.two.example.net"), client.Stats().Hits, client.Stats().Joined)
}

// A list that falls silent costs the messages that ask it just then one time-out, and the ones
// after them nothing.
func TestASilentListCostsOneTimeout(t *testing.T) {
	f, srv, client := served(t, points("one.example.net", "two.example.net"), 2*time.Second,
		only(Zone{Name: "one", Zone: "one.example.net"}, Zone{Name: "two", Zone: "two.example.net"}))
	srv.Fault("*.one.example.net", dnstest.Fault{Drop: true})
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			if got := summary(check(t, f, from4(clientIP(i)))); got != "one=timeout" {
				t.Errorf("client %d: %s", i, got)
			}
		})
	}
	wg.Wait()
	before := asked(srv, ".2.0.192.one.example.net")
	for i := range 100 {
		if got := summary(check(t, f, from4(clientIP(100+i)))); got != "one=skipped" {
			t.Fatalf("client %d: %s", 100+i, got)
		}
	}
	if before != 5 || asked(srv, ".2.0.192.one.example.net") != before || asked(srv, ".2.0.192.two.example.net") != 105 {
		t.Errorf("%d, then %d questions about clients; %d of the other list", before,
			asked(srv, ".2.0.192.one.example.net")-before, asked(srv, ".2.0.192.two.example.net"))
	}
	if client.Stats().Outcomes["timeout"] < 5 {
		t.Errorf("%+v", client.Stats())
	}
}

// Truncated answers are asked for again by TCP, answers that fit no question are none.
func TestAnswersThatArriveBadly(t *testing.T) {
	zone := merged(points("one.example.net"), dnstest.Zone{"1.2.0.192.one.example.net": *a("127.0.0.2")})
	for name, c := range map[string]struct {
		fault dnstest.Fault
		want  string
	}{
		"truncated":        {dnstest.Fault{Truncate: true}, "RBL_ONE_LISTED"},
		"of a wrong ID":    {dnstest.Fault{WrongID: true}, "one=timeout"},
		"another question": {dnstest.Fault{WrongQuestion: true}, "one=timeout"},
		"mangled":          {dnstest.Fault{Raw: []byte{0x80, 1, 2}}, "one=timeout"},
		"slow":             {dnstest.Fault{Delay: 20 * time.Millisecond}, "RBL_ONE_LISTED"},
		"SERVFAIL":         {dnstest.Fault{Rcode: "SERVFAIL"}, "one=error"},
	} {
		f, srv, _ := served(t, zone, 300*time.Millisecond, only(Zone{Name: "one", Zone: "one.example.net"}))
		srv.Fault("1.2.0.192.one.example.net", c.fault)
		if got := summary(check(t, f, from4("192.0.2.1"))); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// remote is a resolver at a distance, with a cache: the first to ask waits for the round trip,
// others wait with him or get the answer at once.
type remote struct {
	next  dns.Resolver
	delay time.Duration

	mu    sync.Mutex
	calls map[string]*call
}

type call struct {
	done chan struct{}
	ans  dns.Answer
	err  error
}

func (r *remote) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	r.mu.Lock()
	c, ok := r.calls[name]
	if !ok {
		c = &call{done: make(chan struct{})}
		r.calls[name] = c
		go func() {
			time.Sleep(r.delay)
			c.ans, c.err = r.next.Lookup(context.Background(), name, t)
			close(c.done)
		}()
	}
	r.mu.Unlock()
	select {
	case <-c.done:
		return c.ans, c.err
	case <-ctx.Done():
		return dns.Answer{}, dns.ErrTimeout
	}
}

// dkimFilter takes a round trip for its key, and finds that the second signature passes.
type dkimFilter struct{ r dns.Resolver }

func (d dkimFilter) Check(ctx context.Context, _ *mail.Message) (filters.Result, error) {
	_, err := d.r.Lookup(ctx, "x._domainkey.broken.example", dns.TypeA)
	if !errors.Is(err, dns.ErrNotFound) {
		return filters.Result{}, err
	}
	return filters.Result{Auth: []authres.Result{{Method: "dkim", Value: authres.Pass, Props: []authres.Prop{{Type: "header", Name: "d", Value: "broken.example"}}}}}, nil
}

// With an empty cache and 50 ms to each answer, the end of a message takes one round trip, though
// DKIM takes one of its own before the signer is known; and the client's lists are asked by then.
func TestTheEndOfAMessageTakesOneRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{zone: merged(points("ip.example.net", "dom.example.net"), dnstest.Zone{
			"1.2.0.192.ip.example.net": *a("127.0.0.2"), "broken.example.dom.example.net": *a("127.0.0.2")})}
		r := &remote{next: w, delay: 50 * time.Millisecond, calls: map[string]*call{}}
		f := start(t, r, only(Zone{Name: "ip", Zone: "ip.example.net"}, Zone{Name: "dom", Zone: "dom.example.net", Kind: kindDomain}))
		awaitProbes(f)
		c, err := chain.New([]chain.Instance{
			{Name: "dnsbl", Kind: Kind, Filter: f},
			{Name: "dkim", Kind: filters.Kind{Name: "dkim", Stage: mail.StageData}, Filter: dkimFilter{r}},
		}, chain.Options{})
		if err != nil {
			t.Fatal(err)
		}
		m := everything()
		m.Auth = nil
		run := c.Connect(t.Context(), &mail.Session{ClientIP: netip.MustParseAddr("192.0.2.1")}, time.Now)
		defer run.Close()
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		began := time.Now()
		if ev := run.Early(); len(ev.Symbols) != 1 || ev.Symbols[0].Name != "RBL_IP_LISTED" || time.Since(began) != 0 {
			t.Errorf("at connect: %v after %v", ev.Symbols, time.Since(began))
		}
		tx := run.Mail(m.Session, m.Envelope)
		time.Sleep(50 * time.Millisecond)
		for _, took := range []time.Duration{50 * time.Millisecond, 0} {
			w.mu.Lock()
			before := len(w.asked)
			w.mu.Unlock()
			began = time.Now()
			ev, _ := tx.Data(t.Context(), m)
			if got := time.Since(began); got != took {
				t.Errorf("the end took %v, want %v", got, took)
			}
			var names []string
			for _, s := range ev.Symbols {
				names = append(names, s.Name)
			}
			if got := strings.Join(names, " "); got != "RBL_IP_LISTED DBL_DOM_LISTED" {
				t.Errorf("%s", got)
			}
			if n := len(w.asked) - before; took == 0 && n != 0 {
				t.Errorf("%d questions with a warm cache", n)
			}
			tx = run.Mail(m.Session, m.Envelope)
		}
	})
}

// A user who has logged in is judged by that, whatever was known when he connected.
func TestLoggingInEndsWhatConnectFound(t *testing.T) {
	w := &world{zone: merged(points("ip.example.net"), dnstest.Zone{"1.2.0.192.ip.example.net": *a("127.0.0.2")})}
	f := start(t, w, only(Zone{Name: "ip", Zone: "ip.example.net"}))
	c, err := chain.New([]chain.Instance{{Name: "dnsbl", Kind: Kind, Filter: f}}, chain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := mail.Session{ClientIP: netip.MustParseAddr("192.0.2.1")}
	run := c.Connect(t.Context(), &s, time.Now)
	defer run.Close()
	if ev := run.Early(); len(ev.Symbols) != 1 {
		t.Errorf("a stranger: %v", ev.Symbols)
	}
	user := s
	user.AuthUser = "alice"
	if ev := run.Mail(&user, mail.Envelope{}).Early("", nil); len(ev.Symbols) != 0 {
		t.Errorf("a user: %v", ev.Symbols)
	}
	if ev := run.Mail(&s, mail.Envelope{}).Early("", nil); len(ev.Symbols) != 1 {
		t.Errorf("still a stranger: %v", ev.Symbols)
	}
}
