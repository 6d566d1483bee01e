package app

import (
	"maps"
	"slices"
	"time"

	"github.com/postern-mail/postern/chain"
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// failureGroup holds the symbols that say a check could not be made.
const failureGroup = "failure"

// table is the score table as it ships: every symbol that the configured
// filters can report, and their failures, which weigh nothing.
func table(kinds map[string]filters.Kind, cfg *config.Config) map[string]scoring.Entry {
	t := map[string]scoring.Entry{}
	t[unspooledSymbol] = scoring.Entry{Group: failureGroup}
	for _, s := range reportSymbols() {
		t[s.Name] = scoring.Entry{Group: s.Group}
	}
	t[truncatedSymbol] = scoring.Entry{Group: failureGroup, Score: truncatedScore}
	for name, f := range cfg.Filters {
		for _, s := range docs(kinds[f.Kind], f) {
			t[s.Name] = scoring.Entry{Group: s.Group, Score: s.Score}
		}
		for _, status := range []scoring.Status{scoring.StatusError, scoring.StatusTimeout} {
			t[chain.FailureSymbol(name, status)] = scoring.Entry{Group: failureGroup}
		}
	}
	return t
}

// docs are the symbols that a filter can report, as it is configured.
func docs(kind filters.Kind, f *config.Filter) []filters.SymbolDoc {
	if kind.ConfigSymbols == nil {
		return kind.Symbols
	}
	return slices.Concat(kind.Symbols, kind.ConfigSymbols(f.Config))
}

// acting are the symbols of the enabled filters that demand an action without further words.
func acting(kinds map[string]filters.Kind, cfg *config.Config) []filters.SymbolDoc {
	var list []filters.SymbolDoc
	for _, name := range cfg.FilterNames() {
		if f := cfg.Filters[name]; f.Enabled {
			list = append(list, docs(kinds[f.Kind], f)...)
		}
	}
	return slices.DeleteFunc(list, func(d filters.SymbolDoc) bool { return d.Action == "" })
}

// policies turns the configuration into what Judge reads.
func policies(kinds map[string]filters.Kind, cfg *config.Config, book *ruleBook, now time.Time) scoring.Set {
	base := foundation{table: table(kinds, cfg), caps: groupCaps(kinds, cfg), actions: book.rules.Actions(), shadow: book.rules.Shadow(now)}
	for _, d := range acting(kinds, cfg) {
		base.acting = append(base.acting, d)
		if _, said := base.actions[d.Name]; !said {
			base.actions[d.Name] = d.Action
		}
	}
	if r := cfg.Learning.Reports; len(r.Spam)+len(r.Ham) > 0 {
		base.actions[reportLearned] = scoring.Action(r.Then)
	}
	book.place(base.table, base.caps)
	s := scoring.Set{Default: base.policy("default", cfg.Under(nil))}
	for i := range cfg.Policies {
		p := &cfg.Policies[i]
		s.Rules = append(s.Rules, scoring.Rule{Match: scoring.Match(p.Match), Policy: base.policy(p.Name, cfg.Under(p))})
	}
	return s
}

// foundation is what filters and rules come with; the configuration is laid over it.
type foundation struct {
	table   map[string]scoring.Entry
	caps    map[string]float64
	actions map[string]scoring.Action
	shadow  map[string]bool
	acting  []filters.SymbolDoc
}

// groupCaps are the caps that the configured filters come with.
func groupCaps(kinds map[string]filters.Kind, cfg *config.Config) map[string]float64 {
	caps := map[string]float64{}
	for _, f := range cfg.Filters {
		maps.Copy(caps, kinds[f.Kind].Caps)
	}
	return caps
}

func (f foundation) policy(name string, r config.Rules) *scoring.Policy {
	t := r.Scoring.Thresholds
	caps := maps.Clone(f.caps)
	maps.Copy(caps, r.Scoring.Caps)
	actions := demands(f.actions, r.Scoring.Actions, r.DMARC)
	shadow := maps.Clone(f.shadow)
	maps.Copy(shadow, set(r.Scoring.Shadow))
	return &scoring.Policy{
		Name: name, Mode: scoring.Mode(r.Mode),
		Thresholds: scoring.Thresholds{Greylist: float64(t.Greylist), Mark: float64(t.Mark), Quarantine: float64(t.Quarantine), Reject: float64(t.Reject)},
		Table:      rescored(f.table, r.Scoring.Scores),
		Caps:       caps,
		Actions:    actions,
		Early:      early(f.acting, actions, r.Scoring.Early),
		Shadow:     shadow,
	}
}

// early reads from which stage on a symbol refuses; any other word than these two means the end. A
// filter's own wish holds while the action is the one that goes with it.
func early(wishes []filters.SymbolDoc, actions map[string]scoring.Action, stages map[string]string) map[string]mail.Stage {
	m := map[string]mail.Stage{}
	for _, w := range wishes {
		if w.Early != 0 && actions[w.Name] == w.Action {
			m[w.Name] = w.Early
		}
	}
	for symbol, stage := range stages {
		delete(m, symbol)
		switch stage {
		case mail.StageConnect.String():
			m[symbol] = mail.StageConnect
		case mail.StageRcpt.String():
			m[symbol] = mail.StageRcpt
		}
	}
	return m
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

// demands puts together which symbols demand which action. What the configuration says of a
// symbol by its name is stronger than dmarc.on_reject and dmarc.on_quarantine, and all of
// it is stronger than what rules demand.
func demands(base map[string]scoring.Action, byName map[string]string, d config.DMARC) map[string]scoring.Action {
	said := map[string]string{unspooledSymbol: string(scoring.Tempfail), "DMARC_FAIL_REJECT": d.OnReject, "DMARC_FAIL_QUARANTINE": d.OnQuarantine}
	maps.Copy(said, byName)
	actions := maps.Clone(base)
	for symbol, action := range said {
		if action == byScore {
			delete(actions, symbol)
			continue
		}
		actions[symbol] = scoring.Action(action)
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
