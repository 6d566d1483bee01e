package verdicts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

func written(edits []mail.Edit) []string {
	var out []string
	for _, e := range edits {
		if e.Kind == mail.EditInsert || e.Kind == mail.EditAppend {
			out = append(out, e.Name+": "+e.Value)
		}
	}
	return out
}

func TestOursAreRemovedInWhateverSpelling(t *testing.T) {
	h := mail.Header{
		{Name: "x-SPAM-flag", Value: " NO"}, {Name: "Subject", Value: " x"}, {Name: "X-Spam-Flag", Value: " NO"},
		{Name: "X-POSTERN-ACTION \t", Value: " accept"}, {Name: "X-Postern-Id", Value: " 1"}, {Name: "X-Postern-Other", Value: " stays"},
		{Name: "X-Spam-Level", Value: ""}, {Name: "X-Spam-Status", Value: " No"}, {Name: "X-Postern-Score", Value: " -9"}, {Name: "X-Postern-Symbols", Value: " A"},
	}
	var got []string
	for _, e := range built(mail.Message{Header: h}, scoring.Evidence{}, enforce).Edits(h, HeaderOptions{}, 6) {
		if e.Kind == mail.EditRemove {
			got = append(got, fmt.Sprintf("%s/%d", e.Name, e.N))
		}
	}
	want := []string{"X-Postern-Action/1", "X-Postern-Score/1", "X-Postern-Symbols/1", "X-Postern-Id/1", "X-Spam-Flag/1", "X-Spam-Flag/2", "X-Spam-Status/1", "X-Spam-Level/1"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestEditsByAction(t *testing.T) {
	o := HeaderOptions{SpamHeaders: true}
	clean := []string{"X-Postern-Id: 0123456789abcdefgh", "X-Postern-Symbols: none", "X-Postern-Score: 0.00", "X-Postern-Action: accept"}
	marked := []string{
		"X-Spam-Level: *******", "X-Spam-Status: Yes, score=7.0 required=6.0 tests=SPF_FAIL", "X-Spam-Flag: YES",
		"X-Postern-Id: 0123456789abcdefgh", "X-Postern-Symbols: SPF_FAIL", "X-Postern-Score: 7.00", "X-Postern-Action: mark",
	}
	if got := written(built(mail.Message{}, scoring.Evidence{}, enforce).Edits(nil, o, 6)); !slices.Equal(got, clean) {
		t.Errorf("clean: %q", got)
	}
	if got := written(built(mail.Message{}, found("SPF_FAIL"), enforce).Edits(nil, o, 6)); !slices.Equal(got, marked) {
		t.Errorf("marked: %q", got)
	}
	if got := written(built(mail.Message{}, found("SPF_FAIL"), enforce).Edits(nil, HeaderOptions{}, 6)); !slices.Equal(got, marked[3:]) {
		t.Errorf("marked without X-Spam-*: %q", got)
	}
	p := *enforce
	p.Mode = scoring.MarkAll
	got := written(built(mail.Message{}, found("GTUBE"), &p).Edits(nil, o, 6))
	if !slices.Contains(got, "X-Spam-Flag: YES") || !slices.Contains(got, "X-Postern-Action: reject") || got[0] != "X-Spam-Level: "+strings.Repeat("*", 50) {
		t.Errorf("a reject in mark mode: %q", got)
	}
}

func TestSubjectIsTaggedOnce(t *testing.T) {
	for _, c := range []struct {
		name, old, want string
	}{
		{"the tag goes before the text", " Hello", "[SPAM] Hello"},
		{"a tag that is there stays alone", " [SPAM] Hello", "[SPAM] Hello"},
		{"folds stay", " Hello\r\n world", "[SPAM] Hello\r\n world"},
		{"control characters do not", " He\x00l\rl\no\x1b", "[SPAM] He l l o "},
		{"a line end that folds nothing does not", " a\r\nBcc: x@example.net", "[SPAM] a  Bcc: x@example.net"},
	} {
		h := mail.Header{{Name: "SUBJECT", Value: c.old}}
		edits := built(mail.Message{Header: h}, found("SPF_FAIL"), enforce).Edits(h, HeaderOptions{SubjectTag: "[SPAM]"}, 6)
		i := slices.IndexFunc(edits, func(e mail.Edit) bool { return e.Name == "Subject" })
		if i < 0 || edits[i].Value != c.want || edits[i].Kind != mail.EditReplace || edits[i].N != 1 {
			t.Errorf("%s: %+v", c.name, edits)
		}
	}
	edits := built(mail.Message{}, found("SPF_FAIL"), enforce).Edits(nil, HeaderOptions{SubjectTag: "[SPAM]"}, 6)
	if !slices.Contains(edits, mail.Edit{Kind: mail.EditAppend, Name: "Subject", Value: "[SPAM]"}) {
		t.Errorf("a message without Subject: %+v", edits)
	}
}

func TestLongListsOfSymbolsAreFolded(t *testing.T) {
	var ev scoring.Evidence
	for i := range 60 {
		ev.Symbols = append(ev.Symbols, scoring.Found(fmt.Sprintf("A_SYMBOL_OF_ORDINARY_LENGTH_%d", i)))
	}
	for _, line := range strings.Split(strings.Join(written(built(mail.Message{}, ev, enforce).Edits(nil, HeaderOptions{SpamHeaders: true}, 6)), "\r\n"), "\r\n") {
		if len(line) > 78 { // RFC 5322 section 2.1.1
			t.Errorf("%d characters: %s", len(line), line)
		}
	}
}

func TestReplies(t *testing.T) {
	h := mail.Header{{Name: "From", Value: " secret@author.example.org"}, {Name: "Subject", Value: " secret%s"}}
	for _, c := range []struct {
		symbols []string
		action  scoring.Action
		want    string
	}{
		{[]string{"GTUBE"}, scoring.Reject, "550 5.7.1 message refused: it looks like spam or abuse (id 0123456789abcdefgh)"},
		{[]string{"DMARC_FAIL_REJECT"}, scoring.Reject, "550 5.7.26 message refused: not authenticated as the author's domain demands (id 0123456789abcdefgh)"},
		{[]string{"SPF_FAIL"}, scoring.Reject, "550 5.7.23 message refused: the sender's domain does not permit this client (id 0123456789abcdefgh)"},
		{[]string{"GTUBE"}, scoring.Greylist, "451 4.7.1 try again in a few minutes (id 0123456789abcdefgh)"},
		{[]string{"GTUBE"}, scoring.Tempfail, "451 4.7.1 not now, try again later (id 0123456789abcdefgh)"},
		{nil, scoring.Accept, ""}, {nil, scoring.Mark, ""}, {nil, scoring.Quarantine, ""}, {nil, scoring.Discard, ""},
	} {
		m := mail.Message{Header: h, Envelope: mail.Envelope{From: "secret@example.net", Rcpts: []string{"secret@example.org"}}}
		reply, ok := built(m, found(c.symbols...), enforce).ReplyTo(c.action)
		if ok != (c.want != "") || ok && reply.String() != c.want {
			t.Errorf("%v %s: %q", c.symbols, c.action, reply)
		}
		if strings.Contains(reply.Text, "secret") {
			t.Errorf("something of the mail in %q", reply.Text)
		}
	}
}
