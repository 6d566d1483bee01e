package rules

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/postern-mail/postern/scoring"
)

// RunExamples evaluates the whole set on every example and returns those that
// did not come out as they should, and the rules that fail where a message has
// nothing to show. Examples are judged as if no rule had expired. A rule answers
// for itself and for the rules it reads, never for others that fail.
func (s *Set) RunExamples(ctx context.Context) Faults {
	x := &examiner{set: s, bySymbol: map[string]*Rule{}}
	for _, r := range s.rules {
		x.bySymbol[r.Symbol] = r
	}
	x.empty(ctx)
	for _, r := range s.rules {
		for _, ex := range r.Match {
			x.run(ctx, r, ex, true)
		}
		for _, ex := range r.Not {
			x.run(ctx, r, ex, false)
		}
	}
	return x.faults
}

// examiner runs the examples of a set.
type examiner struct {
	set      *Set
	bySymbol map[string]*Rule
	faults   Faults
}

func (x *examiner) fault(r *Rule, at *node, message string) *Fault {
	x.faults = append(x.faults, Fault{
		File: r.File, Line: at.line, Column: at.column, Rule: r.Symbol,
		Message: message, Excerpt: excerpt(r.source.text, at.line, at.column),
	})
	return &x.faults[len(x.faults)-1]
}

func (x *examiner) run(ctx context.Context, r *Rule, ex Example, want bool) {
	var given []scoring.Symbol
	for _, name := range ex.Symbols {
		given = append(given, scoring.Found(name))
	}
	found, failed := x.set.eval(ctx, &ex.Facts, given, time.Time{})
	read := x.readBy(r)
	at := slices.IndexFunc(failed, func(f failure) bool { return f.ends != "" || read[f.rule] })
	got := slices.ContainsFunc(found, func(sym scoring.Symbol) bool { return sym.Name == r.Symbol })
	switch {
	case at >= 0:
		x.fault(r, ex.at, failed[at].Error())
	case want && !got:
		x.fault(r, ex.at, "the rule does not match this example")
	case !want && got:
		x.fault(r, ex.at, "the rule matches this example, which it must not")
	}
}

// readBy are a rule and the rules it reads, and those that they read.
func (x *examiner) readBy(r *Rule) map[*Rule]bool {
	all, next := map[*Rule]bool{r: true}, []*Rule{r}
	for len(next) > 0 {
		r, next = next[0], next[1:]
		for _, name := range r.reads() {
			if other := x.bySymbol[name]; other != nil && !all[other] {
				all[other] = true
				next = append(next, other)
			}
		}
	}
	return all
}

// element is one of a list that a message may not have.
var element = regexp.MustCompile(`\b(urls|attachments|headers|envelope\.rcpts|header_all\([^)]*\))\s*\[|\b(?:first|last)\(\s*(urls|attachments|headers|envelope\.rcpts)`)

// empty evaluates all rules on a message that has nothing: what fails there
// fails for much honest mail.
func (x *examiner) empty(ctx context.Context) {
	_, failed := x.set.eval(ctx, &Facts{}, nil, time.Time{})
	for _, f := range failed {
		if f.ends != "" {
			return // the examples say so
		}
		fault := x.fault(f.rule, cmp.Or(f.rule.whenAt, f.rule.at), "the rule fails where a message has nothing to show: "+f.err.Error())
		if m := element.FindStringSubmatch(f.rule.When); m != nil {
			fault.Remedy = "ask any(" + m[1] + m[2] + ", ...), which holds for none of an empty list"
		}
	}
}
