package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// bookOf reads the rules and lists of a configuration, against no filters.
func bookOf(t testing.TB, cfg *config.Config) *ruleBook {
	t.Helper()
	d := newDeps(nil, slog.New(slog.DiscardHandler))
	b, err := d.ruleBook(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// judged is the record of a message under the rules of a folder and further keys.
func judged(t *testing.T, rules string, keys map[string]string, header mail.Header, body string) (*verdicts.Record, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "own.yaml"), []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	keys["rules.dir"] = dir
	d := offline(&dnstest.Resolver{Zone: dnstest.Zone{}}, time.Unix(1_760_000_000, 0))
	cfg, err := config.Load(config.Options{Flags: keys, Sections: Sections(all.Kinds), Symbols: ownSymbols(), Further: d.ruleSymbols})
	if err != nil {
		return nil, err
	}
	s := &mail.Session{Listener: "inbound", Profile: "inbound"}
	return d.judgeOne(context.Background(), cfg, mail.New(mail.Message{Session: s, Now: d.now(), Header: header, Body: mail.BodyBytes([]byte(body))}))
}

const weighty = `rules:
  - symbol: OWN_WORD
    describe: {en: the word}
    group: own
    score: 7.5
    when: subject matches "forbidden word"
  - symbol: OWN_FORCE
    describe: {en: the subject}
    group: own
    score: 0
    when: subject == "stop"
    force: {action: reject, reason: never again}
`

var letterHeader = mail.Header{{Name: "From", Value: " a@example.org"}, {Name: "Subject", Value: " hello"}, {Name: "Message-ID", Value: " <1@example.org>"}, {Name: "Date", Value: " Thu, 09 Oct 2025 08:53:20 +0000"}, {Name: "To", Value: " b@example.net"}}

// about is the letter with another subject.
func about(subject string) mail.Header {
	h := append(mail.Header{}, letterHeader...)
	h[1].Value = " " + subject
	return h
}

func TestRulesWeighAndDemand(t *testing.T) {
	r, err := judged(t, weighty, map[string]string{}, about("the forbidden word"), "text\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if !hasSymbol(r, "OWN_WORD", 7.5) {
		t.Errorf("OWN_WORD at 7.5 is not in %+v", r.Symbols)
	}
	if r, err = judged(t, weighty, map[string]string{}, about("stop"), "text\r\n"); err != nil {
		t.Fatal(err)
	}
	if r.Action != scoring.Reject || !strings.Contains(r.Reason, "OWN_FORCE") {
		t.Errorf("%s: %s", r.Action, r.Reason)
	}
}

func TestTheConfigurationIsStrongerThanARule(t *testing.T) {
	r, err := judged(t, weighty, map[string]string{"scoring.scores.OWN_WORD": "1.5"}, about("the forbidden word"), "text\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if !hasSymbol(r, "OWN_WORD", 1.5) {
		t.Errorf("OWN_WORD at 1.5 is not in %+v", r.Symbols)
	}
}

func TestAFaultyRuleNamesItsPlace(t *testing.T) {
	_, err := judged(t, "rules:\n  - symbol: OWN\n    when: subjct == 1\n", map[string]string{}, letterHeader, "")
	if err == nil || !strings.Contains(err.Error(), "own.yaml:3") {
		t.Errorf("%v", err)
	}
}

func hasSymbol(r *verdicts.Record, name string, score float64) bool {
	for _, s := range r.Symbols {
		if s.Name == name {
			return s.Score == score
		}
	}
	return false
}

// TestARuleThatNobodyReadsIsAFault: of a folder that cannot be read as a whole nothing is used, and
// nothing is kept quiet.
func TestARuleThatNobodyReadsIsAFault(t *testing.T) {
	for name, c := range map[string]struct {
		make func(dir string) error
		want string // of the error; "": one file is read
	}{
		"a hidden file of an editor": {func(dir string) error { return os.Symlink("user@host.1", filepath.Join(dir, ".#own.yaml")) }, ""},
		"a folder":                   {func(dir string) error { return os.Mkdir(filepath.Join(dir, "old"), 0o755) }, ""},
		"another ending":             {func(dir string) error { return os.WriteFile(filepath.Join(dir, "more.yml"), nil, 0o644) }, "more.yml: only *.yaml is read: name it more.yaml"},
		"a link that leads nowhere":  {func(dir string) error { return os.Symlink("absent", filepath.Join(dir, "more.yaml")) }, "more.yaml: no such file"},
		"a file in its place":        {func(dir string) error { return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o644)) }, "not a directory"},
		"no folder": {func(dir string) error {
			return errors.Join(os.RemoveAll(dir), os.Mkdir(filepath.Join(filepath.Dir(dir), "x"), 0o755))
		}, "none"},
	} {
		dir := filepath.Join(t.TempDir(), "rules.d")
		if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "own.yaml"), []byte(weighty), 0o644), c.make(dir)); err != nil {
			t.Fatal(err)
		}
		cfg := config.Config{}
		cfg.RuleFiles.Dir = dir
		files, err := ruleFiles(&cfg)
		switch {
		case c.want == "none":
			if err != nil || len(files) != 0 {
				t.Errorf("%s: %d files, %v", name, len(files), err)
			}
		case c.want == "" && (err != nil || len(files) != 1):
			t.Errorf("%s: %d files, %v", name, len(files), err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir)):
			t.Errorf("%s: %v, want %q in %s", name, err, c.want, dir)
		}
	}
}

func TestWhoIsAskedAboutInLists(t *testing.T) {
	spf := authres.Result{Method: "spf", Value: authres.Pass, Props: []authres.Prop{{Type: "smtp", Name: "mailfrom", Value: "x@mail.example.org"}}}
	dmarc := authres.Result{Method: "dmarc", Value: authres.Fail}
	for _, c := range []struct {
		name    string
		from    []string
		auth    []authres.Result
		real    bool
		authors int
	}{
		{"nobody vouches", []string{"a@example.org"}, nil, false, 1},
		{"aligned SPF without a DMARC record", []string{"a@example.org"}, []authres.Result{spf}, true, 1},
		{"SPF of another domain", []string{"a@example.net"}, []authres.Result{spf}, false, 1},
		{"DMARC knows better", []string{"a@example.org"}, []authres.Result{spf, dmarc}, false, 1},
		{"two authors in one field", []string{"a@example.org, b@example.net"}, []authres.Result{spf}, false, 2},
		{"two fields", []string{"a@example.org", "b@example.net"}, []authres.Result{spf}, false, 2},
	} {
		var h mail.Header
		for _, f := range c.from {
			h = append(h, mail.Field{Name: "From", Value: " " + f})
		}
		m := mail.New(mail.Message{Session: &mail.Session{}, Header: h}).WithAuth(c.auth)
		q := bookOf(t, &config.Config{}).question(m)
		if q.AuthorIsReal != c.real || len(q.Authors) != c.authors || (q.Author != "") != (c.authors == 1) {
			t.Errorf("%s: %+v", c.name, q)
		}
	}
}

func TestEveryBadListIsNamedWithItsPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "postern.yaml")
	text := "lists:\n  bad: {kind: patterns, entries: ['']}\n  nets:\n    kind: networks\n    entries: [192.0.2.1/24]\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.Options{Path: file, Sections: Sections(all.Kinds), Symbols: ownSymbols()})
	if err != nil {
		t.Fatal(err)
	}
	d := newDeps(nil, slog.New(slog.DiscardHandler))
	_, err = d.ruleBook(cfg)
	for _, want := range []string{file + ":2:3: lists.bad: an empty expression", file + ":3:3: lists.nets: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestARuleTakesNoSymbolOfTheProgram(t *testing.T) {
	for _, name := range []string{"RULES_ERROR", "RULES_TIMEOUT", "LIST_DENY", "SPF_FAIL"} {
		_, err := judged(t, "rules: [{symbol: "+name+", when: size > 0}]", map[string]string{}, letterHeader, "")
		if err == nil || !strings.Contains(err.Error(), name+" is the symbol of a filter") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
