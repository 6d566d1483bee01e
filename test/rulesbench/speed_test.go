package rulesbench

import (
	"testing"

	"github.com/postern-mail/postern/rules"
)

// BenchmarkRules judges messages of the corpus by the rules that ship, their
// text read before.
func BenchmarkRules(b *testing.B) {
	c, j := open(b), newJudge(b)
	for _, source := range sources {
		items := c.read(b, source, 100)
		b.Run(source, func(b *testing.B) {
			var facts []*rules.Facts
			for _, i := range items {
				m := message(i)
				m.Text()
				m.URLs()
				facts = append(facts, rules.FromMessage(m))
			}
			size := 0
			for _, i := range items {
				size += len(i.raw)
			}
			b.ReportMetric(float64(size)/float64(len(items)), "B/message")
			n := 0
			for b.Loop() {
				for _, f := range facts {
					if _, err := j.rules.Eval(b.Context(), f, nil, neutral); err != nil {
						b.Fatal(err)
					}
				}
				n += len(facts)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "us/message")
		})
	}
}
