package app_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/app"
	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/test/world"
)

// distant is a list of addresses and one of domains beside those that are on by default.
const distant = `[
  {name: own, zone: bl.world.example, kind: ip, lookup: [client, received], codes: {127.0.0.2: LISTED}},
  {name: dom, zone: dbl.world.example, kind: domain, lookup: [helo, rdns, envelope, from, reply_to, dkim, url], codes: {127.0.0.2: LISTED}}]`

// dialogue are questions that have been asked when RCPT TO was answered by a client which took
// its time, the last ones of their chains.
var dialogue = []string{
	"A mail.good.example", "TXT good.example", "A 10.2.0.192.bl.world.example", "A 10.2.0.192.bl.spamcop.net",
	"A 10.2.0.192.psbl.surriel.com", "A 10.2.0.192.list.dnswl.org",
	"A mail.good.example.dbl.world.example", "A good.example.dbl.world.example",
}

// serveAll starts a daemon with all filters that asks the server for everything.
func serveAll(t *testing.T, srv *dnstest.Server) *app.App {
	t.Helper()
	keys := map[string]string{
		"hostname": world.Hostname, "admin.listen": "", "dns.servers": srv.Addr, "dns.timeout": "20s",
		"limits.filter": "50s", "limits.total": "55s", "filters.dnsbl.zones": distant,
		"listeners": "[{name: inbound, milter: 'unix:" + filepath.Join(t.TempDir(), "s") + "'}]",
	}
	load := func() (*config.Config, error) {
		return config.Load(config.Options{Flags: keys, Sections: app.Sections(all.Kinds)})
	}
	a, err := app.New(app.Options{Kinds: all.Kinds, Load: load, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return a
}

// await waits until the server was asked what the test waits for.
func await(t *testing.T, srv *dnstest.Server, what string, arrived func(asked []string) bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !arrived(srv.Asked()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: the server was asked %d questions only:\n%s", what, len(srv.Asked()), strings.Join(srv.Asked(), "\n"))
		}
	}
}

// letterOf is what a client at good.example sends: signed twice, with links, and Reply-To elsewhere.
func letterOf(t *testing.T, keys *world.Keys) miltertest.Message {
	t.Helper()
	raw := []byte("From: Gwen <gwen@good.example>\r\nTo: anna@here.example\r\nReply-To: desk@shop.example\r\nSubject: Friday\r\n" +
		"Date: " + time.Now().Format(time.RFC1123Z) + "\r\nMessage-ID: <1@good.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n\r\nSee https://www.one.example/ and https://two.example/path on Friday.\r\n")
	for domain, algorithm := range map[string]string{"good.example": world.RSA, "news.example": world.Ed25519} {
		var err error
		if raw, err = keys.Sign(raw, domain, algorithm); err != nil {
			t.Fatal(err)
		}
	}
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	m := miltertest.Message{From: "gwen@good.example", Rcpts: []string{"anna@here.example"}, Body: body}
	for _, field := range strings.Split(strings.ReplaceAll(head, "\r\n ", "\n "), "\r\n") {
		name, value, _ := strings.Cut(strings.ReplaceAll(field, "\r\n\t", "\n\t"), ":")
		m.Header = append(m.Header, [2]string{name, value})
	}
	return m
}

// talk takes a client up to RCPT TO.
func talk(t *testing.T, a *app.App, m miltertest.Message) *miltertest.Client {
	t.Helper()
	c := miltertest.Dial(t, a.MilterAddrs()[0])
	c.Negotiate(miltertest.Version, miltertest.Actions, miltertest.Protocol)
	c.Macros('C', "j", world.Hostname)
	c.Connect("mail.good.example", '4', 25000, "192.0.2.10")
	c.Helo("mail.good.example")
	c.Mail("<" + m.From + ">")
	c.Rcpt("<" + m.Rcpts[0] + ">")
	return c
}

// finish sends the message and gives what the daemon wants, in text.
func finish(c *miltertest.Client, m miltertest.Message) string {
	for _, f := range m.Header {
		c.Header(f[0], f[1])
	}
	c.EndHeader()
	c.Body(m.Body)
	return fmt.Sprintf("%q", c.End("").Final)
}

// However far away the name server is, the end of a message waits for one round trip, if the
// client took the time of one or two for its greeting, sender and recipient: all questions that
// are left are under way before any of them is answered. With a warm cache none is asked.
func TestTheEndOfAMessageTakesOneRoundTripOfARealServer(t *testing.T) {
	keys, err := world.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	zone := keys.Zone()
	for _, list := range []string{"bl.world.example", "dbl.world.example"} {
		zone["2.0.0.127."+list] = dnstest.Node{A: []string{"127.0.0.2"}}
		zone["test."+list] = dnstest.Node{A: []string{"127.0.0.2"}}
	}
	m := letterOf(t, keys)

	near := dnstest.Serve(t, zone)
	c := talk(t, serveAll(t, near), m)
	want := finish(c, m)
	all := near.Asked()

	far := dnstest.Serve(t, zone)
	a := serveAll(t, far)
	c = talk(t, a, m)
	await(t, far, "dialogue", func(asked []string) bool {
		return !slices.ContainsFunc(dialogue, func(q string) bool { return !slices.Contains(asked, q) })
	})
	before := len(far.Asked())
	answer := make(chan struct{})
	far.Fault("*", dnstest.Fault{Gate: answer})
	got := make(chan string)
	go func() { got <- finish(c, m) }()
	await(t, far, "end of message", func(asked []string) bool { return len(asked) >= len(all) })
	close(answer)
	if g := <-got; g != want {
		t.Errorf("%s, near the server %s", g, want)
	}
	if n := len(far.Asked()); n != len(all) {
		t.Errorf("%d questions, %d near the server; the last: %s", n, len(all), far.Asked()[n-1])
	}
	t.Logf("%d questions in the dialogue, %d at the end, all of these before the first answer:\n%s",
		before, len(all)-before, strings.Join(far.Asked()[before:], "\n"))

	asked := len(far.Asked())
	c = talk(t, a, m)
	if g := finish(c, m); g != want {
		t.Errorf("again: %s", g)
	}
	if more := far.Asked()[asked:]; len(more) != 0 {
		t.Errorf("with a warm cache it was asked %s", more)
	}
}
