package dnsbl

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
)

// An illness is what a zone may have: what its names answer then.
type illness struct {
	name   string
	node   *dnstest.Node // of every name in the zone; nil: of none
	state  State
	reason string // a part of it
	remedy string
}

var illnesses = []illness{
	{"a misspelt zone", a("127.255.255.252"), Refused, "misspelt", "correct zone"},
	{"a public resolver", a("127.255.255.254"), Refused, "public and open resolvers", "dns.servers"},
	{"too many questions", a("127.255.255.255"), OverQuota, "enough questions", "dns.servers"},
	{"an error code that nobody knows", a("127.255.255.7"), Refused, "error code 127.255.255.7", "dns.servers"},
	{"the list's own refusal", a("127.0.0.255"), Refused, "refuses this resolver", "dns.servers"},
	{"an error code for its listings", a("127.0.0.2", "127.255.255.254"), Refused, "public", "dns.servers"},
	{"a list that lists the world", a("127.0.0.2"), Lying, "nobody can have listed", "enabled: false"},
	{"a list that lists the world by a code that is not mapped", a("127.0.0.99"), Lying, "nobody can have listed", "enabled: false"},
	{"a domain that was sold", a("203.0.113.80"), Lying, "outside 127.0.0.0/8", "enabled: false"},
	{"silence", &dnstest.Node{Rcode: "TIMEOUT"}, Dead, "did not answer in time", "dns.servers"},
	{"failing servers", &dnstest.Node{Rcode: "SERVFAIL"}, Dead, "name servers fail", "dns.servers"},
	{"servers that refuse", &dnstest.Node{Rcode: "REFUSED"}, Dead, "name servers fail", "dns.servers"},
	{"an emptied zone", nil, Dead, "does not list its test point", "enabled: false"},
}

// fall makes a zone ill, recover makes it well: its test point and one client are listed.
func (i illness) fall(w *world) {
	w.set(map[string]*dnstest.Node{"*.bl.example.net": i.node, "2.0.0.127.bl.example.net": i.node, "1.2.0.192.bl.example.net": i.node,
		"1.0.0.127.bl.example.net": i.node})
}

func (i illness) recover(w *world) {
	w.set(map[string]*dnstest.Node{"*.bl.example.net": nil, "2.0.0.127.bl.example.net": a("127.0.0.2"), "1.2.0.192.bl.example.net": a("127.0.0.2"),
		"1.0.0.127.bl.example.net": nil})
}

// Each state is seen at the latest by the next probe, while it lasts no message asks the zone
// and none gets a point, and it is left again.
func TestStatesAreSeenAndLeftAgain(t *testing.T) {
	for _, ill := range illnesses {
		t.Run(ill.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{zone: dnstest.Zone{}}
				ill.recover(w)
				log, lines := logged()
				f := startWith(t, filters.Env{Resolver: w, Config: only(ipZone), Log: log}, defaultPace)
				listed := func() string { return summary(check(t, f, from4("192.0.2.1"))) }
				if got := listed(); got != "RBL_BL_BAD" {
					t.Fatalf("well: %q", got)
				}
				ill.fall(w)
				time.Sleep(defaults().ProbeEvery + time.Minute)
				h := f.Health()[0]
				if h.State != ill.state || !strings.Contains(h.Reason, ill.reason) || !strings.Contains(h.Remedy, ill.remedy) {
					t.Errorf("ill: %+v", h)
				}
				asked := w.count("192.bl.example.net")
				for range 100 {
					r := check(t, f, from4("192.0.2.1"))
					if got := summary(r); got != "bl=skipped" || !strings.HasPrefix(r.Checks[0].Err, string(ill.state)+": ") {
						t.Fatalf("ill: %q %v", got, r.Checks)
					}
				}
				if n := w.count("192.bl.example.net") - asked; n != 0 {
					t.Errorf("asked %d times about messages while ill", n)
				}
				ill.recover(w)
				time.Sleep(defaultPace.most + time.Minute)
				if got := listed(); got != "RBL_BL_BAD" || f.Health()[0].State != OK || f.Health()[0].Reason != "" {
					t.Errorf("well again: %q, %+v", got, f.Health()[0])
				}
				if n := strings.Count(lines(), "\n"); n != 2 {
					t.Errorf("%d log lines:\n%s", n, lines())
				}
			})
		})
	}
	t.Logf("%d illnesses", len(illnesses))
}

// A zone that is ill when Postern starts is asked by no message: they wait for the first
// probe.
func TestIllFromTheStart(t *testing.T) {
	for _, ill := range illnesses {
		w := &world{zone: dnstest.Zone{}}
		ill.fall(w)
		f := start(t, w, only(ipZone))
		if got := summary(check(t, f, from4("192.0.2.1"))); got != "bl=skipped" || w.count("192.bl.example.net") != 0 {
			t.Errorf("%s: %q", ill.name, got)
		}
	}
}

// An odd answer about a message brings the next probe forward, and adds no point before.
func TestOddAnswersBringAProbe(t *testing.T) {
	for _, ill := range illnesses {
		if ill.node == nil || ill.node.A != nil && ill.state == Lying && !strings.HasPrefix(ill.node.A[0], "203.") {
			continue // looks like a listing, or like none: see below
		}
		t.Run(ill.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{zone: dnstest.Zone{}}
				ill.recover(w)
				f := start(t, w, only(ipZone))
				awaitProbes(f)
				time.Sleep(time.Hour)
				ill.fall(w)
				if r := check(t, f, from4("192.0.2.1")); len(r.Symbols) != 0 || len(r.Checks) != 1 {
					t.Errorf("%v", r)
				}
				synctest.Wait()
				if got := f.Health()[0].State; got != ill.state {
					t.Errorf("%s after an odd answer, want %s", got, ill.state)
				}
			})
		})
	}
}

// A list that begins to list the world is found out by a row of listings, long before the next probe
// is due.
func TestAListThatListsTheWorldIsFoundOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{zone: points("bl.example.net")}
		f := start(t, w, only(ipZone))
		awaitProbes(f)
		time.Sleep(time.Minute)
		w.set(map[string]*dnstest.Node{"*.bl.example.net": a("127.0.0.2")})
		hits := 0
		for i := range 200 {
			r := check(t, f, from4(fmt.Sprintf("192.0.2.%d", i)))
			hits += len(r.Symbols)
			synctest.Wait()
		}
		if hits != streakLimit || f.Health()[0].State != Lying {
			t.Errorf("%d listings before it was found out, %+v", hits, f.Health()[0])
		}
	})
}

// However many odd answers there are, probes are rare; and rarer the longer a zone is ill.
func TestProbesAreRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{zone: points("bl.example.net")}
		f := start(t, w, only(ipZone))
		awaitProbes(f)
		probes := func() int { return w.count(" 2.0.0.127.bl.example.net") }
		time.Sleep(20*time.Hour + time.Minute)
		if n := probes(); n != 1+20/4 {
			t.Errorf("%d probes in 20 hours of health", n)
		}
		before := probes()
		w.set(map[string]*dnstest.Node{"1.2.0.192.bl.example.net": a("127.0.0.255")}) // for this client only
		for range 600 {
			check(t, f, from4("192.0.2.1"))
			time.Sleep(100 * time.Millisecond)
		}
		if n := probes() - before; n > 60/10+1 {
			t.Errorf("%d probes within a minute of odd answers", n)
		}
		before = probes()
		w.set(map[string]*dnstest.Node{"*.bl.example.net": a("127.0.0.2")})
		check(t, f, from4("192.0.2.1"))
		time.Sleep(10 * time.Hour)
		if n := probes() - before; n > 6*10+5 {
			t.Errorf("%d probes in 10 hours of illness", n)
		}
	})
}

// silentFirst answers as if the resolver had given the zone up, a number of times.
type silentFirst struct {
	*world
	times int
}

func (s *silentFirst) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	s.mu.Lock()
	s.times--
	silent := s.times >= 0
	s.mu.Unlock()
	if silent {
		return dns.Answer{}, fmt.Errorf("A %s: %w: %w", name, dns.ErrTimeout, dns.ErrSilent)
	}
	return s.world.Lookup(ctx, name, t)
}

func TestAProbeThatTheResolverSkippedIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		f := start(t, &silentFirst{&world{zone: points("bl.example.net")}, 3}, only(ipZone))
		awaitProbes(f)
		if h := f.Health()[0]; h.State != OK || time.Since(began) != defaultPace.again {
			t.Errorf("after %v: %+v", time.Since(began), h)
		}
	})
}

// What is our own doing is no mark against a zone.
func TestOurOwnLimitsAreNoIllness(t *testing.T) {
	for name, err := range map[string]error{
		"the message has asked enough": fmt.Errorf("x: %w: %w", dns.ErrServfail, dns.ErrBudget),
	} {
		z := &zone{name: "bl"}
		z.health.init()
		z.noAnswer(t.Context(), err)
		if z.failed.Load() != 0 || len(z.kicked) != 0 {
			t.Errorf("%s: counted", name)
		}
		if got := failedCheck(z, err); got.Err != name {
			t.Errorf("%v", got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	z := &zone{name: "bl"}
	z.health.init()
	z.noAnswer(ctx, dns.ErrTimeout)
	if z.failed.Load() != 0 || len(z.kicked) != 0 {
		t.Error("a message that went away: counted")
	}
}

// gone is a resolver that waits for its context.
type gone struct{}

func (gone) Lookup(ctx context.Context, _ string, _ dns.Type) (dns.Answer, error) {
	<-ctx.Done()
	return dns.Answer{}, dns.ErrTimeout
}

func TestAMessageDoesNotWaitForAProbeBeyondItsTime(t *testing.T) {
	f := start(t, gone{}, only(ipZone))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := f.Check(ctx, from4("192.0.2.1"))
	if err != nil || summary(r) != "bl=skipped" || r.Checks[0].Err != "unchecked: not probed yet" {
		t.Errorf("%v, %v", r, err)
	}
}

type panicking struct{ dns.Resolver }

func (panicking) Lookup(_ context.Context, name string, _ dns.Type) (dns.Answer, error) {
	if strings.HasPrefix(name, "1.2.0.192.") {
		panic(errors.New("oops"))
	}
	return dns.Answer{Addrs: []netip.Addr{}}, dns.ErrNotFound
}

func TestAPanicIsOnTheCallersGoroutine(t *testing.T) {
	z := ipZone
	z.Listed = noPoint
	f := start(t, panicking{}, only(z))
	defer func() {
		if p := recover(); fmt.Sprint(p) != "oops" {
			t.Errorf("recovered %v", p)
		}
	}()
	_, _ = f.Check(t.Context(), from4("192.0.2.1"))
	t.Error("no panic")
}

func TestTestPointsThatARealZoneHas(t *testing.T) {
	for _, s := range shipped {
		z, err := newZone(s.Zone, shippedZone{}, "")
		if err != nil {
			t.Fatal(err)
		}
		if z.kind != kindHash && z.unlisted == "" {
			t.Errorf("%s: no test point that is not listed", s.Name)
		}
		if s.terms == "" {
			t.Errorf("%s: no word on its terms", s.Name)
		}
		if s.on && s.needs != "" {
			t.Errorf("%s: on, and needs %s", s.Name, s.needs)
		}
		// RFC 5782 section 5, as the list of good senders answers it.
		if s.Name == "dnswl" {
			listed := []netip.Addr{netip.MustParseAddr("127.0.10.0")}
			none := point{err: dns.ErrNotFound}
			if got := z.diagnose(point{addrs: listed}, []point{none}); got.state != OK {
				t.Errorf("dnswl: %+v", got)
			}
			if got := z.diagnose(point{addrs: listed}, []point{none, {addrs: []netip.Addr{netip.MustParseAddr("127.0.10.3")}}}); got.state != Refused {
				t.Errorf("dnswl refusing: %+v", got)
			}
		}
	}
	if !slices.ContainsFunc(shipped, func(s shippedZone) bool { return s.on }) {
		t.Error("no zone is on")
	}
}
