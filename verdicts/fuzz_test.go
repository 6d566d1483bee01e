package verdicts

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// lineEnd is what remains of line ends when folds are taken away.
var lineEnd = strings.NewReplacer("\r\n ", " ", "\r\n\t", "\t")

// fieldName is RFC 5322 section 2.2's.
var fieldName = regexp.MustCompile(`^[!-9;-~]+$`)

// FuzzRecord: whatever a message brings, the record is bounded JSON and the
// edits are whole fields.
func FuzzRecord(f *testing.F) {
	f.Add([]byte("Subject: hello\r\n\r\nbody"), "joe@example.net", "anna@example.org")
	f.Add([]byte("Subject: a\r\n\tb\x00\x1b\r\nX-Spam-Flag : NO\r\nx-postern-id: 1\r\n\r\n"), "", "\r\n")
	f.Add([]byte("From: a@b, c@d\nfrom: e\nSubject: =?utf-8?q?=0D=0ABcc:_x?=\n"), "\xff", strings.Repeat("é", 300))
	f.Fuzz(func(t *testing.T, raw []byte, from, rcpt string) {
		h, b := mail.Read(raw)
		// A header that did not come through a parser may hold bare line ends too.
		h = append(h, mail.Field{Name: "Subject", Value: string(raw)}, mail.Field{Name: from, Value: rcpt})
		m := mail.Message{Header: h, Body: b, Envelope: mail.Envelope{From: from, Rcpts: []string{rcpt}}, QueueID: rcpt, Session: &mail.Session{Helo: from, AuthUser: rcpt}}
		ev := scoring.Evidence{Symbols: []scoring.Symbol{scoring.Found("SPF_FAIL", from, rcpt)}}
		r := built(m, ev, enforce)
		text, err := json.Marshal(r)
		if err != nil || len(text) > 64<<10 {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
		for _, e := range r.Edits(h, HeaderOptions{SpamHeaders: true, SubjectTag: "[SPAM]"}, 6) {
			checkEdit(t, h, e)
		}
	})
}

func checkEdit(t *testing.T, h mail.Header, e mail.Edit) {
	t.Helper()
	if !fieldName.MatchString(e.Name) {
		t.Fatalf("the name %q", e.Name)
	}
	if strings.ContainsFunc(lineEnd.Replace(e.Value), func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		t.Fatalf("%s: %q", e.Name, e.Value)
	}
	if (e.Kind == mail.EditRemove || e.Kind == mail.EditReplace) && (e.N < 1 || e.N > h.Count(e.Name)) {
		t.Fatalf("%s: field %d of %d", e.Name, e.N, h.Count(e.Name))
	}
}
