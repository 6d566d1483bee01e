package submission

import (
	"context"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
)

func TestCheck(t *testing.T) {
	f, err := Kind.New(filters.Env{Config: &Config{MayWriteAs: map[string][]string{
		"Desk@example.org": {"info@example.org"}, "robot@example.org": {"@example.org"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, login, mailFrom, from string
		forged                      bool
	}{
		{"the user's own address", "anna@example.org", "anna@example.org", "Anna <Anna@Example.org>", false},
		{"a colleague's address", "anna@example.org", "anna@example.org", "Boss <boss@example.org>", true},
		{"case makes no difference", "ANNA@example.org", "anna@EXAMPLE.org", "<boss@example.ORG>", true},
		{"one of two authors is a colleague", "anna@example.org", "anna@example.org", "anna@example.org, boss@example.org", true},
		{"another domain is DMARC's matter", "anna@example.org", "anna@example.org", "anna@example.net", false},
		{"a robot's bounce address", "app@example.org", "bounce-1@example.org", "news@example.org", false},
		{"a login that is no address", "anna", "anna@example.org", "boss@example.org", false},
		{"a stranger", "", "", "boss@example.org", false},
		{"a listed address", "desk@example.org", "desk@example.org", "info@example.org", false},
		{"an address that is not listed", "desk@example.org", "desk@example.org", "boss@example.org", true},
		{"a whole domain is listed", "robot@example.org", "robot@example.org", "boss@example.org", false},
		{"no author at all", "anna@example.org", "anna@example.org", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mail.New(mail.Message{
				Session: &mail.Session{AuthUser: c.login}, Envelope: mail.Envelope{From: c.mailFrom},
				Header: mail.Header{{Name: "From", Value: " " + c.from}},
			})
			r, err := f.Check(context.Background(), m)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(r.Symbols) == 1 && r.Symbols[0].Name == Forged; got != c.forged {
				t.Errorf("forged is %v, want %v: %+v", got, c.forged, r.Symbols)
			}
		})
	}
}
