package mime

import (
	"slices"
	"strings"
)

// isLetter tells whether a part is a message by its name, whatever its type
// says: readers open what is called .eml. Its content must begin like a header.
func isLetter(p *Part) bool {
	if !slices.ContainsFunc(p.Names, func(n string) bool { return strings.HasSuffix(strings.ToLower(n), ".eml") }) {
		return false
	}
	head := p.begins()
	end, _ := lineEnd(head, 0, false)
	return isMbox(head[:end]) || fieldColon(head[:end]) > 0
}

// letter reads the message that a part is.
func (t *Tree) letter(p *Part) {
	p.Container = true
	t.charge(p)
	body := p.Content()
	t.work += len(body)
	t.scanSource(source{body: body, whole: true, parent: p, reading: p.Reading})
}
