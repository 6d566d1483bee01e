package verdicts

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// HeaderOptions say what is written into mail that is let in.
type HeaderOptions struct {
	SpamHeaders bool   // X-Spam-* on marked mail, as existing Sieve scripts expect them
	SubjectTag  string // put before the Subject of marked mail; "" for none
}

// ours are the names that only we may write: what a message brings of them is
// removed, since delivery rules trust them.
var ours = []string{
	"X-Postern-Action", "X-Postern-Score", "X-Postern-Symbols", "X-Postern-Id",
	"X-Spam-Flag", "X-Spam-Status", "X-Spam-Level",
}

// Edits are the changes to the header that a record asks for: ours are
// removed, then written anew. required is the score from which mail counts as
// spam, for X-Spam-Status.
func (r *Record) Edits(h mail.Header, o HeaderOptions, required float64) []mail.Edit {
	edits := remove(h, ours)
	applied := r.Mode.Applied(r.Action)
	add := func(name, value string) {
		edits = append(edits, mail.Edit{Kind: mail.EditInsert, Name: name, Value: value})
	}
	if applied == scoring.Mark || applied == scoring.Quarantine {
		if o.SpamHeaders {
			add("X-Spam-Level", strings.Repeat("*", max(0, min(int(r.Score), 50))))
			add("X-Spam-Status", r.spamStatus(required))
			add("X-Spam-Flag", "YES")
		}
		if o.SubjectTag != "" {
			edits = append(edits, tagSubject(h, o.SubjectTag))
		}
	}
	add("X-Postern-Id", r.ID)
	add("X-Postern-Symbols", fold(r.names()))
	add("X-Postern-Score", points(r.Score))
	add("X-Postern-Action", string(r.Action))
	return edits
}

func points(score float64) string { return strconv.FormatFloat(score, 'f', 2, 64) }

func (r *Record) spamStatus(required float64) string {
	return fmt.Sprintf("Yes, score=%.1f required=%.1f tests=%s", r.Score, required, fold(r.names()))
}

// names lists the symbols that weighed or acted, in the shadow or not, each
// once. Names are ours, not the mail's.
func (r *Record) names() []string {
	var names []string
	seen := map[string]bool{}
	for _, s := range r.Symbols {
		if !seen[s.Name] && !s.Shadow {
			seen[s.Name] = true
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return []string{"none"}
	}
	return names
}

// fold joins names with commas and breaks the line where it grows long.
func fold(names []string) string {
	var b strings.Builder
	line := 30 // room for the field's name
	for i, n := range names {
		if i > 0 {
			b.WriteByte(',')
			line++
			if line+len(n) > 76 {
				b.WriteString("\r\n\t")
				line = 8
			}
		}
		b.WriteString(n)
		line += len(n)
	}
	return b.String()
}

func tagSubject(h mail.Header, tag string) mail.Edit {
	old, ok := h.Get("Subject")
	if !ok {
		return mail.Edit{Kind: mail.EditAppend, Name: "Subject", Value: tag}
	}
	old = oneField(old)
	if strings.HasPrefix(old, tag) {
		tag = ""
	} else {
		tag += " "
	}
	return mail.Edit{Kind: mail.EditReplace, Name: "Subject", Value: tag + old, N: 1}
}

// controls are control characters, a fold (RFC 5322 section 2.2.3) being taken as one.
var controls = regexp.MustCompile("\r\n[ \t]|[\x00-\x08\x0a-\x1f\x7f]")

// oneField makes a value that came fit to be written again: folds stay, any
// other control character becomes a space.
func oneField(value string) string {
	return controls.ReplaceAllStringFunc(value, func(s string) string {
		if len(s) > 1 {
			return s
		}
		return " "
	})
}

// remove makes the edits that take every field with one of the names away.
func remove(h mail.Header, names []string) []mail.Edit {
	var edits []mail.Edit
	for _, name := range names {
		n := 0
		for _, f := range h {
			if f.Is(name) {
				n++
				edits = append(edits, mail.Edit{Kind: mail.EditRemove, Name: name, N: n})
			}
		}
	}
	return edits
}
