package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

type checkFunc func(context.Context, *mail.Message) (filters.Result, error)

func (f checkFunc) Check(ctx context.Context, m *mail.Message) (filters.Result, error) {
	return f(ctx, m)
}

func kind(name string, stage mail.Stage, f checkFunc) filters.Kind {
	return filters.Kind{Name: name, Stage: stage, New: func(filters.Env) (filters.Filter, error) { return f, nil }}
}

// badCompany are filters that do everything wrong, besides those that ship. Those that
// hang do so until hold is closed.
func badCompany(hold <-chan struct{}) []filters.Kind {
	stuck := func(context.Context, *mail.Message) (filters.Result, error) { <-hold; return filters.Result{}, nil }
	return append([]filters.Kind{
		kind("panics", mail.StageConnect, func(context.Context, *mail.Message) (filters.Result, error) { panic("at\nthe\x1bdisco") }),
		kind("hangs-early", mail.StageHelo, stuck),
		kind("hangs", mail.StageData, stuck),
		kind("heeds", mail.StageMail, func(ctx context.Context, _ *mail.Message) (filters.Result, error) {
			<-ctx.Done()
			return filters.Result{}, ctx.Err()
		}),
		kind("fails", mail.StageRcpt, func(context.Context, *mail.Message) (filters.Result, error) {
			return filters.Result{Symbols: []scoring.Symbol{scoring.Found("HALF")}}, errors.New("no\r\nluck")
		}),
	}, all.Kinds...)
}

func statuses(r *verdicts.Record) map[string]string {
	m := map[string]string{}
	for _, c := range r.Checks {
		m[c.Name] = string(c.Status)
	}
	return m
}

func checkBadCompany(t *testing.T, r *verdicts.Record) {
	t.Helper()
	got := statuses(r)
	for name, want := range map[string]string{"panics": "error", "hangs-early": "timeout", "hangs": "timeout", "heeds": "timeout", "fails": "error", "gtube": "ok", "spf": "ok"} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	found := map[string]bool{}
	for _, s := range r.Symbols {
		found[s.Name] = true
	}
	for _, s := range []string{"PANICS_ERROR", "HANGS_EARLY_TIMEOUT", "HANGS_TIMEOUT", "HEEDS_TIMEOUT", "FAILS_ERROR", "HALF", "GTUBE"} {
		if !found[s] {
			t.Errorf("%s was not found", s)
		}
	}
	if r.Action != scoring.Reject {
		t.Errorf("the action is %s", r.Action)
	}
}

const gtubeMessage = "From: joe@example.net\r\nSubject: x\r\n\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"

// The time in a synctest bubble is virtual: what is compared is what the program waited for.
func TestBadFiltersCostTheirEvidenceAndNoMoreThanTheBudget(t *testing.T) {
	for name, c := range map[string]struct {
		filter, total string
		took          time.Duration
	}{
		"the filter's own time is over": {"5s", "30s", 5 * time.Second},
		"the total is over first":       {"60s", "12s", 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hold := make(chan struct{})
				defer close(hold)
				var log bytes.Buffer
				d := newDeps(badCompany(hold), slog.New(slog.NewTextHandler(&log, nil)))
				d.resolver, d.observe = &dnstest.Resolver{}, func(scoring.Check) {}
				cfg, err := config.Load(config.Options{Sections: Sections(d.order), Flags: map[string]string{"limits.filter": c.filter, "limits.total": c.total}})
				if err != nil {
					t.Fatal(err)
				}
				h, b := mail.Read([]byte(gtubeMessage))
				start := time.Now()
				r, err := d.judgeOne(t.Context(), cfg, mail.New(mail.Message{Session: client, Envelope: mail.Envelope{Rcpts: []string{"a@example.org"}}, Now: start, Header: h, Body: b}))
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took != c.took {
					t.Errorf("it took %s, want %s", took, c.took)
				}
				checkBadCompany(t, r)
				if text := log.String(); strings.Count(text, "filter panicked") != 1 || !strings.Contains(text, "thirdparty_test.go") || strings.Contains(text, "\x1b") {
					t.Errorf("log: %s", text)
				}
			})
		})
	}
}

// What another program's main does: app.Main with kinds of its own.
func TestMainWithKindsOfAThirdParty(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	server, err := dnstest.Listen(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var out, errOut bytes.Buffer
	code := Main([]string{"check", "--json", "--exit-code", "--dns", server.Addr, "--rcpt", "a@example.org", "--set", "hostname=mx.example.org",
		"--set", "limits.filter=300ms", "--set", "scoring.actions.HANGS_TIMEOUT=mark"}, strings.NewReader(gtubeMessage), &out, &errOut, badCompany(hold)...)
	var r verdicts.Record
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || code != ExitRefused {
		t.Fatalf("exit code %d, %v: %s%s", code, err, out.String(), errOut.String())
	}
	checkBadCompany(t, &r)

	out.Reset()
	if code := Main([]string{"config", "explain", "filters.hangs-early.enabled"}, nil, &out, &errOut, badCompany(hold)...); code != 0 || !strings.Contains(out.String(), "true") {
		t.Errorf("exit code %d: %s", code, out.String())
	}
}

// A silent DNS is evidence, not a pass and not a fail.
func TestSilentDNSIsToldAndWeighsNothing(t *testing.T) {
	h, b := mail.Read([]byte("From: joe@example.net\r\nTo: a@example.org\r\nSubject: hello\r\nDate: Sun, 01 Mar 2026 11:00:00 +0000\r\nMessage-ID: <1@example.net>\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s; h=From; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n\r\n"))
	session := *client
	session.Helo = "mail.example.net"
	msg := mail.New(mail.Message{Session: &session, Envelope: mail.Envelope{From: "joe@example.net"}, Now: time.Unix(1772362800, 0), Header: h, Body: b})
	r, err := offline(silent{}, msg.Now).judgeOne(t.Context(), defaults(t, nil), msg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Auth.SPF.Result != "temperror" || r.Auth.DKIM[0].Result != "temperror" || r.Auth.DMARC.Result != "temperror" || r.Score != 0 || r.Action != scoring.Accept {
		t.Errorf("%+v, score %v, %s", r.Auth, r.Score, r.Action)
	}
}

type silent struct{}

func (silent) Lookup(context.Context, string, dns.Type) (dns.Answer, error) {
	return dns.Answer{}, dns.ErrTimeout
}
