package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// printer writes items as YAML.
type printer struct {
	strings.Builder
	docs  bool                 // with the meaning of each key
	types bool                 // with type and default
	live  func(it *item) bool  // false: the key is written as a comment, #key: value
	notes func(*item) []string // further comment lines
}

// section writes the keys of a section. Below a key that is commented out
// everything is.
func (p *printer) section(items []*item, depth int) {
	for i, it := range items {
		if p.docs && (depth == 0 || i > 0 && it.form == formSection && len(it.kids) > 0) {
			p.WriteByte('\n')
		}
		p.comments(it, depth)
		p.key(it, depth)
	}
}

func (p *printer) comments(it *item, depth int) {
	if !p.docs {
		return
	}
	p.comment(it.doc, depth)
	switch {
	case p.types && it.isLeaf():
		p.comment(it.typ+"; default "+inline(it), depth)
	case p.types && it.form == formList:
		p.comment(it.typ, depth)
	}
	for _, line := range it.entry {
		p.comment("  "+line, depth)
	}
	if p.notes != nil {
		for _, line := range p.notes(it) {
			p.comment(line, depth)
		}
	}
}

// comment writes a line as comment, folded near the usual width.
func (p *printer) comment(text string, depth int) {
	const width = 96
	margin := strings.Repeat("  ", depth) + "# "
	lead := text[:len(text)-len(strings.TrimLeft(text, " "))]
	hang := lead
	if lead != "" {
		hang += "  "
	}
	line := lead
	for _, w := range strings.Fields(printable(text)) {
		if len(line)+len(w) > width && strings.TrimSpace(line) != "" {
			p.WriteString(margin + strings.TrimRight(line, " ") + "\n")
			line = hang
		}
		line += w + " "
	}
	if strings.TrimSpace(line) != "" {
		p.WriteString(margin + strings.TrimRight(line, " ") + "\n")
	}
}

func (p *printer) key(it *item, depth int) {
	margin := strings.Repeat("  ", depth)
	if it.form == formSection && len(it.kids) > 0 {
		p.WriteString(margin + keyText(it.name) + ":\n")
		p.section(it.kids, depth+1)
		return
	}
	if p.live != nil && !p.live(it) {
		margin += "#"
	}
	if it.isLeaf() {
		p.WriteString(margin + keyText(it.name) + ": " + inline(it) + "\n")
		return
	}
	p.WriteString(margin + keyText(it.name) + ":\n")
	for _, kid := range it.kids {
		p.WriteString(margin + "  - " + inline(kid) + "\n")
	}
}

// inline is an item in the flow form of YAML.
func inline(it *item) string {
	var parts []string
	switch it.form {
	case formSection:
		for _, kid := range it.kids {
			parts = append(parts, keyText(kid.name)+": "+inline(kid))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case formList:
		for _, kid := range it.kids {
			parts = append(parts, inline(kid))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case formText:
		return quote(it.text)
	}
	return it.text
}

var (
	bare    = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./-]*$`)
	notBare = regexp.MustCompile(`(?i)^(true|false|null|yes|no|on|off|y|n|inf|nan)$`)
)

// quote writes a text as YAML: bare where nobody could read it as anything
// else, else in double quotes, in which YAML has all of JSON's escapes (YAML 1.2.2 section 5.7).
func quote(text string) string {
	if bare.MatchString(text) && !notBare.MatchString(text) {
		return text
	}
	return jsonText(text)
}

// jsonText is a text in double quotes, as JSON and YAML both read it. What is
// not printable is escaped, so that no text controls a terminal; the few such
// characters beyond 16 bits, which the two escape differently, are replaced.
func jsonText(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			b.WriteRune(unicode.ReplacementChar)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func keyText(name string) string {
	if plainKey.MatchString(name) {
		if _, err := strconv.ParseFloat(name, 64); err != nil && !notBare.MatchString(name) {
			return name
		}
	}
	return jsonText(name)
}

// toJSON writes an item as JSON.
func toJSON(it *item) string {
	var parts []string
	switch it.form {
	case formSection:
		for _, kid := range it.kids {
			parts = append(parts, jsonText(kid.name)+":"+toJSON(kid))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case formList:
		for _, kid := range it.kids {
			parts = append(parts, toJSON(kid))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case formRaw:
		return it.text
	}
	return jsonText(it.text)
}
