package dmarc

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
)

func TestWhatIsAskedAhead(t *testing.T) {
	for name, c := range map[string]struct {
		author string
		others []string
		want   string
	}{
		"the walk up":                {"a.example.org", nil, "a.example.org example.org org"},
		"a sibling":                  {"example.org", []string{"mail.EXAMPLE.org"}, "example.org org mail.example.org"},
		"strangers are left alone":   {"example.org", []string{"example.net", "x.example.com", "[192.0.2.1]", ""}, "example.org org"},
		"a long name, eight at most": {"1.2.3.4.5.6.7.8.9.example.org", nil, "1.2.3.4.5.6.7.8.9.example.org 5.6.7.8.9.example.org 6.7.8.9.example.org 7.8.9.example.org 8.9.example.org 9.example.org example.org org"},
		"one label":                  {"localhost", []string{"org", "localhost"}, "localhost"},
	} {
		if got := strings.Join(ahead(c.author, c.others), " "); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	var many []string
	for _, l := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		many = append(many, l+".example.org")
	}
	if n := len(ahead("example.org", many)); n != maxAhead {
		t.Errorf("%d names of a message that names many", n)
	}
}

// What Check asks was asked before, whoever signs.
func TestCheckAsksNothingNewAfterTheEarlyLook(t *testing.T) {
	for _, from := range []string{"a@example.org", "a@b.example.org", "a@c.b.example.net", "a@none.example"} {
		r := &dnstest.Resolver{Zone: zone}
		f := &filter{resolver: r}
		h, _ := mail.Read([]byte("DKIM-Signature: v=1; d=mail.example.org; s=x\r\nFrom: " + from + "\r\n\r\n"))
		m := mail.New(mail.Message{Session: &mail.Session{}, Envelope: mail.Envelope{From: "x@bounce.example.net"}, Header: h})
		if _, err := f.Early(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		asked := r.Asked()
		if len(asked) == 0 {
			t.Fatalf("%s: nothing was asked", from)
		}
		if _, err := f.Check(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		for _, q := range r.Asked()[len(asked):] {
			if !slices.Contains(asked, q) {
				t.Errorf("%s: %s was not asked ahead", from, q)
			}
		}
	}
	r := &dnstest.Resolver{Zone: zone}
	if _, err := (&filter{resolver: r}).Early(t.Context(), mail.New(mail.Message{Session: &mail.Session{}})); err != nil || len(r.Asked()) != 0 {
		t.Errorf("before the header: %v, %v", r.Asked(), err)
	}
}
