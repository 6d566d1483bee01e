package rules

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/postern-mail/postern/rules/match"
	"github.com/postern-mail/postern/scoring"
)

// Rule is one rule as it stands in a file. It is read-only once loaded.
type Rule struct {
	Symbol   string
	Describe map[string]string // by language; "" or "en" first
	Group    string
	Score    float64
	When     string // condition; "" where Count alone decides
	Count    *Count
	Force    *Force
	Shadow   bool
	Owner    string
	Expires  time.Time // the last day on which it acts; zero: for good
	Match    []Example
	Not      []Example

	File string
	Line int

	at     *node // its symbol
	whenAt *node
	cond   *condition
	source *reader // the file it is from
}

// reads lists the symbols that the condition reads.
func (r *Rule) reads() []string {
	if r.cond == nil {
		return nil
	}
	return r.cond.symbols
}

// Count makes the factor grow with the number of matches.
type Count struct {
	Field   string // a text field
	Pattern string
	Per     float64 // factor for each match
	Max     float64 // the most it comes to

	field   field
	program *match.Program
	slot    int // where its verdict is put
}

// Force demands an action whatever the score.
type Force struct {
	Action scoring.Action
	Reason string
}

// Example is a message that the rule must, or must not, match.
type Example struct {
	Facts   Facts
	Symbols []string // what filters found
	at      *node
}

var symbolForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,63}$`)
var groupForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)

// document reads a whole file.
func (r *reader) document(root *node) (rules []*Rule, caps []*groupCap) {
	r.fields(root, "a rule file", map[string]func(*node){
		"rules": func(n *node) {
			if r.want(n, list, "rules") {
				for _, item := range n.items {
					rules = append(rules, r.readRule(item))
				}
			}
		},
		"groups": func(n *node) { caps = r.groups(n) },
	})
	return rules, caps
}

func (r *reader) readRule(n *node) *Rule {
	rule := &Rule{File: r.file, Line: n.line, at: n, Group: "rules", Describe: map[string]string{}}
	for i, key := range n.keys { // first of all, so that every fault names its rule
		if key == "symbol" && n.items[i].kind == scalar {
			rule.Symbol, rule.at = n.items[i].text, n.items[i]
		}
	}
	r.rule = rule.Symbol
	defer func() { r.rule = "" }()
	r.fields(n, "a rule", map[string]func(*node){
		"symbol":   func(n *node) { r.want(n, scalar, "symbol") },
		"describe": func(n *node) { r.describe(n, rule.Describe) },
		"group":    func(n *node) { rule.Group = r.word(n, "group", groupForm, "lower case letters, digits, - and _") },
		"score":    func(n *node) { rule.Score = r.number(n, "score", -1000, 1000) },
		"when":     func(n *node) { rule.When, rule.whenAt = r.str(n, "when"), n },
		"count":    func(n *node) { rule.Count = r.count(n) },
		"force":    func(n *node) { rule.Force = r.force(n) },
		"shadow":   func(n *node) { rule.Shadow = r.boolean(n, "shadow") },
		"owner":    func(n *node) { rule.Owner = r.str(n, "owner") },
		"expires":  func(n *node) { rule.Expires = r.date(n) },
		"examples": func(n *node) { r.examples(n, rule) },
	})
	switch {
	case n.kind != table:
	case rule.Symbol == "":
		r.fault(n, "a rule without symbol")
	case !symbolForm.MatchString(rule.Symbol):
		r.fault(rule.at, "%q is no symbol", rule.Symbol).Remedy = "upper case letters, digits and _, such as MY_RULE"
	case rule.When == "" && rule.Count == nil:
		r.fault(rule.at, "a rule without condition").Remedy = "give it when or count"
	}
	return rule
}

// describe reads one text, or one for each language.
func (r *reader) describe(n *node, into map[string]string) {
	if n.kind == scalar {
		into["en"] = n.text
		return
	}
	r.fields(n, "describe", map[string]func(*node){
		"en": func(n *node) { into["en"] = r.str(n, "describe") },
		"zh": func(n *node) { into["zh"] = r.str(n, "describe") },
	})
}

func (r *reader) count(n *node) *Count {
	c := &Count{Per: 1, Max: 1}
	r.fields(n, "count", map[string]func(*node){
		"field":   func(n *node) { c.Field = r.oneOf(n, "field", textFields()) },
		"pattern": func(n *node) { c.Pattern = r.pattern(n) },
		"per":     func(n *node) { c.Per = r.number(n, "per", 0.001, 1) },
		"max":     func(n *node) { c.Max = r.number(n, "max", 0.001, 1) },
	})
	if n.kind == table && !n.has("field", "pattern") {
		r.fault(n, "count needs field and pattern")
	}
	return c
}

func (r *reader) pattern(n *node) string {
	s := r.str(n, "pattern")
	if err := match.Check(s); err != nil {
		r.fault(n, "%v", err)
		return ""
	}
	return s
}

func (r *reader) force(n *node) *Force {
	f := &Force{}
	r.fields(n, "force", map[string]func(*node){
		"action": func(n *node) {
			var names []string
			for _, a := range scoring.Actions {
				names = append(names, string(a))
			}
			f.Action = scoring.Action(r.oneOf(n, "action", names))
		},
		"reason": func(n *node) { f.Reason = r.str(n, "reason") },
	})
	if n.kind == table && !n.has("action", "reason") {
		r.fault(n, "force needs action and reason")
	}
	return f
}

func (r *reader) str(n *node, what string) string {
	if !r.want(n, scalar, what) {
		return ""
	}
	if n.text == "" {
		r.fault(n, "%s is empty", what)
	}
	return n.text
}

func (r *reader) word(n *node, what string, form *regexp.Regexp, remedy string) string {
	s := r.str(n, what)
	if s != "" && !form.MatchString(s) {
		r.fault(n, "%q is no %s", s, what).Remedy = remedy
	}
	return s
}

func (r *reader) oneOf(n *node, what string, known []string) string {
	s := r.str(n, what)
	if s == "" || slices.Contains(known, s) {
		return s
	}
	r.fault(n, "%q is no %s", s, what).Remedy = didYouMean(s, known)
	return ""
}

func (r *reader) number(n *node, what string, least, most float64) float64 {
	if !r.want(n, scalar, what) {
		return 0
	}
	f, err := strconv.ParseFloat(n.text, 64)
	if err != nil || n.quoted || math.IsNaN(f) {
		r.fault(n, "%s: %q is no number", what, n.text)
		return 0
	}
	if f < least || f > most {
		r.fault(n, "%s: %v is not within %v to %v", what, f, least, most)
	}
	return f
}

func (r *reader) boolean(n *node, what string) bool {
	if r.want(n, scalar, what) && (n.quoted || n.text != "true" && n.text != "false") {
		r.fault(n, "%s: %q is neither true nor false", what, n.text)
	}
	return n.text == "true"
}

func (r *reader) date(n *node) time.Time {
	if !r.want(n, scalar, "expires") {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, n.text)
	if err != nil {
		r.fault(n, "expires: %q is no date", n.text).Remedy = "year-month-day, such as 2027-06-30"
	}
	return day
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
