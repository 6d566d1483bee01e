package match

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// benchWords are what texts and patterns of the benchmark are made of.
var benchWords = strings.Fields(`account your the of and to please verify invoice payment order confirm free money offer click here
	winner lottery transfer bank urgent reply meeting report attached thanks regards project schedule 发票 代开 会议 项目 您好 请 查收 附件
	delivery parcel customs crypto wallet bitcoin loan credit approve limited time discount unsubscribe newsletter privacy policy`)

// benchPatterns are of the kinds that rules hold: phrases with gaps, with case
// folded, with word boundaries, alternations, Chinese, numbers.
func benchPatterns(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string { return benchWords[r.IntN(len(benchWords))] }
	rare := func() string { return fmt.Sprintf("%s%c%c", word(), 'a'+r.IntN(26), 'a'+r.IntN(26)) }
	var out []string
	for i := range n {
		switch i % 6 {
		case 0:
			out = append(out, fmt.Sprintf(`(?i)\b%s\s+%s\b`, rare(), word()))
		case 1:
			out = append(out, fmt.Sprintf(`(?i)%s.{0,20}%s`, word(), rare()))
		case 2:
			out = append(out, fmt.Sprintf(`(?i)\b(?:%s|%s|%s)\b`, rare(), rare(), rare()))
		case 3:
			out = append(out, fmt.Sprintf(`%s\s*%s.{0,6}票`, string([]rune("代办出售提供")[i%6]), rare()))
		case 4:
			out = append(out, fmt.Sprintf(`(?i)%s (?:your )?%s`, rare(), word()))
		case 5:
			out = append(out, fmt.Sprintf(`(?i)\$\s?\d{1,3}(?:,\d{3})* %s`, rare()))
		}
	}
	return out
}

// benchTexts are different texts of one size, so that no run meets the text
// of the run before.
func benchTexts(size int) []string {
	r := rand.New(rand.NewPCG(3, 4))
	texts := make([]string, 64)
	for i := range texts {
		var b strings.Builder
		for b.Len() < size {
			b.WriteString(benchWords[r.IntN(len(benchWords))])
			b.WriteByte(" \n"[r.IntN(20)/19])
		}
		texts[i] = b.String()[:size]
	}
	return texts
}

func BenchmarkMatch(b *testing.B) {
	texts := benchTexts(20 << 10)
	for _, n := range []int{150, 300, 1150} {
		exprs := benchPatterns(n)
		s, err := Compile(exprs)
		if err != nil {
			b.Fatal(err)
		}
		run := func(name string, f func(text string)) {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.SetBytes(20 << 10)
				for i := 0; b.Loop(); i++ {
					f(texts[i%len(texts)])
				}
			})
		}
		run("set", func(text string) { _, _ = s.Match(b.Context(), text) })
		run("pass", func(text string) { s.auto.scan(text, func([]int32, int) {}) })
		run("each", func(text string) {
			for i := range n {
				s.Regexp(i).MatchString(text)
			}
		})
		run("hits", func(text string) { runHits(s, text) })
	}
}

// BenchmarkFlood is a text full of one word on which all patterns hang.
func BenchmarkFlood(b *testing.B) {
	var exprs []string
	for i := range 1000 {
		exprs = append(exprs, fmt.Sprintf(`\bfree\s{0,3}thing%d`, i))
	}
	s, err := Compile(exprs)
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat("free ", 20<<10/5)
	for b.Loop() {
		if _, err := s.Match(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
}

// runHits is one pass and each expression on its own whose literals are there.
func runHits(s *Set, text string) {
	q := s.Search(text)
	defer q.Close()
	for i := range s.Len() {
		if q.Could(i) {
			s.Regexp(i).MatchString(text)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	exprs := benchPatterns(1150)
	for b.Loop() {
		if _, err := Compile(exprs); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRegexpCompile(b *testing.B) {
	exprs := benchPatterns(1150)
	for b.Loop() {
		for _, e := range exprs {
			regexp.MustCompile(e)
		}
	}
}
