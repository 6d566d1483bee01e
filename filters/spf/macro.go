package spf

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// macroText is a macro-string (RFC 7208 section 7.1), cut into its pieces.
type macroText []piece

// piece is literal text, or a macro when letter is set.
type piece struct {
	text    string
	letter  byte // lower case: s l o d i p v h, and c r t in explanations
	escape  bool // the letter was upper case: escape as in a URL
	keep    int  // keep that many parts from the right; 0: all
	reverse bool
	delims  string // where the value is parted
	percent bool   // %% %_ %-: text, but to the grammar a macro-expand
}

var (
	errMacro  = errors.New("malformed macro")
	errText   = errors.New("not visible US-ASCII")
	errDomain = errors.New("a domain ends in a macro or a top label")
)

// parseMacros reads a macro-string. In an explanation the letters c, r and t
// and spaces are allowed too (RFC 7208 sections 6.2 and 7.2).
func parseMacros(s string, explanation bool) (macroText, error) {
	m := macroText{} // empty, not nil: nil means absent
	for s != "" {
		i := strings.IndexByte(s, '%')
		if i != 0 {
			if i < 0 {
				i = len(s)
			}
			if !isVisible(s[:i], explanation) {
				return nil, errText
			}
			m, s = append(m, piece{text: s[:i]}), s[i:]
			continue
		}
		p, rest, err := parsePercent(s, explanation)
		if err != nil {
			return nil, err
		}
		m, s = append(m, p), rest
	}
	return m, nil
}

// parsePercent reads one macro-expand at the start of s.
func parsePercent(s string, explanation bool) (p piece, rest string, err error) {
	if len(s) < 2 {
		return p, "", errMacro
	}
	switch s[1] {
	case '%':
		return piece{text: "%", percent: true}, s[2:], nil
	case '_':
		return piece{text: " ", percent: true}, s[2:], nil
	case '-':
		return piece{text: "%20", percent: true}, s[2:], nil
	case '{':
		body, rest, ok := strings.Cut(s[2:], "}")
		if !ok {
			return p, "", errMacro
		}
		p, err = parseMacro(body, explanation)
		return p, rest, err
	}
	return p, "", errMacro
}

// parseMacro reads what stands in the braces: letter, digits, "r", delimiters.
func parseMacro(body string, explanation bool) (piece, error) {
	if body == "" || !isAlpha(body[0]) {
		return piece{}, errMacro
	}
	p := piece{letter: body[0] | 0x20, escape: body[0] < 'a', delims: "."}
	letters := "slodipvh"
	if explanation {
		letters = "slodipvhcrt"
	}
	if strings.IndexByte(letters, p.letter) < 0 {
		return p, errMacro
	}
	after := strings.TrimLeft(body[1:], "0123456789")
	if digits := body[1 : len(body)-len(after)]; digits != "" {
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || n == 0 { // RFC 7208 section 7.3: zero is not allowed
			return p, errMacro
		}
		p.keep = int(n)
	}
	if after != "" && after[0]|0x20 == 'r' {
		p.reverse, after = true, after[1:]
	}
	if strings.Trim(after, ".-+,/_=") != "" {
		return p, errMacro
	}
	if after != "" {
		p.delims = after
	}
	return p, nil
}

// parseDomain reads a domain-spec: a macro-string that ends in a macro-expand
// or in a dot, a top label and perhaps a dot (RFC 7208 section 7.1).
func parseDomain(s string) (macroText, error) {
	m, err := parseMacros(s, false)
	if err != nil {
		return nil, err
	}
	if len(m) == 0 {
		return nil, errDomain
	}
	last := m[len(m)-1]
	if last.letter != 0 || last.percent {
		return m, nil
	}
	text := strings.TrimSuffix(last.text, ".")
	dot := strings.LastIndexByte(text, '.')
	if dot < 0 || !isTopLabel(text[dot+1:]) {
		return nil, errDomain
	}
	return m, nil
}

// isTopLabel: letters, digits and inner hyphens, not digits alone.
func isTopLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	named := false
	for i := range len(s) {
		if !isAlpha(s[i]) && !isDigit(s[i]) && s[i] != '-' {
			return false
		}
		named = named || !isDigit(s[i])
	}
	return named
}

func isVisible(s string, space bool) bool {
	for i := range len(s) {
		if s[i] > '~' || s[i] < ' ' || s[i] == ' ' && !space {
			return false
		}
	}
	return true
}

// maxExpanded bounds what a macro-string may grow to, in bytes: twice what fits
// an SMTP line, and far above any domain.
const maxExpanded = 2048

// maxValue bounds a macro's value, in bytes: of a longer one only the end is
// taken. RFC 5321 section 4.5.3.1.3 has a sender's path end at 256.
const maxValue = 512

// expand replaces every macro by its value; value is asked for the letters.
// ok=false: it would grow beyond maxExpanded.
func (m macroText) expand(value func(letter byte) string) (text string, ok bool) {
	var b strings.Builder
	for _, p := range m {
		if p.letter == 0 {
			b.WriteString(p.text)
		} else {
			b.WriteString(p.apply(value(p.letter)))
		}
		if b.Len() > maxExpanded {
			return "", false
		}
	}
	return b.String(), true
}

// apply transforms a value as RFC 7208 section 7.3 says: part it, turn it
// round, keep the right-hand parts, join by dots, escape.
func (p piece) apply(value string) string {
	value = value[max(0, len(value)-maxValue):]
	if p.keep > 0 || p.reverse || p.delims != "." {
		value = p.transform(value)
	}
	if p.escape {
		value = escapeURL(value)
	}
	return value
}

func (p piece) transform(value string) string {
	var parts []string
	start := 0
	for i := range len(value) {
		if strings.IndexByte(p.delims, value[i]) >= 0 {
			parts = append(parts, value[start:i])
			start = i + 1
		}
	}
	parts = append(parts, value[start:])
	if p.reverse {
		slices.Reverse(parts)
	}
	if p.keep > 0 && p.keep < len(parts) {
		parts = parts[len(parts)-p.keep:]
	}
	return strings.Join(parts, ".")
}

// escapeURL escapes all but the unreserved characters of RFC 3986 section 2.3.
func escapeURL(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isAlpha(c) || isDigit(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
