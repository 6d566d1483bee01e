package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Fault is one thing wrong with a rule file, or one warning.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // from 1; 0 where the fault has no place
	Column  int    `json:"column"`
	Rule    string `json:"rule,omitempty"` // symbol, "" where it is about no rule
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`  // what to do, ""
	Excerpt string `json:"excerpt,omitempty"` // lines of the file or the condition, with a mark, ""
	Warning bool   `json:"warning"`           // the rules can be used all the same
}

// String gives place, rule, message and remedy on one line, and the excerpt
// on lines of its own. All of it is safe for a terminal.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(printable(f.File))
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", f.Line, f.Column)
	}
	b.WriteString(": ")
	if f.Warning {
		b.WriteString("warning: ")
	}
	if f.Rule != "" {
		b.WriteString(printable(f.Rule) + ": ")
	}
	b.WriteString(printable(f.Message))
	if f.Remedy != "" {
		b.WriteString(" (" + printable(f.Remedy) + ")")
	}
	if f.Excerpt != "" {
		for line := range strings.SplitSeq(f.Excerpt, "\n") {
			b.WriteString("\n    " + printable(line))
		}
	}
	return b.String()
}

// Faults is all that is wrong, in the order of files and lines. It is an error.
type Faults []Fault

// maxSaid bounds the faults that an error tells: it goes into the log.
const maxSaid = 100

// Error gives every fault, or the first ones of very many.
func (fs Faults) Error() string {
	lines := make([]string, min(len(fs), maxSaid))
	for i := range lines {
		lines[i] = fs[i].String()
	}
	if more := len(fs) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more: postern rules check tells all", more))
	}
	return strings.Join(lines, "\n")
}

// split parts errors from warnings, each in order.
func (fs Faults) split() (errors, warnings Faults) {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	for _, f := range fs {
		if f.Warning {
			warnings = append(warnings, f)
		} else {
			errors = append(errors, f)
		}
	}
	return errors, warnings
}

// printable keeps what a file holds from controlling a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// excerpt shows a line of a text with a mark under the column, both from 1.
func excerpt(text string, line, column int) string {
	const width = 120 // runes shown
	all, ok := lineOf(text, line)
	if !ok {
		return ""
	}
	shown := []rune(strings.TrimSuffix(all, "\r"))
	if column < 1 || column > width || column > len(shown)+1 {
		return string(shown[:min(len(shown), width)])
	}
	return string(shown[:min(len(shown), width)]) + "\n" + strings.Repeat(" ", column-1) + "^"
}

// lineOf is a line of a text, from 1.
func lineOf(text string, line int) (string, bool) {
	for ; line > 1; line-- {
		end := strings.IndexByte(text, '\n')
		if end < 0 {
			return "", false
		}
		text = text[end+1:]
	}
	first, _, _ := strings.Cut(text, "\n")
	return first, line == 1
}

// didYouMean is the remedy for a word that is not among the known ones.
func didYouMean(word string, known []string) string {
	best, least := "", max(1, (len(word)+1)/3)+1
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// distance counts the letters to insert, remove or change to make b of a. Words
// beyond 64 bytes are no typing mistakes.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
