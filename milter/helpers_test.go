package milter

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a Handler that does as the test says and notes what it was told.
type script struct {
	answers []mail.Stage
	refuse  map[string]Reply // by event: "rcpt x@example.org"
	decide  func(context.Context, *mail.Message) Decision

	mu     sync.Mutex
	events []string
	seen   []*mail.Message
	bodies []string
}

var allStages = []mail.Stage{mail.StageConnect, mail.StageHelo, mail.StageMail, mail.StageRcpt}

func (s *script) Answers() []mail.Stage { return s.answers }

func (s *script) Connect(_ context.Context, c *mail.Session) (Dialogue, *Reply) {
	return &line{s}, s.note("connect " + c.ClientIP.String())
}

func (s *script) note(event string) *Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event)
	if r, ok := s.refuse[event]; ok {
		return &r
	}
	return nil
}

func (s *script) told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

func (s *script) message(i int) (*mail.Message, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[i], s.bodies[i]
}

type line struct{ *script }

func (l *line) Helo(_ context.Context, c *mail.Session) *Reply {
	return l.note(strings.TrimSpace("helo " + c.Helo + " " + c.TLS))
}
func (l *line) Mail(_ context.Context, c *mail.Session, e mail.Envelope) *Reply {
	return l.note("mail " + e.From)
}
func (l *line) Rcpt(_ context.Context, rcpt string, args []string) *Reply {
	return l.note("rcpt " + rcpt)
}
func (l *line) Abort() { l.note("abort") }
func (l *line) Close() { l.note("close") }

func (l *line) Message(ctx context.Context, m *mail.Message) Decision {
	l.note("message")
	body, _ := io.ReadAll(m.Body.Reader())
	l.mu.Lock()
	l.seen, l.bodies = append(l.seen, m), append(l.bodies, string(body))
	decide := l.decide
	l.mu.Unlock()
	if decide == nil {
		return Decision{Action: Continue}
	}
	return decide(ctx, m)
}

// logged is a log that tests may read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// running is a Server that serves until the test ends.
type running struct {
	*Server
	log  *logged
	end  context.CancelFunc
	over chan error
}

func serve(t testing.TB, cfg Config, h Handler) *running {
	t.Helper()
	if cfg.Name = "test"; cfg.Addr == "" {
		cfg.Addr = "tcp:127.0.0.1:0"
	}
	r := &running{log: &logged{}, over: make(chan error, 1)}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := New(cfg, h, Deps{Log: log, Budget: NewBudget(64 << 20)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	r.Server = s
	ctx, end := context.WithCancel(context.Background())
	r.end = end
	go func() { r.over <- s.Serve(ctx) }()
	t.Cleanup(func() {
		end()
		if err := <-r.over; err != nil {
			t.Error(err)
		}
		r.over <- nil
		if used := r.budget.Used(); used != 0 {
			t.Errorf("%d bytes of the budget did not come back", used)
		}
	})
	return r
}

// until waits for a condition that is bound to come.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 3000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

var good = miltertest.Message{
	From: "a@example.org", Rcpts: []string{"b@example.net"},
	Header: [][2]string{{"From", " a@example.org"}, {"Subject", " hello"}}, Body: "text\r\n",
}

func gone(t *testing.T, c *miltertest.Client) {
	t.Helper()
	if p, err := c.ReadPacket(); err == nil {
		t.Fatalf("the session goes on: %q", p)
	} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Fatal("the session is still open")
	}
}
