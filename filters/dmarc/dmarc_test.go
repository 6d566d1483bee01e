package dmarc

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

var zone = dnstest.Zone{
	"_dmarc.example.org":    {TXT: []string{"v=DMARC1; p=reject; sp=quarantine; rua=mailto:a@example.org"}},
	"_dmarc.example.net":    {TXT: []string{"v=DMARC1; p=none"}},
	"_dmarc.broken.example": {Rcode: "SERVFAIL"},
}

func TestCheck(t *testing.T) {
	spf := func(value, typ, name string) authres.Result {
		return authres.Result{Method: "spf", Value: value, Props: []authres.Prop{{Type: "smtp", Name: typ, Value: name}}}
	}
	dkim := func(value, d string) authres.Result {
		return authres.Result{Method: "dkim", Value: value, Props: []authres.Prop{{Type: "header", Name: "d", Value: d}}}
	}
	for _, c := range []struct {
		name    string
		session mail.Session
		mail    string // MAIL FROM
		from    string
		auth    []authres.Result
		symbol  string // "": an empty result
		result  string
		dmarc   authres.DMARC
	}{
		{"a signature of the author domain", mail.Session{}, "a@example.net", "a@example.org", []authres.Result{dkim("pass", "example.org")},
			Pass, "pass", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"a sender of the same organization", mail.Session{}, "x@a.example.org", "a@b.example.org", []authres.Result{spf("pass", "mailfrom", "x@a.example.org")},
			Pass, "pass", authres.DMARC{Domain: "b.example.org", PolicyDomain: "example.org", Policy: "quarantine"}},
		{"a domain alone as sender", mail.Session{}, "x@example.org", "a@example.org", []authres.Result{spf("pass", "mailfrom", "example.org")},
			Pass, "pass", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"strangers only, p=reject", mail.Session{}, "a@example.net", "a@example.org", []authres.Result{spf("pass", "mailfrom", "a@example.net"), dkim("pass", "example.net")},
			FailReject, "fail", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"nothing, sp=quarantine", mail.Session{}, "a@example.net", "a@b.example.org", nil,
			FailQuarantine, "fail", authres.DMARC{Domain: "b.example.org", PolicyDomain: "example.org", Policy: "quarantine"}},
		{"nothing, p=none", mail.Session{}, "a@example.org", "a@example.net", nil,
			FailNone, "fail", authres.DMARC{Domain: "example.net", PolicyDomain: "example.net", Policy: "none"}},
		{"a broken signature", mail.Session{}, "a@example.net", "a@example.org", []authres.Result{dkim("fail", "example.org")},
			FailReject, "fail", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"strangers only, through a relay of ours", mail.Session{ClientIP: netip.MustParseAddr("198.51.100.7")}, "a@example.net", "a@example.org", []authres.Result{dkim("fail", "example.org")},
			FailForwarded, "fail", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject", Override: "trusted_forwarder"}},
		{"through a mailing list that we trust and that signs", mail.Session{}, "l-bounce@lists.example.com", "a@example.org", []authres.Result{spf("none", "mailfrom", "lists.example.com"), dkim("pass", "LISTS.example.com")},
			FailForwarded, "fail", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject", Override: "mailing_list"}},
		{"somebody who calls himself that mailing list", mail.Session{}, "l-bounce@lists.example.com", "a@example.org", []authres.Result{spf("fail", "mailfrom", "lists.example.com"), dkim("fail", "lists.example.com")},
			FailReject, "fail", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"a domain whose name ends like the list's", mail.Session{}, "a@badlists.example.com", "a@example.org", []authres.Result{dkim("pass", "badlists.example.com")},
			FailReject, "fail", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"a pass through a relay stays a pass", mail.Session{ClientIP: netip.MustParseAddr("198.51.100.7")}, "a@example.net", "a@example.org", []authres.Result{dkim("pass", "example.org")},
			Pass, "pass", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"a signature that is not a full pass", mail.Session{}, "a@example.net", "a@example.org", []authres.Result{dkim("policy", "example.org")},
			FailReject, "fail", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"HELO with the null sender", mail.Session{}, "", "a@example.org", []authres.Result{spf("pass", "helo", "example.org")},
			Pass, "pass", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"postmaster at HELO with the null sender", mail.Session{}, "", "a@example.org", []authres.Result{spf("pass", "mailfrom", "postmaster@example.org")},
			Pass, "pass", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"HELO with another sender", mail.Session{}, "a@example.net", "a@example.org", []authres.Result{spf("none", "mailfrom", "example.net"), spf("pass", "helo", "example.org")},
			FailReject, "fail", authres.DMARC{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"}},
		{"no record", mail.Session{}, "", "a@none.example", nil, None, "none", authres.DMARC{Domain: "none.example"}},
		{"no answer", mail.Session{}, "", "a@broken.example", nil, Temperror, "temperror", authres.DMARC{Domain: "broken.example"}},
		{"two addresses", mail.Session{}, "", "a@example.org, b@example.org", []authres.Result{dkim("pass", "example.org")}, Permerror, "permerror", authres.DMARC{}},
		{"no address", mail.Session{}, "", "Joe", nil, Permerror, "permerror", authres.DMARC{}},
		{"an authenticated user", mail.Session{AuthUser: "joe"}, "", "a@example.org", nil, "", "", authres.DMARC{}},
		{"sendmail", mail.Session{Local: true}, "", "a@example.org", nil, "", "", authres.DMARC{}},
		{"a trusted network", mail.Session{ClientIP: netip.MustParseAddr("192.0.2.7")}, "", "a@example.org", nil, "", "", authres.DMARC{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := New(filters.Env{Resolver: &dnstest.Resolver{Zone: zone}, Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
				Relays: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}, Config: &Config{TrustedLists: []string{".lists.example.com"}}})
			if err != nil {
				t.Fatal(err)
			}
			msg := mail.New(mail.Message{Session: &c.session, Envelope: mail.Envelope{From: c.mail}, Header: mail.Header{{Name: "From", Value: " " + c.from}}, Auth: c.auth})
			res, err := f.Check(context.Background(), msg)
			if err != nil {
				t.Fatal(err)
			}
			if c.symbol == "" {
				if len(res.Symbols)+len(res.Auth) > 0 {
					t.Errorf("got %+v", res)
				}
				return
			}
			if len(res.Symbols) != 1 || res.Symbols[0].Name != c.symbol {
				t.Errorf("symbols %+v, want %s", res.Symbols, c.symbol)
			}
			if len(res.Auth) != 1 || res.Auth[0].Method != "dmarc" || res.Auth[0].Value != c.result {
				t.Fatalf("results %+v", res.Auth)
			}
			if d := cmp.Diff(c.dmarc, res.Auth[0].DMARC()); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestAResolverIsNeeded(t *testing.T) {
	if _, err := New(filters.Env{}); err == nil {
		t.Error("made without a resolver")
	}
}

// A check that could not be made is doubt, not guilt: neither may it be a pass.
func TestAMissingCheckIsNoFailure(t *testing.T) {
	f, err := New(filters.Env{Resolver: &dnstest.Resolver{Zone: zone}, Config: &Config{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, unchecked := range [][]string{nil, {"spf"}, {"spf", "dkim"}} {
		m := mail.New(mail.Message{
			Session: &mail.Session{}, Envelope: mail.Envelope{From: "a@example.org"}, Unchecked: unchecked,
			Header: mail.Header{{Name: "From", Value: " a@example.org"}},
		})
		r, err := f.Check(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		want := FailReject
		if len(unchecked) > 0 {
			want = Temperror
		}
		if r.Symbols[0].Name != want {
			t.Errorf("without %v: %+v", unchecked, r.Symbols)
		}
	}
}
