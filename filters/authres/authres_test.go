package authres

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	results "github.com/postern-mail/postern/mail/authres"
)

func TestCheck(t *testing.T) {
	spf := []results.Result{{Method: "spf", Value: results.Pass, Props: []results.Prop{{Type: "smtp", Name: "mailfrom", Value: "a@example.net"}}}}
	insert := func(value string) mail.Edit {
		return mail.Edit{Kind: mail.EditInsert, Name: "Authentication-Results", Value: value}
	}
	remove := func(n int) mail.Edit {
		return mail.Edit{Kind: mail.EditRemove, Name: "Authentication-Results", N: n}
	}
	for _, c := range []struct {
		name    string
		session mail.Session
		header  mail.Header
		auth    []results.Result
		want    []mail.Edit
	}{
		{"ours comes to the top", mail.Session{}, mail.Header{{Name: "From", Value: " a@example.net"}}, spf,
			[]mail.Edit{insert("mx.example.org;\r\n\tspf=pass smtp.mailfrom=a@example.net")}},
		{"nothing checked is none", mail.Session{}, nil, nil, []mail.Edit{insert("mx.example.org; none")}},
		{"every field that claims our name goes, others stay", mail.Session{}, mail.Header{
			{Name: "Authentication-Results", Value: " mx.example.net; spf=pass"},
			{Name: "authentication-results", Value: " (x) MX.example.org. 1; spf=pass"},
			{Name: "ARC-Authentication-Results", Value: " i=1; mx.example.org; spf=pass"},
			{Name: "Authentication-Results ", Value: "\r\n\t\"mx.example.org\" 2; ("},
		}, spf, []mail.Edit{remove(2), remove(3), insert("mx.example.org;\r\n\tspf=pass smtp.mailfrom=a@example.net")}},
		{"a user of ours may not claim our name", mail.Session{AuthUser: "joe"}, mail.Header{
			{Name: "Authentication-Results", Value: " mx.example.org; dmarc=pass"},
		}, nil, []mail.Edit{remove(1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := New(filters.Env{AuthservID: "mx.example.org"})
			if err != nil {
				t.Fatal(err)
			}
			res, err := f.Check(context.Background(), mail.New(mail.Message{Session: &c.session, Header: c.header, Auth: c.auth}))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, res.Edits); d != "" {
				t.Errorf("edits, -want +got:\n%s", d)
			}
		})
	}
}

func TestANameIsNeeded(t *testing.T) {
	if _, err := New(filters.Env{}); err == nil {
		t.Error("made without an authserv-id")
	}
}
