package rules

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"
)

// could tells whether a condition may hold, from what one pass over each text
// and the symbols tell: nothing is run for it. When false it does not hold.
func (e *evaluation) could(g *gate) bool {
	switch g.op {
	case opConstant:
		return g.n == 1
	case opPattern:
		p := e.set.seats[g.n]
		return e.search(p.field).Could(p.pattern)
	case opSymbol:
		return e.view.has[g.n]
	case opAnd:
		return e.could(&g.subs[0]) && e.could(&g.subs[1])
	case opOr:
		return e.could(&g.subs[0]) || e.could(&g.subs[1])
	case opAtLeast:
		missing := g.n
		for i := range g.subs {
			if missing > 0 && e.could(&g.subs[i]) {
				missing--
			}
		}
		return missing <= 0
	}
	return true
}

// holds evaluates a condition, from left to right and no further than needed.
func (e *evaluation) holds(ctx context.Context, g *gate) (bool, error) {
	switch g.op {
	case opConstant:
		return g.n == 1, nil
	case opPattern:
		return e.matches(ctx, g.n)
	case opSymbol:
		return e.view.has[g.n], nil
	case opLength:
		return compare(e.length(g.n), g.compare, g.length), nil
	case opNot:
		held, err := e.holds(ctx, &g.subs[0])
		return !held && err == nil, err
	case opAnd, opOr:
		held, err := e.holds(ctx, &g.subs[0])
		if err != nil || held == (g.op == opOr) {
			return held, err
		}
		return e.holds(ctx, &g.subs[1])
	case opAtLeast:
		return e.atLeast(ctx, g)
	}
	return e.run(ctx, g)
}

func (e *evaluation) atLeast(ctx context.Context, g *gate) (bool, error) {
	missing := g.n
	for i := range g.subs {
		if missing <= 0 {
			break
		}
		held, err := e.holds(ctx, &g.subs[i])
		if err != nil {
			return false, err
		}
		if held {
			missing--
		}
	}
	return missing <= 0, nil
}

// matches asks for the verdict of a pattern.
func (e *evaluation) matches(ctx context.Context, slot int) (bool, error) {
	p := e.set.seats[slot]
	if !e.search(p.field).Could(p.pattern) {
		return false, nil
	}
	return e.search(p.field).Matches(ctx, p.pattern)
}

// length is that of a text field in characters.
func (e *evaluation) length(n int) int {
	if e.lengths[n] < 0 {
		e.lengths[n] = utf8.RuneCountInString(e.set.lengths[n].value(&e.env))
	}
	return e.lengths[n]
}

func compare(n int, operator string, m int) bool {
	switch operator {
	case "<":
		return n < m
	case "<=":
		return n <= m
	case ">":
		return n > m
	case ">=":
		return n >= m
	case "==":
		return n == m
	}
	return n != m
}

// run evaluates what is left to the expression language.
func (e *evaluation) run(ctx context.Context, g *gate) (bool, error) {
	for _, slot := range g.slots {
		hit, err := e.matches(ctx, slot)
		if err != nil {
			return false, err
		}
		e.env.Hits[slot] = hit
	}
	e.env.Symbols, e.env.Factors = e.view.symbols, e.view.factors
	held, err := e.vm.Run(g.program, &e.env)
	if over := ctx.Err(); err != nil && over != nil {
		return false, over
	}
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return false, errors.New(printable(clip(first, 200)))
	}
	return held == true, nil
}
