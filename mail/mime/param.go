package mime

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/mail/text/charset"
)

// Param is one parameter of a Content-Type or Content-Disposition.
type Param struct {
	Name  string // lower case, without the marks of RFC 2231
	Value string // decoded: RFC 2231, RFC 2047 and bare 8-bit text
	// Others are what other readers make of it: the parameter without
	// decoding, cut at a blank, with the text after the closing quote.
	Others []string

	encoded  bool // in the form of RFC 2231, which may stand beside a plain one for older readers
	repeated bool // a section is given twice
}

// maxParams bounds the parameters of one field where nothing else is said,
// maxValue the bytes of a value.
const (
	maxParams = 64
	maxValue  = 4096
)

// ParseValue reads a field of the form "value; name=value ...", as RFC 2045
// section 5.1 has it and as mail really is: with semicolons missing, quotes
// unclosed, blanks anywhere. Base is the value before the parameters, lower
// case, without blanks and comments. Repeated parameters stay, in order. It
// takes linear time.
func ParseValue(s string) (base string, params []Param) {
	base, params, _ = parseValue(s, maxParams)
	return base, params
}

// parseValue is ParseValue for so many parameters at most; cut tells that there
// were more.
func parseValue(s string, most int) (base string, params []Param, cut bool) {
	base, raw, cut := splitValue(s, most)
	return base, assemble(raw), cut
}

// rawParam is a parameter as it stands, before RFC 2231.
type rawParam struct {
	name, value string
	others      []string
	base        string // name without section and mark
	section     int    // -1: not in sections
	extended    bool   // value is charset'language'percent-encoded
}

func splitValue(s string, most int) (base string, params []rawParam, cut bool) {
	s = unfold(s)
	i := valueEnd(s, 0)
	base = strings.ToLower(strings.Join(strings.Fields(stripComments(s[:i])), ""))
	for i < len(s) {
		if s[i] == ';' || isBlank(s[i]) {
			i++
			continue
		}
		if len(params) >= most {
			return base, params, true
		}
		var p rawParam
		p, i = readParam(s, i)
		if p.base != "" && p.value != "" {
			params = append(params, p)
		}
	}
	return base, params, false
}

// readParam reads "name = value" at i and says where the next one may begin.
func readParam(s string, i int) (p rawParam, next int) {
	end := valueEnd(s, i)
	name, _, ok := strings.Cut(s[i:end], "=")
	p.name = strings.ToLower(strings.Join(strings.Fields(stripComments(name)), ""))
	p.split()
	if !ok {
		return rawParam{}, max(end, i+1)
	}
	i += len(name) + 1
	for i < len(s) && isBlank(s[i]) {
		i++
	}
	if i < len(s) && s[i] == '"' {
		return p.quoted(s, i+1)
	}
	end = max(valueEnd(s, i), i)
	whole := strings.TrimSpace(s[i:end])
	p.value = whole
	if !strings.Contains(whole, "=?") {
		p.value = strings.TrimSpace(stripComments(whole))
	}
	p.other(whole)
	if token, _, cut := strings.Cut(whole, " "); cut {
		p.other(token)
	}
	return p, end
}

// quoted reads a quoted-string whose text begins at i.
func (p rawParam) quoted(s string, i int) (rawParam, int) {
	start, escaped, closed := i, false, false
	var b strings.Builder
	for ; i < len(s) && !closed; i++ {
		switch {
		case s[i] == '"':
			closed = true
		case s[i] == '\\' && i+1 < len(s):
			escaped = true
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	p.value = b.String()
	if !closed {
		cut, _, _ := strings.Cut(s[start:], ";")
		p.other(strings.TrimSpace(cut))
		return p, len(s)
	}
	if escaped { // "a\b.exe" is ab.exe, or a\b.exe to those who know no escapes
		p.other(s[start : i-1])
	}
	end := valueEnd(s, i)
	if tail := strings.TrimSpace(s[i:end]); tail != "" && tail[0] != '(' {
		p.other(p.value + tail)
	}
	return p, end
}

func (p *rawParam) other(v string) {
	if v != p.value && v != "" {
		p.others = append(p.others, v)
	}
}

// split takes the section and mark of RFC 2231 off the name: name, name*,
// name*0, name*0*.
func (p *rawParam) split() {
	p.section = -1
	base, rest, ok := strings.Cut(strings.TrimLeft(p.name, "*"), "*")
	p.base = base
	if !ok {
		return
	}
	digits := strings.TrimRight(rest, "*")
	p.extended = len(digits) < len(rest) || rest == ""
	if n, err := strconv.Atoi(digits); err == nil && n >= 0 {
		p.section = n
	}
}

// valueEnd finds where the value at i ends: at a semicolon outside quotes, or
// where a blank is followed by another "name=", the semicolon being forgotten.
func valueEnd(s string, i int) int {
	tries := 0
	for ; i < len(s); i++ {
		switch {
		case s[i] == ';':
			return i
		case s[i] == '(' && tries < maxTries:
			if n := commentEnd(s, i); n > i {
				i = n - 1
			} else {
				tries++
			}
		case isBlank(s[i]):
			j := i
			for j < len(s) && isBlank(s[j]) {
				j++
			}
			if startsParam(s[j:]) {
				return i
			}
			i = j - 1
		}
	}
	return len(s)
}

// maxAttribute bounds the look for a parameter's name.
const maxAttribute = 60

func startsParam(s string) bool {
	n := 0
	for n < len(s) && n < maxAttribute && (isAlnum(s[n]) || s[n] == '-' || s[n] == '*' || s[n] == '_') {
		n++
	}
	return n > 0 && n < len(s) && s[n] == '='
}

// maxComment bounds a comment, maxTries how many "(" may turn out to begin
// none before all others are taken for text.
const (
	maxComment = 128
	maxTries   = 2
)

// commentEnd gives the position after the comment that begins at i, or i when
// it does not end near: then it is no comment.
func commentEnd(s string, i int) int {
	depth := 0
	for j := i; j < len(s) && j < i+maxComment; j++ {
		switch s[j] {
		case '\\':
			j++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return j + 1
			}
		}
	}
	return i
}

func stripComments(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var b strings.Builder
	tries := 0
	for i := 0; i < len(s); {
		if s[i] == '(' && tries < maxTries {
			if n := commentEnd(s, i); n > i {
				i = n
				continue
			}
			tries++
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// assemble joins sections and decodes values (RFC 2231 sections 3 and 4).
func assemble(raw []rawParam) []Param {
	var params []Param
	sections := map[string][]rawParam{}
	for _, p := range raw {
		if p.section >= 0 {
			if sections[p.base] == nil {
				params = append(params, Param{Name: p.base}) // its place in the order
			}
			sections[p.base] = append(sections[p.base], p)
			continue
		}
		params = append(params, p.param())
	}
	for i := range params {
		if s := sections[params[i].Name]; s != nil && params[i].Value == "" {
			params[i].sections(s)
		}
	}
	return params
}

// sections joins the sections of a parameter. Where a number is given twice
// some readers take both, some the first and some the last.
func (q *Param) sections(s []rawParam) {
	slices.SortStableFunc(s, func(a, b rawParam) int { return a.section - b.section })
	q.encoded, q.Value = true, join(s)
	var first, last []rawParam
	for i, p := range s {
		if i == 0 || p.section != s[i-1].section {
			first, last = append(first, p), append(last, p)
			continue
		}
		last[len(last)-1] = p
	}
	if len(first) < len(s) {
		q.repeated = true
		q.other(join(first))
		q.other(join(last))
	}
}

// param decodes a parameter that is not in sections.
func (p rawParam) param() Param {
	q := Param{Name: p.base, Others: p.others}
	switch {
	case p.extended:
		q.encoded, q.Value = true, extended([]rawParam{p})
		q.other(p.value)
	case strings.Contains(p.value, "=?"):
		// RFC 2047 section 5 forbids encoded words here; readers decode them all the same.
		q.Value = DecodeWords(p.value)
		q.other(p.value)
	default:
		q.Value, _ = charset.Decode("", []byte(p.value), maxValue)
	}
	for i, o := range q.Others {
		q.Others[i], _ = charset.Decode("", []byte(o), maxValue)
	}
	return q
}

func (q *Param) other(v string) {
	if v != q.Value && v != "" {
		q.Others = append(q.Others, v)
	}
}

// join puts sorted sections together, as readers do even where some are
// missing.
func join(s []rawParam) string {
	if slices.ContainsFunc(s, func(p rawParam) bool { return p.extended }) {
		return extended(s)
	}
	var b strings.Builder
	for _, p := range s {
		b.WriteString(p.value)
	}
	return DecodeWords(b.String())
}

// extended decodes charset'language'text; the charset stands in the first
// section only (RFC 2231 section 4.1).
func extended(s []rawParam) string {
	label, text := "", s[0].value
	if parts := strings.SplitN(text, "'", 3); s[0].extended && len(parts) == 3 {
		label, text = parts[0], parts[2]
	}
	var b []byte
	for i, p := range s {
		if i > 0 {
			text = p.value
		}
		if p.extended {
			b = append(b, unpercent(text)...)
		} else {
			b = append(b, text...)
		}
	}
	value, _ := charset.Decode(label, b, maxValue)
	return value
}

func unpercent(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return b
}

// unfold takes line ends out; the blank that follows one stays.
func unfold(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return strings.NewReplacer("\r", "", "\n", "").Replace(s)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
