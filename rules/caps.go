package rules

import "slices"

// groupCap is the most points that the symbols of a group add together.
type groupCap struct {
	group   string
	limit   float64
	at      *node
	source  *reader
	shipped bool
}

func (r *reader) groups(n *node) (caps []*groupCap) {
	if !r.want(n, table, "groups") {
		return nil
	}
	for i, name := range n.keys {
		if !groupForm.MatchString(name) {
			r.fault(n.keyAt[i], "%q is no name of a group", name).Remedy = "lower case letters, digits, - and _"
		}
		r.fields(n.items[i], "a group", map[string]func(*node){
			"cap": func(at *node) {
				caps = append(caps, &groupCap{group: name, limit: r.number(at, "cap", 0, 1000), at: n.keyAt[i], source: r})
			},
		})
	}
	return caps
}

// cap takes a cap in: the last one holds, but that of a shipped file never in place
// of one's own.
func (l *loader) cap(c *groupCap) {
	first := l.caps[c.group]
	if first != nil && first.shipped == c.shipped {
		l.capFault(c, "the cap of group %q is given twice, first in %s:%d", c.group, first.source.file, first.at.line)
	}
	if first == nil || first.shipped || !c.shipped {
		l.caps[c.group] = c
	}
}

// lintCaps warns of caps of groups that no symbol is in.
func (l *loader) lintCaps() {
	if l.options.Groups == nil {
		return
	}
	known := slices.Clone(l.options.Groups)
	for _, r := range l.rules {
		known = append(known, r.Group)
	}
	for _, name := range sortedKeys(l.caps) {
		if c := l.caps[name]; !slices.Contains(known, name) {
			l.capFault(c, "no symbol is in group %q", name).Remedy = didYouMean(name, known)
		}
	}
}

func (l *loader) capFault(c *groupCap, format string, args ...any) *Fault {
	r := &reader{file: c.source.file, text: c.source.text}
	f := r.fault(c.at, format, args...)
	f.Warning = true
	l.faults = append(l.faults, *f)
	return &l.faults[len(l.faults)-1]
}

// limits are the caps by group.
func (l *loader) limits() map[string]float64 {
	out := map[string]float64{}
	for group, c := range l.caps {
		out[group] = c.limit
	}
	return out
}
