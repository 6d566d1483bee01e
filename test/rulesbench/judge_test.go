package rulesbench

import (
	"context"
	"log/slog"
	"maps"
	"net/netip"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/rules"
	defaults "github.com/postern-mail/postern/rules/default"
	"github.com/postern-mail/postern/scoring"
)

// offline are the filters that need neither network nor state.
var offline = []string{"from", "headers", "mime", "phish", "urls"}

// judge is what the daemon would say with the rules that ship, structure and
// offline authentication alone.
type judge struct {
	filters []filters.Filter
	rules   *rules.Set
	policy  *scoring.Policy
}

func newJudge(t testing.TB) *judge {
	j := &judge{policy: &scoring.Policy{
		Name: "default", Mode: scoring.Observe, Thresholds: scoring.Thresholds{Mark: 6, Quarantine: 10, Reject: 15},
		Table: map[string]scoring.Entry{}, Caps: map[string]float64{},
	}}
	symbols := []string{}
	for _, kind := range all.Kinds {
		for _, s := range kind.Symbols {
			symbols = append(symbols, s.Name)
			j.policy.Table[s.Name] = scoring.Entry{Group: s.Group, Score: s.Score}
		}
		maps.Copy(j.policy.Caps, kind.Caps)
		for _, name := range offline {
			if kind.Name == name {
				j.filters = append(j.filters, newFilter(t, kind))
			}
		}
	}
	files, err := defaults.Files()
	if err != nil {
		t.Fatal(err)
	}
	if j.rules, err = rules.Load(rules.Options{Symbols: symbols}, files...); err != nil {
		t.Fatal(err)
	}
	maps.Copy(j.policy.Table, j.rules.Entries())
	maps.Copy(j.policy.Caps, j.rules.Caps())
	return j
}

func newFilter(t testing.TB, kind filters.Kind) filters.Filter {
	env := filters.Env{Name: kind.Name, Log: slog.New(slog.DiscardHandler), AuthservID: "mx.example.org"}
	if kind.Config != nil {
		env.Config = kind.Config()
	}
	f, err := kind.New(env)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// message is a labelled message as a stranger would send it.
func message(i item) *mail.Message {
	h, b := mail.Read(i.raw)
	m := mail.Message{
		Session:  &mail.Session{Profile: "inbound", ClientIP: netip.MustParseAddr("192.0.2.1")},
		Envelope: mail.Envelope{Rcpts: []string{"user@example.org"}},
		Now:      i.day, Header: h, Body: b,
	}
	return mail.New(m)
}

func (j *judge) verdict(t testing.TB, i item) scoring.Verdict {
	ctx, m := context.Background(), message(i)
	var ev scoring.Evidence
	for _, f := range j.filters {
		r, err := f.Check(ctx, m)
		if err != nil {
			t.Errorf("%s: %v", i.path, err)
		}
		ev.Symbols = append(ev.Symbols, r.Symbols...)
	}
	found, err := j.rules.Eval(ctx, rules.FromMessage(m), ev.Symbols, m.Now)
	if err != nil {
		t.Errorf("%s: %v", i.path, err)
	}
	ev.Symbols = append(ev.Symbols, found...)
	return scoring.Judge(ev, j.policy)
}
