package dkim

import (
	"encoding/base64"
	"math"
	"strings"
)

// maxTags bounds the tags of one list. RFC 6376 and its successors define
// less than twenty.
const maxTags = 64

// tag is one "name=value" of a tag list.
type tag struct {
	name       string // as it came: tag names are case-sensitive
	value      string // without the white space around it
	start, end int    // where the value lies in the list, white space included
}

// tagList is a parsed list of tags (RFC 6376 section 3.2).
type tagList []tag

// get returns the value of a tag and whether it is there.
func (l tagList) get(name string) (string, bool) {
	for _, t := range l {
		if t.name == name {
			return t.value, true
		}
	}
	return "", false
}

// parseTags reads a tag list; ok is false when it has a wrong form or names a
// tag twice, which makes the whole list invalid (RFC 6376 section 3.2). Empty
// places between semicolons are let through, as they stand in many key
// records.
func parseTags(s string) (list tagList, ok bool) {
	for at := 0; at <= len(s); {
		end := at + len(s[at:])
		if i := strings.IndexByte(s[at:], ';'); i >= 0 {
			end = at + i
		}
		spec := s[at:end]
		if trim(spec) != "" {
			name, value, found := strings.Cut(spec, "=")
			start := at + len(name) + 1
			name = trim(name)
			if _, twice := list.get(name); !found || twice || !isTagName(name) || len(list) == maxTags {
				return nil, false
			}
			list = append(list, tag{name: name, value: trim(value), start: start, end: end})
		}
		at = end + 1
	}
	return list, true
}

// isTagName follows ABNF tag-name: a letter, then letters, digits, "_".
func isTagName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// space is the folding white space of RFC 6376 section 2.8.
const space = " \t\r\n"

// trim removes folding white space around s.
func trim(s string) string { return strings.Trim(s, space) }

// colonList splits a colon-separated list, such as h=, without the white space
// around its members, in lower case.
func colonList(s string) []string {
	list := strings.Split(lower(s), ":")
	for i := range list {
		list[i] = trim(list[i])
	}
	return list
}

// contains tells whether a colon-separated list has one of the words.
func contains(list string, words ...string) bool {
	for _, member := range colonList(list) {
		for _, word := range words {
			if member == word {
				return true
			}
		}
	}
	return false
}

// decode64 decodes base64 that may be folded (RFC 6376 section 2.10). Padding
// is optional: key records are typed by hand.
func decode64(s string) (b []byte, ok bool) {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(space, r) {
			return -1
		}
		return r
	}, s)
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	return b, err == nil && len(b) > 0
}

// number reads decimal digits; what does not fit stands for "without end".
func number(s string) (n int64, ok bool) {
	for i := range len(s) {
		d := int64(s[i]) - '0'
		if d < 0 || d > 9 {
			return 0, false
		}
		if n > (math.MaxInt64-d)/10 {
			n = math.MaxInt64
			continue
		}
		n = n*10 + d
	}
	return n, s != ""
}
