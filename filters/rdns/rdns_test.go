package rdns

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
)

func rev(addr string) string { return dns.ReverseName(netip.MustParseAddr(addr)) }

var zone = dnstest.Zone{
	rev("192.0.2.1"):            {PTR: []string{"mail.example.org"}},
	"mail.example.org":          {A: []string{"192.0.2.1"}, AAAA: []string{"2001:db8::1"}},
	rev("2001:db8::1"):          {PTR: []string{"wrong.example.net", "Mail.Example.org."}},
	"wrong.example.net":         {A: []string{"198.51.100.9"}},
	rev("192.0.2.2"):            {PTR: []string{"wrong.example.net", "gone.example.net", `odd\.name.example.net`}},
	rev("192.0.2.3"):            {PTR: []string{"192-0-2-3.dsl.example.net"}},
	"192-0-2-3.dsl.example.net": {A: []string{"192.0.2.3"}},
	rev("192.0.2.4"):            {Rcode: "SERVFAIL"},
	rev("192.0.2.5"):            {PTR: []string{"wrong.example.net", "broken.example.net"}},
	"broken.example.net":        {Rcode: "TIMEOUT"},
	"v6only.example.net":        {AAAA: []string{"2001:db8::9"}},
	"mailless.example.net":      {MX: []dnstest.MX{{Pref: 1, Host: "mail.example.org"}}},
	"half.example.net":          {Rcodes: map[string]string{"AAAA": "SERVFAIL"}, TXT: []string{"x"}},
}

func check(t *testing.T, s mail.Session) (filters.Result, *dnstest.Resolver) {
	t.Helper()
	r := &dnstest.Resolver{Zone: zone, Impatient: true}
	f, err := Kind.New(filters.Env{
		Config: &Config{OwnNames: []string{"Alias.example.org."}}, Resolver: r, AuthservID: "mx.example.org",
		Trusted: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/25")}, Relays: []netip.Prefix{netip.MustParsePrefix("198.51.100.128/25")},
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := f.Check(t.Context(), mail.New(mail.Message{Session: &s}))
	if err != nil {
		t.Fatal(err)
	}
	return res, r
}

func names(res filters.Result) string {
	var all []string
	for _, s := range res.Symbols {
		name := s.Name
		if s.Factor != 1 {
			name += fmt.Sprintf("(%g)", s.Factor)
		}
		all = append(all, name)
	}
	for _, a := range res.Auth {
		all = append(all, a.Method+"="+a.Value)
	}
	return strings.Join(all, " ")
}

func TestTheClientsNames(t *testing.T) {
	tests := []struct {
		name, ip, known, helo string
		want                  string
		asked                 int
	}{
		{"a mail server as it should be", "192.0.2.1", "", "mail.example.org", "RDNS_PASS iprev=pass", 3},
		{"the MTA knew already: nothing is asked", "192.0.2.1", "mail.example.org", "MAIL.example.org.", "RDNS_PASS iprev=pass", 0},
		{"an IPv4 address in IPv6 clothes", "::ffff:192.0.2.1", "", "mail.example.org", "RDNS_PASS iprev=pass", 3},
		{"one name of several is right", "2001:db8::1", "", "mail.example.org", "RDNS_PASS iprev=pass", 4},
		{"no name", "192.0.2.99", "", "mail.example.org", "RDNS_NONE HELO_MISMATCH iprev=permerror", 2},
		{"names that do not have the address", "192.0.2.2", "", "mail.example.org", "RDNS_MISMATCH HELO_MISMATCH iprev=fail", 5},
		{"a generic name", "192.0.2.3", "", "192-0-2-3.dsl.example.net", "RDNS_GENERIC iprev=pass", 3},
		{"a generic name that the MTA knew", "192.0.2.3", "192-0-2-3.dsl.example.net", "192-0-2-3.dsl.example.net", "RDNS_GENERIC iprev=pass", 0},
		{"a generic name of a static line", "192.0.2.7", "static-192-0-2-7.example.net", "static-192-0-2-7.example.net", "RDNS_GENERIC(0.5) iprev=pass", 0},
		{"the reverse zone is broken", "192.0.2.4", "", "[192.0.2.4]", "RDNS_TEMPERROR HELO_LITERAL iprev=temperror", 1},
		{"one name is wrong, the other cannot be asked", "192.0.2.5", "", "[192.0.2.5]", "RDNS_TEMPERROR HELO_LITERAL iprev=temperror", 3},

		{"HELO with our name", "192.0.2.1", "mail.example.org", "MX.Example.org", "RDNS_PASS HELO_OURS iprev=pass", 0},
		{"HELO with another name of ours", "192.0.2.1", "mail.example.org", "alias.example.org", "RDNS_PASS HELO_OURS iprev=pass", 0},
		{"HELO with the MTA's name", "192.0.2.1", "mail.example.org", "mta.example.org", "RDNS_PASS HELO_OURS iprev=pass", 0},
		{"HELO with nothing", "192.0.2.1", "mail.example.org", "", "RDNS_PASS HELO_INVALID iprev=pass", 0},
		{"HELO with one label", "192.0.2.1", "mail.example.org", "DESKTOP-1", "RDNS_PASS HELO_INVALID iprev=pass", 0},
		{"HELO as localhost", "192.0.2.1", "mail.example.org", "localhost.localdomain", "RDNS_PASS HELO_INVALID iprev=pass", 0},
		{"HELO with a bare address", "192.0.2.1", "mail.example.org", "192.0.2.1", "RDNS_PASS HELO_INVALID iprev=pass", 0},
		{"HELO with bytes that no name has", "192.0.2.1", "mail.example.org", "b\xfc\x00.example.org", "RDNS_PASS HELO_INVALID iprev=pass", 0},
		{"HELO with a space", "192.0.2.1", "mail.example.org", "a b.example.org", "RDNS_PASS HELO_INVALID iprev=pass", 0},
		{"HELO with the client's literal", "192.0.2.1", "mail.example.org", "[192.0.2.1]", "RDNS_PASS HELO_LITERAL iprev=pass", 0},
		{"HELO with the client's IPv6 literal", "2001:db8::1", "mail.example.org", "[ipv6:2001:db8:0::1]", "RDNS_PASS HELO_LITERAL iprev=pass", 0},
		{"HELO with a literal of somebody else", "192.0.2.1", "mail.example.org", "[192.0.2.77]", "RDNS_PASS HELO_MISMATCH iprev=pass", 0},
		{"HELO with an open literal", "192.0.2.1", "mail.example.org", "[192.0.2.1", "RDNS_PASS HELO_INVALID iprev=pass", 0},
		{"HELO with a literal that is none", "192.0.2.1", "mail.example.org", "[mail.example.org]", "RDNS_PASS HELO_INVALID iprev=pass", 0},
		{"HELO with a name that does not exist", "192.0.2.1", "mail.example.org", "nobody.example.net", "RDNS_PASS HELO_NONE iprev=pass", 1},
		{"HELO with a name that has no address", "192.0.2.1", "mail.example.org", "mailless.example.net", "RDNS_PASS HELO_NONE iprev=pass", 2},
		{"HELO with a name of the other family", "192.0.2.1", "mail.example.org", "v6only.example.net", "RDNS_PASS HELO_MISMATCH iprev=pass", 2},
		{"HELO with a name that cannot be asked", "192.0.2.1", "mail.example.org", "broken.example.net", "RDNS_PASS HELO_TEMPERROR iprev=pass", 1},
		{"HELO with a name that can be asked by half", "192.0.2.1", "mail.example.org", "half.example.net", "RDNS_PASS HELO_TEMPERROR iprev=pass", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, r := check(t, mail.Session{ClientIP: netip.MustParseAddr(tt.ip), ClientName: tt.known, Helo: tt.helo, MTAHost: "mta.example.org"})
			if got := names(res); got != tt.want {
				t.Errorf("%s, want %s (%v)", got, tt.want, res)
			}
			if got := len(r.Asked()); got != tt.asked {
				t.Errorf("%d questions, want %d: %v", got, tt.asked, r.Asked())
			}
		})
	}
	t.Logf("%d sessions", len(tests))
}

func TestNothingIsSaidAboutOurOwn(t *testing.T) {
	ip := netip.MustParseAddr("192.0.2.99")
	for name, s := range map[string]mail.Session{
		"a user who has logged in":    {ClientIP: ip, Helo: "LAPTOP", AuthUser: "alice"},
		"a local program":             {ClientIP: ip, Local: true},
		"a listener for submission":   {ClientIP: ip, Profile: "outbound"},
		"a trusted network":           {ClientIP: netip.MustParseAddr("::ffff:198.51.100.1"), Helo: "mx.example.org"},
		"a relay":                     {ClientIP: netip.MustParseAddr("198.51.100.200"), Helo: "mx.example.org"},
		"a client without an address": {Helo: "LAPTOP"},
	} {
		if res, r := check(t, s); names(res) != "" || len(r.Asked()) != 0 {
			t.Errorf("%s: %s, asked %v", name, names(res), r.Asked())
		}
	}
}

func TestGenericNames(t *testing.T) {
	tests := []struct {
		name, ip string
		want     float64
	}{
		{"mail.example.org", "192.0.2.1", 0},
		{"mx1.example.org", "192.0.2.1", 0},
		{"mail-2.example.org", "192.0.2.1", 0},
		{"pool.example.org", "192.0.2.1", 0},
		{"a198-51.example.org", "192.0.2.1", 0},
		{"192-0-2-1.example.net", "192.0.2.1", 1},
		{"host1.2.0.192.example.net", "192.0.2.1", 1},
		{"ip192x000x002x001.example.net", "192.0.2.1", 1},
		{"0-2-1.net192.example.net", "192.0.2.1", 1},
		{"p192000002001.example.net", "192.0.2.1", 1},
		{"c0000201.example.net", "192.0.2.1", 1},
		{"dyn-77.example.net", "192.0.2.1", 1},
		{"x5.pool.telecom.example", "192.0.2.1", 1},
		{"192-0-2-1.static.example.net", "192.0.2.1", staticFactor},
		{"mail.example.org", "2001:db8::1:2:3:4", 0},
		{"h0001-0002-0003-0004.example.net", "2001:db8::1:2:3:4", 1},
		{"4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.example.net", "2001:db8::1:2:3:4", 1},
		{"99999999999999999999.0.2.1.example.net", "192.0.2.1", 1},
	}
	for _, tt := range tests {
		if got := generic(tt.name, netip.MustParseAddr(tt.ip)); got != tt.want {
			t.Errorf("%s of %s: %v, want %v", tt.name, tt.ip, got, tt.want)
		}
	}
}

func TestAnOwnNameMustBeAName(t *testing.T) {
	if _, err := Kind.New(filters.Env{Config: &Config{OwnNames: []string{"not a name"}}}); err == nil {
		t.Error("it was taken")
	}
}

// The worst that can be said must stay below the first threshold (4), as the
// README promises, and its table must be the Kind's.
func TestReadmeTellsTheScoresAndTheyAreModest(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	worst := map[string]float64{}
	for _, s := range Kind.Symbols {
		worst[s.Group] = max(worst[s.Group], s.Score)
		row := fmt.Sprintf("| %s | %s | %g | %s |", s.Name, s.Group, s.Score, s.Meaning)
		if !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row %q", row)
		}
	}
	if sum := worst[groupRDNS] + worst[groupHelo]; sum != 3.5 {
		t.Errorf("the worst sums to %g, the README says 3.5", sum)
	}
}

// FuzzNames gives any name as HELO and as the client's: one symbol of each
// group at the most, and all of them documented.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"mail.example.org", "[192.0.2.1]", "[IPv6:::1]", "192-0-2-1.dyn.example.net", "\x00\xff", "[", "]", "..", "1-2-3-4-5-6-7-8"} {
		f.Add(s, s)
	}
	known := map[string]bool{}
	for _, s := range Kind.Symbols {
		known[s.Name] = true
	}
	filter, err := Kind.New(filters.Env{Resolver: &dnstest.Resolver{Zone: zone, Impatient: true}, AuthservID: "mx.example.org"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, helo, client string) {
		s := &mail.Session{ClientIP: netip.MustParseAddr("192.0.2.1"), Helo: helo, ClientName: client}
		res, err := filter.Check(t.Context(), mail.New(mail.Message{Session: s}))
		if err != nil || len(res.Auth) != 1 || res.Auth[0].Value == "" || len(res.Symbols) == 0 || len(res.Symbols) > 2 {
			t.Errorf("%v, %v", res, err)
		}
		for _, sym := range res.Symbols {
			if !known[sym.Name] {
				t.Errorf("symbol %q is not documented", sym.Name)
			}
		}
	})
}
