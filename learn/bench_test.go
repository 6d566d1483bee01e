package learn

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/learn/tokens"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/state/redis"
)

// letters makes mails of about 300 words, few of which are common.
type letters struct {
	words *rand.Zipf
	n     int
}

func newLetters() *letters {
	return &letters{words: rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 3, 200_000)}
}

func (l *letters) next() *mail.Message {
	l.n++
	var body strings.Builder
	for i := range 300 {
		w := l.words.Uint64()
		for range 3 + w%4 { // one word for one number
			body.WriteByte(byte('a' + w%23))
			w = w*7919%200_003 + 1
		}
		body.WriteByte(" \n"[i%12/11])
	}
	return parse(fmt.Sprintf("From: a%d@example.org\nTo: b@example.org\nSubject: letter %d\nDate: Mon, 2 Nov 2026 10:00:00 +0100\nMessage-ID: <%d@example.org>\n\n%s\n",
		l.n%97, l.n, l.n, body.String()))
}

// backends are where lessons last, with the bytes that they take there.
func backends(b *testing.B) map[string]struct {
	open opener
	size func(b *testing.B) int64
} {
	path := filepath.Join(b.TempDir(), "state.db")
	server := redistest.Start(b)
	return map[string]struct {
		open opener
		size func(b *testing.B) int64
	}{
		"embedded": {onFile(path), func(b *testing.B) int64 {
			total := int64(0)
			for _, suffix := range []string{"", "-wal"} {
				if info, err := os.Stat(path + suffix); err == nil {
					total += info.Size()
				}
			}
			return total
		}},
		"redis": {onRedis("b:", redis.Options{Addrs: []string{server.Addr}}), func(b *testing.B) int64 {
			for line := range strings.Lines(fmt.Sprint(server.Do(b, "INFO", "memory"))) {
				if text, ok := strings.CutPrefix(line, "used_memory:"); ok {
					n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
					if err != nil {
						b.Fatal(err)
					}
					return n
				}
			}
			return 0
		}},
	}
}

// cpu is the processor time that this process has taken: what is measured where others are busy.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Learning mails whose tokens are there, by one after the other and by eight at once.
func BenchmarkLearnLasting(b *testing.B) {
	const lot = 2000
	l := newLetters()
	var list [lot]Record
	for i := range list {
		msg := l.next()
		d, err := DigestOf(msg)
		if err != nil {
			b.Fatal(err)
		}
		list[i] = Record{Digest: d, Tokens: tokens.Of(msg)}
	}
	for name, on := range backends(b) {
		for _, workers := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/%d", name, workers), func(b *testing.B) {
				m := start(b, on.open, DefaultLimits(), "")
				defer m.close()
				var next atomic.Int64
				b.SetParallelism(workers)
				spent := cpu(b)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						n := int(next.Add(1))
						r := list[n%lot]
						r.Class = bayes.Class(1 + n/lot%2) // each lot is moved to the other class
						if _, err := m.put(ctx, r); err != nil {
							b.Error(err)
						}
					}
				})
				b.ReportMetric(float64(next.Load())/b.Elapsed().Seconds(), "learns/s")
				b.ReportMetric(float64((cpu(b)-spent).Microseconds())/float64(next.Load()), "cpu-µs/learn")
			})
		}
	}
}

// What samples take, and how long a start takes.
func BenchmarkSamples(b *testing.B) {
	const n = 5000
	for name, on := range backends(b) {
		b.Run(name, func(b *testing.B) {
			s, done := on.open(b)
			defer done()
			before, packed, l := on.size(b), 0, newLetters()
			for i := range n {
				msg := l.next()
				d, _ := DigestOf(msg)
				r := Record{Digest: d, Class: bayes.Class(1 + i%2), Origin: Origin{Who: "ann@example.org", Source: "Junk", When: time.Now()}, Tokens: tokens.Of(msg)}
				lesson, err := r.lesson()
				if err != nil {
					b.Fatal(err)
				}
				packed += len(lesson.Sample)
				if err := s.Lessons().Import(ctx, lesson); err != nil {
					b.Fatal(err)
				}
			}
			taken := on.size(b) - before
			for b.Loop() {
				count := 0
				for _, err := range NewStore(s.Lessons(), DefaultLimits()).Samples(ctx) {
					if err != nil {
						b.Fatal(err)
					}
					count++
				}
				if count != n {
					b.Fatalf("%d samples", count)
				}
			}
			b.ReportMetric(float64(packed)/n, "B/sample")
			b.ReportMetric(float64(taken)/n, "B/lesson")
		})
	}
}

// Loading a million counts from where they last.
func BenchmarkLoadAMillionCounts(b *testing.B) {
	table := bayes.NewTable(1_000_000)
	table.SetMessages(bayes.Count{Ham: 10_000, Spam: 10_000})
	for i := range uint64(1_000_000) {
		table.Set((i+1)*0x9e3779b97f4a7c15, bayes.Count{Ham: uint32(i % 7), Spam: uint32(1 + i%11)})
	}
	chunks := writeTable(table)
	for name, on := range backends(b) {
		b.Run(name, func(b *testing.B) {
			s, done := on.open(b)
			defer done()
			if err := s.Lessons().PutSnapshot(ctx, lessons.Position{}, lessons.Position{N: 1, Mark: 1}, chunks, 0); err != nil {
				b.Fatal(err)
			}
			store := NewStore(s.Lessons(), DefaultLimits())
			for b.Loop() {
				if _, at, err := store.Load(ctx); err != nil || at.N != 1 {
					b.Fatal(at, err)
				}
			}
			b.ReportMetric(float64(len(chunks)*chunkSize)/(1<<20), "MiB")
		})
	}
}
