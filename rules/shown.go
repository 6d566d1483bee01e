package rules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/postern-mail/postern/scoring"
)

// Policy judges by what the rules say alone: their scores and caps, with
// nothing of a configuration laid over them.
func (s *Set) Policy(now time.Time) *scoring.Policy {
	return &scoring.Policy{Table: s.Entries(), Caps: s.Caps(), Actions: s.Actions(), Shadow: s.Shadow(now)}
}

// Met is what the rules say of one message.
type Met struct {
	Rules  []MetRule `json:"rules"` // heaviest first
	Of     int       `json:"of"`    // so many rules were asked
	Points float64   `json:"points"`
	Error  string    `json:"error,omitempty"` // rules that could not be evaluated
}

// MetRule is a rule that matches.
type MetRule struct {
	Symbol  string   `json:"symbol"`
	Points  float64  `json:"points"` // what it adds, after the group's cap; in the shadow what it would
	Group   string   `json:"group"`
	Shadow  bool     `json:"shadow"`
	Details []string `json:"details,omitempty"`
}

// Test evaluates a message and tells which rules match, and what they weigh by
// a policy beside the symbols that filters found. What the error tells stands
// in the answer, too.
func (s *Set) Test(ctx context.Context, facts *Facts, symbols []scoring.Symbol, p *scoring.Policy, now time.Time) (*Met, error) {
	found, err := s.Eval(ctx, facts, symbols, now)
	met := &Met{Rules: []MetRule{}, Of: len(s.rules)}
	if err != nil {
		met.Error = err.Error()
	}
	own := map[string]bool{}
	for _, sym := range found {
		own[sym.Name] = true
	}
	for _, sym := range scoring.Judge(scoring.Evidence{Symbols: slices.Concat(symbols, found)}, p).Symbols {
		if !own[sym.Name] {
			continue
		}
		r := MetRule{Symbol: sym.Name, Points: sym.Points, Group: sym.Group, Shadow: sym.Shadow, Details: sym.Details}
		if nominal := sym.Factor * p.Table[sym.Name].Score; sym.Shadow {
			r.Points = nominal
			r.Details = append(slices.Clone(r.Details), "in the shadow")
		} else if met.Points += sym.Points; nominal > sym.Points+0.0005 {
			r.Details = append(slices.Clone(r.Details), fmt.Sprintf("%.2f without the cap of its group", nominal))
		}
		met.Rules = append(met.Rules, r)
	}
	slices.SortStableFunc(met.Rules, func(a, b MetRule) int {
		switch {
		case a.Points > b.Points:
			return -1
		case a.Points < b.Points:
			return 1
		}
		return 0
	})
	return met, err
}

// Text writes a rule a line. It is safe for a terminal.
func (m *Met) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range m.Rules {
		fmt.Fprintf(t, "%s\t%.2f\t%s\t%s\n", r.Symbol, r.Points, r.Group, printable(strings.Join(r.Details, "; ")))
	}
	fmt.Fprintf(t, "%d of %d rules\t%.2f\n", len(m.Rules), m.Of, m.Points)
	return t.Flush()
}

// Listed is a rule as a list shows it.
type Listed struct {
	Symbol   string            `json:"symbol"`
	Score    float64           `json:"score"`
	Group    string            `json:"group"`
	Cap      *float64          `json:"cap,omitempty"` // of its group
	State    string            `json:"state"`         // on, shadow, expired, or the action it demands
	Describe map[string]string `json:"describe,omitempty"`
	Owner    string            `json:"owner,omitempty"`
	Expires  string            `json:"expires,omitempty"` // the last day on which it acts
	File     string            `json:"file"`
	Line     int               `json:"line"`

	title string
}

// List is all rules in the order of their symbols, with what they weigh by a
// policy.
func (s *Set) List(p *scoring.Policy, now time.Time) []Listed {
	out := make([]Listed, 0, len(s.rules))
	for _, r := range s.rules {
		e := p.Table[r.Symbol]
		row := Listed{
			Symbol: r.Symbol, Score: e.Score, Group: e.Group, State: r.state(p, now), Describe: r.Describe, Owner: r.Owner,
			File: r.File, Line: r.Line, title: r.Title("en"),
		}
		if limit, ok := p.Caps[e.Group]; ok {
			row.Cap = &limit
		}
		if !r.Expires.IsZero() {
			row.Expires = r.Expires.Format(time.DateOnly)
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b Listed) int { return strings.Compare(a.Symbol, b.Symbol) })
	return out
}

// WriteList writes a rule a line. It is safe for a terminal.
func WriteList(w io.Writer, rules []Listed) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var errs []error
	for _, r := range rules {
		group := r.Group
		if r.Cap != nil {
			group += fmt.Sprintf(" (at most %g)", *r.Cap)
		}
		_, err := fmt.Fprintf(t, "%s\t%g\t%s\t%s\t%s\t%s:%d\n", r.Symbol, r.Score, group, r.State, printable(r.title), printable(r.File), r.Line)
		errs = append(errs, err)
	}
	return errors.Join(append(errs, t.Flush())...)
}

func (r *Rule) state(p *scoring.Policy, now time.Time) string {
	switch {
	case r.expiredAt(now):
		return "expired"
	case p.Shadow[r.Symbol]:
		return "shadow"
	case p.Actions[r.Symbol] != "":
		return string(p.Actions[r.Symbol])
	}
	return "on"
}
