package dnstest_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/postern-mail/postern/internal/dnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var zone = dnstest.Zone{
	"example.org":       {TXT: []string{"v=spf1 -all", `back\slash "quoted"`}, MX: []dnstest.MX{{Pref: 10, Host: "mx.example.org"}}},
	"mx.example.org":    {A: []string{"192.0.2.1"}, AAAA: []string{"2001:db8::1"}, TTL: time.Hour, AD: true},
	"www.example.org":   {CNAME: "mx.example.org"},
	"loop.example.org":  {CNAME: "loop.example.org"},
	"*.w.example.org":   {A: []string{"192.0.2.9"}},
	"a.b.w.example.org": {A: []string{"192.0.2.8"}},
	"long.example.org":  {TXT: []string{strings.Repeat("x", 3000)}},
	"sf.example.org":    {Rcode: "SERVFAIL"},
	"half.example.org":  {A: []string{"192.0.2.7"}, Rcodes: map[string]string{"TXT": "REFUSED"}},
}

func ask(t *testing.T, s *dnstest.Server, network, name string, typ uint16) (*dns.Msg, error) {
	t.Helper()
	m := new(dns.Msg).SetQuestion(dns.Fqdn(name), typ)
	m.SetEdns0(1232, false)
	r, _, err := (&dns.Client{Net: network, Timeout: 5 * time.Second}).Exchange(m, s.Addr)
	return r, err
}

func TestServerAnswersFromItsZone(t *testing.T) {
	s := dnstest.Serve(t, zone)
	tests := []struct {
		name, ask string
		typ       uint16
		rcode     int
		want      string // the answer's records, after the type
	}{
		{"an address with its own lifetime", "mx.example.org", dns.TypeA, dns.RcodeSuccess, "3600 A 192.0.2.1"},
		{"the case of a name does not matter", "MX.Example.ORG", dns.TypeAAAA, dns.RcodeSuccess, "3600 AAAA 2001:db8::1"},
		{"texts keep backslash and quotes", "example.org", dns.TypeTXT, dns.RcodeSuccess, `300 TXT "v=spf1 -all"; 300 TXT "back\\slash \"quoted\""`},
		{"a mail exchanger", "example.org", dns.TypeMX, dns.RcodeSuccess, "300 MX 10 mx.example.org."},
		{"an alias and its target", "www.example.org", dns.TypeA, dns.RcodeSuccess, "300 CNAME mx.example.org.; 3600 A 192.0.2.1"},
		{"an alias loop is a failure", "loop.example.org", dns.TypeA, dns.RcodeServerFailure, "300 CNAME loop.example.org."},
		{"a wildcard stands for a name", "any.w.example.org", dns.TypeA, dns.RcodeSuccess, "300 A 192.0.2.9"},
		{"a wildcard stands for a deep name", "any.thing.w.example.org", dns.TypeA, dns.RcodeSuccess, "300 A 192.0.2.9"},
		{"a wildcard does not stand below a name that exists", "x.b.w.example.org", dns.TypeA, dns.RcodeNameError, ""},
		{"an empty name between has no data", "b.w.example.org", dns.TypeA, dns.RcodeSuccess, ""},
		{"no such name", "nobody.example.org", dns.TypeA, dns.RcodeNameError, ""},
		{"a failing name", "sf.example.org", dns.TypeA, dns.RcodeServerFailure, ""},
		{"a failing type", "half.example.org", dns.TypeTXT, dns.RcodeRefused, ""},
		{"the other type of it", "half.example.org", dns.TypeA, dns.RcodeSuccess, "300 A 192.0.2.7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ask(t, s, "udp", tt.ask, tt.typ)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, rr := range r.Answer {
				f := strings.Fields(rr.String())
				got = append(got, strings.Join(slices.Delete(f[1:], 1, 2), " "))
			}
			loop := tt.ask == "loop.example.org" // the same record many times: one is enough
			if loop && len(got) > 0 {
				got = got[:1]
			}
			if r.Rcode != tt.rcode || strings.Join(got, "; ") != tt.want {
				t.Errorf("%s %q, want %s %q", dns.RcodeToString[r.Rcode], strings.Join(got, "; "), dns.RcodeToString[tt.rcode], tt.want)
			}
			if negative := len(r.Answer) == 0 && r.Rcode != dns.RcodeServerFailure && r.Rcode != dns.RcodeRefused; negative != (len(r.Ns) == 1) {
				t.Errorf("authority section %v", r.Ns)
			}
		})
	}
	t.Logf("%d questions", len(tests))
}

func TestLongAnswersNeedTCP(t *testing.T) {
	s := dnstest.Serve(t, zone)
	r, err := ask(t, s, "udp", "long.example.org", dns.TypeTXT)
	if err != nil || !r.Truncated {
		t.Fatalf("by UDP: truncated=%v, %v", r != nil && r.Truncated, err)
	}
	r, err = ask(t, s, "tcp", "long.example.org", dns.TypeTXT)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r.Answer[0].(*dns.TXT).Txt, ""); len(got) != 3000 {
		t.Errorf("%d bytes by TCP, want 3000", len(got))
	}
	if s.TCP() != 1 || s.Count("long.example.org") != 2 {
		t.Errorf("%d by TCP of %d, want 1 of 2", s.TCP(), s.Count("long.example.org"))
	}
}

func TestServerMisbehavesAsTold(t *testing.T) {
	s := dnstest.Serve(t, zone)
	s.Fault("*.example.org", dnstest.Fault{Rcode: "REFUSED"})
	r, err := ask(t, s, "udp", "mx.example.org", dns.TypeA)
	if err != nil || r.Rcode != dns.RcodeRefused || len(r.Answer) != 0 {
		t.Errorf("refusing: %v, %v", r, err)
	}
	s.Fault("mx.example.org", dnstest.Fault{Truncate: true})
	if r, err = ask(t, s, "udp", "mx.example.org", dns.TypeA); err != nil || !r.Truncated || len(r.Answer) != 0 {
		t.Errorf("truncating: %v, %v", r, err)
	}
	if r, err = ask(t, s, "tcp", "mx.example.org", dns.TypeA); err != nil || len(r.Answer) != 1 {
		t.Errorf("truncating, by TCP: %v, %v", r, err)
	}
	gate := make(chan struct{})
	s.Fault("mx.example.org", dnstest.Fault{Gate: gate, WrongQuestion: true})
	close(gate)
	if r, err = ask(t, s, "tcp", "mx.example.org", dns.TypeA); err != nil || r.Question[0].Name == "mx.example.org." {
		t.Errorf("wrong question: %v, %v", r, err)
	}
	s.Fault("mx.example.org", dnstest.Fault{WrongID: true})
	if _, err = ask(t, s, "tcp", "mx.example.org", dns.TypeA); err == nil {
		t.Error("a wrong ID went unnoticed")
	}
	s.Fault("mx.example.org", dnstest.Fault{Raw: []byte{0x80}})
	if _, err = ask(t, s, "tcp", "mx.example.org", dns.TypeA); err == nil {
		t.Error("a mangled packet went unnoticed")
	}
	s.Fault("mx.example.org", dnstest.Fault{})
	if r, err = ask(t, s, "udp", "mx.example.org", dns.TypeA); err != nil || len(r.Answer) != 1 {
		t.Errorf("healed: %v, %v", r, err)
	}
}

func TestCloseEndsAnswersThatWait(t *testing.T) {
	s, err := dnstest.Listen(zone)
	if err != nil {
		t.Fatal(err)
	}
	s.Fault("*", dnstest.Fault{Gate: make(chan struct{})})
	c, err := net.Dial("udp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p, _ := new(dns.Msg).SetQuestion("mx.example.org.", dns.TypeA).Pack()
	if _, err := c.Write(p); err != nil {
		t.Fatal(err)
	}
	s.Close() // hangs the test if an answer is waited for for ever
}

func TestZoneChangesWhileItServes(t *testing.T) {
	s := dnstest.Serve(t, nil)
	s.Negative(0)
	if r, err := ask(t, s, "udp", "new.example.org", dns.TypeA); err != nil || r.Rcode != dns.RcodeNameError || len(r.Ns) != 0 {
		t.Errorf("before: %v, %v", r, err)
	}
	s.Set("new.example.org", dnstest.Node{A: []string{"192.0.2.1"}})
	if r, err := ask(t, s, "udp", "new.example.org", dns.TypeA); err != nil || len(r.Answer) != 1 {
		t.Errorf("set: %v, %v", r, err)
	}
	s.Remove("new.example.org")
	if r, err := ask(t, s, "udp", "new.example.org", dns.TypeA); err != nil || r.Rcode != dns.RcodeNameError {
		t.Errorf("removed: %v, %v", r, err)
	}
	if got := strings.Join(s.Asked(), ", "); got != "A new.example.org, A new.example.org, A new.example.org" {
		t.Errorf("asked %q", got)
	}
}
