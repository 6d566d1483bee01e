package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/test/world"
)

// crowd is how many strangers come: a tenth of what is promised, so that the
// test is quick, or all of them with HOSTILE=full.
func crowd() (idle, garbage, bodyMiB, fields int) {
	if os.Getenv("HOSTILE") == "full" {
		return 2000, 64, 100, 100_000
	}
	return 200, 16, 20, 100_000
}

// TestACrowdOfStrangersDoesNotKeepMailWaiting holds idle connections open,
// sends garbage, single bytes, huge bodies and headers, and resets
// connections in mid-message, all at once, while mail goes through Postfix.
func TestACrowdOfStrangersDoesNotKeepMailWaiting(t *testing.T) {
	w, ctx := start(t, world.Options{TCP: true, Config: "limits: {connections: 4096, memory: 64MiB}\n"})
	addr := strings.TrimPrefix(w.Milter, "inet:")
	before := rss(t, w)
	goroutines, err := strconv.Atoi(w.Metric(ctx, "go_goroutines"))
	if err != nil {
		t.Fatal(err)
	}
	idle, garbage, bodyMiB, fields := crowd()
	var waiting []net.Conn
	for range idle {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, c)
	}
	attack, over := context.WithCancel(ctx)
	var wg sync.WaitGroup
	repeat := func(n int, f func(rng *rand.Rand, c net.Conn)) {
		for i := range n {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(i), 7))
				for attack.Err() == nil {
					if c, err := net.Dial("tcp", addr); err == nil {
						f(rng, c)
						c.Close()
					}
					time.Sleep(5 * time.Millisecond) // it is the daemon that is tried, not the scheduler
				}
			})
		}
	}
	repeat(garbage, sendGarbage)
	repeat(4, sendSlowly)
	repeat(2, func(_ *rand.Rand, c net.Conn) { sendBody(c, bodyMiB) })
	repeat(2, func(_ *rand.Rand, c net.Conn) { sendFields(c, fields) })
	slowest := time.Duration(0)
	for i := range 5 {
		s := scenes(t, w)[0]
		old, id := s.ID, fmt.Sprintf("<crowd-%d@world.example>", i)
		s.Message, s.ID = bytes.ReplaceAll(s.Message, []byte(old), []byte(id)), id
		s.Symbols = nil // the changed Message-ID breaks the signature
		began := time.Now()
		p := play(t, ctx, w, s)[0]
		slowest = max(slowest, time.Since(began))
		if problem := p.Problem(); problem != "" {
			t.Error(problem)
		}
	}
	over()
	wg.Wait()
	for _, c := range waiting {
		c.Close()
	}
	t.Logf("%d idle, %d garbage, bodies of %d MiB, %d fields: slowest message %v with delivery, memory %d MiB before, %d MiB in the crowd, %d MiB after",
		idle, garbage, bodyMiB, fields, slowest.Round(time.Millisecond), before>>20, rss(t, w)>>20, settled(t, ctx, w, goroutines)>>20)
}

// opening is the beginning of a session up to MAIL.
func opening() []byte {
	f := miltertest.Frame
	return bytes.Join([][]byte{
		f('O', "\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff"), f('C', "x\x004\x00\x01192.0.2.1\x00"), f('H', "x\x00"),
		f('M', "<a@example.org>\x00"), f('R', "<b@here.example>\x00"),
	}, nil)
}

func sendGarbage(rng *rand.Rand, c net.Conn) {
	junk := make([]byte, 8192)
	for i := range junk {
		junk[i] = byte(rng.Uint32())
	}
	good := opening()
	c.Write(good[:rng.IntN(len(good))])
	if rng.IntN(2) == 0 {
		c.(*net.TCPConn).SetLinger(0) // the connection ends in a reset
		return
	}
	c.Write(junk)
}

func sendSlowly(_ *rand.Rand, c net.Conn) {
	for _, b := range opening() {
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
	}
}

func sendBody(c net.Conn, mib int) {
	go io.Copy(io.Discard, c)
	c.Write(append(opening(), miltertest.Frame('N', "")...))
	chunk := miltertest.Frame('B', strings.Repeat("x", 64<<10))
	for range mib * 16 {
		if _, err := c.Write(chunk); err != nil {
			return
		}
	}
	c.Write(miltertest.Frame('E', ""))
}

func sendFields(c net.Conn, n int) {
	go io.Copy(io.Discard, c)
	c.Write(opening())
	field := bytes.Repeat(miltertest.Frame('L', "X-Y\x00 z\x00"), 1000)
	for range n / 1000 {
		if _, err := c.Write(field); err != nil {
			return
		}
	}
	c.Write(append(miltertest.Frame('N', ""), miltertest.Frame('E', "")...))
}

// rss is the daemon's resident memory in bytes.
func rss(t *testing.T, w *world.World) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", w.PID()))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// settled waits until nothing of the crowd is left in the daemon: no message
// in memory and no goroutine of a connection. What the runtime keeps of the
// memory meanwhile goes back to the system within minutes, so it is told and
// only bounded here.
func settled(t *testing.T, ctx context.Context, w *world.World, goroutines int) int64 {
	t.Helper()
	for {
		held, running := w.Metric(ctx, "postern_message_memory_bytes"), w.Metric(ctx, "go_goroutines")
		n, err := strconv.Atoi(running)
		if held == "0" && err == nil && n <= goroutines+10 {
			break
		}
		if ctx.Err() != nil {
			t.Errorf("messages hold %s bytes, %s goroutines run, %d ran before", held, running, goroutines)
			break
		}
		time.Sleep(200 * time.Millisecond) // connections end when their reads do
	}
	now := rss(t, w)
	if now > 256<<20 {
		t.Errorf("%d MiB are taken after the crowd has gone", now>>20)
	}
	return now
}
