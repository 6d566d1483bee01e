package dns_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var zone = dnstest.Zone{
	"example.org":            {A: []string{"192.0.2.1"}, TXT: []string{"v=spf1 -all"}, MX: []dnstest.MX{{Pref: 10, Host: "MX.example.org."}}, AD: true},
	"www.example.org":        {CNAME: "example.org"},
	"long.example.org":       {TXT: []string{strings.Repeat("x", 40_000)}},
	"raw.example.org":        {TXT: []string{`a"b\c`}},
	"1.2.0.192.in-addr.arpa": {PTR: []string{"mx.example.org"}},
}

func client(t testing.TB, o dns.Options) *dns.Client {
	t.Helper()
	c, err := dns.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClientAsksARealServer(t *testing.T) {
	s := dnstest.Serve(t, zone)
	c := client(t, dns.Options{Servers: []string{s.Addr}, Timeout: 10 * time.Second})
	tests := []struct {
		name string
		typ  dns.Type
		want string
		err  error
	}{
		{"example.org", dns.TypeA, "[192.0.2.1] [] [] [] true", nil},
		{"Example.ORG.", dns.TypeTXT, "[] [v=spf1 -all] [] [] true", nil},
		{"example.org", dns.TypeMX, "[] [] [{10 mx.example.org}] [] true", nil},
		{"www.example.org", dns.TypeA, "[192.0.2.1] [] [] [] true", nil},
		{"raw.example.org", dns.TypeTXT, `[] [a"b\c] [] [] false`, nil},
		{"1.2.0.192.in-addr.arpa", dns.TypePTR, "[] [] [] [mx.example.org] false", nil},
		{"long.example.org", dns.TypeTXT, "[] [" + strings.Repeat("x", 40_000) + "] [] [] false", nil},
		{"example.org", dns.TypeAAAA, "", dns.ErrNoData},
		{"nobody.example.org", dns.TypeA, "", dns.ErrNotFound},
		{"no body.example.org", dns.TypeA, "", dns.ErrName},
	}
	for _, tt := range tests {
		ans, err := c.Lookup(t.Context(), tt.name, tt.typ)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s %s: %v, want %v", tt.typ, tt.name, err, tt.err)
		}
		if got := fmt.Sprint(ans.Addrs, ans.TXT, ans.MX, ans.PTR, ans.AD); err == nil && got != tt.want {
			t.Errorf("%s %s: %.100s, want %.100s", tt.typ, tt.name, got, tt.want)
		}
	}
	if s.TCP() != 1 {
		t.Errorf("%d questions by TCP, want 1", s.TCP())
	}
	asked := len(s.Asked())
	for _, tt := range tests {
		if _, err := c.Lookup(t.Context(), tt.name, tt.typ); !errors.Is(err, tt.err) {
			t.Errorf("again %s %s: %v", tt.typ, tt.name, err)
		}
	}
	if got := len(s.Asked()); got != asked {
		t.Errorf("%d questions with a warm cache", got-asked)
	}
	t.Logf("%d look-ups, %d packets", 2*len(tests), asked)
}

func TestWhatAServerCanDoWrong(t *testing.T) {
	tests := []struct {
		name  string
		fault dnstest.Fault
		err   error
		asked int // packets, those by TCP included
	}{
		{"SERVFAIL", dnstest.Fault{Rcode: "SERVFAIL"}, dns.ErrServfail, 1},
		{"REFUSED", dnstest.Fault{Rcode: "REFUSED"}, dns.ErrServfail, 1},
		{"FORMERR is asked again without EDNS", dnstest.Fault{Rcode: "FORMERR"}, dns.ErrServfail, 2},
		{"silence is asked again", dnstest.Fault{Drop: true}, dns.ErrTimeout, 2},
		{"a wrong ID is no answer", dnstest.Fault{WrongID: true}, dns.ErrTimeout, 2},
		{"a wrong question is no answer", dnstest.Fault{WrongQuestion: true}, dns.ErrTimeout, 2},
		{"truncation is asked again by TCP", dnstest.Fault{Truncate: true}, nil, 2},
		{"a mangled answer", dnstest.Fault{Raw: []byte("\x80\x00\x00\x01\x00\x01\x00\x00\x00\x00\x07exam")}, dns.ErrServfail, 1},
		{"a header that ends early", dnstest.Fault{Raw: []byte{0x80}}, dns.ErrTimeout, 2},
		{"a slow answer", dnstest.Fault{Delay: 20 * time.Millisecond}, nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := dnstest.Serve(t, zone)
			s.Fault("example.org", tt.fault)
			timeout := 20 * time.Second // never reached where an answer comes
			if errors.Is(tt.err, dns.ErrTimeout) {
				timeout = 200 * time.Millisecond
			}
			c := client(t, dns.Options{Servers: []string{s.Addr}, Timeout: timeout})
			_, err := c.Lookup(t.Context(), "example.org", dns.TypeA)
			if !errors.Is(err, tt.err) || s.Count("example.org") != tt.asked {
				t.Errorf("%v with %d packets, want %v with %d", err, s.Count("example.org"), tt.err, tt.asked)
			}
		})
	}
}

func TestAWrongAnswerDoesNotHideTheRightOne(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { answerAfterForgeries(pc) })
	t.Cleanup(func() { _ = pc.Close(); wg.Wait() })
	c := client(t, dns.Options{Servers: []string{pc.LocalAddr().String()}, Timeout: 10 * time.Second})
	if _, err := c.Lookup(t.Context(), "example.org", dns.TypeA); !errors.Is(err, dns.ErrNotFound) {
		t.Errorf("%v, want the right answer", err)
	}
}

// answerAfterForgeries answers one question: a short packet, one under a wrong
// ID, one that is a question, and then NXDOMAIN.
func answerAfterForgeries(pc net.PacketConn) {
	buf := make([]byte, 512)
	n, from, err := pc.ReadFrom(buf)
	if err != nil {
		return
	}
	q := append([]byte(nil), buf[:n]...)
	right := append([]byte(nil), q...)
	right[2], right[3] = right[2]|0x80, 0x83
	wrong := append([]byte(nil), right...)
	wrong[0] ^= 0xff
	for _, p := range [][]byte{q[:3], wrong, q, right} {
		_, _ = pc.WriteTo(p, from)
	}
}

func TestAClosedPortFailsOverAtOnce(t *testing.T) {
	dead, err := dnstest.Listen(nil)
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	s := dnstest.Serve(t, zone)
	c := client(t, dns.Options{Servers: []string{dead.Addr, s.Addr}, Timeout: 20 * time.Second})
	if _, err := c.Lookup(t.Context(), "example.org", dns.TypeA); err != nil {
		t.Error(err)
	}
	if st := c.Stats().Servers; !st[0].Last || st[1].Last {
		t.Errorf("%+v", st)
	}
}

func TestManyAtOnceAskEachQuestionOnce(t *testing.T) {
	s := dnstest.Serve(t, dnstest.Zone{"*.example.org": {A: []string{"192.0.2.1"}}})
	gate := make(chan struct{})
	s.Fault("*", dnstest.Fault{Gate: gate})
	c := client(t, dns.Options{Servers: []string{s.Addr}, Timeout: 20 * time.Second, Attempts: 1})
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			if _, err := c.Lookup(t.Context(), fmt.Sprintf("n%d.example.org", i%50), dns.TypeA); err != nil {
				t.Error(err)
			}
		})
	}
	close(gate)
	wg.Wait()
	if got := len(s.Asked()); got != 50 {
		t.Errorf("%d questions for 50 names", got)
	}
	st := c.Stats()
	t.Logf("1000 look-ups of 50 names: %d packets, %d hits, %d joined", len(s.Asked()), st.Hits, st.Joined)
}

func TestStatsCountOutcomes(t *testing.T) {
	s := dnstest.Serve(t, zone)
	s.Fault("sf.example.org", dnstest.Fault{Rcode: "SERVFAIL"})
	s.Fault("mute.example.org", dnstest.Fault{Drop: true})
	c := client(t, dns.Options{Servers: []string{s.Addr}, Timeout: time.Second})
	for _, name := range []string{"example.org", "example.org", "nobody.example.org", "long.example.org", "sf.example.org", "mute.example.org", "-$-"} {
		_, _ = c.Lookup(t.Context(), name, dns.TypeA)
	}
	st := c.Stats()
	if got := fmt.Sprint(st.Outcomes, st.Hits, st.CacheEntries, st.InFlight); got != "map[name:1 no_data:1 not_found:1 ok:2 servfail:1 timeout:1] 1 5 0" {
		t.Error(got)
	}
}

func BenchmarkCacheHit(b *testing.B) {
	s := dnstest.Serve(b, zone)
	c := client(b, dns.Options{Servers: []string{s.Addr}})
	ctx := b.Context()
	if _, err := c.Lookup(ctx, "example.org", dns.TypeA); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Lookup(ctx, "example.org", dns.TypeA); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLookup asks for a new name each time, many at once, so that every
// one goes to the server.
func BenchmarkLookup(b *testing.B) {
	s := dnstest.Serve(b, dnstest.Zone{"*.example.org": {A: []string{"192.0.2.1"}}})
	c := client(b, dns.Options{Servers: []string{s.Addr}})
	ctx := b.Context()
	names := make(chan string, 1024)
	go func() {
		defer close(names)
		for i := range b.N {
			names <- fmt.Sprintf("n%d.example.org", i)
		}
	}()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Lookup(ctx, <-names, dns.TypeA); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
}
