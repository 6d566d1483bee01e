package match

// Search is a text that was gone over once for the literals of all
// expressions. An expression is run when it is asked for. It is used by one
// goroutine, and closed when it is done with.
type Search struct {
	set     *Set
	text    string
	scratch *scratch
}

// Search goes over a text.
func (s *Set) Search(text string) *Search {
	q := &Search{set: s, text: text, scratch: s.scratch.Get().(*scratch)}
	s.find(text, q.scratch)
	return q
}

// Could tells whether expression i has to be run for its verdict, or matches
// without. When false it does not match.
func (q *Search) Could(i int) bool {
	return q.scratch.mask[i] == q.set.patterns[i].need
}

// Matches tells whether expression i matches somewhere in the text. It takes
// time linear in the text, the first time.
func (q *Search) Matches(i int) bool {
	sc, p := q.scratch, &q.set.patterns[i]
	switch {
	case !q.Could(i):
		return false
	case p.exact && !sc.folded[i]:
		return true
	case sc.verdicts[i] == unknown:
		sc.verdicts[i] = absent
		sc.judged = append(sc.judged, int32(i))
		if p.verify(q.text, &sc.spans[i]) {
			sc.verdicts[i] = present
		}
	}
	return sc.verdicts[i] == present
}

// Close gives back what the search holds.
func (q *Search) Close() {
	q.scratch.reset()
	q.set.scratch.Put(q.scratch)
	q.scratch = nil
}
