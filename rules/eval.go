package rules

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/expr-lang/expr/vm"

	"github.com/postern-mail/postern/scoring"
)

// Eval evaluates all rules on a message: facts, and the symbols that filters
// found, judged at a time. It returns the symbols of the rules that match. A
// rule that cannot be evaluated is an error which names it, and the others are
// evaluated all the same. When ctx ends, what was found until then is returned
// with its error.
//
// A rule in the shadow is reported like any other, and seen by other rules in
// the shadow only: so it acts through none of them.
func (s *Set) Eval(ctx context.Context, facts *Facts, symbols []scoring.Symbol, now time.Time) ([]scoring.Symbol, error) {
	e := s.newEvaluation(facts, symbols, now)
	if err := s.match(ctx, e); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	for _, r := range s.rules {
		if err := ctx.Err(); err != nil {
			e.errs = append(e.errs, fmt.Errorf("rules: before %s: %w", r.Symbol, err))
			break
		}
		if err := e.rule(r); err != nil {
			e.errs = append(e.errs, fmt.Errorf("rules: %s: %w", r.Symbol, err))
		}
	}
	return e.found, errors.Join(e.errs...)
}

// evaluation is the evaluation of one message, in one goroutine.
type evaluation struct {
	env   env
	vm    vm.VM
	now   time.Time
	acts  seen // what rules that act see
	all   seen // what rules in the shadow see
	found []scoring.Symbol
	errs  []error
}

// seen are symbols with their factors.
type seen struct {
	symbols map[string]bool
	factors map[string]float64
}

func newSeen(symbols []scoring.Symbol) seen {
	s := seen{make(map[string]bool, len(symbols)), make(map[string]float64, len(symbols))}
	for _, sym := range symbols {
		s.add(sym)
	}
	return s
}

func (s seen) add(sym scoring.Symbol) {
	s.symbols[sym.Name] = true
	s.factors[sym.Name] = max(s.factors[sym.Name], sym.Factor)
}

func (s *Set) newEvaluation(facts *Facts, symbols []scoring.Symbol, now time.Time) *evaluation {
	e := &evaluation{now: now, acts: newSeen(symbols)}
	e.all = e.acts
	if s.shadows {
		e.all = newSeen(symbols)
	}
	e.vm.MemoryBudget = maxMemory
	e.env.Facts = *facts
	e.env.readBody(s)
	e.env.bound()
	e.env.complete(s.uses)
	e.env.Header, e.env.HeaderAll, e.env.InList = e.env.header, e.env.headerAll, s.lists.Has
	e.env.Hits = make([]bool, s.slots)
	return e
}

// bound cuts what is longer than rules read.
func (f *Facts) bound() {
	f.Subject, f.Text, f.HTML = clip(f.Subject, maxText), clip(f.Text, maxText), clip(f.HTML, maxText)
	f.Headers = f.Headers[:min(len(f.Headers), maxItems)]
	f.URLs = f.URLs[:min(len(f.URLs), maxItems)]
	f.Attachments = f.Attachments[:min(len(f.Attachments), maxItems)]
}

// match looks for the patterns of all rules.
func (s *Set) match(ctx context.Context, e *evaluation) error {
	for _, p := range s.patterns {
		hits, err := p.set.Match(ctx, clip(p.field.value(&e.env), maxText))
		if err != nil {
			return err
		}
		for i, slot := range p.slots {
			e.env.Hits[slot] = hits.Has(i)
		}
	}
	return nil
}

// rule evaluates one rule, once those that it reads are done.
func (e *evaluation) rule(r *Rule) error {
	factor, err := e.factor(r)
	if err != nil || factor == 0 {
		return err
	}
	sym := scoring.Symbol{Name: r.Symbol, Factor: factor}
	if r.Force != nil {
		sym.Details = append(sym.Details, "demands "+string(r.Force.Action)+": "+r.Force.Reason)
	}
	if r.expiredAt(e.now) {
		sym.Factor = 0 // the policy may have been made before
		sym.Details = append(sym.Details, "in the shadow: expired after "+r.Expires.Format(time.DateOnly))
	}
	e.found = append(e.found, sym)
	if sym.Factor = factor; !r.inShadow(e.now) {
		e.acts.add(sym)
	}
	e.all.add(sym)
	return nil
}

// factor is how much of a rule is there: 0 when it does not match.
func (e *evaluation) factor(r *Rule) (float64, error) {
	if r.cond != nil {
		view := e.acts
		if r.inShadow(e.now) {
			view = e.all
		}
		e.env.Symbols, e.env.Factors = view.symbols, view.factors
		holds, err := e.vm.Run(r.cond.program, &e.env)
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			return 0, errors.New(printable(clip(first, 200)))
		}
		if holds != true {
			return 0, nil
		}
	}
	if r.Count == nil {
		return 1, nil
	}
	return e.count(r.Count), nil
}

// count is the factor of a counted pattern. No more matches are looked for
// than change it.
func (e *evaluation) count(c *Count) float64 {
	if !e.env.Hits[c.slot] {
		return 0
	}
	text := clip(c.field.value(&e.env), maxText)
	most := int(math.Ceil(c.Max / c.Per))
	n := len(c.regexp.FindAllStringIndex(text, most))
	return min(c.Max, float64(n)*c.Per)
}
