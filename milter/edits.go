package milter

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	gm "github.com/emersion/go-milter"

	"github.com/postern-mail/postern/mail"
)

// The MTA applies each edit to the header as the edits before it left it. Ours speak of
// the header as it came, so they are sent in an order in which none moves
// what a later one points at: replaced fields stay where they are, removals go
// from the last of a name to its first, then fields are appended, and inserted
// from the bottom to the top.
//
// Two counts differ (Postfix cleanup_milter.c): changes count the fields of that name from
// 1 and without the MTA's own Received field, insertions count all fields from 0 and with it.
// Postfix leaves the topmost field out of the first count, whichever it is:
// another reason to insert last.

// target is one field of the header as it came.
type target struct {
	name string // lower case
	n    int
}

// plan is a list of edits, sorted out.
type plan struct {
	replace, remove map[target]mail.Edit
	add, insert     []mail.Edit
	at              map[target]int // index of each field that is replaced or removed
}

// sortOut drops edits of fields that are not there (Postfix would append
// those) and of what cannot be a field name. Of several edits of one field the last
// counts, and a removal before all.
func sortOut(edits []mail.Edit, h mail.Header) plan {
	p := plan{replace: map[target]mail.Edit{}, remove: map[target]mail.Edit{}, at: positions(edits, h)}
	for _, e := range edits {
		if !fieldName(e.Name) {
			continue
		}
		t := target{strings.ToLower(e.Name), e.N}
		_, there := p.at[t]
		switch {
		case e.Kind == mail.EditInsert:
			p.insert = append(p.insert, e)
		case e.Kind == mail.EditAppend:
			p.add = append(p.add, e)
		case e.Kind == mail.EditReplace && there:
			p.replace[t] = e
		case e.Kind == mail.EditRemove && there:
			p.remove[t] = e
		}
	}
	for t := range p.remove {
		delete(p.replace, t)
	}
	return p
}

// positions numbers the fields of each name from 1 and tells the index of each, for the
// names that are to be changed.
func positions(edits []mail.Edit, h mail.Header) map[target]int {
	count := make(map[string]int)
	for _, e := range edits {
		if e.Kind == mail.EditReplace || e.Kind == mail.EditRemove {
			count[strings.ToLower(e.Name)] = 0
		}
	}
	if len(count) == 0 {
		return nil
	}
	at := make(map[target]int)
	for i, f := range h {
		key := f.Key()
		if n, ok := count[key]; ok {
			count[key] = n + 1
			at[target{key, n + 1}] = i
		}
	}
	return at
}

// send asks the MTA for the edits, as far as it offers them.
func (p plan) send(m *gm.Modifier, t terms) error {
	if t.actions&gm.OptChangeHeader != 0 {
		if err := p.sendChanges(m, t); err != nil {
			return err
		}
	}
	if t.actions&gm.OptAddHeader == 0 {
		return nil
	}
	for _, e := range p.add {
		if err := m.AddHeader(e.Name, t.value(e.Value)); err != nil {
			return err
		}
	}
	return p.sendInserts(m, t)
}

func (p plan) sendChanges(m *gm.Modifier, t terms) error {
	for _, k := range slices.SortedFunc(maps.Keys(p.replace), compareTargets) {
		if err := m.ChangeHeader(k.n, p.replace[k].Name, t.value(p.replace[k].Value)); err != nil {
			return err
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(p.remove), compareTargets) {
		// An empty value takes the field away.
		if err := m.ChangeHeader(k.n, p.remove[k].Name, ""); err != nil {
			return err
		}
	}
	return nil
}

// compareTargets sorts by name and from the last field of a name to its first.
func compareTargets(a, b target) int {
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	return b.n - a.n
}

// sendInserts goes from the bottom to the top; of fields for one place the last goes
// first, so that they stand in the order of the list.
func (p plan) sendInserts(m *gm.Modifier, t terms) error {
	inserts := slices.Clone(p.insert)
	slices.SortStableFunc(inserts, func(a, b mail.Edit) int { return a.Index - b.Index })
	for _, e := range slices.Backward(inserts) {
		if err := m.InsertHeader(p.place(e.Index, t), e.Name, t.value(e.Value)); err != nil {
			return err
		}
	}
	return nil
}

// place translates an index among the fields as they came into one among the fields as
// they are now, with the MTA's Received field on top of them.
func (p plan) place(index int, t terms) int {
	if index <= 0 {
		return 0
	}
	place := index + 1
	for k := range p.remove {
		if t.actions&gm.OptChangeHeader != 0 && p.at[k] < index {
			place--
		}
	}
	return place
}

// value makes a field's value fit to be sent: folds stay, every other control
// character becomes a space, and it is never empty, as that would mean to remove the
// field. With SMFIP_HDR_LEADSPC the space after the colon is ours to give.
func (t terms) value(s string) string {
	b := []byte(s)
	for i, c := range b {
		if (c >= ' ' && c != 0x7f) || c == '\t' || fold(b[i:]) || i > 0 && fold(b[i-1:]) {
			continue
		}
		b[i] = ' '
	}
	lead := t.protocol&gm.OptHeaderLeadingSpace != 0 && (len(b) == 0 || b[0] != ' ' && b[0] != '\t')
	if lead || len(b) == 0 {
		b = append([]byte{' '}, b...)
	}
	return string(b)
}

// fold tells whether b begins with a fold: CRLF and white space (RFC 5322 section 2.2.3).
func fold(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\r\n ")) || bytes.HasPrefix(b, []byte("\r\n\t"))
}

// fieldName tells whether s can name a header field (RFC 5322 section 2.2).
func fieldName(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == ':' {
			return false
		}
	}
	return s != ""
}
