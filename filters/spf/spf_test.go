package spf

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// txt is a zone of names with one TXT record each.
func txt(records map[string]string) dnstest.Zone {
	zone := make(dnstest.Zone)
	for name, record := range records {
		zone[name] = dnstest.Node{TXT: []string{record}}
	}
	return zone
}

func newTestFilter(t testing.TB, resolver dns.Resolver) *filter {
	t.Helper()
	f, err := Kind.New(filters.Env{
		Resolver:   resolver,
		AuthservID: "mx.example.net",
		Trusted:    []netip.Prefix{netip.MustParsePrefix("198.51.100.0/25")},
		Relays:     []netip.Prefix{netip.MustParsePrefix("198.51.100.128/25"), netip.MustParsePrefix("2001:db8:ff::/48")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f.(*filter)
}

func newMessage(client, helo, from string) *mail.Message {
	s := &mail.Session{Helo: helo}
	if client != "" {
		s.ClientIP = netip.MustParseAddr(client)
	}
	return mail.New(mail.Message{Session: s, Envelope: mail.Envelope{From: from}, Now: time.Unix(1700000000, 0)})
}

// lines writes a result as lines: symbols, then authentication results.
func lines(res filters.Result) []string {
	var all []string
	for _, s := range res.Symbols {
		all = append(all, s.Name)
	}
	for _, r := range res.Auth {
		line := r.Method + "=" + r.Value
		for _, p := range r.Props {
			line += " " + p.Type + "." + p.Name + "=" + p.Value
		}
		all = append(all, line)
	}
	return all
}

func TestCheck(t *testing.T) {
	zone := txt(map[string]string{
		"example.org":       "v=spf1 ip4:192.0.2.0/24 -all",
		"soft.example.org":  "v=spf1 ~all",
		"maybe.example.org": "v=spf1 ?all",
		"bad.example.org":   "v=spf1 ip4:192.0.2.1 whatever",
		"mx.example.org":    "v=spf1 ip4:192.0.2.1 -all",
		"six.example.org":   "v=spf1 ip6:2001:db8::/64 -all",
		"xn--mnchen-3ya.de": "v=spf1 ip4:192.0.2.0/24 -all",
		"quote.example.org": "v=spf1 exists:%{l}.%{o}.in.example.org -all",
	})
	zone["slow.example.org"] = dnstest.Node{Rcode: "TIMEOUT"}
	zone[`"a@b".quote.example.org.in.example.org`] = dnstest.Node{A: []string{"127.0.0.2"}}
	tests := []struct {
		name               string
		client, helo, from string
		want               []string
	}{
		{"a listed client passes", "192.0.2.1", "", "a@example.org",
			[]string{"SPF_PASS", "spf=pass smtp.mailfrom=a@example.org"}},
		{"an unlisted client fails", "203.0.113.1", "", "a@example.org",
			[]string{"SPF_FAIL", "spf=fail smtp.mailfrom=a@example.org"}},
		{"softfail is kept apart from fail", "192.0.2.1", "", "a@soft.example.org",
			[]string{"SPF_SOFTFAIL", "spf=softfail smtp.mailfrom=a@soft.example.org"}},
		{"neutral says nothing", "192.0.2.1", "", "a@maybe.example.org",
			[]string{"SPF_NEUTRAL", "spf=neutral smtp.mailfrom=a@maybe.example.org"}},
		{"a domain without a record is none", "192.0.2.1", "", "a@example.net",
			[]string{"SPF_NONE", "spf=none smtp.mailfrom=a@example.net"}},
		{"an error after the matching term is permerror", "192.0.2.1", "", "a@bad.example.org",
			[]string{"SPF_PERMERROR", "spf=permerror smtp.mailfrom=a@bad.example.org"}},
		{"a silent name server is temperror", "192.0.2.1", "", "a@slow.example.org",
			[]string{"SPF_TEMPERROR", "spf=temperror smtp.mailfrom=a@slow.example.org"}},
		{"the HELO identity comes second", "192.0.2.1", "mx.example.org", "a@example.org",
			[]string{"SPF_PASS", "spf=pass smtp.mailfrom=a@example.org", "spf=pass smtp.helo=mx.example.org"}},
		{"a forged HELO name has a symbol of its own", "192.0.2.2", "mx.example.org", "a@example.org",
			[]string{"SPF_PASS", "SPF_HELO_FAIL", "spf=pass smtp.mailfrom=a@example.org", "spf=fail smtp.helo=mx.example.org"}},
		{"the null sender is the HELO name's postmaster", "192.0.2.1", "mx.example.org", "",
			[]string{"SPF_PASS", "spf=pass smtp.mailfrom=postmaster@mx.example.org"}},
		{"the null sender with an address literal is none", "192.0.2.1", "[192.0.2.1]", "",
			[]string{"SPF_NONE", "spf=none smtp.mailfrom=[192.0.2.1]"}},
		{"the null sender without HELO is none", "192.0.2.1", "", "",
			[]string{"SPF_NONE", "spf=none smtp.mailfrom="}},
		{"an unusable HELO name is not reported", "192.0.2.1", "localhost", "a@example.org",
			[]string{"SPF_PASS", "spf=pass smtp.mailfrom=a@example.org"}},
		{"a sender without a domain is none", "192.0.2.1", "", "root",
			[]string{"SPF_NONE", "spf=none smtp.mailfrom=root"}},
		{"a sender without a local part is the postmaster", "192.0.2.1", "", "@example.org",
			[]string{"SPF_PASS", "spf=pass smtp.mailfrom=postmaster@example.org"}},
		{"case and a final dot of the domain do not count", "192.0.2.1", "", "A@Example.ORG.",
			[]string{"SPF_PASS", "spf=pass smtp.mailfrom=A@example.org"}},
		{"a quoted local part may hold an at sign", "192.0.2.1", "", `"a@b"@quote.example.org`,
			[]string{"SPF_PASS", `spf=pass smtp.mailfrom="a@b"@quote.example.org`}},
		{"an international domain is asked for by its A-labels", "192.0.2.1", "", "a@MÜNCHEN.de",
			[]string{"SPF_PASS", "spf=pass smtp.mailfrom=a@xn--mnchen-3ya.de"}},
		{"bytes that are no text are none", "192.0.2.1", "", "a@\xff\xfe.example.org",
			[]string{"SPF_NONE", "spf=none smtp.mailfrom=a@\xff\xfe.example.org"}},
		{"IPv6 clients match ip6", "2001:db8::25", "", "a@six.example.org",
			[]string{"SPF_PASS", "spf=pass smtp.mailfrom=a@six.example.org"}},
		{"IPv4 in an IPv6 address is IPv4", "::ffff:192.0.2.1", "", "a@example.org",
			[]string{"SPF_PASS", "spf=pass smtp.mailfrom=a@example.org"}},
		{"a client without an address is none", "", "", "a@example.org",
			[]string{"SPF_NONE", "spf=none smtp.mailfrom=a@example.org"}},
		{"a trusted network is not checked", "198.51.100.1", "mx.example.org", "a@example.org", nil},
		{"a relay of ours is not checked", "198.51.100.200", "mx.example.org", "a@example.org", nil},
		{"a relay is known by its IPv6 address", "2001:db8:ff::1", "mx.example.org", "a@example.org", nil},
	}
	f := newTestFilter(t, &dnstest.Resolver{Zone: zone, Impatient: true})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, err := f.Check(t.Context(), newMessage(tt.client, tt.helo, tt.from))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(res)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOurOwnMailIsNotAsked(t *testing.T) {
	tests := []struct {
		name   string
		change func(*mail.Session)
	}{
		{"authenticated users", func(s *mail.Session) { s.AuthUser = "alice" }},
		{"local programs", func(s *mail.Session) { s.Local = true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &dnstest.Resolver{}
			msg := newMessage("192.0.2.1", "mx.example.org", "a@example.org")
			tt.change(msg.Session)
			res, err := newTestFilter(t, r).Check(t.Context(), msg)
			if err != nil || res.Symbols != nil || res.Auth != nil || r.Asked() != nil {
				t.Errorf("got %v, %v, asked %v", res, err, r.Asked())
			}
		})
	}
}

// check runs the filter for a@example.org and returns the one symbol's name
// and the reason.
func check(t *testing.T, client string, zone dnstest.Zone) (symbol string, details []string) {
	t.Helper()
	f := newTestFilter(t, &dnstest.Resolver{Zone: zone, Impatient: true})
	res, err := f.Check(t.Context(), newMessage(client, "", "a@example.org"))
	if err != nil || len(res.Symbols) != 1 {
		t.Fatalf("got %v, %v", res, err)
	}
	return res.Symbols[0].Name, res.Symbols[0].Details
}

func TestPassForEverybody(t *testing.T) {
	tests := []struct {
		name, client, record, want string
	}{
		{"+all", "192.0.2.1", "v=spf1 +all", "SPF_PASS_ALL"},
		{"all without a qualifier", "192.0.2.1", "v=spf1 mx all", "SPF_PASS_ALL"},
		{"a listed client passes before +all is reached", "192.0.2.1", "v=spf1 ip4:192.0.2.1 +all", "SPF_PASS"},
		{"the whole of IPv4", "192.0.2.1", "v=spf1 ip4:0.0.0.0/0 -all", "SPF_PASS_ALL"},
		{"half of IPv4", "192.0.2.1", "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", "SPF_PASS_ALL"},
		{"half of IPv4, the other half", "192.0.2.1", "v=spf1 ip4:0.0.0.0/1 -all", "SPF_FAIL"},
		{"a /8 has been given to one holder", "192.0.2.1", "v=spf1 ip4:192.0.0.0/8 -all", "SPF_PASS"},
		{"the whole of IPv6", "2001:db8::1", "v=spf1 ip6:::/0 -all", "SPF_PASS_ALL"},
		{"the whole of IPv6 is no IPv4", "192.0.2.1", "v=spf1 ip6:::/0 -all", "SPF_FAIL"},
		{"an address with length 0", "192.0.2.1", "v=spf1 a/0 -all", "SPF_PASS_ALL"},
		{"an address with length 0 for the other family", "192.0.2.1", "v=spf1 a//0 -all", "SPF_FAIL"},
		{"by include", "192.0.2.1", "v=spf1 include:all.example.net -all", "SPF_PASS_ALL"},
		{"by redirect", "192.0.2.1", "v=spf1 redirect=all.example.net", "SPF_PASS_ALL"},
		{"?all is neutral", "192.0.2.1", "v=spf1 ?all", "SPF_NEUTRAL"},
		{"?ip4 of everything is neutral", "192.0.2.1", "v=spf1 ?ip4:0.0.0.0/0 -all", "SPF_NEUTRAL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			zone := txt(map[string]string{"all.example.net": "v=spf1 +all"})
			zone["example.org"] = dnstest.Node{TXT: []string{tt.record}, A: []string{"203.0.113.9"}}
			if got, details := check(t, tt.client, zone); got != tt.want {
				t.Errorf("got %s %q, want %s", got, details, tt.want)
			}
		})
	}
}

func TestTemporaryAndPermanentErrors(t *testing.T) {
	servfail := dnstest.Node{Rcode: "SERVFAIL"}
	timeout := dnstest.Node{Rcode: "TIMEOUT"}
	lookups := func(n int) string {
		return "v=spf1" + strings.Repeat(" a", n) + " -all"
	}
	tests := []struct {
		name   string
		record string
		other  dnstest.Node // other.example.org
		want   string
	}{
		{"include of a silent domain", "v=spf1 include:other.example.org -all", timeout, "SPF_TEMPERROR"},
		{"include of a failing domain", "v=spf1 include:other.example.org -all", servfail, "SPF_TEMPERROR"},
		{"redirect to a silent domain", "v=spf1 redirect=other.example.org", timeout, "SPF_TEMPERROR"},
		{"addresses that cannot be had", "v=spf1 a:other.example.org -all", servfail, "SPF_TEMPERROR"},
		{"exchangers that cannot be had", "v=spf1 mx:other.example.org -all", timeout, "SPF_TEMPERROR"},
		{"existence that cannot be known", "v=spf1 exists:other.example.org -all", timeout, "SPF_TEMPERROR"},
		{"an error behind the match does not matter", "v=spf1 ip4:192.0.2.1 a:other.example.org", timeout, "SPF_PASS"},
		{"include of a domain without a record", "v=spf1 include:other.example.org -all", dnstest.Node{}, "SPF_PERMERROR"},
		{"include of a broken record", "v=spf1 include:other.example.org -all",
			dnstest.Node{TXT: []string{"v=spf1 oops"}}, "SPF_PERMERROR"},
		{"include of itself", "v=spf1 include:example.org -all", dnstest.Node{}, "SPF_PERMERROR"},
		{"redirect to itself", "v=spf1 redirect=example.org", dnstest.Node{}, "SPF_PERMERROR"},
		{"two records", "v=spf1 include:other.example.org -all",
			dnstest.Node{TXT: []string{"v=spf1 -all", "V=SPF1 -all"}}, "SPF_PERMERROR"},
		{"ten lookups", lookups(10), dnstest.Node{}, "SPF_FAIL"},
		{"eleven lookups", lookups(11), dnstest.Node{}, "SPF_PERMERROR"},
		{"a match before the eleventh lookup", "v=spf1 ip4:192.0.2.1" + strings.Repeat(" a", 40), dnstest.Node{}, "SPF_PASS"},
		{"two void lookups", "v=spf1 a:v1.example.org a:v2.example.org -all", dnstest.Node{}, "SPF_FAIL"},
		{"three void lookups", "v=spf1 a:v1.example.org a:v2.example.org mx:v3.example.org -all", dnstest.Node{}, "SPF_PERMERROR"},
		{"a record beyond the bound", "v=spf1" + strings.Repeat(" ip4:203.0.113.1", 300) + " -all", dnstest.Node{}, "SPF_PERMERROR"},
		{"another TXT record beyond the bound", "x" + strings.Repeat(" ip4:203.0.113.1", 300), dnstest.Node{}, "SPF_NONE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, details := check(t, "192.0.2.1", dnstest.Zone{
				"example.org":       {TXT: []string{tt.record}, A: []string{"203.0.113.9"}},
				"other.example.org": tt.other,
			})
			if got != tt.want {
				t.Errorf("got %s %q, want %s", got, details, tt.want)
			}
		})
	}
}

// resolverFunc is a resolver in one function.
type resolverFunc func(ctx context.Context, name string, t dns.Type) (dns.Answer, error)

func (f resolverFunc) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	return f(ctx, name, t)
}

func TestDeadlineIsTemperrorEvenWhereErrorsArePassedOver(t *testing.T) {
	// RFC 7208 section 5.5 has ptr fail to match when its lookup fails. When
	// it was our deadline that ended it, -all must not become a fail.
	zone := &dnstest.Resolver{Zone: txt(map[string]string{"example.org": "v=spf1 ptr -all"})}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := newTestFilter(t, resolverFunc(func(ctx context.Context, name string, typ dns.Type) (dns.Answer, error) {
		if typ == dns.TypePTR {
			cancel()
			return dns.Answer{}, fmt.Errorf("PTR %s: %w", name, dns.ErrTimeout)
		}
		return zone.Lookup(ctx, name, typ)
	}))
	res, err := f.Check(ctx, newMessage("192.0.2.1", "", "a@example.org"))
	if err != nil || res.Symbols[0].Name != "SPF_TEMPERROR" {
		t.Errorf("got %v, %v", res, err)
	}
	if reason := res.Auth[0].Reason; reason != "context canceled" {
		t.Errorf("reason %q", reason)
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	f := newTestFilter(t, &dnstest.Resolver{Zone: dnstest.Zone{
		"example.org":    {Rcode: "TIMEOUT"},
		"mx.example.org": {Rcode: "TIMEOUT"},
	}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	res, err := f.Check(ctx, newMessage("192.0.2.1", "mx.example.org", "a@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"SPF_TEMPERROR", "spf=temperror smtp.mailfrom=a@example.org", "spf=temperror smtp.helo=mx.example.org"}
	if diff := cmp.Diff(want, lines(res)); diff != "" {
		t.Error(diff)
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	f := newTestFilter(t, resolverFunc(func(_ context.Context, name string, _ dns.Type) (dns.Answer, error) {
		if name == "mx.example.org" {
			panic("broken")
		}
		return dns.Answer{}, dns.ErrNotFound
	}))
	defer func() {
		if got := recover(); got != "broken" {
			t.Errorf("recovered %v", got)
		}
	}()
	_, err := f.Check(t.Context(), newMessage("192.0.2.1", "mx.example.org", "a@example.org"))
	t.Errorf("returned with %v", err)
}

func TestExplanation(t *testing.T) {
	tests := []struct {
		name, record, text, want string
	}{
		{"is fetched after a fail", "v=spf1 -all exp=why.example.org", "No mail from %{i}.", "No mail from 192.0.2.1."},
		{"knows who receives and when", "v=spf1 -all exp=why.example.org", "%{c} %{r} %{t}", "192.0.2.1 mx.example.net 1700000000"},
		{"is not fetched after softfail", "v=spf1 ~all exp=why.example.org", "No.", ""},
		{"is that of the redirect's target", "v=spf1 redirect=to.example.org exp=not.example.org", "To.", "To."},
		{"is not that of an included record", "v=spf1 include:to.example.org -all", "To.", ""},
		{"may not hold control characters", "v=spf1 -all exp=why.example.org", "a\r\nX-Evil: yes", ""},
		{"may not hold 8-bit text", "v=spf1 -all exp=why.example.org", "n\xc3\xb6", ""},
		{"may not have broken macros", "v=spf1 -all exp=why.example.org", "%{q}", ""},
		{"may not be long", "v=spf1 -all exp=why.example.org", strings.Repeat("x", maxExpanded+1), ""},
		{"may not grow long", "v=spf1 -all exp=why.example.org", strings.Repeat("%{s}", 400), ""},
		{"sees the end of a long HELO name", "v=spf1 -all exp=why.example.org", "%{h}", strings.Repeat("h", maxValue)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newTestFilter(t, &dnstest.Resolver{Zone: txt(map[string]string{
				"example.org":     tt.record,
				"to.example.org":  "v=spf1 exp=why.example.org -all",
				"why.example.org": tt.text,
				"not.example.org": "never",
			})})
			msg := newMessage("192.0.2.1", strings.Repeat("h", 3*maxValue), "a@example.org")
			got := f.evaluate(t.Context(), msg, mailFrom("a@example.org", ""))
			if got.explanation != tt.want {
				t.Errorf("got %q, want %q", got.explanation, tt.want)
			}
		})
	}
}

func TestExplanationSaysWhoseWordsItIs(t *testing.T) {
	_, details := check(t, "192.0.2.1", txt(map[string]string{
		"example.org":     "v=spf1 -all exp=why.example.org",
		"why.example.org": "Call us.",
	}))
	want := []string{"a@example.org", "matched all", "example.org explains: Call us."}
	if diff := cmp.Diff(want, details); diff != "" {
		t.Error(diff)
	}
}

func TestValidatedNameOfTheClient(t *testing.T) {
	tests := []struct {
		name string
		ptr  []string
		want string
	}{
		{"the domain itself first", []string{"x.example.net", "x.example.org", "example.org"}, "example.org"},
		{"then a name below it", []string{"x.example.net", "X.Example.org"}, "x.example.org"},
		{"then any", []string{"x.example.net", "y.example.net"}, "x.example.net"},
		{"never one that does not lead back", []string{"forged.example.org"}, "unknown"},
		{"never the eleventh", append(slices.Repeat([]string{"forged.example.org"}, 10), "example.org"), "unknown"},
		{"unknown without names", nil, "unknown"},
	}
	here := dnstest.Node{A: []string{"192.0.2.1"}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &dnstest.Resolver{Zone: dnstest.Zone{
				"1.2.0.192.in-addr.arpa": {PTR: tt.ptr},
				"example.org":            here, "x.example.org": here, "x.example.net": here, "y.example.net": here,
				"forged.example.org": {A: []string{"192.0.2.2"}},
			}}
			e := evaluation{ctx: t.Context(), resolver: r, client: netip.MustParseAddr("192.0.2.1")}
			if got := e.macro('p', "example.org"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestIPv6ClientAsksForItsFamily(t *testing.T) {
	r := &dnstest.Resolver{Zone: dnstest.Zone{
		"example.org":    {TXT: []string{"v=spf1 mx exists:in.example.org -all"}, MX: []dnstest.MX{{Pref: 1, Host: "mx.example.org"}}},
		"mx.example.org": {A: []string{"192.0.2.1"}, AAAA: []string{"2001:db8::2"}},
		"in.example.org": {A: []string{"127.0.0.2"}},
	}}
	res, err := newTestFilter(t, r).Check(t.Context(), newMessage("2001:db8::1", "", "a@example.org"))
	if err != nil || res.Auth[0].Value != authres.Pass {
		t.Errorf("got %v, %v", res, err)
	}
	want := []string{"TXT example.org", "MX example.org", "AAAA mx.example.org", "A in.example.org"}
	if diff := cmp.Diff(want, r.Asked()); diff != "" {
		t.Error(diff)
	}
}

func TestReadmeTellsEverySymbol(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Kind.Symbols {
		row := fmt.Sprintf("| %s | %v | %s |", s.Name, s.Score, s.Meaning)
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row %q", row)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	zone := dnstest.Zone{
		"example.org": {TXT: []string{"v=spf1 mx include:_spf.example.net include:_spf2.example.net ~all"},
			MX: []dnstest.MX{{Pref: 10, Host: "mx.example.org"}}},
		"mx.example.org":    {A: []string{"203.0.113.1"}, TXT: []string{"v=spf1 a -all"}},
		"_spf.example.net":  {TXT: []string{"v=spf1 ip4:203.0.113.0/26 ip4:198.51.100.0/24 ip6:2001:db8::/32 ~all"}},
		"_spf2.example.net": {TXT: []string{"v=spf1 ip4:203.0.113.64/26 ip4:192.0.2.0/24 ~all"}},
	}
	// The zone is searched without the resolver's book of questions, which
	// would grow with b.N.
	answers := make(map[string]dns.Answer)
	warm := &dnstest.Resolver{Zone: zone}
	ask := func(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
		if ans, ok := answers[name+string(rune(t))]; ok {
			return ans, nil
		}
		return dns.Answer{}, dns.ErrNotFound
	}
	for name := range zone {
		for _, t := range []dns.Type{dns.TypeTXT, dns.TypeA, dns.TypeMX} {
			if ans, err := warm.Lookup(b.Context(), name, t); err == nil {
				answers[name+string(rune(t))] = ans
			}
		}
	}
	f := newTestFilter(b, resolverFunc(ask))
	msg := newMessage("192.0.2.7", "mx.example.org", "user@example.org")
	b.ReportAllocs()
	for b.Loop() {
		res, err := f.Check(b.Context(), msg)
		if err != nil || res.Auth[0].Value != authres.Pass {
			b.Fatal(res, err)
		}
	}
}
