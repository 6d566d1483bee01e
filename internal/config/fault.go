package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Origin is where a value was given. The zero Origin is the default.
type Origin struct {
	File   string // with Line and Column, both from 1
	Line   int
	Column int
	Env    string // environment variable
	Flag   string // key path given as a flag
}

// String names the place as a postmaster would look for it: FILE:LINE:COLUMN,
// a variable, a flag or "default".
func (o Origin) String() string {
	switch {
	case o.File != "" && o.Line > 0:
		return fmt.Sprintf("%s:%d:%d", printable(o.File), o.Line, o.Column)
	case o.File != "":
		return printable(o.File)
	case o.Env != "":
		return "environment " + printable(o.Env)
	case o.Flag != "":
		return "flag " + printable(o.Flag)
	}
	return "default"
}

// Fault is one thing wrong with the configuration, or one warning.
type Fault struct {
	Origin
	Key     string // path, "" where it is about no key
	Message string
	Remedy  string // what to do, ""
	Excerpt string // the line and a mark under the column, for faults of syntax
}

// String gives place, key, message and remedy on one line. What is very long
// is cut.
func (f Fault) String() string {
	var b strings.Builder
	if f.Origin != (Origin{}) {
		b.WriteString(f.Origin.String() + ": ")
	}
	if f.Key != "" {
		b.WriteString(clip(f.Key) + ": ")
	}
	b.WriteString(clip(f.Message))
	if f.Remedy != "" {
		b.WriteString(" (" + f.Remedy + ")")
	}
	return b.String()
}

// Faults is all that is wrong, in the order of files and lines. It is an error.
type Faults []Fault

// Error gives one line for each fault.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

func (fs Faults) sort() {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Env, b.Env), cmp.Compare(a.Flag, b.Flag))
	})
}

// once leaves out what follows from a fault already told: a second one about
// the same key, in the same place or in none.
func (fs Faults) once() Faults {
	type spot struct {
		key string
		at  Origin
	}
	told, keys := map[spot]bool{}, map[string]bool{}
	return slices.DeleteFunc(fs, func(f Fault) bool {
		s := spot{f.Key, f.Origin}
		again := f.Key != "" && (told[s] || keys[f.Key] && f.Origin == Origin{})
		told[s], keys[f.Key] = true, true
		return again
	})
}

// clip keeps a line in a log from being as long as a file.
func clip(s string) string {
	const longest = 400
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(s[:longest], "") + "..."
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
