package milter

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/mail"
)

// fuzzed is a Server whose sessions a fuzz target feeds. Whatever comes, the
// session ends, nothing panics, go-milter has nothing to say in its own log, and all
// memory comes back.
type fuzzed struct {
	*Server
	script       *script
	ours, theirs *logged
}

func newFuzzed(f *testing.F) *fuzzed {
	z := &fuzzed{script: &script{answers: allStages}, ours: &logged{}, theirs: &logged{}}
	log.SetOutput(z.theirs)
	f.Cleanup(func() { log.SetOutput(io.Discard) })
	z.script.decide = func(_ context.Context, m *mail.Message) Decision {
		if len(m.Header) > 8 || m.Body.Size() > 1<<12 {
			panic("more was kept than the limits allow")
		}
		text := string(m.Header.Bytes())
		return Decision{Action: Hold, Hold: text, Edits: []mail.Edit{
			{Kind: mail.EditReplace, Name: "Subject", N: 1, Value: text}, {Kind: mail.EditRemove, Name: "A", N: 2},
			{Kind: mail.EditInsert, Name: m.Envelope.From, Value: text, Index: len(m.Header)},
		}}
	}
	var err error
	z.Server, err = New(
		Config{Addr: "tcp:127.0.0.1:0", MaxFields: 8, MaxHeader: 1 << 10, MaxMemory: 64, MaxMessage: 1 << 12, SpoolDir: f.TempDir()},
		z.script, Deps{Log: slog.New(slog.NewTextHandler(z.ours, nil))})
	if err != nil {
		f.Fatal(err)
	}
	return z
}

func (z *fuzzed) feed(t *testing.T, data []byte) {
	mta, filter := net.Pipe()
	z.start(context.Background(), filter)
	go io.Copy(io.Discard, mta)
	mta.Write(data)
	mta.Close()
	z.sessions.Wait()
	if used := z.budget.Used(); used != 0 {
		t.Errorf("%d bytes did not come back", used)
	}
	if text := z.theirs.String(); text != "" {
		t.Errorf("go-milter: %s", text)
	}
	if text := z.ours.String(); strings.Contains(text, "panic") {
		t.Errorf("log: %s", text)
	}
	z.ours.reset()
	z.script.mu.Lock()
	defer z.script.mu.Unlock()
	z.script.events, z.script.seen, z.script.bodies = nil, nil, nil
}

// FuzzSession sends bytes as they are.
func FuzzSession(f *testing.F) {
	f.Add(conversation())
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, data []byte) { z.feed(t, data) })
}

// FuzzPackets opens a session and sends what the lines say as packets: each is a command and its
// data. So it comes further than bytes at random.
func FuzzPackets(f *testing.F) {
	f.Add("Cx\x004\x00\x01192.0.2.1\x00\nM<a@example.org>\x00SIZE=1\x00\nR<b>\x00\nLA\x00 b\x00\nN\nBtext\nE\nA\nQ")
	f.Add("DCj\x00mx\x00\nCx\x006\x00\x01IPv6:::1\x00\nHx\x00\nDMi\x00Q\x00\nMX\x00\nT\nLSubject\x00\x00\nLA\x00\x00\nLA\x00\x00\nN\nE" + strings.Repeat("x", 100))
	f.Add("CU\x00U\nM\nM\nR\nN\nA\nK\nCU\x00L\nU\nM<\nH\nA\nQ")
	z := newFuzzed(f)
	f.Fuzz(func(t *testing.T, lines string) {
		data := miltertest.Frame('O', offer)
		for l := range strings.SplitSeq(lines, "\n") {
			if l != "" {
				data = append(data, miltertest.Frame(l[0], strings.ReplaceAll(l[1:], "\v", "\n"))...)
			}
		}
		z.feed(t, data)
	})
}
