package statetest

import (
	"flag"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/verdicts"
)

// records is how many records the query benchmarks look among: -args -records 1000000.
var records = flag.Int("records", 200_000, "verdict records that the benchmarks load")

// BenchRecords is how many records the query benchmarks look among.
func BenchRecords() int { return *records }

// Load imports n records of the last 30 days.
func Load(b testing.TB, v verdicts.Lasting, n int) {
	b.Helper()
	now := time.Now()
	step := 30 * 24 * time.Hour / time.Duration(n+1)
	const chunk = 1000
	for i := 0; i < n; i += chunk {
		var some []*verdicts.Record
		for j := i; j < min(i+chunk, n); j++ {
			some = append(some, Record(j, now.Add(time.Duration(j-n)*step)))
		}
		if err := v.Import(b.Context(), some...); err != nil {
			b.Fatal(err)
		}
	}
}

// Queries are the filters that the benchmarks ask for, each for the last 50.
func Queries(n int) map[string]verdicts.Query {
	score := 15.0
	r := Record(n/3, time.Now())
	now := time.Now()
	return map[string]verdicts.Query{
		"all":           {},
		"action":        {Action: scoring.Reject},
		"sender":        {From: r.Envelope.From},
		"domain":        {From: r.Auth.SPF.Domain},
		"rcpt":          {Rcpt: r.Envelope.Rcpts[0]},
		"client":        {IP: r.Session.ClientIP},
		"symbol":        {Symbol: "RARE_SYMBOL"},
		"queue-id":      {QueueID: r.QueueID},
		"message-id":    {Message: r.Message.MessageID},
		"word":          {Text: "invoice"},
		"rare-word":     {Text: fmt.Sprint(n / 3)},
		"score":         {MinScore: &score},
		"span":          {Since: now.Add(-20 * 24 * time.Hour), Until: now.Add(-19 * 24 * time.Hour)},
		"word+symbol":   {Text: "invoice", Symbol: "RARE_SYMBOL"},
		"absent":        {From: "nobody@example.com"},
		"contradictory": {Action: scoring.Accept, Symbol: "RBL_ZEN_XBL"},
	}
}

// BenchVerdicts measures inserting, alone and from 32 goroutines, and queries
// among BenchRecords() records. loaded is called when these are there.
func BenchVerdicts(b *testing.B, v verdicts.Lasting, loaded func()) {
	ctx := b.Context()
	start := time.Now()
	Load(b, v, BenchRecords())
	b.Logf("%d records imported in %v", BenchRecords(), time.Since(start).Round(time.Millisecond))
	loaded()
	b.Run("add", func(b *testing.B) {
		defer processor(b)()
		for i := 0; b.Loop(); i++ {
			if err := v.Add(ctx, Record(i, time.Now())); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("add-32-at-once", func(b *testing.B) {
		defer processor(b)()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if err := v.Add(ctx, Record(i, time.Now())); err != nil {
					b.Error(err)
				}
			}
		})
	})
	for name, q := range Queries(BenchRecords()) {
		b.Run("query/"+name, func(b *testing.B) {
			defer processor(b)()
			for b.Loop() {
				if _, _, err := v.Query(ctx, q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// processor reports the processor time of this process for each operation,
// which says more than the clock on a busy machine. The result ends the measurement.
func processor(b *testing.B) func() {
	before := used()
	return func() { b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-us/op") }
}

func used() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchLimits measures one call with four keys.
func BenchLimits(b *testing.B, l state.Limits) {
	defer processor(b)()
	for i := 0; b.Loop(); i++ {
		var four []state.Take
		for j := range 4 {
			four = append(four, take(fmt.Sprintf("k%d:%d", j, i%1000), 1000, 1))
		}
		if _, err := l.Take(b.Context(), four...); err != nil {
			b.Fatal(err)
		}
	}
}
