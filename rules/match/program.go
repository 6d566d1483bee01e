package match

import (
	"context"
	"io"
	"regexp"
	"regexp/syntax"
	"sync"
	"unicode/utf8"
)

// maxSteps bounds how much is done without a look at the time. A run costs up
// to as many steps as the program has instructions, for every byte; so many
// take some tenths of a second.
const maxSteps = 16 << 20

// Program is a compiled expression. It is immutable and safe for several
// goroutines.
type Program struct {
	re   *regexp.Regexp
	size int                   // instructions
	next func() *regexp.Regexp // the expression in a group, behind a rune and a gap
}

func newProgram(re *regexp.Regexp, tree *syntax.Regexp, size int) *Program {
	return &Program{re: re, size: size, next: sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\A(?s:.)(?s:.*?)(` + tree.String() + `)`)
	})}
}

// New compiles one expression within the bounds. The error is that of Check.
func New(expr string) (*Program, error) {
	p, _, err := compile(expr)
	return p, err
}

// Match tells whether the expression matches somewhere in the text. When ctx
// ends before that is known its error is returned.
func (p *Program) Match(ctx context.Context, text string) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if p.size*len(text) <= maxSteps {
		return p.re.MatchString(text), nil
	}
	r := p.reader(ctx, text)
	hit := p.re.MatchReader(r)
	return hit && r.err == nil, r.err
}

// Count is how many matches that do not overlap there are, no more than most.
// When ctx ends before that is known its error is returned.
func (p *Program) Count(ctx context.Context, text string, most int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if p.size*len(text) <= maxSteps/max(1, most) {
		return len(p.re.FindAllStringIndex(text, most)), nil
	}
	n, from, last := 0, 0, -1 // where the next match may begin, and where the last one ended
	for n < most && from <= len(text) {
		begin, end, err := p.find(ctx, text, from)
		if err != nil || begin < 0 {
			return n, err
		}
		if end > from || begin != last { // an empty match right after another is none
			n++
		}
		if last = end; end == from {
			_, width := utf8.DecodeRuneInString(text[from:])
			end += max(1, width)
		}
		from = end
	}
	return n, nil
}

// find is the first match from a place on; -1 where there is none. It begins a
// rune before, so that ^ and \b see what stands there: package regexp cannot
// begin in the midst of a text.
func (p *Program) find(ctx context.Context, text string, from int) (begin, end int, err error) {
	re, group, start := p.re, 0, 0
	if from > 0 {
		_, width := utf8.DecodeLastRuneInString(text[:from])
		re, group, start = p.next(), 2, from-width
	}
	r := p.reader(ctx, text[start:])
	at := re.FindReaderSubmatchIndex(r)
	if r.err != nil || at == nil {
		return -1, -1, r.err
	}
	return start + at[group], start + at[group+1], nil
}

// reader gives a text to a program until ctx ends.
func (p *Program) reader(ctx context.Context, text string) *reader {
	return &reader{ctx: ctx, text: text, every: max(1, maxSteps/8/p.size)}
}

type reader struct {
	ctx   context.Context
	text  string // what is left of it
	every int    // how many runes go without a look at the time
	count int
	err   error // that of ctx, when it cut the text short
}

// ReadRune gives a rune as package regexp reads it of a string.
func (r *reader) ReadRune() (rune, int, error) {
	if r.count++; r.count%r.every == 0 {
		r.err = r.ctx.Err()
	}
	if r.err != nil || r.text == "" {
		return 0, 0, io.EOF
	}
	c, n := rune(r.text[0]), 1
	if c >= utf8.RuneSelf {
		c, n = utf8.DecodeRuneInString(r.text)
	}
	r.text = r.text[n:]
	return c, n, nil
}
