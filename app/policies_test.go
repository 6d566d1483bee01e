package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/scoring"
)

func TestFiltersBringSymbolsAndCapsOfTheirConfiguration(t *testing.T) {
	kinds := map[string]filters.Kind{"lists": {
		Name:    "lists",
		Symbols: []filters.SymbolDoc{{Name: "A", Group: "g", Score: 1}, {Name: "B", Group: "g", Score: 2}},
		Caps:    map[string]float64{"g": 5, "h": 6},
		ConfigSymbols: func(section any) []filters.SymbolDoc {
			return []filters.SymbolDoc{{Name: "B", Group: "g", Score: section.(float64)}, {Name: "C", Group: "h", Score: 4}}
		},
	}}
	cfg := config.Default()
	cfg.RuleFiles.Defaults = false
	cfg.Filters["lists"] = &config.Filter{Kind: "lists", Config: 3.0}
	cfg.Scoring.Scores = map[string]float64{"C": 40}
	cfg.Scoring.Caps = map[string]float64{"h": 60}
	p := policies(kinds, cfg, bookOf(t, cfg), time.Now()).Default
	for name, want := range map[string]scoring.Entry{"A": {Group: "g", Score: 1}, "B": {Group: "g", Score: 3}, "C": {Group: "h", Score: 40}} {
		if got := p.Table[name]; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if diff := cmp.Diff(map[string]float64{"g": 5, "h": 60}, p.Caps); diff != "" {
		t.Error(diff)
	}
}
