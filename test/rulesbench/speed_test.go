package rulesbench

import (
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/rules"
)

// BenchmarkRules judges messages of the corpus by the rules that ship, their
// text read before. The time is that of the processor, which other programs on
// the machine leave alone.
func BenchmarkRules(b *testing.B) {
	c, j := open(b), newJudge(b)
	for _, source := range sources {
		items := c.read(b, source, 100)
		b.Run(source, func(b *testing.B) {
			var list []*rules.Facts
			for _, i := range items {
				m := message(i)
				m.Text()
				m.URLs()
				list = append(list, rules.FromMessage(m))
			}
			n, start := 0, used(b)
			for b.Loop() {
				for _, f := range list {
					if _, err := j.rules.Eval(b.Context(), f, nil, neutral); err != nil {
						b.Fatal(err)
					}
				}
				n += len(list)
			}
			b.ReportMetric(float64((used(b)-start).Microseconds())/float64(n), "cpu-us/message")
		})
	}
}

// used is the time of the processor that this process has used.
func used(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
