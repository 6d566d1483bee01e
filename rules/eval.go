package rules

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/expr-lang/expr/vm"

	"github.com/postern-mail/postern/rules/match"
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
	found, failed := s.eval(ctx, facts, symbols, now)
	errs := make([]error, len(failed))
	for i, f := range failed {
		errs[i] = f
	}
	return found, errors.Join(errs...)
}

// failure is that a rule could not be evaluated.
type failure struct {
	rule *Rule
	ends string // "before " or "after " where the time was up there
	err  error
}

// Error names the rule.
func (f failure) Error() string { return fmt.Sprintf("rules: %s%s: %v", f.ends, f.rule.Symbol, f.err) }

// Unwrap gives what happened.
func (f failure) Unwrap() error { return f.err }

func (s *Set) eval(ctx context.Context, facts *Facts, symbols []scoring.Symbol, now time.Time) ([]scoring.Symbol, []failure) {
	e := s.newEvaluation(ctx, facts, symbols, now)
	defer e.close()
	var failed []failure
	for _, r := range s.rules {
		if err := ctx.Err(); err != nil {
			return e.found, append(failed, failure{r, "before ", err})
		}
		if err := e.rule(ctx, r); err != nil {
			failed = append(failed, failure{r, "", err})
		}
	}
	if err := ctx.Err(); err != nil && len(s.rules) > 0 {
		failed = append(failed, failure{s.rules[len(s.rules)-1], "after ", err})
	}
	return e.found, failed
}

// evaluation is the evaluation of one message, in one goroutine.
type evaluation struct {
	set      *Set
	env      env
	vm       vm.VM
	now      time.Time
	searches []*match.Search // by field; nil until it is asked for
	lengths  []int           // of fields; -1 until it is asked for
	acts     seen            // what rules that act see
	all      seen            // what rules in the shadow see
	view     seen            // what the rule at hand sees
	found    []scoring.Symbol
}

// seen are symbols with their factors.
type seen struct {
	names   map[string]int // numbers of those that are read
	has     []bool         // by number
	symbols map[string]bool
	factors map[string]float64
}

func (s *Set) newSeen(symbols []scoring.Symbol) seen {
	list := seen{s.names, make([]bool, len(s.names)), make(map[string]bool, len(symbols)), make(map[string]float64, len(symbols))}
	for _, sym := range symbols {
		list.add(sym)
	}
	return list
}

func (s seen) add(sym scoring.Symbol) {
	if n, ok := s.names[sym.Name]; ok {
		s.has[n] = true
	}
	s.symbols[sym.Name] = true
	s.factors[sym.Name] = max(s.factors[sym.Name], sym.Factor)
}

func (s *Set) newEvaluation(ctx context.Context, facts *Facts, symbols []scoring.Symbol, now time.Time) *evaluation {
	e := &evaluation{set: s, now: now, acts: s.newSeen(symbols)}
	e.all = e.acts
	if s.shadows {
		e.all = s.newSeen(symbols)
	}
	e.vm.MemoryBudget = maxMemory
	e.env.Facts = *facts
	e.env.readBody(s)
	e.env.bound()
	e.env.complete(s.uses)
	e.env.Header, e.env.HeaderAll, e.env.InList = e.env.header, e.env.headerAll, s.lists.Has
	e.env.Run = func(value any, p *match.Program) (bool, error) {
		switch text := value.(type) {
		case string:
			return p.Match(ctx, clip(text, maxText))
		case nil:
			return false, nil
		}
		return false, fmt.Errorf("matches is for texts, not for %T", value)
	}
	e.env.Hits = make([]bool, len(s.seats))
	e.searches = make([]*match.Search, len(s.patterns))
	e.lengths = slices.Repeat([]int{-1}, len(s.lengths))
	return e
}

func (e *evaluation) close() {
	for _, q := range e.searches {
		if q != nil {
			q.Close()
		}
	}
}

// search goes over a field, the first time.
func (e *evaluation) search(field int) *match.Search {
	if e.searches[field] == nil {
		p := e.set.patterns[field]
		e.searches[field] = p.set.Search(clip(p.field.value(&e.env), maxText))
	}
	return e.searches[field]
}

// bound cuts what is longer than rules read.
func (f *Facts) bound() {
	f.Subject, f.Text, f.HTML = clip(f.Subject, maxText), clip(f.Text, maxText), clip(f.HTML, maxText)
	f.Headers = f.Headers[:min(len(f.Headers), maxItems)]
	f.URLs = f.URLs[:min(len(f.URLs), maxItems)]
	f.Attachments = f.Attachments[:min(len(f.Attachments), maxItems)]
}

// rule evaluates one rule, once those that it reads are done.
func (e *evaluation) rule(ctx context.Context, r *Rule) error {
	factor, err := e.factor(ctx, r)
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
func (e *evaluation) factor(ctx context.Context, r *Rule) (float64, error) {
	if r.cond != nil {
		e.view = e.acts
		if r.inShadow(e.now) {
			e.view = e.all
		}
		if !e.could(&r.cond.gate) {
			return 0, nil
		}
		if held, err := e.holds(ctx, &r.cond.gate); err != nil || !held {
			return 0, err
		}
	}
	if r.Count == nil {
		return 1, nil
	}
	return e.count(ctx, r.Count)
}

// count is the factor of a counted pattern. No more matches are looked for
// than change it.
func (e *evaluation) count(ctx context.Context, c *Count) (float64, error) {
	if hit, err := e.matches(ctx, c.slot); err != nil || !hit {
		return 0, err
	}
	text := clip(c.field.value(&e.env), maxText)
	most := int(math.Ceil(c.Max / c.Per))
	n, err := c.program.Count(ctx, text, most)
	return min(c.Max, float64(n)*c.Per), err
}
