package dnsbl

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

var ipZone = Zone{
	Name: "bl", Zone: "bl.example.net", Lookup: []string{"client", "received"},
	Codes:   map[string]string{"127.0.0.2": "BAD", "127.0.0.4-127.0.0.7": "WORSE", "127.0.*.9": "ANY", "&1024": "BIT"},
	Blocked: []string{"127.0.0.255"},
}

func TestOnlyMappedCodesCount(t *testing.T) {
	tests := []struct {
		name, answer, want string
	}{
		{"a mapped code", "127.0.0.2", "RBL_BL_BAD"},
		{"the ends of a range", "127.0.0.4 127.0.0.7", "RBL_BL_WORSE"},
		{"two codes at once", "127.0.0.6 127.0.0.2", "RBL_BL_BAD RBL_BL_WORSE"},
		{"any octet", "127.0.3.9", "RBL_BL_ANY"},
		{"a bit", "127.0.4.0", "RBL_BL_BIT"},
		{"a code that nobody mapped", "127.0.0.3", ""},
		{"the code after a range", "127.0.0.8", ""},
		{"the zero code", "127.0.0.0", ""},
		{"an error code", "127.255.255.254", "bl=error"},
		{"an error code beside a listing", "127.0.0.2 127.255.255.255", "bl=error"},
		{"an error code that nobody knows", "127.255.255.1", "bl=error"},
		{"the list's own error code", "127.0.0.255", "bl=error"},
		{"the list's own error code beside a listing", "127.0.0.2 127.0.0.255", "bl=error"},
		{"an address outside 127/8", "192.0.2.80", "bl=error"},
		{"an address outside 127/8 beside a listing", "127.0.0.2 198.51.100.1", "bl=error"},
	}
	w := &world{zone: points("bl.example.net")}
	f := start(t, w, only(ipZone))
	awaitProbes(f)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.set(map[string]*dnstest.Node{"1.2.0.192.bl.example.net": a(strings.Fields(tt.answer)...)})
			if got := summary(check(t, f, from4("192.0.2.1"))); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	t.Logf("%d answers", len(tests))
}

func TestFailuresAddNothing(t *testing.T) {
	w := &world{zone: points("bl.example.net")}
	f := start(t, w, only(ipZone))
	awaitProbes(f)
	for rcode, want := range map[string]string{"SERVFAIL": "bl=error", "REFUSED": "bl=error", "TIMEOUT": "bl=timeout", "NXDOMAIN": ""} {
		w.set(map[string]*dnstest.Node{"1.2.0.192.bl.example.net": {Rcode: rcode}})
		if got := summary(check(t, f, from4("192.0.2.1"))); got != want {
			t.Errorf("%s: %q, want %q", rcode, got, want)
		}
	}
}

// everything is a message that names something in every place.
func everything() *mail.Message {
	h := mail.Header{
		{Name: "Received", Value: " from a.example (a.example [203.0.113.7])\r\n\tby mx.example.net; Thu, 1 Jan 2026 00:00:00 +0000"},
		{Name: "From", Value: " A <A.b+tag@GoogleMail.com>"},
		{Name: "Reply-To", Value: " drop@reply.example"},
		{Name: "DKIM-Signature", Value: " v=1; a=rsa-sha256;\r\n\td=broken.example; s=x"},
	}
	return mail.New(mail.Message{
		Session:  &mail.Session{ClientIP: netip.MustParseAddr("192.0.2.1"), Helo: "mail.helo.example", ClientName: "host.rdns.example"},
		Envelope: mail.Envelope{From: "bounce@sub.envelope.example"},
		Header:   h,
		Auth: []authres.Result{
			{Method: "dkim", Value: authres.Pass, Props: []authres.Prop{{Type: "header", Name: "d", Value: "signed.example"}}},
			{Method: "dkim", Value: authres.Fail, Props: []authres.Prop{{Type: "header", Name: "d", Value: "broken.example"}}},
		},
	})
}

func TestWhatIsLookedUp(t *testing.T) {
	w := &world{zone: points("ip.example.net", "dom.example.net")}
	f := start(t, w, only(
		Zone{Name: "ip", Zone: "ip.example.net", Lookup: []string{"client", "received"}},
		Zone{Name: "dom", Zone: "dom.example.net", Kind: kindDomain},
		Zone{Name: "hash", Zone: "hash.example.net", Kind: kindHash, Listed: noPoint},
	))
	f.urlHosts = func(*mail.Message) []string {
		return []string{"www.shop.url.example", "192.0.2.9", "url.example", "[::1]", "com"}
	}
	awaitProbes(f)
	probes := len(w.asked)
	if got := summary(check(t, f, everything())); got != "" {
		t.Error(got)
	}
	want := []string{
		"1.2.0.192.ip.example.net", "7.113.0.203.ip.example.net",
		"helo.example.dom.example.net", "mail.helo.example.dom.example.net", "rdns.example.dom.example.net", "host.rdns.example.dom.example.net",
		"envelope.example.dom.example.net", "sub.envelope.example.dom.example.net", "googlemail.com.dom.example.net",
		"reply.example.dom.example.net", "signed.example.dom.example.net", "url.example.dom.example.net", "www.shop.url.example.dom.example.net",
		// SHA-1 of ab@gmail.com, bounce@sub.envelope.example, drop@reply.example
		"f9dd041bcea08ab0e3f65783dd04990691e2f4a2.hash.example.net", "252d713417e70acd421cc999731c17ac44006c41.hash.example.net",
		"b2dcd562695c272b005424a307c15c8f6fbf6ca9.hash.example.net",
	}
	for _, name := range want {
		if w.count(" "+name) != 1 {
			t.Errorf("%s was asked for %d times", name, w.count(" "+name))
		}
	}
	if got := len(w.asked) - probes; got != len(want) {
		t.Errorf("%d questions:\n%s", got, strings.Join(w.asked[probes:], "\n"))
	}
	if w.count("broken.example.dom.example.net") != 0 {
		t.Error("asked about a domain whose signature fails")
	}
}

func TestListedWhereverItStands(t *testing.T) {
	w := &world{zone: merged(points("ip.example.net", "dom.example.net"), dnstest.Zone{
		"7.113.0.203.ip.example.net":     *a("127.0.0.2"),
		"helo.example.dom.example.net":   *a("127.0.0.2"),
		"signed.example.dom.example.net": *a("127.0.0.2"),
		"1.2.0.192.wl.example.net":       *a("127.0.5.2"),
		"2.0.0.127.wl.example.net":       *a("127.0.0.2"),
		"reply.example.dom.example.net":  {A: []string{"127.0.0.2"}, TXT: []string{"see\r\n https://example.net/?q=\x00" + strings.Repeat("x", 300)}},
	})}
	f := start(t, w, only(
		Zone{Name: "ip", Zone: "ip.example.net", Lookup: []string{"client", "received"}},
		Zone{Name: "dom", Zone: "dom.example.net", Kind: kindDomain, TXT: &yes},
		Zone{Name: "good-list", Zone: "wl.example.net", Allow: &yes, Codes: map[string]string{"127.0.*.2": "MEDIUM"}},
	))
	r := check(t, f, everything())
	if got, want := summary(r), "RBL_IP_LISTED_RECEIVED DBL_DOM_LISTED DNSWL_GOOD_LIST_MEDIUM"; got != want {
		t.Fatalf("%q, want %q", got, want)
	}
	d := details(r, "DBL_DOM_LISTED")
	if len(d) != 3 || d[0] != "helo.example (helo) 127.0.0.2" || d[2] != "signed.example (dkim) 127.0.0.2" {
		t.Errorf("%q", d)
	}
	if !strings.HasPrefix(d[1], "reply.example (reply_to) 127.0.0.2 see https://example.net/") || len(d[1]) > 40+maxText {
		t.Errorf("text: %q", d[1])
	}
	for _, s := range r.Symbols {
		if s.Factor != 1 {
			t.Errorf("%s: factor %v", s.Name, s.Factor)
		}
	}
}

func TestOurOwnAreNotLookedUpByWhereTheyAre(t *testing.T) {
	for name, s := range map[string]mail.Session{
		"a user who has logged in":  {ClientIP: netip.MustParseAddr("192.0.2.1"), AuthUser: "alice"},
		"a local program":           {ClientIP: netip.MustParseAddr("192.0.2.1"), Local: true},
		"a listener for submission": {ClientIP: netip.MustParseAddr("192.0.2.1"), Profile: "outbound"},
		"a trusted network":         {ClientIP: netip.MustParseAddr("::ffff:198.51.100.1")},
	} {
		w := &world{zone: points("ip.example.net", "dom.example.net")}
		f := start(t, w, only(
			Zone{Name: "ip", Zone: "ip.example.net", Lookup: []string{"client", "received"}},
			Zone{Name: "dom", Zone: "dom.example.net", Kind: kindDomain}))
		m := everything()
		s.Helo, s.ClientName = m.Session.Helo, m.Session.ClientName
		m.Session = &s
		check(t, f, m)
		if w.count("192.ip.example.net") != 0 || w.count("203.ip.example.net") != 0 || w.count("helo.example.dom.example.net") != 0 || w.count("rdns.example.dom.example.net") != 0 {
			t.Errorf("%s: asked %v", name, w.asked)
		}
		if w.count(" reply.example.dom.example.net") != 1 {
			t.Errorf("%s: what the message says was not asked about", name)
		}
	}
}

func TestBehindARelayTheClientIsTheFirstHopThatIsNotOurs(t *testing.T) {
	received := func(ip string) mail.Field {
		return mail.Field{Name: "Received", Value: " from x.example (x.example [" + ip + "]) by mx2.example.net; date"}
	}
	for _, tt := range []struct{ name, client, hops, want string }{
		{"a stranger's own fields are hops", "192.0.2.1", "192.0.2.2 192.0.2.3", "1 client, 2 received, 3 received"},
		{"a relay is passed over", "198.51.100.200", "192.0.2.2 192.0.2.3", "2 client, 3 received"},
		{"a relay behind a relay", "198.51.100.200", "198.51.100.200 198.51.100.7 192.0.2.2", "2 client"},
		{"private addresses are nobody", "192.0.2.1", "10.0.0.1 fd00::1 127.0.0.1 192.0.2.2", "1 client, 2 received"},
		{"the client again", "192.0.2.1", "192.0.2.1 192.0.2.1", "1 client"},
		{"a private client", "10.0.0.1", "192.0.2.2", "2 received"},
		{"a relay with a message of its own", "198.51.100.200", "", ""},
	} {
		f := start(t, &world{zone: points("bl.example.net")}, only(ipZone))
		m := from4(tt.client)
		for _, ip := range strings.Fields(tt.hops) {
			m.Header = append(m.Header, received(ip))
		}
		var got []string
		for _, s := range f.subjects(m, nil) {
			got = append(got, strings.TrimPrefix(s.shown, "192.0.2.")+" "+s.roles.String())
		}
		if g := strings.Join(got, ", "); g != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, g, tt.want)
		}
	}
}

func TestWhatOneMessageMayAskIsBounded(t *testing.T) {
	w := &world{zone: points("ip.example.net", "dom.example.net")}
	f := start(t, w, only(
		Zone{Name: "ip", Zone: "ip.example.net", Lookup: []string{"client", "received"}},
		Zone{Name: "dom", Zone: "dom.example.net", Kind: kindDomain},
		Zone{Name: "hash", Zone: "hash.example.net", Kind: kindHash, Listed: noPoint}))
	awaitProbes(f)
	m := from4("192.0.2.1")
	var authors []string
	for i := range 60 {
		m.Header = append(m.Header, mail.Field{Name: "Received", Value: " from x ([203.0.113." + strings.Repeat("1", 1+i%3) + "]) by y"},
			mail.Field{Name: "Received", Value: " from x ([2001:4860::" + strings.Repeat("1", 1+i%4) + ":" + strings.Repeat("2", 1+i%3) + "]) by y"})
		authors = append(authors, "a@host"+strings.Repeat("x", i)+".example.org"+strings.Repeat("g", i%20))
	}
	m.Header = append(m.Header, mail.Field{Name: "From", Value: strings.Join(authors, ", ")})
	probes := len(w.asked)
	check(t, f, mail.New(*m))
	if n := w.count(".ip.example.net") - 4; n != 1+f.limits.hops {
		t.Errorf("%d addresses", n)
	}
	if n := w.count(".dom.example.net") - 3; n != f.limits.names {
		t.Errorf("%d domains", n)
	}
	if n := w.count(".hash.example.net") - 1; n != f.limits.names {
		t.Errorf("%d mailboxes", n)
	}
	t.Logf("%d questions", len(w.asked)-probes)
}

func TestIPv6IsAskedByNibbles(t *testing.T) {
	name := "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example.net"
	f := start(t, &world{zone: merged(points("bl.example.net"), dnstest.Zone{name: *a("127.0.0.2")})}, only(ipZone))
	if got := summary(check(t, f, from4("2001:db8::1"))); got != "RBL_BL_BAD" {
		t.Error(got)
	}
}

func TestMailboxesAreHashedAsTheListDoes(t *testing.T) {
	for in, want := range map[string]string{
		"Some.Body+tag@gmail.com":   "somebody@gmail.com",
		"some.body@googlemail.com":  "somebody@gmail.com",
		"Some.Body+a+b@example.org": "some.body@example.org",
		"+tag@example.org":          "+tag@example.org",
	} {
		local, domain, _ := strings.Cut(in, "@")
		if got := mailbox(local, domain); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	// The sums are those of sha1sum(1), sha256sum(1) and md5sum(1).
	for hash, want := range map[string]string{
		"sha1":   "33007e8d8f781cbb6b3c75f9d052fbc46203e632",
		"sha256": "8cca906d82fe1113735506b4d308074ec0db8983503f782bdc49daaad8ad85ae",
		"md5":    "41b6cae5ea4bd2638910686ca701d9f6",
	} {
		z := &zone{kind: kindHash, hash: hash}
		if got := z.label(subject{key: "somebody@gmail.com"}); got != want {
			t.Errorf("%s: %s, want %s", hash, got, want)
		}
	}
}

func TestReceivedFields(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"Postfix", " from helo (name.example [192.0.2.1])\r\n\tby mx.example (Postfix) with ESMTPS id 1 for <a@example.org>; date", "192.0.2.1"},
		{"Postfix by IPv6", " from helo (unknown [IPv6:2001:db8::1]) by mx.example; date", "2001:db8::1"},
		{"Exim", " from name.example ([192.0.2.1] helo=[198.51.100.9]) by mx.example with esmtp; date", "192.0.2.1"},
		{"Exim without a name", " from [192.0.2.1] (helo=name.example) by mx.example; date", "192.0.2.1"},
		{"qmail", " from unknown (HELO name) (192.0.2.1) by 0 with SMTP; date", "192.0.2.1"},
		{"Exchange", " from MAIL.example (2001:db8::1) by MX.example (2001:db8::2) with Microsoft SMTP", "2001:db8::1"},
		{"an address in HELO comes first and does not count", " from [198.51.100.9] (unknown [192.0.2.1]) by mx.example", "192.0.2.1"},
		{"upper case", " FROM x ([192.0.2.1]) BY mx", "192.0.2.1"},
		{"the receiver's own address is not the hop's", " from name.example by mx.example ([192.0.2.1]); date", ""},
		{"a local submission", " by mx.example (Postfix, from userid 1000) id 1; date", ""},
		{"nothing", "", ""},
		{"no address", " from a by b", ""},
		{"an address with a zone", " from a ([fe80::1%eth0]) by b", "fe80::1%eth0"},
		{"beyond the bound", " from " + strings.Repeat("x", maxReceivedSize) + " ([192.0.2.1]) by b", ""},
	} {
		got, ok := hopAddr(tt.value)
		if ok != (tt.want != "") || ok && got.String() != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, got, tt.want)
		}
	}
}
