package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// probe is a filter of a third party that finds SEEN and counts how often it was
// made and closed.
type probe struct {
	mu           sync.Mutex
	made, closed int
	refuse       error
}

type probeFilter struct{ p *probe }

func (f probeFilter) Check(_ context.Context, m *mail.Message) (filters.Result, error) {
	return filters.Result{Symbols: []scoring.Symbol{scoring.Found("SEEN", m.Session.Helo)}}, nil
}

func (f probeFilter) Close() error {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.p.closed++
	return nil
}

func (p *probe) kind() filters.Kind {
	return filters.Kind{
		Name: "probe", Stage: mail.StageHelo, Symbols: []filters.SymbolDoc{{Name: "SEEN", Group: "probe", Score: 1}},
		New: func(filters.Env) (filters.Filter, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.refuse != nil {
				return nil, p.refuse
			}
			p.made++
			return probeFilter{p}, nil
		},
	}
}

func (p *probe) counts() (made, closed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made, p.closed
}

// site is an App whose configuration a test changes.
type site struct {
	*App
	probe *probe
	log   *syncBuffer
	stop  func()
	mu    sync.Mutex
	keys  map[string]string
	fail  error
}

// syncBuffer is a log that several goroutines write and read.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *site) set(key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = value
}

func (s *site) loadWith(kinds []filters.Kind) (*config.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return nil, s.fail
	}
	return config.Load(config.Options{Flags: s.keys, Sections: Sections(kinds), Symbols: ownSymbols()})
}

// newSite starts an App with a probe alone; further keys are given in pairs. It
// ends with the test.
func newSite(t *testing.T, keys ...string) *site { return newSiteOf(t, nil, keys...) }

// newSiteOf is newSite with further kinds of filters.
func newSiteOf(t *testing.T, more []filters.Kind, keys ...string) *site {
	t.Helper()
	s := &site{probe: new(probe), log: new(syncBuffer), keys: map[string]string{
		"hostname": "mx.example.org", "admin.listen": "", "dns.servers": "127.0.0.1:1", "state.dir": "",
		"listeners": "[{name: inbound, milter: 'unix:" + filepath.Join(t.TempDir(), "s") + "'}]",
	}}
	for i := 0; i < len(keys); i += 2 {
		s.keys[keys[i]] = keys[i+1]
	}
	kinds := append(more, s.probe.kind())
	var err error
	s.App, err = New(Options{Kinds: kinds, Load: func() (*config.Config, error) { return s.loadWith(kinds) }, Log: slog.New(slog.NewTextHandler(s.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

var client = &mail.Session{ClientIP: netip.MustParseAddr("192.0.2.1"), Listener: "inbound", Profile: "inbound"}

// dial opens a dialogue up to HELO.
func (s *site) dial(t *testing.T) milter.Dialogue {
	t.Helper()
	d, reply := s.Connect(t.Context(), client)
	if reply != nil {
		t.Fatal(reply)
	}
	helo := *client
	helo.Helo = "mail.example.net"
	d.Helo(t.Context(), &helo)
	return d
}

// send takes one message through a dialogue.
func (s *site) send(t *testing.T, d milter.Dialogue) (milter.Decision, *verdicts.Record) {
	t.Helper()
	session := *client
	session.Helo = "mail.example.net"
	env := mail.Envelope{From: "joe@example.net"}
	d.Mail(t.Context(), &session, env)
	d.Rcpt(t.Context(), "anna@example.org", nil)
	env.Rcpts = []string{"anna@example.org"}
	h, b := mail.Read([]byte("From: joe@example.net\r\nSubject: hi\r\nX-Spam-Flag: NO\r\n\r\nhello\r\n"))
	decision := d.Message(t.Context(), mail.New(mail.Message{Session: &session, Envelope: env, Now: s.now(), Header: h, Body: b}))
	page, _, err := s.store.Query(t.Context(), verdicts.Query{Limit: 1})
	if err != nil || len(page) != 1 {
		t.Fatalf("%d records, %v", len(page), err)
	}
	return decision, page[0]
}

// value is a metric's without labels, or the sum over all labels.
func value(t *testing.T, a *App, name string) float64 {
	t.Helper()
	families, err := a.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

func TestAMessageIsJudgedRecordedLoggedAndEdited(t *testing.T) {
	s := newSite(t)
	d := s.dial(t)
	defer d.Close()
	decision, r := s.send(t, d)
	if decision.Action != milter.Continue || r.Action != scoring.Accept || r.Score != 1 || r.Symbols[0].Details[0] != "mail.example.net" {
		t.Errorf("%+v %+v", decision, r)
	}
	if decision.Edits[0] != (mail.Edit{Kind: mail.EditRemove, Name: "X-Spam-Flag", N: 1}) {
		t.Errorf("first edit %+v", decision.Edits[0])
	}
	if !strings.Contains(s.log.String(), "id="+r.ID) || strings.Count(s.log.String(), "msg=verdict") != 1 {
		t.Errorf("log:\n%s", s.log)
	}
}

func TestModesLimitWhatIsDone(t *testing.T) {
	for _, c := range []struct {
		mode   string
		action milter.Action
		edits  bool
		reply  int
	}{
		{"observe", milter.Continue, false, 0}, {"mark", milter.Continue, true, 0}, {"enforce", milter.Reject, false, 550},
	} {
		s := newSite(t, "mode", c.mode, "scoring.scores.SEEN", "20")
		d := s.dial(t)
		decision, r := s.send(t, d)
		d.Close()
		if decision.Action != c.action || len(decision.Edits) > 0 != c.edits || decision.Reply.Code != c.reply || r.Action != scoring.Reject || (r.Reply != "") != (c.reply > 0) {
			t.Errorf("%s: %+v, record %s %q", c.mode, decision, r.Action, r.Reply)
		}
	}
}

func TestActionsBecomeDecisions(t *testing.T) {
	for action, want := range map[string]milter.Action{
		"accept": milter.Continue, "mark": milter.Continue, "greylist": milter.Tempfail, "tempfail": milter.Tempfail,
		"quarantine": milter.Hold, "reject": milter.Reject, "discard": milter.Discard,
	} {
		s := newSite(t, "scoring.actions.SEEN", action)
		d := s.dial(t)
		decision, r := s.send(t, d)
		d.Close()
		if decision.Action != want || string(r.Action) != action {
			t.Errorf("%s: decision %d, record %s", action, decision.Action, r.Action)
		}
		if want == milter.Hold && decision.Hold != "postern "+r.ID {
			t.Errorf("hold reason %q", decision.Hold)
		}
	}
}

func TestReloadTakesHoldBetweenMessagesOfAConnection(t *testing.T) {
	s := newSite(t)
	d := s.dial(t)
	defer d.Close()
	_, first := s.send(t, d)
	s.set("scoring.scores.SEEN", "7")
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, closed := s.probe.counts(); closed != 0 {
		t.Error("the replaced filter was closed while a connection holds it")
	}
	_, second := s.send(t, d)
	if first.Score != 1 || second.Score != 7 || second.Symbols[0].Details[0] != "mail.example.net" {
		t.Errorf("scores %v and %v; the second HELO filter saw %v", first.Score, second.Score, second.Symbols[0].Details)
	}
	if made, closed := s.probe.counts(); made != 2 || closed != 1 {
		t.Errorf("%d made, %d closed", made, closed)
	}
}

func TestAMessageUnderWayEndsInItsOwnGeneration(t *testing.T) {
	s := newSite(t)
	d := s.dial(t)
	defer d.Close()
	d.Mail(t.Context(), client, mail.Envelope{})
	s.set("scoring.scores.SEEN", "7")
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	d.Message(t.Context(), mail.New(mail.Message{Session: client, Now: s.now()}))
	page, _, _ := s.store.Query(t.Context(), verdicts.Query{})
	if page[0].Score != 1 {
		t.Errorf("score %v", page[0].Score)
	}
}

func TestABadReloadLeavesTheOldConfigurationInForce(t *testing.T) {
	for name, spoil := range map[string]func(*site){
		"a faulty file":                 func(s *site) { s.set("mode", "enforec") },
		"an unreadable one":             func(s *site) { s.mu.Lock(); s.fail = errors.New("disk"); s.mu.Unlock() },
		"a filter that cannot be built": func(s *site) { s.probe.mu.Lock(); s.probe.refuse = errors.New("no list"); s.probe.mu.Unlock() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			spoil(s)
			if s.Reload() == nil {
				t.Fatal("it was loaded")
			}
			wrong, blocked := s.health.Conditions()
			if len(wrong) != 1 || wrong[0].Name != "config" || blocked {
				t.Errorf("health: %+v", wrong)
			}
			if !strings.Contains(s.log.String(), "level=ERROR") {
				t.Error("the log says nothing")
			}
			if v := value(t, s.App, "postern_config_valid"); v != 0 {
				t.Errorf("postern_config_valid is %v", v)
			}
			d := s.dial(t)
			defer d.Close()
			if _, r := s.send(t, d); r.Score != 1 || len(r.Checks) != 2 || r.Checks[0].Name != "probe" || r.Checks[1].Name != "rules" {
				t.Errorf("judged by %+v", r)
			}
			s.mu.Lock()
			s.fail, s.keys["mode"] = nil, "mark"
			s.mu.Unlock()
			s.probe.mu.Lock()
			s.probe.refuse = nil
			s.probe.mu.Unlock()
			if err := s.Reload(); err != nil {
				t.Fatal(err)
			}
			if wrong, _ := s.health.Conditions(); len(wrong) != 0 || value(t, s.App, "postern_config_valid") != 1 {
				t.Errorf("after the repair: %+v", wrong)
			}
		})
	}
}

func TestFiltersAreClosedExactlyOnce(t *testing.T) {
	s := newSite(t)
	idle, busy := s.dial(t), s.dial(t)
	for range 3 {
		if err := s.Reload(); err != nil {
			t.Fatal(err)
		}
		s.send(t, busy)
	}
	idle.Close()
	busy.Close()
	s.stop()
	if s.Reload() == nil {
		t.Error("a reload after the end builds anew")
	}
	if made, closed := s.probe.counts(); made != 4 || closed != 4 {
		t.Errorf("%d made, %d closed", made, closed)
	}
}

func TestGenerationsSurviveReloadsFromAllSides(t *testing.T) {
	s := newSite(t, "log.level", "error")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				d := s.dial(t)
				s.send(t, d)
				s.send(t, d)
				d.Close()
			}
		})
	}
	for range 20 {
		if err := s.Reload(); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	s.stop()
	if made, closed := s.probe.counts(); made != 21 || closed != 21 {
		t.Errorf("%d made, %d closed", made, closed)
	}
}

func TestWhatNeedsARestartIsNamed(t *testing.T) {
	s := newSite(t)
	s.set("limits.connections", "7")
	s.set("limits.total", "20s")
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if log := s.log.String(); strings.Count(log, "needs a restart") != 1 || !strings.Contains(log, "key=limits.connections") {
		t.Errorf("log:\n%s", log)
	}
}

func TestAnAbortedTransactionLeavesNothing(t *testing.T) {
	s := newSite(t)
	d := s.dial(t)
	defer d.Close()
	d.Mail(t.Context(), client, mail.Envelope{From: "eve@example.com"})
	d.Abort()
	d.Abort()
	if _, r := s.send(t, d); r.Envelope.From != "joe@example.net" {
		t.Errorf("from %s", r.Envelope.From)
	}
}
