package milter

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/mail"
)

func TestSecondMessageKeepsTheClientAndNothingElse(t *testing.T) {
	h := &script{answers: []mail.Stage{mail.StageRcpt}, refuse: map[string]Reply{"rcpt bad@example.net": {550, "5.7.1", "no"}}}
	s := serve(t, Config{Profile: "inbound"}, h)
	c := miltertest.Open(t, s.Addr())
	c.Macros('M', "i", "", "{auth_authen}", "alice")
	first := good
	first.Args = []string{"SIZE=300", "BODY=8BITMIME"}
	first.Rcpts = []string{"b@example.net", "bad@example.net", "c@example.net"}
	c.Deliver(first)
	c.Macros('M')
	c.Mail("<>")
	c.Rcpt("<\"<d>\"@example.net>", "NOTIFY=NEVER")
	c.Macros('E', "i", "4F00")
	c.Header("X", " y")
	c.EndHeader()
	c.End("late\r\n")

	m, body := h.message(0)
	if m.Session.AuthUser != "alice" || body != "text\r\n" || m.QueueID != "" {
		t.Errorf("first message: %+v body %q queue id %q", m.Session, body, m.QueueID)
	}
	if d := cmp.Diff(mail.Envelope{From: "a@example.org", FromArgs: []string{"SIZE=300", "BODY=8BITMIME"}, Rcpts: []string{"b@example.net", "c@example.net"}}, m.Envelope); d != "" {
		t.Error(d)
	}
	m, body = h.message(1)
	if d := cmp.Diff(mail.Envelope{From: "", FromArgs: []string{}, Rcpts: []string{`"<d>"@example.net`}}, m.Envelope); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(mail.Header{{Name: "X", Value: " y"}}, m.Header); d != "" {
		t.Error(d)
	}
	c2 := m.Session
	if c2.ClientIP.String() != "192.0.2.1" || c2.ClientPort != 25000 || c2.ClientName != "client.example.org" || c2.Helo != "client.example.org" ||
		c2.AuthUser != "" || c2.MTAHost != "mx.example.org" || c2.Local || c2.Profile != "inbound" || c2.ID == "" {
		t.Errorf("second message's session: %+v", c2)
	}
	if body != "late\r\n" || m.QueueID != "4F00" {
		t.Errorf("second message: body %q queue id %q", body, m.QueueID)
	}
}

func TestAbortedMessagesLeaveNothingBehind(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(c *miltertest.Client)
		want []string
	}{
		{"by an abort", func(c *miltertest.Client) { c.Send('A', "") }, []string{"abort"}},
		{"by an abort while the body comes", func(c *miltertest.Client) {
			c.Header("Old", " x")
			c.EndHeader()
			c.Body("old")
			c.Send('A', "")
		}, []string{"abort"}},
		{"by a new HELO and the abort after it, as Postfix does", func(c *miltertest.Client) {
			c.Macros('H', "{tls_version}", "TLSv1.3", "{cipher}", "AES")
			c.Helo("again.example.org")
			c.Send('A', "")
			c.Send('A', "")
		}, []string{"abort", "helo again.example.org TLSv1.3 AES"}},
		{"by a new MAIL alone", func(c *miltertest.Client) { c.Header("Old", " x") }, []string{"abort"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &script{}
			c := miltertest.Open(t, serve(t, Config{}, h).Addr())
			c.Macros('M', "i", "OLD", "{auth_authen}", "mallory")
			c.Mail("<old@example.org>")
			c.Rcpt("<old@example.net>")
			tt.end(c)
			c.Deliver(good)
			m, body := h.message(0)
			if m.Envelope.From != "a@example.org" || len(m.Envelope.Rcpts) != 1 || len(m.Header) != 2 || body != good.Body ||
				m.QueueID != "" || m.Session.AuthUser != "" {
				t.Errorf("something stayed: %+v %+v %q", m, m.Session, body)
			}
			events := h.told()[4:]
			if got := events[:len(tt.want)]; !slices.Equal(got, tt.want) {
				t.Errorf("told %q, want %q first", events, tt.want)
			}
		})
	}
}

func TestSessionIsWhatTheMTASays(t *testing.T) {
	six, four, self := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("127.0.0.1")
	for _, tt := range []struct {
		name   string
		macros []string
		host   string
		family byte
		port   uint16
		addr   string
		want   mail.Session
	}{
		{"ipv6 with the prefix of RFC 5321", nil, "x.example.org", '6', 1, "IPv6:2001:db8::1", mail.Session{ClientIP: six, ClientName: "x.example.org"}},
		{"ipv6 without it, and no name", []string{"{client_ptr}", "ptr.example.org"}, "[2001:db8::1]", '6', 1, "2001:db8::1", mail.Session{ClientIP: six, ClientPTR: "ptr.example.org"}},
		{"ipv6 with a zone", nil, "unknown", '6', 1, "2001:db8::1%eth0", mail.Session{ClientIP: six}},
		{"macro names without braces", []string{"client_ptr", "unknown", "{j}", "mx"}, "UNKNOWN", '6', 1, "2001:db8::1", mail.Session{ClientIP: six, MTAHost: "mx"}},
		{"ipv4 mapped into ipv6", nil, "unknown", '6', 1, "::ffff:192.0.2.1", mail.Session{ClientIP: four}},
		{"an address that is none", nil, "unknown", '4', 1, "nonsense", mail.Session{}},
		{"no client but cleanup(8)", nil, "localhost", '4', 0, "127.0.0.1", mail.Session{ClientIP: self, ClientName: "localhost", Local: true}},
		{"a unix socket", nil, "localhost", 'L', 0, "/run/x", mail.Session{ClientName: "localhost", Local: true}},
		{"an unknown family", nil, "localhost", 'U', 0, "", mail.Session{ClientName: "localhost", Local: true}},
		{"a client at localhost", nil, "localhost", '4', 1, "127.0.0.1", mail.Session{ClientIP: self, ClientName: "localhost"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &script{}
			c := miltertest.Dial(t, serve(t, Config{}, h).Addr())
			c.Negotiate(miltertest.Version, miltertest.Actions, miltertest.Protocol)
			c.Macros('C', tt.macros...)
			c.Connect(tt.host, tt.family, tt.port, tt.addr)
			c.Deliver(good)
			m, _ := h.message(0)
			got := *m.Session
			if got.ClientIP != tt.want.ClientIP {
				t.Errorf("client %v, want %v", got.ClientIP, tt.want.ClientIP)
			}
			if got.ClientName != tt.want.ClientName || got.ClientPTR != tt.want.ClientPTR || got.MTAHost != tt.want.MTAHost || got.Local != tt.want.Local {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestLocalMailIsNeverRefusedBeforeItsEnd(t *testing.T) {
	no := Reply{550, "5.7.1", "no"}
	h := &script{answers: allStages, refuse: map[string]Reply{
		"connect 127.0.0.1": no, "helo localhost": no, "mail a@example.org": no, "rcpt b@example.net": no,
	}}
	c := miltertest.Dial(t, serve(t, Config{}, h).Addr())
	c.Negotiate(miltertest.Version, miltertest.Actions, miltertest.Protocol)
	replies := []miltertest.Packet{c.Connect("localhost", '4', 0, "127.0.0.1"), c.Helo("localhost"), c.Mail("a@example.org"), c.Rcpt("b@example.net")}
	for i, p := range replies {
		if p.Code != 'c' {
			t.Errorf("stage %d: %q", i+1, p)
		}
	}
	c.EndHeader()
	c.End("")
	if m, _ := h.message(0); len(m.Envelope.Rcpts) != 1 || m.Envelope.From != "a@example.org" {
		t.Errorf("%+v", m.Envelope)
	}
}

func TestEarlyRefusalsReachTheClient(t *testing.T) {
	h := &script{answers: allStages, refuse: map[string]Reply{
		"connect 198.51.100.1": {554, "5.7.1", "100% no"}, "helo bad": {550, "5.7.1", "no"},
		"mail bad@example.org": {451, "4.7.1", "later"}, "rcpt bad@example.net": {550, "5.1.1", "no"},
	}}
	s := serve(t, Config{}, h)
	c := miltertest.Dial(t, s.Addr())
	c.Negotiate(miltertest.Version, miltertest.Actions, miltertest.Protocol)
	if p := c.Connect("x", '4', 1, "198.51.100.1"); p.Code != 'y' || p.Data != "554 5.7.1 100%% no\x00" {
		t.Errorf("connect: %q", p)
	}
	c = miltertest.Open(t, s.Addr())
	if p := c.Helo("bad"); p.Code != 'y' || p.Data != "550 5.7.1 no\x00" {
		t.Errorf("helo: %q", p)
	}
	if p := c.Mail("<bad@example.org>"); p.Code != 'y' || p.Data != "451 4.7.1 later\x00" {
		t.Errorf("mail: %q", p)
	}
	if r := c.Deliver(good); r.Final.Code != 'c' {
		t.Errorf("the next message: %+v", r)
	}
	c.Mail("<a@example.org>")
	if p := c.Rcpt("<bad@example.net>"); p.Code != 'y' || p.Data != "550 5.1.1 no\x00" {
		t.Errorf("rcpt: %q", p)
	}
}

func TestHeaderComesAsItIs(t *testing.T) {
	h := &script{}
	s := serve(t, Config{}, h)
	fields := [][2]string{
		{"X-B", "none"}, {"x-a", " one\n two"}, {"X-B", "  two"}, {"From ", "\ttab"}, {"Nul", " a\x00b"}, {"Empty", ""},
		{"Cr", " a\r\n b\rc\n\td"}, {"", " no name"}, {"Raw", " \xff\xe4"},
	}
	want := mail.Header{
		{Name: "X-B", Value: "none"}, {Name: "x-a", Value: " one\r\n two"}, {Name: "X-B", Value: "  two"}, {Name: "From ", Value: "\ttab"},
		{Name: "Nul", Value: " a\x00b"}, {Name: "Empty", Value: ""}, {Name: "Cr", Value: " a\r\n b\rc\r\n\td"},
		{Name: "", Value: " no name"}, {Name: "Raw", Value: " \xff\xe4"},
	}
	c := miltertest.Open(t, s.Addr())
	c.Deliver(miltertest.Message{Header: fields})
	m, _ := h.message(0)
	if d := cmp.Diff(want, m.Header); d != "" {
		t.Error(d)
	}

	t.Run("and gets back the space that an old MTA eats", func(t *testing.T) {
		c := miltertest.Dial(t, s.Addr())
		c.Negotiate(6, miltertest.Actions, 0)
		c.Connect("x", '4', 1, "192.0.2.1")
		c.Deliver(miltertest.Message{Header: [][2]string{{"A", "one"}, {"B", "\ttwo"}, {"C", " three"}}})
		m, _ := h.message(1)
		if d := cmp.Diff(mail.Header{{Name: "A", Value: " one"}, {Name: "B", Value: "\ttwo"}, {Name: "C", Value: "  three"}}, m.Header); d != "" {
			t.Error(d)
		}
	})
}

func TestPanicsCostTheMessageATempfail(t *testing.T) {
	h := &script{decide: func(context.Context, *mail.Message) Decision { panic("oops") }}
	s := serve(t, Config{}, h)
	c := miltertest.Open(t, s.Addr())
	for range 2 {
		if r := c.Deliver(good); r.Final.Code != 'y' || r.Final.Data[:9] != "451 4.3.0" {
			t.Errorf("%+v", r)
		}
	}
	c.Send('Q', "")
	gone(t, c)
	events := h.told()
	if n := strings.Count(strings.Join(events, " "), "message"); n != 1 || events[len(events)-1] != "close" {
		t.Errorf("told %q", events)
	}
	if !strings.Contains(s.log.String(), "oops") {
		t.Error("the log does not name the panic")
	}
}

func TestTheConnectionServesTheNextClient(t *testing.T) {
	h := &script{}
	c := miltertest.Open(t, serve(t, Config{}, h).Addr())
	c.Deliver(good)
	c.Send('K', "")
	c.Connect("other.example.org", '4', 1, "198.51.100.7")
	c.Deliver(good)
	c.Send('Q', "")
	gone(t, c)
	want := []string{
		"connect 192.0.2.1", "helo client.example.org", "mail a@example.org", "rcpt b@example.net", "message", "close",
		"connect 198.51.100.7", "mail a@example.org", "rcpt b@example.net", "message", "close",
	}
	if d := cmp.Diff(want, h.told()); d != "" {
		t.Error(d)
	}
	if m, _ := h.message(1); m.Session.MTAHost != "" || m.Session.Helo != "" {
		t.Errorf("%+v", m.Session)
	}
}
