package text

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// selector is what a rule of a style sheet is for: elements with that name,
// class and id, each "" or 0 for any.
type selector struct {
	tag       uint32
	class, id string
}

// rules are those of the style sheets of a page that decide what is seen.
type rules struct {
	of   map[selector]*style
	tags map[uint32]bool // elements for whose name alone there is a rule; 0 for all
	n    int             // rules read
	full bool            // there were too many
}

// maxRules bounds the selectors that are kept.
const maxRules = 1000

// concern tells whether there can be rules for an element.
func (r *rules) concern(tag uint32, a *attrs) bool {
	if r.n == 0 {
		return false
	}
	return a.seen&(1<<attrClass|1<<attrID) != 0 || len(r.tags) > 0 && (r.tags[tag] || r.tags[0])
}

// style gathers what the rules say about an element.
func (r *rules) style(s *style, e painted) (said bool) {
	if r.n == 0 {
		return false
	}
	add := func(k selector) {
		if t := r.of[k]; t != nil {
			s.add(t, 0)
			said = true
		}
	}
	add(selector{})
	add(selector{tag: e.tag})
	for class := range strings.FieldsSeq(e.class) {
		add(selector{class: class})
		add(selector{tag: e.tag, class: class})
	}
	if e.id != "" {
		add(selector{id: e.id})
		add(selector{tag: e.tag, id: e.id})
	}
	return said
}

// apply tells how far the rules of a block apply.
type apply uint8

const (
	applies apply = iota
	mayApply
	never
)

// maxNest bounds the blocks within blocks that are told apart.
const maxNest = 16

// read takes the rules of a style sheet (CSS Syntax Level 3 section 5.4).
func (r *rules) read(s string) {
	nest := make([]apply, 1, maxNest+1)
	beyond := 0
	for s = cleanCSS(s); s != ""; {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			return
		}
		prelude, c := s[:i], s[i]
		s = s[i+1:]
		if c == '}' {
			if beyond > 0 {
				beyond--
			} else if len(nest) > 1 {
				nest = nest[:len(nest)-1]
			}
			continue
		}
		prelude = strings.TrimSpace(prelude[strings.LastIndexByte(prelude, ';')+1:])
		mode := nest[len(nest)-1]
		if strings.HasPrefix(prelude, "@") {
			if len(nest) > maxNest {
				beyond++
			} else {
				nest = append(nest, max(mode, atRule(prelude)))
			}
			continue
		}
		var block string
		block, s, _ = strings.Cut(s, "}")
		if mode != never {
			r.rule(prelude, block, mode == mayApply || beyond > 0)
		}
	}
}

// atRule tells whether what is within applies to readers of mail.
func atRule(s string) apply {
	name, rest, _ := strings.Cut(strings.ToLower(s), " ")
	if i := strings.IndexByte(name, '('); i >= 0 {
		name, rest = name[:i], name[i:]
	}
	switch name {
	case "@media":
		return media(rest)
	case "@supports", "@layer", "@container", "@document", "@-moz-document", "@scope", "@starting-style":
		return mayApply
	}
	return never
}

// media tells whether a list of media names that of readers of mail, with no
// condition on it.
func media(s string) apply {
	best := never
	for query := range strings.SplitSeq(s, ",") {
		switch strings.TrimPrefix(strings.TrimSpace(query), "only ") {
		case "", "all", "screen":
			return applies
		case "print", "speech", "tty", "tv", "projection", "handheld", "braille", "embossed", "aural":
		default:
			best = mayApply
		}
	}
	return best
}

// rule takes one rule; where it is not sure that it applies, only what shows.
func (r *rules) rule(selectors, block string, soft bool) {
	says, any := readStyle(block)
	if !any {
		return
	}
	softer := says
	softer.soften()
	r.n++
	for s := range strings.SplitSeq(selectors, ",") {
		k, specific, sure, ok := parseSelector(s)
		if !ok {
			continue
		}
		t := &says
		if soft || !sure {
			t = &softer
		}
		r.add(k, t, specific*rankSpecific+uint32(min(r.n, rankSpecific-2)))
	}
}

func (r *rules) add(k selector, t *style, rank uint32) {
	s := r.of[k]
	if s == nil {
		if len(r.of) >= maxRules {
			r.full = true
			return
		}
		if r.of == nil {
			r.of, r.tags = map[selector]*style{}, map[uint32]bool{}
		}
		s = &style{}
		r.of[k] = s
		if k.class == "" && k.id == "" {
			r.tags[k.tag] = true
		}
	}
	s.add(t, rank)
}

// parseSelector reads a selector for the element that it is about. Sure tells
// that all elements of that kind match; what depends on a pointer, or is for a
// part of an element, is not ok.
func parseSelector(s string) (k selector, specific uint32, sure, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return k, 0, false, false
	}
	subject := s[subjectOf(s):]
	sure = len(subject) == len(s) || ancestors(s[:len(s)-len(subject)])
	specific = uint32(min(999, 1+10*strings.Count(s, ".")+10*strings.Count(s, "[")+100*strings.Count(s, "#")))
	if !isLetter(subject[0]) {
		specific--
	}
	for subject != "" {
		c := subject[0]
		n := 1
		for n < len(subject) && inName(subject[n]) {
			n++
		}
		name := subject[1:n]
		switch {
		case c == '.' && k.class == "":
			k.class = name
		case c == '#' && k.id == "":
			k.id = name
		case c == ':':
			if n == 1 && len(subject) > 1 && subject[1] == ':' {
				return k, 0, false, false
			}
			switch strings.ToLower(name) {
			case "hover", "active", "focus", "before", "after", "first-line", "first-letter", "visited", "checked", "target":
				return k, 0, false, false
			case "link":
			default:
				sure = false
			}
		case c == '*':
		case inName(c):
			name = strings.ToLower(subject[:n])
			k.tag = tagID(atom.Lookup([]byte(name)), []byte(name))
		case c == '[':
			n = strings.IndexByte(subject, ']') + 1
			if n == 0 {
				return k, 0, false, false
			}
			sure = sure && k.attribute(subject[1:n-1])
		default:
			sure = false
		}
		subject = subject[n:]
		if strings.HasPrefix(subject, "(") {
			subject = subject[strings.IndexByte(subject, ')')+1:]
			if strings.HasPrefix(subject, "(") {
				return k, 0, false, false
			}
		}
	}
	if k.class != "" && k.id != "" {
		k.class, sure = "", false
	}
	return k, specific, sure, true
}

// attribute takes an attribute selector for a class or id like one.
func (k *selector) attribute(s string) bool {
	name, v, ok := strings.Cut(s, "=")
	if !ok {
		return false
	}
	v = strings.Trim(v, `"' `)
	for i := range len(v) {
		if !inName(v[i]) {
			return false
		}
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "class", "class~":
		if k.class == "" && v != "" {
			k.class = v
			return true
		}
	case "id":
		if k.id == "" && v != "" {
			k.id = v
			return true
		}
	}
	return false
}

// subjectOf finds where the last of the parts begins that blanks and other
// signs combine.
func subjectOf(s string) int {
	depth := 0
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ')', ']':
			depth++
		case '(', '[':
			depth--
		case ' ', '\t', '\n', '\r', '\f', '>', '+', '~':
			if depth <= 0 && i+1 < len(s) {
				return i + 1
			}
		}
	}
	return 0
}

// ancestors tells whether every element has what comes before the subject.
func ancestors(s string) bool {
	for part := range strings.FieldsSeq(s) {
		if !strings.EqualFold(part, "html") && !strings.EqualFold(part, "body") {
			return false
		}
	}
	return true
}

func inName(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= 0x80
}
