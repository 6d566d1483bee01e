package match

import "context"

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
	for _, i := range s.always {
		q.scratch.verdicts[i] = likely
	}
	return q
}

// Could tells whether expression i may match. When false it does not.
func (q *Search) Could(i int) bool {
	v := q.scratch.verdicts[i]
	return v == likely || v == present
}

// Matches tells whether expression i matches somewhere in the text. It takes
// time linear in the text, the first time. When ctx ends before that is known
// its error is returned.
func (q *Search) Matches(ctx context.Context, i int) (bool, error) {
	sc := q.scratch
	if sc.verdicts[i] == likely {
		hit, err := q.run(ctx, &q.set.exprs[i])
		if err != nil {
			return false, err
		}
		sc.verdicts[i] = refuted
		if hit {
			sc.verdicts[i] = present
		}
	}
	return sc.verdicts[i] == present, nil
}

// run looks for the variants whose literals are there.
func (q *Search) run(ctx context.Context, e *expression) (bool, error) {
	if e.from == e.to {
		return e.program.Match(ctx, q.text)
	}
	sc := q.scratch
	for i := e.from; i < e.to; i++ {
		v := &q.set.variants[i]
		if sc.mask[i] != v.need {
			continue
		}
		if v.exact && sc.placed(v.clauses[0]) {
			return true, nil
		}
		if hit, err := v.verify(ctx, q.text, sc); err != nil || hit {
			return hit, err
		}
	}
	return false, nil
}

// placed tells whether one of the literals stands in the text itself.
func (sc *scratch) placed(literals []int32) bool {
	for _, l := range literals {
		if len(sc.found[l].ends) > 0 {
			return true
		}
	}
	return false
}

// Close gives back what the search holds.
func (q *Search) Close() {
	q.scratch.reset()
	q.set.scratch.Put(q.scratch)
	q.scratch = nil
}
