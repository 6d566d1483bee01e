package gtube

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/shared"
	"github.com/postern-mail/postern/mail"
)

func found(t *testing.T, body mail.Body) bool {
	t.Helper()
	f, err := New(filters.Env{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := f.Check(context.Background(), mail.New(mail.Message{Body: body}))
	if err != nil {
		t.Fatal(err)
	}
	return len(res.Symbols) == 1 && res.Symbols[0].Name == Found
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       bool
	}{
		{"the line alone", text, true},
		{"the line among others", "Hello\r\n" + text + "\r\n", true},
		{"at the end of what is searched", strings.Repeat("x", maxBody-len(text)) + text, true},
		{"beyond what is searched", strings.Repeat("x", maxBody) + text, false},
		{"in lower case", strings.ToLower(text), false},
		{"cut short", text[:len(text)-1], false},
		{"no body", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := found(t, mail.BodyBytes([]byte(c.body))); got != c.want {
				t.Errorf("found %v", got)
			}
		})
	}
}

func TestMessagesOfAnotherFilter(t *testing.T) {
	for file, want := range map[string]bool{
		"spam/gtube.eml": true, "spam/gtubedcc.eml": true, "spam/gtubedcc_crlf.eml": true, "nice/not_gtube.eml": false,
	} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(shared.Dir(t, "conformance", "spamassassin", file))
			if err != nil {
				t.Fatal(err)
			}
			data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
			_, body, _ := bytes.Cut(data, []byte("\n\n"))
			if got := found(t, mail.BodyBytes(body)); got != want {
				t.Errorf("found %v", got)
			}
		})
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errors.New("disk is gone") }

func TestABodyThatCannotBeReadIsAnError(t *testing.T) {
	f, _ := New(filters.Env{})
	if _, err := f.Check(context.Background(), mail.New(mail.Message{Body: mail.BodyFile(broken{}, 10)})); err == nil {
		t.Error("no error")
	}
}
