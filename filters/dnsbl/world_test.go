package dnsbl

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a resolver whose data change while it is asked.
type world struct {
	mu    sync.Mutex
	zone  dnstest.Zone
	asked []string
	delay time.Duration
}

func (w *world) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	w.mu.Lock()
	w.asked = append(w.asked, t.String()+" "+name)
	r := &dnstest.Resolver{Zone: w.zone, Impatient: true}
	delay := w.delay
	w.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return r.Lookup(ctx, name, t)
}

// set changes the data; nil removes a name.
func (w *world) set(changes map[string]*dnstest.Node) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, n := range changes {
		if n == nil {
			delete(w.zone, name)
		} else {
			w.zone[name] = *n
		}
	}
}

// count tells how many questions end in the suffix.
func (w *world) count(suffix string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, q := range w.asked {
		if strings.HasSuffix(q, suffix) {
			n++
		}
	}
	return n
}

func a(addrs ...string) *dnstest.Node { return &dnstest.Node{A: addrs} }

// points is a zone that has its test points and nothing else.
func points(zones ...string) dnstest.Zone {
	z := dnstest.Zone{}
	for _, name := range zones {
		z["2.0.0.127."+name] = *a("127.0.0.2")
		z["test."+name] = *a("127.0.0.2")
	}
	return z
}

// only is a configuration with these zones and no shipped one.
func only(zones ...Zone) *Config {
	c, no := defaults(), false
	for _, s := range shipped {
		if s.on {
			c.Zones = append(c.Zones, Zone{Name: s.Name, Enabled: &no})
		}
	}
	c.Zones = append(c.Zones, zones...)
	return c
}

// start makes a filter that is closed at the end of the test.
func start(t testing.TB, r dns.Resolver, c *Config) *filter {
	t.Helper()
	return startWith(t, filters.Env{Resolver: r, Config: c, Relays: []netip.Prefix{netip.MustParsePrefix("198.51.100.200/32")}}, defaultPace)
}

func startWith(t testing.TB, env filters.Env, p pace) *filter {
	t.Helper()
	env.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("198.51.100.0/25")}
	f, err := newFilter(env, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// awaitProbes waits until every zone has been probed once.
func awaitProbes(f *filter) {
	for _, z := range f.zones {
		<-z.ready
	}
}

func from4(ip string) *mail.Message {
	return mail.New(mail.Message{Session: &mail.Session{ClientIP: netip.MustParseAddr(ip)}})
}

func check(t testing.TB, f *filter, m *mail.Message) filters.Result {
	t.Helper()
	r, err := f.Check(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// summary is the symbols and the checks of a result.
func summary(r filters.Result) string {
	var out []string
	for _, s := range r.Symbols {
		out = append(out, s.Name)
	}
	for _, c := range r.Checks {
		out = append(out, c.Name+"="+string(c.Status))
	}
	return strings.Join(out, " ")
}

// logged is a logger and what it wrote.
func logged() (*slog.Logger, func() string) {
	var mu sync.Mutex
	var b bytes.Buffer
	w := writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return b.Write(p)
	})
	return slog.New(slog.NewTextHandler(w, nil)), func() string {
		mu.Lock()
		defer mu.Unlock()
		return b.String()
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// merged is one zone of several.
func merged(zones ...dnstest.Zone) dnstest.Zone {
	all := dnstest.Zone{}
	for _, z := range zones {
		maps.Copy(all, z)
	}
	return all
}

func details(r filters.Result, symbol string) []string {
	for _, s := range r.Symbols {
		if s.Name == symbol {
			return s.Details
		}
	}
	return nil
}
