package app

import (
	"maps"
	"slices"

	"github.com/postern-mail/postern/chain"
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/scoring"
)

// failureGroup holds the symbols that say a check could not be made.
const failureGroup = "failure"

// table is the score table as it ships: every symbol that the configured
// filters can report, and their failures, which weigh nothing.
func table(kinds map[string]filters.Kind, cfg *config.Config) map[string]scoring.Entry {
	t := map[string]scoring.Entry{}
	t[unspooledSymbol] = scoring.Entry{Group: failureGroup}
	t[truncatedSymbol] = scoring.Entry{Group: failureGroup, Score: truncatedScore}
	for name, f := range cfg.Filters {
		kind := kinds[f.Kind]
		docs := kind.Symbols
		if kind.ConfigSymbols != nil {
			docs = slices.Concat(docs, kind.ConfigSymbols(f.Config))
		}
		for _, s := range docs {
			t[s.Name] = scoring.Entry{Group: s.Group, Score: s.Score}
		}
		for _, status := range []scoring.Status{scoring.StatusError, scoring.StatusTimeout} {
			t[chain.FailureSymbol(name, status)] = scoring.Entry{Group: failureGroup}
		}
	}
	return t
}

// policies turns the configuration into what Judge reads.
func policies(kinds map[string]filters.Kind, cfg *config.Config) scoring.Set {
	base, caps := table(kinds, cfg), groupCaps(kinds, cfg)
	s := scoring.Set{Default: policy("default", base, caps, cfg.Rules(nil))}
	for i := range cfg.Policies {
		p := &cfg.Policies[i]
		s.Rules = append(s.Rules, scoring.Rule{Match: scoring.Match(p.Match), Policy: policy(p.Name, base, caps, cfg.Rules(p))})
	}
	return s
}

// groupCaps are the caps that the configured filters come with.
func groupCaps(kinds map[string]filters.Kind, cfg *config.Config) map[string]float64 {
	caps := map[string]float64{}
	for _, f := range cfg.Filters {
		maps.Copy(caps, kinds[f.Kind].Caps)
	}
	return caps
}

func policy(name string, base map[string]scoring.Entry, caps map[string]float64, r config.Rules) *scoring.Policy {
	t := r.Scoring.Thresholds
	caps = maps.Clone(caps)
	maps.Copy(caps, r.Scoring.Caps)
	return &scoring.Policy{
		Name: name, Mode: scoring.Mode(r.Mode),
		Thresholds: scoring.Thresholds{Mark: float64(t.Mark), Quarantine: float64(t.Quarantine), Reject: float64(t.Reject)},
		Table:      rescored(base, r.Scoring.Scores),
		Caps:       caps,
		Actions:    demands(r.Scoring.Actions, r.DMARC),
		Shadow:     set(r.Scoring.Shadow),
	}
}

// rescored is the table with other scores. A symbol that no filter announced
// gets an entry all the same: its name may be made at run time.
func rescored(t map[string]scoring.Entry, scores map[string]float64) map[string]scoring.Entry {
	t = maps.Clone(t)
	for name, score := range scores {
		e := t[name]
		e.Score = score
		t[name] = e
	}
	return t
}

// byScore as an action says that a symbol demands nothing.
const byScore = "score"

// demands puts together which symbols demand which action. What is said of a
// symbol by its name is stronger than dmarc.on_reject and dmarc.on_quarantine.
func demands(byName map[string]string, d config.DMARC) map[string]scoring.Action {
	all := map[string]string{unspooledSymbol: string(scoring.Tempfail), "DMARC_FAIL_REJECT": d.OnReject, "DMARC_FAIL_QUARANTINE": d.OnQuarantine}
	maps.Copy(all, byName)
	actions := map[string]scoring.Action{}
	for symbol, action := range all {
		if action != byScore {
			actions[symbol] = scoring.Action(action)
		}
	}
	return actions
}

func set(names []string) map[string]bool {
	s := map[string]bool{}
	for _, n := range names {
		s[n] = true
	}
	return s
}
