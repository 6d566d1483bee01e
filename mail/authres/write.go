package authres

import "strings"

// The bounds on what is written.
const (
	lineWidth  = 78  // RFC 5322 section 2.1.1
	maxText    = 320 // bytes of a value or reason: room for the longest address
	maxWritten = 50  // results
)

// Write makes the value of an Authentication-Results field (RFC 8601
// section 2.2), folded with CRLF and a tab, one result to a line where it
// fits. It starts without white space and ends without CRLF.
//
// It is safe against any text: whatever the strings hold, the field has the
// authserv-id and the results given and no others. Control characters are
// dropped, other white space becomes a space, a byte outside ASCII becomes
// "?", a domain name as authserv-id gets A-labels, what is not a token is
// quoted, what is too long is cut, a result without method or value is left
// out.
func Write(id string, results []Result) string {
	w := writer{line: len("Authentication-Results: ")}
	w.word(quoteUnless(isToken, clean(canonicalID(id))) + ";")
	n := 0
	for _, r := range results {
		method, value := keyword(r.Method), keyword(r.Value)
		if method == "" || value == "" || n == maxWritten {
			continue
		}
		if n++; n > 1 {
			w.b.WriteByte(';')
		}
		w.fold()
		w.result(method+"="+value, r)
	}
	if n == 0 {
		w.word("none")
	}
	return w.b.String()
}

// writer lays words on lines.
type writer struct {
	b    strings.Builder
	line int // length of the line so far
}

func (w *writer) result(head string, r Result) {
	w.word(head)
	if reason := clean(r.Reason); reason != "" {
		w.word("reason=" + quoteUnless(isToken, reason))
	}
	for _, p := range r.Props {
		typ, name := keyword(p.Type), keyword(p.Name)
		if typ != "" && name != "" {
			w.word(typ + "." + name + "=" + pvalue(clean(p.Value)))
		}
	}
}

// word puts a word after a space, on a new line where it does not fit.
func (w *writer) word(s string) {
	switch {
	case w.b.Len() == 0:
	case w.line+1+len(s) >= lineWidth && w.line > 1:
		w.fold()
	case w.line > 1:
		w.b.WriteByte(' ')
		w.line++
	}
	w.b.WriteString(s)
	w.line += len(s)
}

func (w *writer) fold() {
	w.b.WriteString("\r\n\t")
	w.line = 1
}

// keyword keeps of a name what may stand in one, in lower case.
func keyword(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < 0x80 && isKeyword(byte(c)) {
			return c
		}
		return -1
	}, strings.ToLower(cut(s)))
	return s
}

// clean makes any text printable ASCII on one line.
func clean(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case c == '\t' || c == '\r' || c == '\n':
			return ' '
		case c < ' ' || c == 0x7f:
			return -1
		case c >= 0x80:
			return '?'
		}
		return c
	}, cut(s))
	return strings.TrimSpace(s)
}

func cut(s string) string { return s[:min(len(s), maxText)] }

// pvalue quotes a property unless it is a token or an address of tokens.
func pvalue(s string) string {
	local, domain, _ := strings.Cut(s, "@")
	if all(isToken, local) && all(isToken, domain) && s != "" {
		return s
	}
	return quote(s)
}

func quoteUnless(ok func(byte) bool, s string) string {
	if s != "" && all(ok, s) {
		return s
	}
	return quote(s)
}

func all(ok func(byte) bool, s string) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quote(s string) string { return `"` + escaper.Replace(s) + `"` }
