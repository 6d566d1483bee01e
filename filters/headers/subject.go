package headers

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/mime"
)

// maxSubject bounds what is read of the Subject, in bytes.
const maxSubject = 4096

// subject looks at how the subject is written, not at what it says.
func (c *check) subject() {
	raw := c.first("subject")
	raw = raw[:min(len(raw), maxSubject)]
	c.encodedWords(raw)
	if raw == "" {
		return
	}
	s := mime.DecodeWords(raw)
	if shouted(s) {
		c.Note(subjectCaps, 1, "")
	}
	if marked(s) {
		c.Note(subjectMarks, 1, "")
	}
	if i := strings.Index(strings.TrimSpace(s), strings.Repeat(" ", gap)); i >= 0 {
		c.Note(subjectGap, 1, "")
	}
	if spelt(s) {
		c.Note(subjectSpaced, 1, "")
	}
	if isReply(s) && !c.has("in-reply-to", "references") {
		c.Note(subjectReply, 1, "")
	}
	if i := strings.IndexFunc(s, unseen); i >= 0 {
		c.Note(subjectInvisible, 1, "")
	}
	if i := strings.IndexFunc(s, styled); i >= 0 {
		c.Note(subjectStyled, 1, "")
	}
	c.addressed(s)
}

// gap is how many blanks make a wide gap.
const gap = 6

// The least letters for a subject to be said to shout, beyond "RE: FYI".
const minCaps = 10

func shouted(s string) bool {
	upper := 0
	for _, r := range s {
		switch {
		case unicode.IsLower(r):
			return false
		case unicode.IsUpper(r):
			upper++
		}
	}
	return upper >= minCaps && strings.ContainsRune(strings.TrimSpace(s), ' ')
}

// marked tells of two exclamation marks in a row, or three in all, and of
// dollars likewise. Who asks in earnest writes "???" too.
func marked(s string) bool {
	for _, m := range []string{"!", "$"} {
		if strings.Contains(s, m+m) || strings.Count(s, m) >= 3 {
			return true
		}
	}
	return strings.Contains(s, "?!") || strings.Contains(s, "***")
}

// minSpelt is how many single letters in a row spell a word.
const minSpelt = 5

// spelt tells of single letters in a row, parted by blanks or punctuation.
func spelt(s string) bool {
	run, inWord := 0, 0
	flush := func() bool {
		if inWord == 1 {
			run++
		} else if inWord > 1 {
			run = 0
		}
		inWord = 0
		return run >= minSpelt
	}
	for _, r := range s {
		if unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek) {
			inWord++
			continue
		}
		if flush() {
			return true
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			run = 0
		}
	}
	return flush()
}

// replies are how mail programs begin the subject of a reply.
var replies = []string{"re:", "aw:", "sv:", "antw:", "回复:", "回复：", "答复:", "答复：", "回覆:", "回覆："}

func isReply(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s[:min(len(s), 40)]))
	return slices.ContainsFunc(replies, func(p string) bool { return strings.HasPrefix(s, p) })
}

// unseen are characters that no language needs in one line: zero-width space,
// word joiner, byte order mark, soft hyphen, direction marks and overrides,
// fillers, tags. Joiners and variation selectors belong to scripts and emoji.
func unseen(r rune) bool {
	switch {
	case r == 0xad, r == 0x34f, r == 0x200b, r == 0x2060, r == 0xfeff, r == 0x3164, r == 0xffa0, r == 0x115f, r == 0x1160:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2061 && r <= 0x206f:
		return true
	}
	return false
}

// styled are signs that look like letters of the alphabet in another type:
// mathematical alphanumerics and squared or circled capitals, flags left out.
func styled(r rune) bool {
	return r >= 0x1d400 && r <= 0x1d7ff || r >= 0x1f130 && r <= 0x1f189 || r >= 0x24b6 && r <= 0x24e9
}

// addressed notes a recipient's address in the subject.
func (c *check) addressed(s string) {
	s = strings.ToLower(s)
	if !strings.Contains(s, "@") || c.msg.Envelope.From == "" { // bounces name whom they did not reach
		return
	}
	rcpts := slices.Clone(c.msg.Envelope.Rcpts[:min(len(c.msg.Envelope.Rcpts), maxRcpts)])
	for _, a := range mail.ParseAuthor(mail.Header{{Name: "From", Value: c.first("to")}}).Addresses {
		rcpts = append(rcpts, a.String())
	}
	for _, r := range rcpts {
		if strings.Contains(r, "@") && utf8.RuneCountInString(r) > 5 && strings.Contains(s, strings.ToLower(r)) {
			c.Note(subjectAddress, 1, r)
			return
		}
	}
}

// maxRcpts bounds the recipients that are looked for.
const maxRcpts = 50
