package dnsbl

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
)

// FuzzSubjects gives any header and envelope: what is asked is a valid name, and is bounded.
func FuzzSubjects(f *testing.F) {
	f.Add("Received: from a (b [192.0.2.1]) by c\nFrom: a@example.org\nReply-To: <b@example.net>\n\n", "bounce@example.com", "mail.example.org")
	f.Add("Received: from [IPv6:2001:db8::1] (helo=[::1]) by c\nDKIM-Signature: v=1; d=example.org;\n\n", "\"a@b\"@xn--80ak6aa92e.com", "[192.0.2.1]")
	f.Add("From: =?utf-8?q?=00?= <a@b.c.d.e.co.uk>, b@bücher.example\nDKIM-Signature: d\nReceived: FROM\n\n", "@", "..")
	zones := only(
		Zone{Name: "ip", Zone: "ip.example.net", Lookup: []string{"client", "received"}},
		Zone{Name: "dom", Zone: "dom.example.net", Kind: kindDomain},
		Zone{Name: "hash", Zone: "hash.example.net", Kind: kindHash, Listed: noPoint})
	flt := start(f, &dnstest.Resolver{Zone: dnstest.Zone{}, Impatient: true}, zones)
	f.Fuzz(func(t *testing.T, raw, sender, helo string) {
		h, body := mail.Read([]byte(raw))
		m := mail.New(mail.Message{Session: &mail.Session{ClientIP: netip.MustParseAddr("192.0.2.1"), Helo: helo, ClientName: helo},
			Envelope: mail.Envelope{From: sender}, Header: h, Body: body})
		counts := map[string]int{}
		seen := map[string]bool{}
		for _, s := range flt.subjects(m, m.Header.Signers()) {
			counts[s.kind]++
			for _, z := range flt.zones {
				name := z.label(s) + "." + z.domain
				if z.kind == s.kind && !dns.Valid(name) && len(name) <= 253 {
					t.Errorf("%q cannot be asked", name)
				}
			}
			if id := s.kind + s.key; seen[id] {
				t.Errorf("%q twice", id)
			} else {
				seen[id] = true
			}
		}
		if counts[kindIP] > 1+flt.limits.hops || counts[kindDomain] > flt.limits.names || counts[kindHash] > flt.limits.names {
			t.Errorf("%v", counts)
		}
	})
}

// FuzzReceived gives any field value: what is found stands in it, before "by".
func FuzzReceived(f *testing.F) {
	for _, s := range []string{" from a (b [192.0.2.1]) by c", "from a ([IPv6:::1]) by c", "from [1.2.3.4", "by from", "from (((((", "from a=[1.2.3.4]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		a, ok := hopAddr(value)
		if ok != a.IsValid() {
			t.Errorf("%v, %v", a, ok)
		}
		if ok && !strings.Contains(strings.ToLower(value[:min(len(value), maxReceivedSize)]), "from") {
			t.Errorf("%v out of %q", a, value)
		}
	})
}

// FuzzPattern gives any code: one that is taken matches no error and nothing outside 127/8.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"127.0.0.2", "127.0.0.4-127.0.0.7", "127.0.*.1", "&8", "&0", "127.*.*.*", "*.0.0.1", "127.0.0.1-", "127.255.*.254"} {
		f.Add(s, uint32(0x7f000002))
	}
	z := &zone{}
	f.Fuzz(func(t *testing.T, s string, v uint32) {
		p, err := parsePattern(s)
		if err != nil {
			return
		}
		addr := netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
		if _, bad := z.complaint([]netip.Addr{addr}); bad == isCode(addr) {
			t.Errorf("%v: a code %v, a complaint %v", addr, isCode(addr), bad)
		}
		if bits, mask := strings.CutPrefix(s, "&"); !mask && p.matches(addr) && addr.As4()[0] != 127 {
			t.Errorf("%q matches %v %v", s, addr, bits)
		}
	})
}
