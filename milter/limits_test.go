package milter

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/mail"
)

func TestWhatIsTooLargeIsNamed(t *testing.T) {
	fields := func(n int) (h [][2]string) {
		for range n {
			h = append(h, [2]string{"X", " y"})
		}
		return h
	}
	chunk := strings.Repeat("x", 999) + "\n"
	for _, tt := range []struct {
		name       string
		cfg        Config
		header     [][2]string
		body       []string
		truncated  string
		kept, size int
	}{
		{"as many fields as are kept", Config{MaxFields: 3}, fields(3), nil, "", 3, 0},
		{"a field too many", Config{MaxFields: 3}, fields(4), []string{chunk}, "header", 3, 1000},
		{"a header too long", Config{MaxHeader: 20}, [][2]string{{"X", " y"}, {"Long", strings.Repeat("z", 20)}, {"X", " y"}}, nil, "header", 1, 0},
		{"a body as long as is kept", Config{MaxMessage: 2000}, nil, []string{chunk, chunk}, "", 0, 2000},
		{"a body too long, without gaps", Config{MaxMessage: 2500}, nil, []string{chunk, chunk, chunk, "x", chunk}, "body", 0, 2000},
		{"a header and a body too long", Config{MaxFields: 1, MaxMessage: 1500}, fields(2), []string{chunk, chunk, "x"}, "header", 1, 1000},
		{"a disk that takes nothing", Config{MaxMemory: 1500, SpoolDir: "/nonexistent"}, nil, []string{chunk, chunk, "x"}, "spool", 0, 1000},
		{"a body that is spooled", Config{MaxMemory: 1500}, nil, []string{chunk, chunk, "x", chunk}, "", 0, 3001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &script{}
			s := serve(t, tt.cfg, h)
			c := miltertest.Open(t, s.Addr())
			for i := range 2 { // the second message is measured anew
				c.Mail("<>")
				for _, f := range tt.header {
					c.Header(f[0], f[1])
				}
				c.EndHeader()
				for _, b := range tt.body {
					c.Body(b)
				}
				c.End("")
				m, body := h.message(i)
				if m.Truncated != tt.truncated || len(m.Header) != tt.kept || len(body) != tt.size || !strings.HasPrefix(strings.Join(tt.body, ""), body) && tt.truncated == "" {
					t.Errorf("truncated %q, %d fields, %d bytes", m.Truncated, len(m.Header), len(body))
				}
			}
			r := c.Deliver(good)
			if r.Final.Code != 'c' {
				t.Errorf("the next message: %+v", r)
			}
		})
	}
}

func TestBodyIsTheSameInMemoryAndOnDisk(t *testing.T) {
	var b strings.Builder
	for i := range 30_000 {
		b.WriteString(strings.Repeat("ab", i%37))
		b.WriteString("\r\n")
	}
	dir := t.TempDir()
	for _, tt := range []struct {
		name    string
		memory  int64
		spooled int64
	}{{"in memory", 4 << 20, 0}, {"on disk", 64 << 10, 1}} {
		t.Run(tt.name, func(t *testing.T) {
			h := &script{decide: func(context.Context, *mail.Message) Decision {
				if files, _ := os.ReadDir(dir); len(files) != 0 {
					t.Errorf("the spool file has a name: %v", files)
				}
				return Decision{Action: Continue}
			}}
			s := serve(t, Config{MaxMemory: tt.memory, SpoolDir: dir}, h)
			c := miltertest.Open(t, s.Addr())
			c.Mail("<>")
			c.EndHeader()
			c.Body(b.String())
			c.End("the end")
			m, body := h.message(0)
			if body != b.String()+"the end" {
				t.Errorf("%d bytes of %d", len(body), b.Len()+7)
			}
			if n := s.Stats().Spooled; n != tt.spooled {
				t.Errorf("%d spooled", n)
			}
			if tt.spooled > 0 {
				if _, err := io.ReadAll(m.Body.Reader()); !errors.Is(err, os.ErrClosed) {
					t.Errorf("read after the decision: %v", err)
				}
			}
		})
	}
}

func TestLateReadersSeeTheirOwnMessage(t *testing.T) {
	h := &script{}
	c := miltertest.Open(t, serve(t, Config{}, h).Addr())
	m := good
	for i := range 20 {
		m.Body = strings.Repeat(string(rune('a'+i)), 5000)
		c.Deliver(m)
	}
	for i := range 20 {
		late, body := h.message(i)
		got, err := io.ReadAll(late.Body.Reader())
		if err != nil || string(got) != body || late.Header[0].Value != " a@example.org" {
			t.Errorf("message %d: %d bytes, %v", i, len(got), err)
		}
	}
}

func TestBodiesAreSpooledWhenTheBudgetIsUsedUp(t *testing.T) {
	h := &script{}
	s := serve(t, Config{}, h)
	s.budget.must(64<<20 - 1000)
	c := miltertest.Open(t, s.Addr())
	m := good
	m.Body = strings.Repeat("x", 2000)
	c.Deliver(m)
	if _, body := h.message(0); body != m.Body || s.Stats().Spooled != 1 {
		t.Errorf("%d bytes, %d spooled", len(body), s.Stats().Spooled)
	}
	s.budget.give(64<<20 - 1000)
}

func TestConnectionsBeyondTheLimitAreClosed(t *testing.T) {
	s := serve(t, Config{MaxConns: 2}, &script{})
	first, second := miltertest.Open(t, s.Addr()), miltertest.Open(t, s.Addr())
	for range 3 {
		gone(t, miltertest.Dial(t, s.Addr()))
	}
	first.Deliver(good)
	second.Send('Q', "")
	until(t, "a place is free", func() bool { return s.Stats().Open == 1 })
	miltertest.Open(t, s.Addr()).Deliver(good)
	if n := strings.Count(s.log.String(), "too many"); n != 1 || s.Stats().Refused != 3 {
		t.Errorf("%d lines, %d refused", n, s.Stats().Refused)
	}
}

// poor is a listener that runs out of file descriptors before each connection.
type poor struct {
	net.Listener
	failed bool
}

func (p *poor) Accept() (net.Conn, error) {
	if p.failed = !p.failed; p.failed {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return p.Listener.Accept()
}

func TestServeSurvivesRunningOutOfFileDescriptors(t *testing.T) {
	s, err := New(Config{Addr: "tcp:127.0.0.1:0"}, &script{}, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	addr := s.Addr()
	s.listener = &poor{Listener: s.listener}
	ctx, end := context.WithCancel(context.Background())
	over := make(chan error)
	go func() { over <- s.Serve(ctx) }()
	for range 3 {
		miltertest.Open(t, addr).Deliver(good)
	}
	end()
	if err := <-over; err != nil || s.Stats().AcceptErrors < 3 {
		t.Errorf("%v, %d accept errors", err, s.Stats().AcceptErrors)
	}
}

func TestUnixSocketOfADeadProcessIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "milter.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	s := serve(t, Config{Addr: "unix:" + path, Mode: 0o666}, &script{})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if r := miltertest.Open(t, s.Addr()).Deliver(good); r.Final.Code != 'c' {
		t.Errorf("%+v", r)
	}
	second, err := New(Config{Addr: "unix:" + path}, &script{}, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Listen(); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a socket in use: %v", err)
	}
}

func TestImpossibleSettingsAreErrors(t *testing.T) {
	for _, cfg := range []Config{
		{Addr: ""}, {Addr: "inet:8892@localhost"}, {Addr: "tcp:8892"}, {Addr: "unix:"}, {Addr: "unix:/x", MaxConns: -1}, {Addr: "unix:/x", Drain: -1},
	} {
		if _, err := New(cfg, &script{}, Deps{}); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}
