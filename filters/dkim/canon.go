package dkim

import (
	"strings"

	"github.com/postern-mail/postern/mail"
)

// canon is a canonicalization (RFC 6376 section 3.4).
type canon uint8

const (
	simple  canon = iota // tolerates nothing but empty lines at the end of the body
	relaxed              // tolerates changes of white space and of the case of field names
)

// canonOf reads one half of c=; absent means simple.
func canonOf(s string) (c canon, ok bool) {
	switch s {
	case "", "simple":
		return simple, true
	case "relaxed":
		return relaxed, true
	}
	return simple, false
}

// appendField appends the canonical form of a header field without its final
// CRLF (RFC 6376 sections 3.4.1 and 3.4.2).
func (c canon) appendField(b []byte, f mail.Field) []byte {
	if c == simple {
		b = append(b, f.Name...)
		b = append(b, ':')
		return append(b, f.Value...)
	}
	b = appendLower(b, strings.TrimRight(f.Name, " \t"))
	b = append(b, ':')
	start := len(b)
	for i := 0; i < len(f.Value); i++ {
		switch ch := f.Value[i]; {
		case ch == '\r' && i+1 < len(f.Value) && f.Value[i+1] == '\n':
			i++ // unfold
		case ch != ' ' && ch != '\t':
			b = append(b, ch)
		case len(b) > start && b[len(b)-1] != ' ':
			b = append(b, ' ')
		}
	}
	if len(b) > start && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// lower returns s with its ASCII letters in lower case, and those only: there
// is a Kelvin sign whose lower case is "k".
func lower(s string) string { return string(appendLower(make([]byte, 0, len(s)), s)) }

// appendLower appends s with its ASCII letters in lower case.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
