package admin

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// records are two messages, the older one first.
func records() []*verdicts.Record {
	return []*verdicts.Record{
		{
			ID: "old", Time: day, QueueID: "4OLD", Action: scoring.Accept, Score: 1,
			Session: verdicts.Session{ClientIP: "2001:db8::1"}, Envelope: verdicts.Envelope{From: "joe@example.net", Rcpts: []string{"anna@example.org"}},
			Message: verdicts.Message{Subject: "hello", MessageID: "<1@example.net>"}, Symbols: []verdicts.Symbol{{Name: "SPF_PASS"}},
		},
		{
			ID: "new", Time: day.Add(time.Hour), QueueID: "4NEW", Action: scoring.Reject, Score: 16,
			Session: verdicts.Session{ClientIP: "192.0.2.1"}, Envelope: verdicts.Envelope{From: "eve@example.com", Rcpts: []string{"otto@example.org"}},
			Message: verdicts.Message{Subject: "</script><b>\u2028\x1b\"\r\n"}, Symbols: []verdicts.Symbol{{Name: "GTUBE"}},
		},
	}
}

// config is an endpoint's with the records above.
func testConfig(t *testing.T, token string) Config {
	t.Helper()
	ring := verdicts.NewRing(10)
	for _, r := range records() {
		if err := ring.Add(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "postern_test_total"}))
	return Config{Listen: "127.0.0.1:0", Token: token, Store: ring, Health: new(Health), Metrics: metrics, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// get asks a handler; header holds further fields, "Name: value".
func get(c Config, path string, header ...string) *httptest.ResponseRecorder {
	return ask(c, http.MethodGet, path, header...)
}

func ask(c Config, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Host = "127.0.0.1:8891"
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	handler(c).ServeHTTP(w, r)
	return w
}

func TestTokenGuardsEverythingButHealth(t *testing.T) {
	c := testConfig(t, "s3cret")
	for _, path := range []string{"/api/v1/verdicts", "/api/v1/verdicts/old", "/metrics", "/nowhere"} {
		for _, header := range []string{"X: y", "Authorization: Bearer wrong", "Authorization: Bearer ", "Authorization: s3cret", "Authorization: Basic s3cret", "Authorization: Bearer s3cret "} {
			w := get(c, path, header)
			if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" || strings.Contains(w.Body.String(), "joe") {
				t.Errorf("%s with %q: %d %s", path, header, w.Code, w.Body)
			}
		}
	}
	for path, code := range map[string]int{"/api/v1/verdicts": 200, "/api/v1/verdicts/old": 200, "/metrics": 200, "/nowhere": 404} {
		if w := get(c, path, "Authorization: Bearer s3cret", "Host: mx.example.org"); w.Code != code {
			t.Errorf("%s with the token: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if w := get(c, path); w.Code != 200 {
			t.Errorf("%s without the token: %d", path, w.Code)
		}
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, "/api/v1/verdicts", nil)
		r.Host = "localhost"
		handler(testConfig(t, "")).ServeHTTP(w, r)
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func TestWhereATokenIsNeeded(t *testing.T) {
	for _, c := range []struct {
		listen string
		open   bool
	}{
		{"127.0.0.1:0", true}, {"tcp:127.0.0.1:0", true}, {"[::1]:0", true}, {"localhost:0", true}, {"127.9.9.9:0", true},
		{":0", false}, {"0.0.0.0:0", false}, {"[::]:0", false}, {"tcp:0.0.0.0:0", false}, {"192.0.2.1:0", false}, {"mx.example.org:0", false},
		{"localhost.example.org:0", false},
	} {
		cfg := testConfig(t, "")
		cfg.Listen = c.listen
		s, err := Listen(cfg)
		if s != nil {
			s.listener.Close()
		}
		if refused := errors.Is(err, ErrToken); refused == c.open {
			t.Errorf("%s without a token: %v", c.listen, err)
		}
	}
	cfg := testConfig(t, "s3cret")
	cfg.Listen = "0.0.0.0:0"
	s, err := Listen(cfg)
	if err != nil {
		t.Fatalf("with a token: %v", err)
	}
	s.listener.Close()
}

// A page on the web may have its own name resolve to 127.0.0.1 and then read
// what answers there.
func TestWithoutATokenTheHostMustBeThisMachine(t *testing.T) {
	c := testConfig(t, "")
	for host, code := range map[string]int{
		"127.0.0.1:8891": 200, "localhost": 200, "LOCALHOST:9": 200, "[::1]:8891": 200, "127.0.0.1": 200,
		"evil.example.com": 403, "127.0.0.1.example.com:8891": 403, "192.0.2.1": 403, "": 403,
	} {
		if w := get(c, "/api/v1/verdicts", "Host: "+host); w.Code != code {
			t.Errorf("host %q: %d", host, w.Code)
		}
	}
	c.Listen = "unix:/run/postern/admin.sock"
	if w := get(c, "/api/v1/verdicts", "Host: whatever"); w.Code != 200 {
		t.Errorf("unix socket: %d", w.Code)
	}
}

func TestUnixSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "admin.sock")
	cfg := testConfig(t, "")
	cfg.Listen = "unix:" + path
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	s, err := Listen(cfg)
	if err != nil {
		t.Fatalf("over a socket nobody serves: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := Listen(cfg); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("over one that is served: %v", err)
	}
	s.listener.Close()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(cfg); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("over a file: %v", err)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	s, err := Listen(testConfig(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx) }()
	resp, err := http.Get("http://" + s.Addr().String() + "/healthz")
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAnswersAreDataAndNothingElse(t *testing.T) {
	c := testConfig(t, "")
	for _, path := range []string{"/api/v1/verdicts", "/api/v1/verdicts/new", "/api/v1/verdicts/%3Cscript%3E", "/api/v1/verdicts?%3Cscript%3E=1", "/healthz"} {
		w := get(c, path)
		for name, want := range map[string]string{
			"Content-Type": "application/json", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Access-Control-Allow-Origin": "",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s: %q", path, name, got)
			}
		}
		if strings.ContainsAny(w.Body.String(), "<>\x1b\r\u2028") || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %q", path, w.Body)
		}
	}
	var r verdicts.Record
	if err := json.Unmarshal(get(c, "/api/v1/verdicts/new").Body.Bytes(), &r); err != nil || r.Message.Subject != records()[1].Message.Subject {
		t.Errorf("the subject is %q, %v", r.Message.Subject, err)
	}
}

func TestHealth(t *testing.T) {
	c := testConfig(t, "")
	check := func(status string, ready int) {
		t.Helper()
		w := get(c, "/healthz")
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"status": "`+status+`"`) {
			t.Errorf("healthz: %d %s", w.Code, w.Body)
		}
		if w := get(c, "/readyz"); w.Code != ready || !strings.Contains(w.Body.String(), status) {
			t.Errorf("readyz: %d %s", w.Code, w.Body)
		}
	}
	check("ok", 200)
	if body := get(c, "/healthz").Body.String(); !strings.Contains(body, `"wrong": []`) {
		t.Errorf("when all is well: %s", body)
	}
	c.Health.Set(Condition{Name: "config", Detail: "first"})
	c.Health.Set(Condition{Name: "config", Detail: "second"})
	check("degraded", 200)
	if body := get(c, "/healthz").Body.String(); strings.Contains(body, "first") || !strings.Contains(body, "second") {
		t.Errorf("set twice: %s", body)
	}
	c.Health.Set(Condition{Name: "store", Blocks: true})
	check("blocked", 503)
	c.Health.Clear("store")
	check("degraded", 200)
	c.Health.Clear("config")
	c.Health.Clear("never set")
	check("ok", 200)
}

func TestMetricsAreShown(t *testing.T) {
	if w := get(testConfig(t, ""), "/metrics"); w.Code != 200 || !strings.Contains(w.Body.String(), "postern_test_total 0") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
