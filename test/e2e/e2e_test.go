// Package e2e tests the program as a site runs it: the built binary behind a
// real Postfix, with mail sent by SMTP.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/postfix"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/test/world"
	"github.com/postern-mail/postern/verdicts"
)

var program string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// run builds the program that the tests start.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "postern-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "postern")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/postern").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", out, err)
		return 1
	}
	return m.Run()
}

func start(t *testing.T, o world.Options) (*world.World, context.Context) {
	t.Helper()
	if err := postfix.Available(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	o.Program = program
	if o.Log == nil {
		o.Log = t.Output()
	}
	// Not t.TempDir: Postfix's users must be able to pass through every folder above.
	dir, err := os.MkdirTemp("", "postern-world-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	o.Dir = dir
	w, err := world.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what Postfix logged:\n%s", w.Postfix.Log())
		}
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	})
	return w, ctx
}

func scenes(t *testing.T, w *world.World) []world.Scene {
	t.Helper()
	s, err := w.Keys.Scenes()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func play(t *testing.T, ctx context.Context, w *world.World, s ...world.Scene) []world.Played {
	t.Helper()
	played, err := w.Play(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	return played
}

func headerOf(copies [][]byte) mail.Header {
	h, _ := mail.Read(copies[0])
	return h
}

func TestScenesComeOutAsTheyMust(t *testing.T) {
	for _, tcp := range []bool{false, true} {
		t.Run(map[bool]string{false: "unix", true: "tcp"}[tcp], func(t *testing.T) {
			w, ctx := start(t, world.Options{TCP: tcp})
			for _, p := range play(t, ctx, w, scenes(t, w)...) {
				t.Run(p.Name, func(t *testing.T) {
					if problem := p.Problem(); problem != "" {
						t.Fatal(problem)
					}
					if p.Fate == world.Delivered {
						checkDelivered(t, p)
					}
				})
			}
		})
	}
}

// checkDelivered looks at the header as the recipient has it.
func checkDelivered(t *testing.T, p world.Played) {
	h := headerOf(p.Copies)
	top := slices.IndexFunc(h, func(f mail.Field) bool { return f.Is("Authentication-Results") })
	own := slices.IndexFunc(h, func(f mail.Field) bool { return f.Is("Received") })
	if top < 0 || top > own {
		t.Errorf("Authentication-Results at %d, our Received at %d", top, own)
	}
	if id, _ := h.Get("X-Postern-Id"); id != p.Record.ID {
		t.Errorf("X-Postern-Id %q, the record is %s", id, p.Record.ID)
	}
	if action, _ := h.Get("X-Postern-Action"); action != string(p.Record.Action) {
		t.Errorf("X-Postern-Action %q, the record says %s", action, p.Record.Action)
	}
	_, flagged := h.Get("X-Spam-Flag")
	if flagged != (p.Record.Action == "mark") {
		t.Errorf("X-Spam-Flag is there: %v, the action is %s", flagged, p.Record.Action)
	}
}

func TestForgedHeadersOfOursAreRemoved(t *testing.T) {
	w, ctx := start(t, world.Options{})
	s := scenes(t, w)[0]
	s.Message = append([]byte("Authentication-Results: "+world.Hostname+"; dmarc=pass header.from=bank.example\r\n"+
		"authentication-results: (x) MX.HERE.EXAMPLE/1; spf=pass\r\n"+
		"Authentication-Results: other.example; dkim=pass header.d=x.example\r\n"+
		"X-Spam-Flag: NO\r\nx-postern-action: accept\r\nX-Postern-Action: accept\r\n"), s.Message...)
	p := play(t, ctx, w, s)[0]
	if problem := p.Problem(); problem != "" {
		t.Fatal(problem)
	}
	h := headerOf(p.Copies)
	results := h.All("Authentication-Results")
	if len(results) != 2 || !strings.Contains(results[0], world.Hostname+";") || !strings.Contains(results[1], "other.example") {
		t.Errorf("Authentication-Results: %q", results)
	}
	if strings.Contains(results[0], "bank.example") {
		t.Errorf("the forged result survived: %q", results[0])
	}
	if h.Count("X-Postern-Action") != 1 || h.Count("X-Spam-Flag") != 0 {
		t.Errorf("X-Postern-Action %q, X-Spam-Flag %q", h.All("X-Postern-Action"), h.All("X-Spam-Flag"))
	}
}

func TestModesReachAsFarAsTheySay(t *testing.T) {
	for mode, want := range map[string]struct {
		fate    world.Fate
		headers bool
	}{"observe": {world.Delivered, false}, "mark": {world.Delivered, true}, "enforce": {world.Refused, false}} {
		t.Run(mode, func(t *testing.T) {
			w, ctx := start(t, world.Options{Config: "mode: " + mode + "\n"})
			all := scenes(t, w)
			gtube := all[slices.IndexFunc(all, func(s world.Scene) bool { return s.Name == "GTUBE" })]
			p := play(t, ctx, w, gtube)[0]
			if p.Fate != want.fate || p.Record == nil || p.Record.Action != "reject" {
				t.Fatalf("it was %s (%s), record %+v", p.Fate, p.SMTP.Data, p.Record)
			}
			if want.fate != world.Delivered {
				return
			}
			h := headerOf(p.Copies)
			if got := h.Count("X-Postern-Action") > 0; got != want.headers {
				t.Errorf("headers were added: %v", got)
			}
			if want.headers && h.Count("X-Spam-Flag") != 1 {
				t.Error("it is not marked")
			}
		})
	}
}

func TestSendmailSubmissionIsJudgedAndNeverRefusedAtRcpt(t *testing.T) {
	w, ctx := start(t, world.Options{})
	cmd := exec.CommandContext(ctx, "sendmail", "-C", w.Postfix.ConfigDir(), "-f", "root@here.example", "anna@here.example")
	cmd.Env = append(os.Environ(), "MAIL_CONFIG="+w.Postfix.ConfigDir())
	cmd.Stdin = strings.NewReader("From: Root <root@here.example>\nTo: anna@here.example\nSubject: cron\nMessage-ID: <local@here.example>\n\nAll is well.\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sendmail: %v: %s", err, out)
	}
	r := verdictOf(t, ctx, w, "<local@here.example>")
	if r.Action != "accept" || has(r, "SPF_FAIL") || has(r, "DMARC_FAIL_REJECT") {
		t.Errorf("local mail was judged %s: %+v", r.Action, r.Symbols)
	}
	if err := w.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Postfix.Delivered(); err != nil || len(got) != 1 {
		t.Errorf("%d messages were delivered (%v)", len(got), err)
	}
}

func has(r *verdicts.Record, symbol string) bool {
	return slices.ContainsFunc(r.Symbols, func(s verdicts.Symbol) bool { return s.Name == symbol })
}

// verdictOf waits until the message has a verdict.
func verdictOf(t *testing.T, ctx context.Context, w *world.World, messageID string) *verdicts.Record {
	t.Helper()
	for {
		found, err := w.Verdicts(ctx, url.Values{"q": {messageID}})
		if err != nil {
			t.Fatalf("no verdict of %s: %v", messageID, err)
		}
		if len(found) > 0 {
			return found[0]
		}
		time.Sleep(50 * time.Millisecond) // nothing tells when pickup has come round
	}
}

func TestSilentDNSIsInTheRecordAndLetsMailPass(t *testing.T) {
	w, ctx := start(t, world.Options{Config: "limits: {filter: 1s, total: 3s}\n"})
	w.DNS.Fault("*", dnstest.Fault{Drop: true})
	s := scenes(t, w)[0]
	s.Symbols, s.Absent = nil, []string{"SPF_PASS", "SPF_FAIL", "DKIM_PASS", "DKIM_FAIL", "DMARC_PASS"}
	p := play(t, ctx, w, s)[0]
	if problem := p.Problem(); problem != "" {
		t.Fatal(problem)
	}
	for _, alternatives := range [][]string{{"SPF_TEMPERROR", "SPF_TIMEOUT"}, {"DKIM_TEMPERROR", "DKIM_TIMEOUT"}, {"DMARC_TEMPERROR", "DMARC_TIMEOUT"}} {
		if !slices.ContainsFunc(alternatives, func(name string) bool { return has(p.Record, name) }) {
			t.Errorf("none of %v is in the record: %+v", alternatives, p.Record.Symbols)
		}
	}
}

func TestReloadTakesAGoodFileAndRefusesABadOne(t *testing.T) {
	w, ctx := start(t, world.Options{})
	good, err := os.ReadFile(w.Config)
	if err != nil {
		t.Fatal(err)
	}
	write := func(extra string) {
		if err := os.WriteFile(w.Config, append(slices.Clone(good), extra...), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := w.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	write("scoring: {scores: {SPF_PASS: 50}, treshold: 1}\n")
	until(t, ctx, w, "degraded")
	if p := play(t, ctx, w, scenes(t, w)[0])[0]; p.Problem() != "" {
		t.Errorf("with a bad file on disk: %s", p.Problem())
	}
	write("scoring: {scores: {SPF_PASS: 50}}\n")
	until(t, ctx, w, "ok")
	s := scenes(t, w)[10] // another message than before
	s.Action, s.Fate = "reject", world.Refused
	if p := play(t, ctx, w, s)[0]; p.Problem() != "" {
		t.Errorf("after the reload: %s", p.Problem())
	}
}

// until waits until healthz tells the status.
func until(t *testing.T, ctx context.Context, w *world.World, status string) {
	t.Helper()
	for {
		var health struct{ Status string }
		if err := w.Get(ctx, "/healthz", &health); err != nil {
			t.Fatalf("waiting for %s: %v", status, err)
		}
		if health.Status == status {
			return
		}
		time.Sleep(20 * time.Millisecond) // the reload tells nobody but healthz
	}
}

func TestStoppingTheDaemonLosesNoAnsweredMessage(t *testing.T) {
	w, ctx := start(t, world.Options{})
	if err := w.StopDaemon(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s := scenes(t, w)[0]
	p, err := w.Connect(ctx, s.Client, s.Helo)
	if err == nil {
		o, err := p.Send(s.Envelope, s.Message)
		p.Close()
		if err != nil || o.Data.Code/100 != 4 {
			t.Fatalf("without the filter Postfix said %s (%v): milter_default_action is tempfail", o.Data, err)
		}
	}
	if err := w.StartDaemon(ctx); err != nil {
		t.Fatal(err)
	}
	if p := play(t, ctx, w, s)[0]; p.Problem() != "" {
		t.Error(p.Problem())
	}
}

func TestMetricsTellWhatHappened(t *testing.T) {
	w, ctx := start(t, world.Options{})
	play(t, ctx, w, scenes(t, w)...)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Admin+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`postern_verdicts_total{action="quarantine",listener="inbound",mode="enforce"} 1`,
		`postern_verdicts_total{action="reject",listener="inbound",mode="enforce"} 3`,
		`postern_symbols_total{symbol="GTUBE"} 2`,
		`postern_checks_total{filter="dkim",status="ok"} 14`,
		`postern_config_valid 1`,
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	if strings.Contains(string(text), "good.example") || strings.Contains(string(text), "192.0.2.") {
		t.Error("a domain or an address is in the metrics")
	}
}

func TestAFaultyConfigurationEndsWithItsOwnExitCode(t *testing.T) {
	file := filepath.Join(t.TempDir(), "postern.yaml")
	if err := os.WriteFile(file, []byte("mode: enforc\nhostnam: x.example\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "serve", "--config", file).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("exit %v: %s", err, out)
	}
	for _, part := range []string{file + ":1:", `"enforce"`, file + ":2:", "hostname"} {
		if !strings.Contains(string(out), part) {
			t.Errorf("no %s in %s", part, out)
		}
	}
}

func TestVerdictsOutlastAKill(t *testing.T) {
	dir := t.TempDir()
	w, ctx := start(t, world.Options{Config: fmt.Sprintf("state: {dir: %q}\n", dir)})
	p := play(t, ctx, w, scenes(t, w)[0])[0]
	if p.Problem() != "" {
		t.Fatal(p.Problem())
	}
	if err := w.StopDaemon(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := w.StartDaemon(ctx); err != nil {
		t.Fatal(err)
	}
	var again verdicts.Record
	if err := w.Get(ctx, "/api/v1/verdicts/"+p.Record.ID, &again); err != nil || again.Message.MessageID != p.ID {
		t.Errorf("%+v: %v", again, err)
	}
}
