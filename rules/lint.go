package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// lint refuses symbols that filters report, and warns of what is allowed and
// likely a mistake.
func (l *loader) lint() {
	same, known, w := map[string]*Rule{}, l.known(), newWorld(l.compiler)
	l.lintCaps()
	for _, r := range l.rules {
		if slices.Contains(l.options.Symbols, r.Symbol) {
			l.fault(r, r.at, false, "%s is the symbol of a filter", r.Symbol)
		}
		if why := w.why(r, l.options.Now); why != "" {
			l.fault(r, r.whenAt, true, "the condition never holds").Remedy = strings.TrimPrefix(why, plainly)
		}
		if r.cond != nil && r.cond.always() && r.Count == nil {
			l.fault(r, r.whenAt, true, "the condition holds for every message")
		}
		l.lintSymbols(r, known)
		if r.expiredAt(l.options.Now) {
			l.fault(r, r.at, true, "expired after %s: it runs in the shadow", r.Expires.Format(time.DateOnly))
		}
		key := r.When
		if r.Count != nil {
			key += fmt.Sprintf("\x00%s\x00%s", r.Count.Field, r.Count.Pattern)
		}
		if first := same[key]; first != nil {
			l.fault(r, r.at, true, "the same condition as %s in %s:%d", first.Symbol, first.File, first.Line)
		} else {
			same[key] = r
		}
	}
}

// known are the symbols that filters and rules report.
func (l *loader) known() map[string]bool {
	known := map[string]bool{}
	for _, name := range l.options.Symbols {
		known[name] = true
	}
	for _, name := range l.options.Others {
		known[name] = true
	}
	for _, r := range l.rules {
		known[r.Symbol] = true
	}
	return known
}

// lintSymbols warns of symbols that nobody reports.
func (l *loader) lintSymbols(r *Rule, known map[string]bool) {
	if l.options.Symbols == nil {
		return
	}
	for _, name := range r.reads() {
		if !known[name] {
			l.unknown(r, r.whenAt, name, known)
		}
	}
	for _, ex := range slices.Concat(r.Match, r.Not) {
		for _, name := range ex.Symbols {
			if !known[name] && !slices.Contains(r.reads(), name) { // once is enough
				l.unknown(r, ex.at, name, known)
			}
		}
	}
}

// maxGuesses bounds the guesses at what was meant: each looks at all symbols.
const maxGuesses = 100

func (l *loader) unknown(r *Rule, at *node, name string, known map[string]bool) {
	f := l.fault(r, at, true, "no filter and no rule reports %q", name)
	if l.guesses++; l.guesses <= maxGuesses {
		f.Remedy = didYouMean(name, sortedKeys(known))
	}
}

// lintPatterns warns of patterns that have to be run on every message.
func (l *loader) lintPatterns(p *patterns) {
	always := map[int]string{} // by slot
	for _, i := range p.set.Always() {
		always[p.slots[i]] = p.exprs[i]
	}
	for _, r := range l.rules {
		for _, slot := range r.slots() {
			if expr, ok := always[slot]; ok {
				l.fault(r, r.at, true, "the pattern %q holds no word that could be looked for: it is run on every message", expr)
			}
		}
	}
}

// slots are those of the patterns that a rule looks for on text fields, each once.
func (r *Rule) slots() (list []int) {
	if r.cond != nil {
		list = slices.Clone(r.cond.slots)
	}
	if r.Count != nil {
		list = append(list, r.Count.slot)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
