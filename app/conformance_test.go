package app

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/shared"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// offline is what filters are built from in a test: all kinds, and this
// resolver.
func offline(r dns.Resolver, now time.Time) *deps {
	d := newDeps(all.Kinds, slog.New(slog.NewTextHandler(io.Discard, nil)))
	d.resolver = r
	d.observe = func(scoring.Check) {}
	d.now = func() time.Time { return now }
	return &d
}

// defaults is the configuration of somebody who wrote nothing but these keys.
func defaults(t testing.TB, keys map[string]string) *config.Config {
	t.Helper()
	cfg, err := config.Load(config.Options{Flags: keys, Sections: Sections(all.Kinds), Symbols: ownSymbols()})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// oneOrMore is a JSON string or a list of them.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(o))
}

type spoofCase struct {
	Name     string
	Message  string
	ClientIP string `json:"client_ip"`
	Helo     string
	AuthUser string `json:"auth_user"`
	MailFrom string `json:"mail_from"`
	Rcpt     []string
	Now      int64
	Zone     string
	Expected struct {
		DMARC   oneOrMore
		DKIM    oneOrMore `json:"dkim_best"`
		SPF     oneOrMore
		Action  oneOrMore
		NotPass string `json:"must_not_pass_for"`
	}
}

// TestSpoofSuite plays the techniques by which forged mail gets past checks
// that are each correct by themselves.
func TestSpoofSuite(t *testing.T) {
	dir := shared.Dir(t, "conformance", "spoof")
	var cases []spoofCase
	readJSON(t, filepath.Join(dir, "cases.json"), &cases)
	right := 0
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			var zone dnstest.Zone
			readJSON(t, filepath.Join(dir, c.Zone), &zone)
			r := c.judge(t, dir, zone)
			for _, problem := range c.problems(r) {
				t.Error(problem)
			}
			if !t.Failed() {
				right++
			}
		})
	}
	t.Logf("%d cases, %d as the suite says", len(cases), right)
}

func (c spoofCase) judge(t *testing.T, dir string, zone dnstest.Zone) *verdicts.Record {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, c.Message))
	if err != nil {
		t.Fatal(err)
	}
	h, b := mail.Read(raw)
	s := &mail.Session{ClientIP: netip.MustParseAddr(c.ClientIP), Helo: c.Helo, AuthUser: c.AuthUser, Listener: "inbound", Profile: "inbound"}
	now := time.Unix(c.Now, 0)
	msg := mail.New(mail.Message{Session: s, Envelope: mail.Envelope{From: c.MailFrom, Rcpts: c.Rcpt}, Now: now, Header: h, Body: b})
	r, err := offline(&dnstest.Resolver{Zone: zone}, now).judgeOne(context.Background(), defaults(t, map[string]string{"hostname": "mx.victim.example"}), msg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (c spoofCase) problems(r *verdicts.Record) []string {
	var wrong []string
	if e := c.Expected; len(e.DMARC) > 0 && !slices.Contains(e.DMARC, r.Auth.DMARC.Result) {
		wrong = append(wrong, "dmarc is "+r.Auth.DMARC.Result+", not "+strings.Join(e.DMARC, " or "))
	}
	if e := c.Expected; len(e.SPF) > 0 && !slices.Contains(e.SPF, r.Auth.SPF.Result) {
		wrong = append(wrong, "spf is "+r.Auth.SPF.Result+", not "+strings.Join(e.SPF, " or "))
	}
	if e := c.Expected; len(e.Action) > 0 && !slices.Contains(e.Action, string(r.Action)) {
		wrong = append(wrong, "the action is "+string(r.Action)+" ("+r.Reason+"), not "+strings.Join(e.Action, " or "))
	}
	d := c.Expected.NotPass
	if d == "" {
		return wrong
	}
	if r.Auth.DMARC.Result == "pass" && r.Auth.DMARC.Domain == d {
		wrong = append(wrong, "dmarc passed for "+d)
	}
	if r.Auth.SPF.Result == "pass" && r.Auth.SPF.Domain == d {
		wrong = append(wrong, "spf passed for "+d)
	}
	for _, s := range r.Auth.DKIM {
		if s.Result == "pass" && s.Domain == d {
			wrong = append(wrong, "dkim passed for "+d)
		}
	}
	return wrong
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
