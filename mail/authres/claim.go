package authres

import (
	"strings"

	"golang.org/x/net/idna"
)

// Claims tells whether an Authentication-Results field claims to be ours: to
// have been written under the authserv-id given. Such a field must go before
// ours comes (RFC 8601 section 5), whatever the case, version, quotes or
// comments; "example.org", "EXAMPLE.ORG." and an A-label or U-label of the
// same name are one id.
//
// A field that follows the grammar claims the id that stands in it and no
// other. One that does not may be read in many ways: it claims every name in
// it that is not the value of a property. The time is linear in len(value).
func Claims(value, id string) bool {
	id = canonicalID(id)
	l := &lexer{s: value}
	if f, err := l.head(); f.ID != "" && canonicalID(f.ID) == id {
		return true
	} else if err == nil {
		if _, err := Parse(value); err == nil {
			return false
		}
	}
	return mentions(value, id) || mentions(withoutComments(value), id)
}

// Claimed lists the values that claim the authserv-id, as indexes counted from 0.
func Claimed(values []string, id string) []int {
	var claimed []int
	for i, v := range values {
		if Claims(v, id) {
			claimed = append(claimed, i)
		}
	}
	return claimed
}

// mentions tells whether the id is a word of the text, other than as the value
// of a property or the domain of an address there.
func mentions(s, id string) bool {
	s = strings.Map(transparent, s)
	if !all(inName, id) { // no host name: no words to compare with
		return strings.Contains(strings.ToLower(s), id)
	}
	before := byte(' ')
	for s != "" {
		n := 0
		for n < len(s) && inName(s[n]) {
			n++
		}
		if n > 0 && before != '=' && before != '@' && canonicalID(s[:n]) == id {
			return true
		}
		if n == len(s) {
			return false
		}
		before = s[n]
		s = s[n+1:]
	}
	return false
}

// transparent drops what a careless reader does not see within a name.
func transparent(c rune) rune {
	switch {
	case c == '\t' || c == '\r' || c == '\n':
		return ' '
	case c < ' ' || c == 0x7f || c == '\\' || c == '"':
		return -1
	}
	return c
}

func inName(c byte) bool {
	return isKeyword(c) || c == '.' || c >= 0x80
}

// withoutComments cuts out all comments, and the rest from one that does not end.
func withoutComments(s string) string {
	var b strings.Builder
	for {
		start := strings.IndexByte(s, '(')
		if start < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:start])
		end, ok := comment(s, start)
		if !ok {
			return b.String()
		}
		s = s[end:]
	}
}

// canonicalID is the form in which authserv-ids are compared and written:
// lower case, A-labels, no final dot.
func canonicalID(id string) string {
	id = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(id), "."))
	if len(id) > maxText {
		return id
	}
	if ascii, err := idna.Lookup.ToASCII(id); err == nil {
		return ascii
	}
	return id
}
