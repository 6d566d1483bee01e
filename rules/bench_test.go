package rules

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// benchRules are n rules with patterns on text and subject, composites and
// conditions on other fields among them.
func benchRules(n int) string {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range n {
		when := fmt.Sprintf(`text matches "(?i)\\bword%d\\s+offer%d\\b" and not auth.dkim.pass`, i, i%7)
		switch i % 24 {
		case 1, 5, 9, 13:
			when = fmt.Sprintf(`subject matches "发票%d.{0,6}开" or text matches "代\\s*开%d.{0,6}票"`, i, i)
		case 2, 14:
			when = fmt.Sprintf(`symbols.BENCH_%d and not symbols.SPF_PASS`, i-1)
		case 3:
			when = fmt.Sprintf(`any(urls, .domain == "host%d.example")`, i)
		}
		fmt.Fprintf(&b, "  - {symbol: BENCH_%d, score: 0.1, when: '%s'}\n", i, when)
	}
	return b.String()
}

func BenchmarkEval(b *testing.B) {
	words := strings.Fields("your order of word1 offer was sent to the account that you gave us 您好 请 查收 附件 click here for the report")
	var text strings.Builder
	for i := 0; text.Len() < 20<<10; i++ {
		text.WriteString(words[(i*7+i/13)%len(words)] + " ")
	}
	f := Facts{Subject: "Your order", Text: text.String(), URLs: make([]URL, 20), Size: 20 << 10}
	for _, n := range []int{150, 1150} {
		s := load(b, benchRules(n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Eval(b.Context(), &f, nil, now); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d/each", n), func(b *testing.B) {
			var all []*regexp.Regexp
			for _, p := range s.patterns {
				if p.field.path == "text" {
					for i := range p.exprs {
						all = append(all, p.set.Regexp(i))
					}
				}
			}
			for b.Loop() {
				for _, re := range all {
					re.MatchString(f.Text)
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	data := []byte(benchRules(1150))
	for b.Loop() {
		if _, err := Load(Options{Now: now}, File{Name: "f.yaml", Data: data}); err != nil {
			b.Fatal(err)
		}
	}
}
