package app

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/rules"
	shippedrules "github.com/postern-mail/postern/rules/default"
	"github.com/postern-mail/postern/scoring"
)

// set reads a configuration and makes its policies.
func policySet(t *testing.T, yaml string) scoring.Set {
	t.Helper()
	path := filepath.Join(t.TempDir(), "postern.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Options{Path: path, Sections: Sections(all.Kinds), Symbols: ownSymbols()})
	if err != nil {
		t.Fatal(err)
	}
	cfg.RuleFiles.Defaults = false // what ships changes more often than what is tested here
	kinds := map[string]filters.Kind{}
	for _, k := range all.Kinds {
		kinds[k.Name] = k
	}
	return policies(kinds, cfg, bookOf(t, cfg), time.Now())
}

const policyExample = `
mode: mark
filters: {ratelimit: {enabled: false}}
scoring:
  thresholds: {mark: 5}
  scores: {SPF_FAIL: 2, GTUBE: 50}
  caps: {spf: 3}
  actions: {GTUBE: reject, DKIM_WEAK: mark}
  shadow: [FROM_8BIT]
dmarc: {on_reject: reject}
policies:
  - name: partners
    match: {clients: [192.0.2.0/24], sender_domains: [.example.net]}
    mode: enforce
    thresholds: {reject: off}
    scores: {SPF_FAIL: 0.5}
    caps: {dkim: 1}
    actions: {GTUBE: score}
    shadow: []
    dmarc: {on_reject: score}
  - name: rest
    match: {rcpt_domains: [example.org]}
`

// capsOf are the caps of a policy but those that the filters and the rules that ship come with.
func capsOf(t *testing.T, p *scoring.Policy) map[string]float64 {
	caps := maps.Clone(p.Caps)
	for _, k := range all.Kinds {
		for group := range k.Caps {
			delete(caps, group)
		}
	}
	files, err := shippedrules.Files()
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Load(rules.Options{}, files...)
	if err != nil {
		t.Fatal(err)
	}
	for group := range set.Caps() {
		delete(caps, group)
	}
	return caps
}

func TestPolicies(t *testing.T) {
	s := policySet(t, policyExample)
	if len(s.Rules) != 2 {
		t.Fatalf("%d policies", len(s.Rules))
	}
	for _, c := range []struct {
		p          *scoring.Policy
		name       string
		mode       scoring.Mode
		thresholds scoring.Thresholds
		spfFail    float64
		caps       map[string]float64
		actions    map[string]scoring.Action
		shadow     []string
	}{
		{s.Default, "default", scoring.MarkAll, scoring.Thresholds{Greylist: 4, Mark: 5, Quarantine: 10, Reject: 15}, 2, map[string]float64{"spf": 3},
			map[string]scoring.Action{"GTUBE": scoring.Reject, "DKIM_WEAK": scoring.Mark, "MESSAGE_UNSPOOLED": scoring.Tempfail, "DMARC_FAIL_REJECT": scoring.Reject, "DMARC_FAIL_QUARANTINE": scoring.Mark}, []string{"FROM_8BIT"}},
		{s.Rules[0].Policy, "partners", scoring.Enforce, scoring.Thresholds{Greylist: 4, Mark: 5, Quarantine: 10, Reject: scoring.Never}, 0.5, map[string]float64{"spf": 3, "dkim": 1},
			map[string]scoring.Action{"DKIM_WEAK": scoring.Mark, "MESSAGE_UNSPOOLED": scoring.Tempfail, "DMARC_FAIL_QUARANTINE": scoring.Mark}, nil},
		{s.Rules[1].Policy, "rest", scoring.MarkAll, s.Default.Thresholds, 2, map[string]float64{"spf": 3}, s.Default.Actions, []string{"FROM_8BIT"}},
	} {
		if c.p.Name != c.name || c.p.Mode != c.mode || c.p.Thresholds != c.thresholds {
			t.Errorf("%s: %s %s %+v", c.name, c.p.Name, c.p.Mode, c.p.Thresholds)
		}
		if got := c.p.Table["SPF_FAIL"]; got != (scoring.Entry{Group: "spf", Score: c.spfFail}) {
			t.Errorf("%s: SPF_FAIL is %+v", c.name, got)
		}
		if caps := capsOf(t, c.p); !maps.Equal(caps, c.caps) || !maps.Equal(c.p.Actions, c.actions) {
			t.Errorf("%s: caps %v, actions %v", c.name, caps, c.p.Actions)
		}
		if got := slices.Sorted(maps.Keys(c.p.Shadow)); !slices.Equal(got, c.shadow) {
			t.Errorf("%s: shadow %v", c.name, got)
		}
	}
	if s.Default.Table["SPF_SOFTFAIL"].Score != 0.3 || s.Rules[0].Policy.Table["GTUBE"].Score != 50 {
		t.Error("what no policy changes is as above")
	}
}

func TestPolicyIsChosenByTheMessage(t *testing.T) {
	s := policySet(t, policyExample)
	for _, c := range []struct{ client, from, rcpt, want string }{
		{"192.0.2.9", "a@sub.example.net", "x@example.com", "partners"},
		{"192.0.2.9", "a@example.com", "x@example.org", "rest"},
		{"198.51.100.1", "a@example.net", "x@example.com", "default"},
	} {
		m := mail.New(mail.Message{Session: &mail.Session{ClientIP: netip.MustParseAddr(c.client)}, Envelope: mail.Envelope{From: c.from, Rcpts: []string{c.rcpt}}})
		if got := s.Choose(m).Name; got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// The table as it ships gives every announced symbol its score, and failures none.
func TestTableAsItShips(t *testing.T) {
	p := policySet(t, "{}").Default
	for _, k := range all.Kinds {
		for _, s := range k.Symbols {
			if p.Table[s.Name] != (scoring.Entry{Group: s.Group, Score: s.Score}) {
				t.Errorf("%s: %+v", s.Name, p.Table[s.Name])
			}
		}
		for _, name := range []string{"ERROR", "TIMEOUT"} {
			symbol := fmt.Sprintf("%s_%s", config.SymbolPrefix(k.Name), name)
			if p.Table[symbol] != (scoring.Entry{Group: failureGroup}) {
				t.Errorf("%s: %+v", symbol, p.Table[symbol])
			}
		}
	}
}
