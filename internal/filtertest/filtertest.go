// Package filtertest holds what the tests of filters share: a message from its
// text, the names of what was found, and the README's table of symbols.
package filtertest

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
)

// Now is the time at which Message is judged.
var Now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// Message makes a message that a stranger sends from its text, LF or CRLF.
func Message(text string) *mail.Message {
	h, b := mail.Read([]byte(text))
	return mail.New(mail.Message{
		Session:  &mail.Session{ClientIP: netip.MustParseAddr("192.0.2.1"), Profile: "inbound", MTAHost: "mx.example.org"},
		Envelope: mail.Envelope{From: "sender@example.net", Rcpts: []string{"anna@example.org"}},
		Now:      Now, Header: h, Body: b,
	})
}

// Check runs the filter and gives what it found, sorted: the symbol's name,
// and its factor in brackets where that is not 1.
func Check(t testing.TB, f filters.Filter, m *mail.Message) []string {
	t.Helper()
	res, err := f.Check(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range res.Symbols {
		if s.Factor < 1 {
			s.Name += fmt.Sprintf("(%g)", s.Factor)
		}
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names
}

// Documented fails the test unless README.md in the current folder has a row
// for every symbol of the kind, with group, score and meaning, and every
// symbol has its meaning.
func Documented(t *testing.T, kind filters.Kind) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range kind.Symbols {
		row := fmt.Sprintf("| %s | %s | %g | %s |", s.Name, s.Group, s.Score, s.Meaning)
		if s.Meaning == "" || !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks the row %q", row)
		}
	}
}

// Known fails the test when the result has a symbol that the kind does not
// announce, a symbol twice, or a factor out of bounds.
func Known(t testing.TB, kind filters.Kind, res filters.Result) {
	t.Helper()
	seen := map[string]bool{}
	for _, s := range res.Symbols {
		known := slices.ContainsFunc(kind.Symbols, func(d filters.SymbolDoc) bool { return d.Name == s.Name })
		if !known || seen[s.Name] || !(s.Factor >= 0 && s.Factor <= 1) {
			t.Errorf("symbol %+v: announced %v, seen before %v", s, known, seen[s.Name])
		}
		seen[s.Name] = true
	}
}
