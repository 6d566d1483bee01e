package rules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/postern-mail/postern/scoring"
)

// Check loads rules, runs their examples, and writes every error and warning.
// The error says how many errors there were. Its output is safe for a terminal.
func Check(ctx context.Context, w io.Writer, o Options, files ...File) error {
	set, faults, err := loadAll(o, files...)
	if err != nil {
		return err
	}
	if set != nil {
		faults = append(faults, set.RunExamples(ctx)...)
	}
	errs, warnings := faults.split()
	for _, f := range append(errs, warnings...) {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("rules: %d errors, %d warnings", len(errs), len(warnings))
	}
	_, err = fmt.Fprintf(w, "%d rules, %d examples, %d warnings\n", len(set.rules), set.examples(), len(warnings))
	return err
}

func (s *Set) examples() int {
	n := 0
	for _, r := range s.rules {
		n += len(r.Match) + len(r.Not)
	}
	return n
}

// Test evaluates a message and writes which rules match, heaviest first as
// the file says, with what they weigh. Its output is safe for a terminal.
func (s *Set) Test(ctx context.Context, w io.Writer, facts *Facts, symbols []scoring.Symbol, now time.Time) error {
	found, err := s.Eval(ctx, facts, symbols, now)
	entries, shadow := s.Entries(), s.Shadow(now)
	points := func(sym scoring.Symbol) float64 { return sym.Factor * entries[sym.Name].Score }
	slices.SortStableFunc(found, func(a, b scoring.Symbol) int {
		switch {
		case points(a) > points(b):
			return -1
		case points(a) < points(b):
			return 1
		}
		return 0
	})
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	total := 0.0
	for _, sym := range found {
		note := strings.Join(sym.Details, "; ")
		if shadow[sym.Name] {
			note = strings.TrimPrefix(note+"; in the shadow", "; ")
		} else {
			total += points(sym)
		}
		fmt.Fprintf(t, "%s\t%.2f\t%s\t%s\n", sym.Name, points(sym), entries[sym.Name].Group, printable(note))
	}
	fmt.Fprintf(t, "%d of %d rules\t%.2f\n", len(found), len(s.rules), total)
	return errors.Join(err, t.Flush())
}

// ListTo writes all rules, one a line, in the order of their symbols. Its
// output is safe for a terminal.
func (s *Set) ListTo(w io.Writer, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rules := s.Rules()
	slices.SortFunc(rules, func(a, b *Rule) int { return strings.Compare(a.Symbol, b.Symbol) })
	for _, r := range rules {
		fmt.Fprintf(t, "%s\t%g\t%s\t%s\t%s\t%s:%d\n", r.Symbol, r.Score, r.Group, r.state(now), printable(r.Title("en")), printable(r.File), r.Line)
	}
	return t.Flush()
}

// Title is the description in a language, else in the other, else "".
func (r *Rule) Title(language string) string {
	for _, l := range []string{language, "en", "zh"} {
		if d := r.Describe[l]; d != "" {
			return d
		}
	}
	return ""
}

func (r *Rule) state(now time.Time) string {
	switch {
	case r.expiredAt(now):
		return "expired"
	case r.Shadow:
		return "shadow"
	case r.Force != nil:
		return string(r.Force.Action)
	}
	return "on"
}

// WriteFields writes the reference of the names that conditions may use, made
// from the types.
func WriteFields(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range fields() {
		typ := f.typ
		if _, ok := textField(f.path); ok {
			typ += ", patterns"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.path, typ, f.doc)
	}
	fmt.Fprintf(t, "\nFunctions of the language: %s\n", strings.Join(builtins, ", "))
	return t.Flush()
}
