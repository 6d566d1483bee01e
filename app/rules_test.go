package app

import (
	"context"
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
