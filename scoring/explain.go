package scoring

// Without tells what the verdict would have been had one symbol not been
// there.
type Without struct {
	Symbol string
	Action Action
	Score  float64
}

// Explanation says what made a verdict what it is.
type Explanation struct {
	Decided []string  // the symbols without which the action would be another, in the verdict's order
	Without []Without // for every symbol that adds points or demands an action
}

// Explain computes the explanation of Judge(ev, p). Several findings of one
// name are taken away together.
func Explain(ev Evidence, p *Policy) Explanation {
	v := Judge(ev, p)
	var ex Explanation
	seen := map[string]bool{}
	for _, s := range v.Symbols {
		_, demands := p.Actions[s.Name]
		if seen[s.Name] || s.Shadow || s.Points == 0 && !demands {
			continue
		}
		seen[s.Name] = true
		other := Judge(Evidence{Symbols: dropped(ev.Symbols, s.Name)}, p)
		ex.Without = append(ex.Without, Without{s.Name, other.Action, other.Score})
		if other.Action != v.Action {
			ex.Decided = append(ex.Decided, s.Name)
		}
	}
	return ex
}

func dropped(symbols []Symbol, name string) []Symbol {
	rest := make([]Symbol, 0, len(symbols))
	for _, s := range symbols {
		if s.Name != name {
			rest = append(rest, s)
		}
	}
	return rest
}
