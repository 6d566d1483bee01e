package milter

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/mail"
)

const offer = "\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff"

func TestBreachesOfProtocolCostTheSessionOneLine(t *testing.T) {
	f := miltertest.Frame
	opened := bytes.Join([][]byte{f('O', offer), f('C', "x\x004\x00\x01192.0.2.1\x00")}, nil)
	inMail := append(bytes.Clone(opened), f('M', "<>\x00")...)
	inHeader := append(bytes.Clone(inMail), f('L', "A\x00b\x00")...)
	inBody := append(bytes.Clone(inHeader), f('N', "")...)
	for _, tt := range []struct {
		name   string
		before []byte
		breach []byte
	}{
		{"a length of zero", nil, []byte{0, 0, 0, 0, 'O'}},
		{"a length without end", opened, []byte{0xff, 0xff, 0xff, 0xff, 'B'}},
		{"a length beyond the limit", inBody, []byte{0, 0x10, 0, 1, 'B'}},
		{"no negotiation", nil, f('C', "x\x004\x00\x01192.0.2.1\x00")},
		{"a macro before negotiation", nil, f('D', "Cj\x00x\x00")},
		{"a short negotiation", nil, f('O', offer[:11])},
		{"an old version", nil, f('O', "\x00\x00\x00\x01"+offer[4:])},
		{"a second negotiation", opened, f('O', offer)},
		{"a second connect", opened, f('C', "x\x004\x00\x01192.0.2.1\x00")},
		{"a connect without family", f('O', offer), f('C', "x\x00")},
		{"a connect without end of name", f('O', offer), f('C', "x")},
		{"a connect without address", f('O', offer), f('C', "x\x004\x00")},
		{"MAIL before connect", f('O', offer), f('M', "<>\x00")},
		{"RCPT before MAIL", opened, f('R', "<>\x00")},
		{"a field before MAIL", opened, f('L', "A\x00b\x00")},
		{"RCPT after a field", inHeader, f('R', "<>\x00")},
		{"a body before the end of the header", inHeader, f('B', "x")},
		{"a field in the body", inBody, f('L', "A\x00b\x00")},
		{"the end of the message before that of the header", inHeader, f('E', "")},
		{"the end of no message", opened, f('E', "")},
		{"a command that does not exist", opened, f('?', "")},
		{"HTTP", nil, []byte("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, Config{}, &script{})
			c := miltertest.Dial(t, s.Addr())
			c.Write(append(bytes.Clone(tt.before), tt.breach...))
			for {
				p, err := c.ReadPacket()
				if err != nil {
					break
				}
				if p.Code != 'O' {
					t.Fatalf("got %q", p)
				}
			}
			until(t, "the session ends", func() bool { return s.Stats().Open == 0 })
			if n := strings.Count(s.log.String(), "\n"); n != 1+strings.Count(s.log.String(), "not offer") || s.Stats().Violations != 1 {
				t.Errorf("%d violations, log:\n%s", s.Stats().Violations, s.log)
			}
		})
	}
}

func TestLargePacketsAreTaken(t *testing.T) {
	h := &script{}
	c := miltertest.Open(t, serve(t, Config{MaxHeader: 4 << 20}, h).Addr())
	value := " " + strings.Repeat("x", 200<<10)
	c.Mail("<>")
	c.Header("Long", value)
	c.EndHeader()
	body := strings.Repeat("y", 1<<20-1)
	c.Send('B', body)
	c.End("")
	if m, b := h.message(0); m.Header[0].Value != value || b != body {
		t.Errorf("%d bytes of header, %d of body", len(m.Header[0].Value), len(b))
	}
}

func TestTimeEndsASession(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		send string
	}{
		{"that is idle", Config{Idle: time.Millisecond}, ""},
		{"that stops within a length", Config{Packet: time.Millisecond}, "\x00\x00"},
		{"that stops within a packet", Config{Packet: time.Millisecond}, "\x00\x00\x00\x0dO\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.cfg, &script{})
			c := miltertest.Dial(t, s.Addr())
			c.Write([]byte(tt.send))
			gone(t, c)
			until(t, "the session ends", func() bool { return s.Stats().Open == 0 })
			if n := strings.Count(s.log.String(), "timeout"); n != 1 {
				t.Errorf("log:\n%s", s.log)
			}
		})
	}
}

// conversation is all that an MTA sends for one message.
func conversation() []byte {
	var b []byte
	for _, p := range []miltertest.Packet{
		{Code: 'O', Data: offer}, {Code: 'D', Data: "Cj\x00mx\x00"}, {Code: 'C', Data: "x\x004\x00\x01192.0.2.1\x00"}, {Code: 'H', Data: "x\x00"},
		{Code: 'M', Data: "<a@example.org>\x00SIZE=1\x00"}, {Code: 'R', Data: "<b@example.net>\x00"},
		{Code: 'L', Data: "Subject\x00 x\n y\x00"}, {Code: 'N'}, {Code: 'B', Data: "text\r\n"}, {Code: 'E', Data: "more\r\n"}, {Code: 'A'}, {Code: 'Q'},
	} {
		b = append(b, miltertest.Frame(p.Code, p.Data)...)
	}
	return b
}

func TestSingleBytesMakeAMessage(t *testing.T) {
	h := &script{}
	c := miltertest.Dial(t, serve(t, Config{}, h).Addr())
	for _, b := range conversation() {
		if _, err := c.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	c.Reply()
	if r := c.Result(); r.Final.Code != 'c' {
		t.Errorf("%+v", r)
	}
	if _, body := h.message(0); body != "text\r\nmore\r\n" {
		t.Errorf("body %q", body)
	}
}

func TestStrangersDoNotDisturbANormalMessage(t *testing.T) {
	before := runtime.NumGoroutine()
	s := serve(t, Config{MaxConns: 400}, &script{})
	for range 200 {
		miltertest.Dial(t, s.Addr())
	}
	until(t, "all idle ones are in", func() bool { return s.Stats().Open == 200 })
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for range 20 {
				c, err := net.Dial("tcp", s.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				good := conversation()
				c.Write(good[:rng.IntN(len(good))])
				if i%2 == 0 {
					c.(*net.TCPConn).SetLinger(0) // ends in a reset
				} else {
					garbage := make([]byte, 4096)
					for k := range garbage {
						garbage[k] = byte(rng.Uint32())
					}
					c.Write(garbage)
				}
				c.Close()
			}
		})
	}
	for range 20 {
		c := miltertest.Open(t, s.Addr())
		if r := c.Deliver(good); r.Final.Code != 'c' {
			t.Errorf("%+v", r)
		}
		c.Send('Q', "")
	}
	wg.Wait()
	until(t, "only the idle ones are left", func() bool { return s.Stats().Open == 200 })
	s.end()
	if err := <-s.over; err != nil {
		t.Error(err)
	}
	s.over <- nil
	until(t, "the goroutines are gone", func() bool { return runtime.NumGoroutine() <= before+1 })
}

func TestManyFieldsAreBounded(t *testing.T) {
	h := &script{}
	c := miltertest.Open(t, serve(t, Config{}, h).Addr())
	m := good
	for range 100_000 {
		m.Header = append(m.Header, [2]string{"X", " y"})
	}
	c.Deliver(m)
	if got, _ := h.message(0); len(got.Header) != 10_000 || got.Truncated != "header" {
		t.Errorf("%d fields, truncated %q", len(got.Header), got.Truncated)
	}
}

// counting decides by the size and reads nothing into memory.
type counting struct{ *line }

func (counting) Message(_ context.Context, m *mail.Message) Decision {
	if m.Body.Size() != 100<<20 || m.Truncated != "" {
		return Decision{Action: Reject}
	}
	return Decision{Action: Continue}
}

type countingHandler struct{ *script }

func (h countingHandler) Connect(context.Context, *mail.Session) (Dialogue, *Reply) {
	return counting{&line{h.script}}, nil
}

func TestHugeBodiesAreNotHeldInMemory(t *testing.T) {
	s := serve(t, Config{SpoolDir: t.TempDir()}, countingHandler{&script{}})
	c := miltertest.Open(t, s.Addr())
	mebi := strings.Repeat("x", 1<<20-2) + "\r\n"
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c.Mail("<>")
	c.EndHeader()
	for range 100 {
		c.Body(mebi)
	}
	runtime.GC()
	runtime.ReadMemStats(&during)
	if r := c.End(""); r.Final.Code != 'c' {
		t.Errorf("%+v", r)
	}
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

func TestServeDrains(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	h := &script{decide: func(context.Context, *mail.Message) Decision {
		close(began)
		<-release
		return Decision{Action: Continue}
	}}
	s := serve(t, Config{}, h)
	idle, busy := miltertest.Open(t, s.Addr()), miltertest.Open(t, s.Addr())
	busy.Mail("<>")
	busy.EndHeader()
	busy.Send('E', "")
	<-began
	s.end()
	gone(t, idle)
	if c, err := net.Dial("tcp", s.Addr().String()); err == nil {
		c.Close()
		t.Error("a connection is taken while draining")
	}
	close(release)
	if r := busy.Result(); r.Final.Code != 'c' {
		t.Errorf("the message under way: %+v", r)
	}
	gone(t, busy)
	if err := <-s.over; err != nil {
		t.Error(err)
	}
	s.over <- nil
}

func TestDrainingHasALimit(t *testing.T) {
	began := make(chan struct{})
	h := &script{decide: func(ctx context.Context, _ *mail.Message) Decision {
		close(began)
		<-ctx.Done()
		return Decision{}
	}}
	s := serve(t, Config{Drain: time.Millisecond}, h)
	c := miltertest.Open(t, s.Addr())
	c.Mail("<>")
	c.EndHeader()
	c.Send('E', "")
	<-began
	s.end()
	if err := <-s.over; err != nil {
		t.Error(err)
	}
	s.over <- nil
}
