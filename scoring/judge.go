package scoring

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Scored is a symbol with what it weighed.
type Scored struct {
	Symbol
	Group  string
	Points float64 // what it added, after the group's cap; 0 in the shadow
	Shadow bool
}

// Verdict is evidence judged by a policy.
type Verdict struct {
	Action  Action // what the policy demands; what is done depends on Mode
	Score   float64
	Mode    Mode
	Policy  string
	Reason  string   // what made it this action, in one line
	Symbols []Scored // heaviest first
}

// Judge is a pure function: the same evidence and policy give the same verdict,
// today or in a year. It keeps nothing of its arguments but the symbols'
// details.
func Judge(ev Evidence, p *Policy) Verdict {
	v := Verdict{Mode: p.Mode, Policy: p.Name, Symbols: weigh(ev.Symbols, p)}
	for _, s := range v.Symbols {
		v.Score += s.Points
	}
	v.Score = round(v.Score)
	waited := slices.ContainsFunc(ev.Symbols, func(s Symbol) bool { return s.Name == GreylistPass })
	v.Action, v.Reason = p.byScore(v.Score, waited)
	if demand, by := p.demanded(v.Symbols, waited); by != "" {
		if demand == Accept || demand.severity() > v.Action.severity() {
			v.Action, v.Reason = demand, fmt.Sprintf("%s demands %s", by, demand)
		}
	}
	return v
}

// round keeps scores to a thousandth, so that sums of decimal fractions meet
// their thresholds.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// Symbols by which it is evidence whether a message has waited. They weigh nothing.
const (
	GreylistWait = "GREYLIST_WAIT" // it is to come again later
	GreylistPass = "GREYLIST_PASS" // it need not wait: no more is greylisted
)

// byScore is the action that the score calls for. In the mode mark nothing is greylisted, since nobody
// is asked to come again and the mark would be lost.
func (p *Policy) byScore(score float64, waited bool) (Action, string) {
	greylist := p.Thresholds.Greylist
	if greylist == 0 || waited || p.Mode == MarkAll {
		greylist = Never
	}
	for _, t := range []struct {
		action Action
		from   float64
	}{{Reject, p.Thresholds.Reject}, {Quarantine, p.Thresholds.Quarantine}, {Greylist, greylist}, {Mark, p.Thresholds.Mark}} {
		if score >= t.from {
			return t.action, fmt.Sprintf("score %g reaches %s at %g", score, t.action, t.from)
		}
	}
	return Accept, fmt.Sprintf("score %g stays below every threshold", score)
}

// demanded is the action that single symbols demand, and by whom: the most
// severe one; Accept only when nothing else is demanded. Greylist is met by having waited.
func (p *Policy) demanded(symbols []Scored, waited bool) (action Action, by string) {
	for _, s := range symbols {
		a, ok := p.Actions[s.Name]
		if !ok || s.Shadow || s.Factor == 0 || waited && a == Greylist {
			continue
		}
		if by == "" || a.severity() > action.severity() {
			action, by = a, s.Name
		}
	}
	return action, by
}

// weigh gives every symbol its points. Within a group with a cap the heaviest
// take their points first; what would go beyond the cap is not added. Points
// below zero are outside the cap.
func weigh(symbols []Symbol, p *Policy) []Scored {
	out := make([]Scored, 0, len(symbols))
	for _, s := range symbols {
		s.Factor = clamp(s.Factor)
		e := p.Table[s.Name]
		row := Scored{Symbol: s, Group: e.Group, Shadow: p.Shadow[s.Name]}
		if !row.Shadow {
			row.Points = round(e.Score * s.Factor)
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b Scored) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Points), math.Abs(a.Points)), strings.Compare(a.Name, b.Name))
	})
	if len(p.Caps) == 0 {
		return out
	}
	spent := map[string]float64{}
	for i := range out {
		limit, capped := p.Caps[out[i].Group]
		if !capped || out[i].Points <= 0 {
			continue
		}
		out[i].Points = round(min(out[i].Points, limit-spent[out[i].Group]))
		spent[out[i].Group] += out[i].Points
	}
	return out
}

func clamp(factor float64) float64 {
	if math.IsNaN(factor) || factor < 0 {
		return 0
	}
	return min(factor, 1)
}
