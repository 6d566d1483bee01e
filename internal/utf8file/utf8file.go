// Package utf8file tells files that people wrote in another charset: what they
// say would be read as something else.
package utf8file

import (
	"strings"
	"unicode/utf8"
)

// Fault gives the place of the first byte of a text that is no UTF-8 (RFC 3629),
// line and column from 1, the column in characters. Found is false where there
// is none.
func Fault(text string) (line, column int, found bool) {
	line, column = 1, 1
	for i, c := range text {
		if c == utf8.RuneError && !strings.HasPrefix(text[i:], string(c)) {
			return line, column, true
		}
		if column++; c == '\n' {
			line, column = line+1, 1
		}
	}
	return 0, 0, false
}
