package mime

import (
	"fmt"
	"strings"

	"github.com/postern-mail/postern/mail/archive"
	"github.com/postern-mail/postern/mail/mime"
)

// forbidden is the list of what the postmaster does not want.
type forbidden struct {
	types      map[string]bool // "a/b"
	kinds      map[string]bool // "a" of "a/*"
	extensions map[string]bool // without dot
}

func newForbidden(list []string) (forbidden, error) {
	f := forbidden{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, s := range list {
		kind, sub, isType := strings.Cut(strings.ToLower(s), "/")
		ext, isExt := strings.CutPrefix(kind, ".")
		switch {
		case isType && kind != "" && sub == "*":
			f.kinds[kind] = true
		case isType && kind != "" && sub != "" && !strings.Contains(sub, "/"):
			f.types[kind+"/"+sub] = true
		case !isType && isExt && ext != "":
			f.extensions[ext] = true
		default:
			return f, fmt.Errorf("forbidden: %q is neither an extension (.exe) nor a media type (a/b, a/*)", s)
		}
	}
	return f, nil
}

func (f forbidden) typ(t string) bool {
	kind, _, _ := strings.Cut(t, "/")
	return f.types[t] || f.kinds[kind]
}

// name tells whether a file name ends in a forbidden extension, which may hold
// dots itself: ".tar.gz".
func (f forbidden) name(name string) bool {
	name = strings.TrimRight(strings.ToLower(name), ". ")
	for {
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			return false
		}
		if f.extensions[rest] {
			return true
		}
		name = rest
	}
}

// forbid notes what of an attachment is forbidden.
func (c *check) forbid(p *mime.Part, entries []archive.Entry) {
	for _, t := range []string{p.Type, p.Found()} {
		if c.forbidden.typ(t) {
			c.Note(isForbidden, 1, p.Path+" "+t)
		}
	}
	for _, n := range p.Names {
		if c.forbidden.name(n) {
			c.Note(isForbidden, 1, p.Path+" "+quote(n))
		}
	}
	for _, e := range entries {
		for _, n := range e.Names {
			if c.forbidden.name(n) {
				c.Note(isForbidden, 1, p.Path+" "+quote(n))
			}
		}
		if c.forbidden.typ(e.Type) {
			c.Note(isForbidden, 1, p.Path+" "+e.Type)
		}
	}
}
