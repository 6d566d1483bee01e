package rules

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/postern-mail/postern/mail/text"
)

// remedyOf is what to write in place of what the language refuses, told from
// its message; "" where nothing is known.
func remedyOf(message string) string {
	var name, of string
	switch {
	case scan(message, "unknown name %s", &name):
		return unknownName(name)
	case scan(message, "type %s has no field %s", &of, &name):
		return didYouMean(name, fieldsOf(of))
	case strings.HasPrefix(message, "unrecognized character: "):
		if plain := plainSign(message); plain != "" {
			return "write " + plain
		}
	case strings.HasPrefix(message, "invalid char escape"):
		return `in a text a backslash is written twice, as in "\\s"`
	case strings.HasPrefix(message, "unexpected token Identifier("):
		if word := quoted(message); strings.ToLower(word) != word && isJoin(strings.ToLower(word)) {
			return "write " + strings.ToLower(word)
		}
	case message == `unexpected token Operator("=")`:
		return "== compares, >= and <= order, matches looks for patterns"
	case strings.HasSuffix(message, ": in (mismatched types string and string)"):
		return "in looks into lists, contains into texts"
	case strings.HasSuffix(message, ": not (mismatched type string)"):
		return "write not between the field and matches"
	case strings.HasPrefix(message, "array elements can only"), strings.Contains(message, "(mismatched types []"):
		return intoLists
	case strings.Contains(message, "(mismatched types Method and string)"):
		return "compare its .result"
	case strings.Contains(message, "(mismatched types Author and string)"):
		return "name its .address, .name or .domain"
	}
	return ""
}

const intoLists = "any, all, none, one and count look into lists"

// scan is fmt.Sscanf where all is found.
func scan(s, format string, into ...any) bool {
	n, _ := fmt.Sscanf(s, format, into...)
	return n == len(into)
}

// unknownName thinks of names within loops, and of symbols.
func unknownName(name string) string {
	if symbolForm.MatchString(name) {
		return "write symbols." + name
	}
	for _, f := range fields() {
		if _, last, within := strings.Cut(f.path, "[]."); within && last == name {
			return "write ." + name + " within a loop"
		}
	}
	return didYouMean(name, topNames())
}

// fieldsOf are the names in a type of Facts.
func fieldsOf(typ string) []string {
	var names []string
	for _, t := range []reflect.Type{
		reflect.TypeFor[Session](), reflect.TypeFor[Envelope](), reflect.TypeFor[Author](), reflect.TypeFor[Header](),
		reflect.TypeFor[URL](), reflect.TypeFor[Attachment](), reflect.TypeFor[Auth](), reflect.TypeFor[Method](),
	} {
		if t.Name() != typ {
			continue
		}
		for _, f := range reflect.VisibleFields(t) {
			names = append(names, f.Tag.Get("expr"))
		}
	}
	return names
}

// plainSign is the ASCII sign for a Chinese one, "" for none.
func plainSign(message string) string {
	sign := strings.Trim(message[strings.LastIndexByte(message, ' ')+1:], "'")
	switch sign {
	case "“", "”", "‘", "’", "「", "」":
		return `"`
	case "、":
		return ","
	}
	if plain := text.Normalize(sign); len(plain) == 1 && plain != sign {
		return plain
	}
	return ""
}

func quoted(s string) string {
	_, s, _ = strings.Cut(s, `"`)
	s, _, _ = strings.Cut(s, `"`)
	return s
}

func isJoin(word string) bool { return word == "and" || word == "or" || word == "not" }

// cutShort tells whether YAML took the rest of a condition for a comment.
func (r *Rule) cutShort() bool {
	line, _ := lineOf(r.source.text, r.whenAt.line)
	return !r.whenAt.quoted && strings.Contains(line, " #")
}
