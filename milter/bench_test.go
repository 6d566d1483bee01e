package milter

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/mail"
)

// passing lets everything in.
type passing struct{}

func (passing) Answers() []mail.Stage                                     { return nil }
func (passing) Connect(context.Context, *mail.Session) (Dialogue, *Reply) { return passing{}, nil }
func (passing) Helo(context.Context, *mail.Session) *Reply                { return nil }
func (passing) Mail(context.Context, *mail.Session, mail.Envelope) *Reply { return nil }
func (passing) Rcpt(context.Context, string, []string) *Reply             { return nil }
func (passing) Message(context.Context, *mail.Message) Decision           { return Decision{Action: Continue} }
func (passing) Abort()                                                    {}
func (passing) Close()                                                    {}

// BenchmarkMessage sends one message after the other through a connection.
func BenchmarkMessage(b *testing.B) {
	for _, bb := range []struct {
		name string
		size int
	}{{"4KiB", 4 << 10}, {"87KiB", 87 << 10}} {
		b.Run(bb.name, func(b *testing.B) {
			s, err := New(Config{Addr: "unix:" + filepath.Join(b.TempDir(), "s")}, passing{}, Deps{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Listen(); err != nil {
				b.Fatal(err)
			}
			ctx, end := context.WithCancel(context.Background())
			over := make(chan error)
			go func() { over <- s.Serve(ctx) }()
			c := miltertest.Open(b, s.Addr())
			script := message(strings.Repeat("x", bb.size))
			b.SetBytes(int64(bb.size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(script); err != nil {
					b.Fatal(err)
				}
				if r := c.Result(); r.Final.Code != 'c' {
					b.Fatalf("%+v", r)
				}
			}
			end()
			<-over
		})
	}
}

// message is all that Postfix sends for one, in one piece.
func message(body string) []byte {
	var b []byte
	add := func(cmd byte, data string) { b = append(b, miltertest.Frame(cmd, data)...) }
	add('A', "")
	add('D', "M")
	add('M', "<a@example.org>\x00SIZE=1000\x00")
	add('D', "R{rcpt_addr}\x00b@example.net\x00")
	add('R', "<b@example.net>\x00")
	for range 15 {
		add('D', "Li\x004F0000000000\x00")
		add('L', "Received\x00 from a.example.org (a.example.org [192.0.2.1])\n\tby mx.example.org; Sat, 1 Jan 2028 00:00:00 +0000\x00")
	}
	add('D', "Ni\x004F0000000000\x00")
	add('N', "")
	for len(body) > 0 {
		n := min(len(body), 65535)
		add('D', "Bi\x004F0000000000\x00")
		add('B', body[:n])
		body = body[n:]
	}
	add('D', "Ei\x004F0000000000\x00")
	add('E', "")
	return b
}
