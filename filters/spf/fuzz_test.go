package spf

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail/authres"
)

// FuzzRecord: whatever parses is compiled into printable text without macros,
// within bounds.
func FuzzRecord(f *testing.F) {
	f.Add("v=spf1 ip4:192.0.2.0/24 a/24//64 mx:%{d2} ptr -all")
	f.Add("v=spf1 exists:%{L1r-+}.%{ir}.%{v}.example.org redirect=_spf.%{o}")
	f.Add("v=spf1 include:%{h}.example.org exp=%{S}.example.org x=%%%_%-")
	f.Fuzz(func(t *testing.T, txt string) {
		r, err := parseRecord(txt)
		if err != nil {
			return
		}
		e := newFuzzEvaluation("a b/c%@d", "mx.example.org")
		compiled := e.compile(r, "example.org", false)
		for _, c := range []byte(compiled) {
			if c < ' ' || c > '~' || c == '%' {
				t.Fatalf("%q compiles to %q", txt, compiled)
			}
		}
		// Eleven targets and a redirect's, escaped; the rest grows by "+" and "/32".
		if len(compiled) > 12*(4*maxName+20)+3*len(txt) {
			t.Fatalf("%q grew to %d bytes", txt, len(compiled))
		}
	})
}

// FuzzCheck: no sender, HELO name or record makes the check do anything but
// answer with a result of RFC 8601, within the limits on questions.
func FuzzCheck(f *testing.F) {
	f.Add("a@example.org", "mx.example.org", "v=spf1 mx include:other.example.org -all exp=why.example.org", "v=spf1 ptr ?all", "why %{p} %{c}")
	f.Add(`"a@b/%"@example.org`, "[192.0.2.1]", "v=spf1 exists:%{l}.%{s}.%{h} redirect=other.example.org", "v=spf1 +all", "")
	f.Add("", "example.org", "v=spf1 a:%{h2r-} ~all", "", "\x00")
	results := []string{authres.None, authres.Neutral, authres.Pass, authres.Fail, authres.Softfail, authres.Temperror, authres.Permerror}
	f.Fuzz(func(t *testing.T, sender, helo, record, other, why string) {
		r := &dnstest.Resolver{Impatient: true, Zone: dnstest.Zone{
			"example.org":            {TXT: []string{record}, A: []string{"192.0.2.7"}, MX: []dnstest.MX{{Pref: 1, Host: other}}},
			"other.example.org":      {TXT: []string{other}},
			"why.example.org":        {TXT: []string{why}},
			"1.2.0.192.in-addr.arpa": {PTR: []string{"example.org", other, helo}},
		}}
		res, err := newTestFilter(t, r).Check(t.Context(), newMessage("192.0.2.1", helo, sender))
		if err != nil || len(res.Auth) == 0 {
			t.Fatalf("got %v, %v", res, err)
		}
		for _, a := range res.Auth {
			if !slices.Contains(results, a.Value) {
				t.Fatalf("result %q", a.Value)
			}
		}
		// Two identities; each a record, ten terms with ten names each, two
		// readings of the reverse zone, an explanation.
		if n := len(r.Asked()); n > 2*(1+10*11+2*11+1) {
			t.Fatalf("%d questions", n)
		}
	})
}

func newFuzzEvaluation(local, helo string) *evaluation {
	return &evaluation{
		resolver: &dnstest.Resolver{Impatient: true},
		client:   netip.MustParseAddr("192.0.2.1"),
		id:       identity{local: local, domain: "example.org"},
		helo:     helo,
	}
}
