package verdicts

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

func TestIDsSortByTimeAndAreUnique(t *testing.T) {
	form, seen := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{18}$`), map[string]bool{}
	var last string
	for _, at := range []time.Time{time.Unix(-5, 0), time.Unix(1, 0), day, day.Add(time.Millisecond), day.AddDate(10, 0, 0), day.AddDate(900, 0, 0)} {
		var same []string
		for range 500 {
			id := NewID(at)
			if !form.MatchString(id) || seen[id] {
				t.Fatalf("%q: malformed or seen before", id)
			}
			seen[id], same = true, append(same, id)
		}
		if first := slices.Min(same); first <= last {
			t.Errorf("%s: %q does not sort after %q", at, first, last)
		}
		last = slices.Max(same)
	}
}

func TestTextIsSafeForATerminal(t *testing.T) {
	evil := "\x1b[2J\r\nrow\tx\u202eevil\u200b\x00\x9b"
	ev := scoring.Evidence{
		Symbols: []scoring.Symbol{scoring.Found("SPF_FAIL", evil), scoring.Found("SHADOWED", evil)},
		Auth: []authres.Result{
			{Method: "spf", Value: "fail", Props: []authres.Prop{{Type: "smtp", Name: "helo", Value: evil}}},
			{Method: "dkim", Value: "fail", Reason: evil, Props: []authres.Prop{{Type: "header", Name: "d", Value: evil}, {Type: "header", Name: "s", Value: evil}}},
			{Method: "dmarc", Value: "fail", Props: authres.DMARC{Domain: evil, PolicyDomain: evil, Policy: evil}.Props()},
		},
		Checks: []scoring.Check{{Name: "rdns", Status: scoring.StatusError, Err: evil}},
	}
	p := *enforce
	p.Shadow = map[string]bool{"SHADOWED": true}
	r := built(mail.Message{
		Session: &mail.Session{ClientName: evil, Helo: evil}, Envelope: mail.Envelope{From: evil},
		Header: mail.Header{{Name: "From", Value: evil}, {Name: "Subject", Value: evil}},
	}, ev, &p)
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.String() {
		if c != '\n' && !unicode.IsPrint(c) {
			t.Fatalf("%q in\n%s", c, b.String())
		}
	}
	for _, want := range []string{"without it: accept at 0", "shadow", "not run", `\x1b[2J`, `\u202e`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain ünïcode 漢": "plain ünïcode 漢", "a\nb": `a\nb`, "\x00": `\x00`, "\u2028": `\u2028`, "\xff": "\uFFFD", `it's`: `it's`, "\u0085": `\u0085`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
