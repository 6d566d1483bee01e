package dnsbl

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/internal/dnstest"
)

// load reads the section filters.dnsbl as the program does.
func load(t *testing.T, section string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "postern.yaml")
	text := "filters:\n  dnsbl:\n" + indent(section)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sec := config.Section{Kind: "dnsbl", Summary: Kind.Summary, New: Kind.Config}
	for _, d := range Kind.Symbols {
		sec.Symbols = append(sec.Symbols, config.Symbol{Name: d.Name, Group: d.Group, Score: d.Score, Meaning: d.Meaning})
	}
	cfg, err := config.Load(config.Options{Path: path, Sections: []config.Section{sec}})
	if err != nil {
		return nil, err
	}
	return cfg.Filters["dnsbl"].Config.(*Config), nil
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ") + "\n"
}

// asked lists what a configuration asks: name, zone and state of the codes.
func askedBy(c *Config) (string, error) {
	zones, err := c.zones()
	if err != nil {
		return "", err
	}
	var out []string
	for _, z := range zones {
		out = append(out, z.name+"@"+z.domain)
	}
	return strings.Join(out, " "), nil
}

const shippedOn = "spamcop@bl.spamcop.net psbl@psbl.surriel.com dnswl@list.dnswl.org"

func TestWhichZonesAreAsked(t *testing.T) {
	for _, tt := range []struct{ name, section, want string }{
		{"nothing said", "max_hops: 8", shippedOn},
		{"a shipped one named", "zones: [{name: zen}, {name: surbl}]", "zen@zen.spamhaus.org " + shippedOn + " surbl@multi.surbl.org"},
		{"a shipped one turned off", "zones: [{name: psbl, enabled: false}]", "spamcop@bl.spamcop.net dnswl@list.dnswl.org"},
		{"a mirror of a shipped one", "zones: [{name: zen, zone: zen.local.example}]", "zen@zen.local.example " + shippedOn},
		{"one of our own", "zones: [{name: own, zone: bl.example.org}]", shippedOn + " own@bl.example.org"},
		{"one of our own turned off", "zones: [{name: own, zone: bl.example.org, enabled: false}]", shippedOn},
		{"a key", "spamhaus: {dqs_key: Abc123}", "zen@abc123.zen.dq.spamhaus.net authbl@abc123.authbl.dq.spamhaus.net " +
			"dbl@abc123.dbl.dq.spamhaus.net zrd@abc123.zrd.dq.spamhaus.net " + shippedOn},
		{"a key and less", "spamhaus: {dqs_key: abc}\nzones: [{name: zrd, enabled: false}, {name: authbl, enabled: false}, {name: dbl, zone: dbl.spamhaus.org}]",
			"zen@abc.zen.dq.spamhaus.net dbl@abc.dbl.dq.spamhaus.net " + shippedOn},
		{"a key and a mirror", "spamhaus: {dqs_key: abc}\nzones: [{name: zrd, enabled: false}, {name: authbl, enabled: false}, {name: dbl, zone: dbl.local.example}]",
			"zen@abc.zen.dq.spamhaus.net dbl@dbl.local.example " + shippedOn},
	} {
		c, err := load(t, tt.section)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got, err := askedBy(c); got != tt.want || err != nil {
			t.Errorf("%s:\ngot  %s (%v)\nwant %s", tt.name, got, err, tt.want)
		}
	}
}

func TestFaultyZones(t *testing.T) {
	for _, tt := range []struct{ name, section, want string }{
		{"no zone", "zones: [{name: own}]", "zone must say where it is asked"},
		{"twice", "zones: [{name: zen}, {name: zen}]", "given twice"},
		{"one prefix", "zones: [{name: a-b, zone: a.example}, {name: a_b, zone: b.example}]", "its symbols would be those of"},
		{"a lookup of another kind", "zones: [{name: own, zone: a.example, lookup: [helo]}]", `lookup "helo" is nothing for a list of the kind ip`},
		{"a code outside", "zones: [{name: own, zone: a.example, codes: {192.0.2.1: BAD}}]", "is no code"},
		{"an error as code", "zones: [{name: own, zone: a.example, codes: {127.255.255.254: BAD}}]", "is no code"},
		{"a range backwards", "zones: [{name: own, zone: a.example, codes: {127.0.0.7-127.0.0.4: BAD}}]", "is no code"},
		{"a bit too many", `zones: [{name: own, zone: a.example, codes: {"&16777216": BAD}}]`, "is no code"},
		{"a faulty refusal", "zones: [{name: own, zone: a.example, blocked: [127.0.0]}]", "blocked"},
		{"a faulty suffix", "zones: [{name: own, zone: a.example, codes: {127.0.0.2: bad}}]", "ends no symbol"},
		{"a score for nothing", "zones: [{name: zen, scores: {SLB: 1}}]", `no code is called "SLB"`},
		{"a faulty test point", "zones: [{name: own, zone: a.example, listed: test}]", "not an address"},
		{"no key for a zone that needs one", "zones: [{name: zrd}]", "needs spamhaus.dqs_key"},
		{"a faulty key", "spamhaus: {dqs_key: hush.hush}", "spamhaus.dqs_key: must be letters and digits"},
	} {
		c, err := load(t, tt.section)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		_, err = Kind.New(filters.Env{Config: c})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	for _, section := range []string{"zones: [{zone: a.example}]", "zones: [{name: a, kind: net}]", "zones: [{name: a, lookup: [everything]}]", "zones: [{name: zen, masks: {}}]"} {
		if _, err := load(t, section); err == nil {
			t.Errorf("%s was taken", section)
		}
	}
}

func symbolScores(t *testing.T, c *Config) map[string]float64 {
	t.Helper()
	if _, err := c.zones(); err != nil {
		t.Fatal(err)
	}
	m := map[string]float64{}
	for _, d := range Kind.ConfigSymbols(c) {
		m[d.Name] = d.Score
	}
	return m
}

func TestAnEntryInheritsWhatItDoesNotSay(t *testing.T) {
	c, err := load(t, "zones: [{name: zen, scores: {SBL: 9, PBL_RECEIVED: 1}}, {name: dnswl, scores: {HIGH: -3}}]")
	if err != nil {
		t.Fatal(err)
	}
	got := symbolScores(t, c)
	for name, want := range map[string]float64{
		"RBL_ZEN_SBL": 9, "RBL_ZEN_SBL_RECEIVED": 3, "RBL_ZEN_DROP": 7, "RBL_ZEN_PBL": 2, "RBL_ZEN_PBL_RECEIVED": 1, "DNSWL_LOW": -0.1, "DNSWL_HIGH": -3,
	} {
		if score, ok := got[name]; !ok || score != want {
			t.Errorf("%s: %v, %v; want %v", name, score, ok, want)
		}
	}
	c, err = load(t, "zones: [{name: zen, codes: {127.0.0.2: SBL, 127.0.0.4: OWN}}]") // as in the example of the design
	if err != nil {
		t.Fatal(err)
	}
	got = symbolScores(t, c)
	if got["RBL_ZEN_SBL"] != 4 || got["RBL_ZEN_OWN"] != 1 || got["RBL_ZEN_OWN_RECEIVED"] != 0.5 || len(got) != 4+2+3 {
		t.Errorf("%v", got)
	}
	if s := shipped[0]; s.Scores["SBL"] != 4 || len(s.Scores) != 10 {
		t.Errorf("the shipped table was changed: %v", s.Scores)
	}
}

// The key stands in every question, and nowhere else: whatever the zones do.
func TestTheKeyIsNowhere(t *testing.T) {
	const key = "verysecretkey"
	for _, ill := range append(illnesses, illness{name: "health"}) {
		w := &world{zone: dnstest.Zone{}}
		for _, z := range []string{"zen", "authbl", "dbl", "zrd"} {
			domain := "." + key + "." + z + ".dq.spamhaus.net"
			for _, label := range []string{"2.0.0.127", "dbltest.com", "*", "1.2.0.192", "helo.example"} {
				n := ill.node
				if ill.name == "health" && label != "*" {
					n = &dnstest.Node{A: []string{"127.0.0.2", "127.0.1.2"}, TXT: []string{"https://example.net/?key=" + strings.ToUpper(key)}}
				}
				w.set(map[string]*dnstest.Node{label + domain: n})
			}
		}
		c := only()
		c.Spamhaus.DQSKey = key
		for _, n := range []string{"zen", "dbl"} {
			c.Zones = append(c.Zones, Zone{Name: n, TXT: &yes})
		}
		log, lines := logged()
		f := startWith(t, filters.Env{Resolver: w, Config: c, Log: log}, defaultPace)
		r := check(t, f, everything())
		hits, err := f.CheckOne(t.Context(), "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		var table strings.Builder
		if err := WriteTable(&table, f.Health(), false); err != nil {
			t.Fatal(err)
		}
		if err := WriteHits(&table, hits, false); err != nil {
			t.Fatal(err)
		}
		all, err := json.Marshal([]any{r, f.Health(), hits, table.String(), lines(), Kind.ConfigSymbols(c), c.Spamhaus})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(all)), key) {
			t.Errorf("%s: %s", ill.name, all)
		}
		if w.count(key+".zen.dq.spamhaus.net") == 0 {
			t.Error("the key was not used")
		}
		if healthy := f.Health()[0].State == OK; healthy != (ill.name == "health") {
			t.Errorf("%s: %+v", ill.name, f.Health())
		}
	}
}
