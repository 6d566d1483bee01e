package rules

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/expr-lang/expr/checker"
	exprcompiler "github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/vm"
	"pgregory.net/rapid"
)

// atoms are what random conditions are made of.
var atoms = []string{
	`text matches "win"`, `text matches "\\bfree\\b.{0,5}win"`, `subject matches "(?i)hello|money"`, `text matches "\\d"`, `words matches "money"`,
	`symbols.SPF_FAIL`, `symbols.DKIM_PASS`, `factors.SPF_FAIL > 0.5`, `len(text) < 12`, `len(words) >= 20`, `len(text) == 3`, `size > 5`, `true`, `false`,
	`header("A") == "b"`, `auth.dkim.pass`, `any(urls, .host matches "example")`, `(text matches "win") == (subject matches "money")`,
}

func randomWhen(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if depth == 0 {
			return rapid.SampledFrom(atoms).Draw(t, "atom")
		}
		parts := rapid.SliceOfN(randomWhen(depth-1), 1, 4).Draw(t, "parts")
		switch rapid.IntRange(0, 6).Draw(t, "form") {
		case 0:
			return "not (" + parts[0] + ")"
		case 1:
			return "(" + strings.Join(parts, " or ") + ")"
		case 2:
			return fmt.Sprintf("count([%s], #) %s %d", strings.Join(parts, ", "), rapid.SampledFrom([]string{">=", ">", "<"}).Draw(t, "sign"), len(parts)/2)
		case 3:
			return "any([" + strings.Join(parts, ", ") + "], #)"
		case 4:
			return "(" + parts[0] + " ? " + parts[len(parts)-1] + " : false)"
		default:
			return "(" + strings.Join(parts, " and ") + ")"
		}
	})
}

// naive evaluates a condition by the expression language alone, with every
// pattern run before.
func naive(t *rapid.T, when string, e *evaluation) bool {
	g := &guard{compiler: newCompiler(nil)}
	config := newConfig(g)
	config.Optimize = false
	tree, err := checker.ParseCheck(when, config)
	if err != nil || g.err != nil {
		t.Fatal(err, g.err)
	}
	program, err := exprcompiler.Compile(tree, config)
	if err != nil {
		t.Fatal(err)
	}
	in := e.env
	in.Hits = make([]bool, g.compiler.slots)
	for _, p := range g.byField {
		for i, slot := range p.slots {
			in.Hits[slot] = regexp.MustCompile(p.exprs[i]).MatchString(p.field.value(&e.env))
		}
	}
	in.Symbols, in.Factors = e.acts.symbols, e.acts.factors
	held, err := (&vm.VM{}).Run(program, &in)
	if err != nil {
		t.Fatal(err)
	}
	return held == true
}

func TestVerdictsAreThoseOfTheExpressionLanguage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		b.WriteString("rules:\n")
		whens := rapid.SliceOfN(randomWhen(2), 1, 5).Draw(t, "whens")
		for i, when := range whens {
			fmt.Fprintf(&b, "  - symbol: R%d\n    when: |-\n      %s\n", i, when)
		}
		s, err := Load(Options{Now: now, Lists: fakeLists{}}, File{Name: "f.yaml", Data: []byte(b.String())})
		if err != nil {
			t.Fatal(err)
		}
		words := func(label string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"win", "free", "money", "HELLO", "x", "1"}), 0, 6).Draw(t, label), " ")
		}
		f := Facts{Text: words("text"), Subject: words("subject"), Size: rapid.IntRange(0, 9).Draw(t, "size"), Headers: []Header{{"A", "b"}}}
		f.URLs = []URL{{Host: rapid.SampledFrom([]string{"example.org", "a.test"}).Draw(t, "host")}}
		f.Auth.DKIM.Pass = rapid.Bool().Draw(t, "dkim")
		given := []string{"SPF_FAIL", "DKIM_PASS"}[:rapid.IntRange(0, 2).Draw(t, "symbols")]
		found := eval(t, s, f, given...)
		e := s.newEvaluation(context.Background(), &f, nil, now)
		defer e.close()
		e.env.complete(map[string]bool{"words": true})
		for _, name := range given {
			e.acts.symbols[name], e.acts.factors[name] = true, 1
		}
		for i, when := range whens {
			_, got := found[fmt.Sprintf("R%d", i)]
			if want := naive(t, when, e); got != want {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
		}
	})
}
