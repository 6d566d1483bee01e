package match

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name, expr, text string
		want             bool
	}{
		{"a literal matches", `invoice`, "your invoice here", true},
		{"a literal of another case does not", `invoice`, "your Invoice here", false},
		{"with i it does", `(?i)invoice`, "your INVoice here", true},
		{"long s folds to s", `(?i)sale`, "\u017fale", true},
		{"the Kelvin sign folds to k", `(?i)kind`, "un\u212aIND", true},
		{"long s is no s without i", `sale`, "\u017fale", false},
		{"a long s in the text leaves other words alone", `\bsale\b`, "\u017fale sale", true},
		{"Greek folds to all its forms", `(?i)σας`, "ΣΑΣ", true},
		{"Chinese with a gap matches", `代\s*开.{0,6}票`, "本公司代 开正规发票", true},
		{"a gap that is too wide does not", `代\s*开.{0,6}票`, "代开一二三四五六七票", false},
		{"both words are needed", `(?s)lottery.*winner`, "the winner of the lottery", false},
		{"a word boundary at the text's end holds", `\bwin\b`, "you win", true},
		{"a cut makes no word boundary", `\bwin\b`, "dar" + "win", false},
		{"a cut makes no begin of text", `^win`, strings.Repeat("x ", 50) + "win" + strings.Repeat(" x", 50), false},
		{"a cut makes no end of text", `win$`, strings.Repeat("x ", 50) + "win" + strings.Repeat(" x", 50), false},
		{"a rune that is cut makes no replacement", `\x{FFFD}.{0,2}win`, strings.Repeat("票", 50) + "win" + strings.Repeat("票", 50), false},
		{"a boundary beside a rune of four bytes", `\B😀win😀\B`, strings.Repeat("😀", 50) + "win" + strings.Repeat("😀", 50), true},
		{"a word met often before it counts", `\bfree\d\b`, strings.Repeat("free ", 500) + "free7", true},
		{"a word met often that never counts", `\bfree\d\b`, strings.Repeat("free ", 500), false},
		{"two words, one met often", `win.free`, strings.Repeat("free ", 500) + "win", false},
		{"folded signs after a word met often", `(?i)sale\d`, strings.Repeat("sale ", 500) + "ſale7", true},
		{"a line's begin is one", `(?m)^win`, strings.Repeat("x ", 50) + "\nwin" + strings.Repeat(" x", 50), true},
		{"a line of any length is looked at", `(?m)^to: .*win.*now$`, strings.Repeat("x\n", 50) + "to: win " + strings.Repeat("x", 5000) + " now\n" + strings.Repeat("x\n", 50), true},
		{"two lines are not one", `(?m)^to: .*win.*now$`, strings.Repeat("x\n", 50) + "to: win\nto: now\n" + strings.Repeat("x\n", 50), false},
		{"the begin of a line is not that of the text", `^win.*now`, "x\nwin it now", false},
		{"the end of a line is not that of the text", `win.*now$`, "win it now\n", false},
		{"words far apart are not near", `win.{0,5}free`, "win" + strings.Repeat(" x", 50) + "free", false},
		{"words near each other once", `win.{0,5}free`, "free" + strings.Repeat(" x", 50) + "win a free" + strings.Repeat(" x", 50) + "win", true},
		{"three words near each other", `win.{0,5}free.{0,5}票`, "free win 票" + strings.Repeat(" x", 50) + "win a free 票", true},
		{"a boundary within a word is none", `a\bb`, "a b ab", false},
		{"a boundary between words is one", `a\b \bb`, "xa b", true},
		{"a boundary before what is no word needs a word", `\b票`, " 票", false},
		{"a boundary after what is no word needs a word", `票\b`, "票a", true},
		{"a long s beside a word is no part of it", `(?i)\bwin\b`, "\u017fwin", true},
		{"a boundary that may be there", `(?:\b)?win`, "darwin", true},
		{"a word among many that hold it", `\bhi\b`, strings.Repeat("this ", 500) + "hi", true},
		{"a word that others hold only", `\bhi\b`, strings.Repeat("this ", 500), false},
		{"a gap of blanks of any length", `win\s+now`, "x " + strings.Repeat("y", 50) + " win" + strings.Repeat(" \n", 500) + "now", true},
		{"two gaps of blanks", `\bwin\s*it\s*now$`, "win it. win" + strings.Repeat(" ", 50) + "it" + strings.Repeat("\n", 50) + "now", true},
		{"gaps of blanks over and over", `(?:win\s*)+now`, strings.Repeat("win  ", 50) + "now", true},
		{"a folded letter beside the Kelvin sign itself", "(?i:k)\u212a", "\u212a\u212a", true},
		{"a cut within a word makes no begin of one", `\bwin.{0,5}x`, "darwin12x" + strings.Repeat(" ", 19) + "win", false},
		{"a cut within a word makes no end of one", `x.{0,5}win\b`, "win" + strings.Repeat(" ", 19) + "x12345window", false},
		{"a class that ends at a surrogate is as long as what it holds", `win[a-\x{DFFF}]{9}now.`, "win一二三四五六七八九now.", true},
		{"a surrogate is no replacement", `(?i:\x{D800})`, "\ufffd\xed\xa0\x80", false},
		{"a class of surrogates neither", `[\x{D800}-\x{D801}]`, "\ufffd\xed\xa0\x80", false},
		{"a class of [ and : ends where it does", `(ba|[[:]|a)(?:_|ab|k)`, "ba:", false},
		{"a class to [ ends where it does", `(a[+-[:]|b)[[:alpha:]](x|yy|z)`, "a:b", false},
		{"a class of the Kelvin sign beside a folded letter", "[\u212ax](?i:s)", "\u212a\u017f", true},
		{"the Kelvin sign is no word", "(?i:k)\\ba|free", "\u212aa", true},
		{"the Kelvin sign itself is no word", "\u212a\\ba|free", "\u212aa", true},
		{"k is a word", "(?i:k)\\ba|free", "ka", false},
		{"a byte that is no UTF-8 reads as the replacement", "a\ufffdb", "a\xffb", true},
		{"a cut inside a rune makes no replacement", `[^ -~].{5}\bab`, "票12345ab", false},
		{"the empty expression matches nothing at all", ``, "", true},
		{"what never matches does not", `[^\x00-\x{10FFFF}]`, "anything", false},
		{"an optional part may be missing", `free(dom)? money`, "free money", true},
		{"an alternative of words", `(?i)viagra|cialis|\d{3} pills`, "buy 100 Pills", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile([]string{"zzz", c.expr})
			if err != nil {
				t.Fatal(err)
			}
			if got := match(t, s, c.text).Has(1); got != c.want {
				t.Errorf("%q on %q: %v, want %v", c.expr, c.text, got, c.want)
			}
			if want := regexp.MustCompile(c.expr).MatchString(c.text); want != c.want {
				t.Errorf("package regexp says %v", want)
			}
		})
	}
}

func TestPatternsWithoutLiteralsAreNamed(t *testing.T) {
	s, err := Compile([]string{`\d+`, `win`, `(a|\w)x?`, `^`, `(?i)k1ng`, `a+`, `\$`})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Always(), []int{0, 2, 3, 5}; !slices.Equal(got, want) {
		t.Errorf("run always: %v, want %v", got, want)
	}
}

func TestExpressionsAreTakenApart(t *testing.T) {
	for _, c := range []struct {
		expr string
		want []string
	}{
		{`a`, []string{`a`}},
		{`a|b`, []string{`a`, `b`}},
		{`\b(a|b c)\b`, []string{`\b(a)\b`, `\b(b c)\b`}},
		{`(?i)a(?:b|c)(d|e|f)|g`, []string{`(?i)a(?:b|c)(d)`, `(?i)a(?:b|c)(e)`, `(?i)a(?:b|c)(f)`, `(?i)g`}},
		{`(?P<n>a|b)x`, []string{`(?P<n>a)x`, `(?P<n>b)x`}},
		{`(?i:a|b)x`, []string{`(?i:a)x`, `(?i:b)x`}},
		{`(a|b)+x`, []string{`(a|b)+x`}},
		{`(a|b)?x`, []string{`(a|b)?x`}},
		{`[(|)]x(a\|b|[]|)]|[^]|][[:alpha:]|]\))`, []string{`[(|)]x(a\|b)`, `[(|)]x([]|)])`, `[(|)]x([^]|][[:alpha:]|]\))`}},
		{`a(?i)b|c`, nil},
		{`\Qa|b\E`, nil},
	} {
		if got := split(c.expr); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.expr, got, c.want)
		}
	}
}

func TestExpressionsAreBounded(t *testing.T) {
	for _, c := range []struct{ name, expr, want string }{
		{"too long", strings.Repeat("a", MaxExpr+1), "bytes"},
		{"too many instructions", strings.Repeat(`\pL{100}`, 60), "instructions"},
		{"no regular expression", `(a`, "missing closing"},
		{"a look-ahead is none", `(?=a)`, "invalid or unsupported"},
		{"a back reference is none", `(a)\1`, "invalid escape"},
		{"a backspace is a boundary gone wrong", "\bwin", "holds a backspace"},
	} {
		if _, err := Compile([]string{"fine", c.expr}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Compile(make([]string, MaxPatterns+1)); err == nil {
		t.Error("a set without bound was taken")
	}
}

// TestStatesWithoutRow makes so many literals that most states have no row.
func TestStatesWithoutRow(t *testing.T) {
	var exprs []string
	for i := range 6000 {
		exprs = append(exprs, fmt.Sprintf("w%xq%07xz%d", i, i*7919*31, i))
	}
	s, err := Compile(exprs)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.auto.fail) == 0 {
		t.Fatalf("all %d states have rows: the test tests nothing", len(s.auto.out))
	}
	text := "w" + exprs[17] + "x" + exprs[5999][:9] + exprs[4321]
	hits := match(t, s, text)
	for i := range exprs {
		if want := i == 17 || i == 4321; hits.Has(i) != want {
			t.Errorf("%q: %v, want %v", exprs[i], !want, want)
		}
	}
}

// pieces are what random expressions and texts are made of.
var (
	exprPieces = []string{
		"a", "ab", "abc", "K", "k", "s", "S", "st", "ſ", "\u212a", "发", "票", "发票", "é", "É", "ß", "σ", `\x{FFFD}`, ".", " ", "\n", "win", "free",
		"İ", "ı", "I", `\x{D800}`, `[a-\x{DFFF}]`, `\x{10FFFF}`, `\pL`, `\p{Han}`, `\P{Lu}`, `[[:upper:]]`, `[[:]`, `[+-[:]`, `[|(]`, `[]|)]`, `\||b`, `(?s:.{0,3})`, `{`,
		`\d`, `\s`, `\w`, `[a-c]`, `[KkS]`, `[^a]`, `[^\n]*`, `.*`, `\s*`, ` +`, `.{0,9}`, `[发票]`, `\b`, `\b`, `\B`, `^`, `$`, `(?m:^)`, `(?m:$)`, `\A`, `\z`, "$$$", `\$\$`, "0123456789abcdefghijklmnop",
	}
	textPieces = []string{
		"a", "ab", "abc", "A", "K", "k", "s", "S", "ſ", "\u212a", "发", "票", "é", "É", "ß", "ẞ", "Σ", "ς", "İ", "ı", "i", ":", "[", "|", "_", "\x00", "\xed\xa0\x80", "\ufffd", "\U0010ffff", "\u00a0", "\xff", "\xe5", "\x91", " ", "\n", "        ", "win", "FREE", "1", "$$",
		"0123456789abcdefghijklmnop", "the quick brown fox jumps over the lazy dog, then over many other beings of the wood",
	}
)

func randomExpr(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if depth == 0 {
			return rapid.SampledFrom(exprPieces).Draw(t, "piece")
		}
		parts := rapid.SliceOfN(randomExpr(depth-1), 1, 4).Draw(t, "parts")
		switch rapid.IntRange(0, 8).Draw(t, "form") {
		case 0:
			return "(?:" + strings.Join(parts, "|") + ")"
		case 3:
			return "(" + strings.Join(parts, "|") + ")"
		case 4:
			return rapid.SampledFrom([]string{"(?i:", "(?ms:", "(?U:", "(?-s:"}).Draw(t, "flags") + strings.Join(parts, "|") + ")"
		case 1:
			return "(?i:" + strings.Join(parts, "") + ")"
		case 2:
			return "(?:" + strings.Join(parts, "") + ")" + rapid.SampledFrom([]string{"*", "+", "?", "{2}", "{1,3}", "{2,}", "{0}", "*?", "??"}).Draw(t, "times")
		default:
			return strings.Join(parts, "")
		}
	})
}

func TestVerdictsAreThoseOfEachExpressionOnItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var exprs []string
		for _, e := range rapid.SliceOfN(randomExpr(2), 1, 12).Draw(t, "exprs") {
			if Check(e) == nil {
				exprs = append(exprs, e)
			}
		}
		s, err := Compile(exprs)
		if err != nil {
			t.Fatal(err)
		}
		some := textPieces
		if rapid.Bool().Draw(t, "few") { // what stands where decides then
			some = append(rapid.SliceOfN(rapid.SampledFrom(textPieces), 1, 3).Draw(t, "signs"), "a", "b", " ")
		}
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(some), 0, 60).Draw(t, "text"), "")
		text = strings.Repeat(rapid.SampledFrom(textPieces).Draw(t, "flood"), rapid.SampledFrom([]int{0, 0, 63, 64, 200}).Draw(t, "times")) + text
		for range 2 { // the second time with used scratch
			same(t, s, text)
		}
	})
}

type fataler interface {
	Fatal(...any)
	Errorf(string, ...any)
}

func match(t fataler, s *Set, text string) Hits {
	hits, err := s.Match(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

func same(t fataler, s *Set, text string) {
	hits := match(t, s, text)
	for i := range s.Len() {
		if want := s.Regexp(i).MatchString(text); hits.Has(i) != want {
			t.Errorf("%q on %q: %v, want %v", s.Regexp(i), text, hits.Has(i), want)
		}
		sameInTime(t, s.Program(i), text)
	}
}

// sameInTime holds a program that looks at the time against package regexp.
func sameInTime(t fataler, p *Program, text string) {
	slow := *p
	slow.size = maxSteps
	hit, err := slow.Match(context.Background(), text)
	if want := p.re.MatchString(text); hit != want || err != nil {
		t.Errorf("%q on %q in time: %v, %v, want %v", p.re, text, hit, err, want)
	}
	if len(text) > 512 {
		return // each match may go over all that follows
	}
	for _, most := range []int{1, 3, 1000} {
		n, err := slow.Count(context.Background(), text, most)
		if want := len(p.re.FindAllStringIndex(text, most)); n != want || err != nil {
			t.Errorf("%q on %q: %d matches, %v, want %d", p.re, text, n, err, want)
		}
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	text := strings.Repeat("a ", 1<<19)
	for _, c := range []struct {
		name, expr string
		run        func(context.Context, *Program) error
	}{
		{"a wide gap", `(?s)a.{0,900}b`, func(ctx context.Context, p *Program) error { _, err := p.Match(ctx, text); return err }},
		{"two wide gaps", `(?s)a.{0,900}b.{0,900}c`, func(ctx context.Context, p *Program) error { _, err := p.Match(ctx, text); return err }},
		{"matches that look at all that follows", `a(?s:.*b)?`, func(ctx context.Context, p *Program) error { _, err := p.Count(ctx, text, 1000); return err }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := New(c.expr)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			start := time.Now()
			if err := c.run(ctx, p); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("ended after %v", took)
			}
		})
	}
}

func TestMatchEndsWithItsContext(t *testing.T) {
	s, err := Compile([]string{`win.*now`})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Match(ctx, "win it now"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if !match(t, s, "win it now").Has(0) {
		t.Error("what an ended match left behind spoils the next")
	}
}

func FuzzMatch(f *testing.F) {
	f.Add(`(?i)sale`+"\n"+`代\s*开.{0,6}票`, "SALE 代开 发票")
	f.Add(`\bwin\b`+"\n"+`[^a]b`, "dar\xffwin b")
	f.Fuzz(func(t *testing.T, lines, text string) {
		if len(text) > 4096 || len(lines) > 4096 {
			return
		}
		var exprs []string
		for line := range strings.SplitSeq(lines, "\n") {
			if Check(line) == nil {
				exprs = append(exprs, line)
			}
		}
		s, err := Compile(exprs)
		if err != nil {
			t.Fatal(err)
		}
		same(t, s, text)
	})
}

func TestExpressionsThatMatchNothingAreKnown(t *testing.T) {
	for expr, want := range map[string]bool{
		`[^\x00-\x{10FFFF}]`: true, `a[^\x00-\x{10FFFF}]b`: true, `a\bb`: true, `(?:a\bb|c\bd)`: true, `win^`: true, `(x^)+`: true,
		`a`: false, `a\b b`: false, `a\bb|c`: false, `(?m)win^`: false, `(win)?^a`: false, ``: false, `(?:a\bb)?`: false, `\b`: false,
	} {
		if got := Never(expr); got != want {
			t.Errorf("%s: %v", expr, got)
		}
	}
}
