package rules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report is what a check of rules found.
type Report struct {
	Rules    int    `json:"rules"` // 0 where there are errors
	Examples int    `json:"examples"`
	Errors   Faults `json:"errors"`
	Warnings Faults `json:"warnings"`
}

// Inspect loads rules and runs their examples.
func Inspect(ctx context.Context, o Options, files ...File) (*Report, error) {
	set, faults, err := loadAll(o, files...)
	if err != nil {
		return nil, err
	}
	r := &Report{}
	if set != nil {
		faults = append(faults, set.RunExamples(ctx)...)
		r.Rules, r.Examples = len(set.rules), set.examples()
	}
	errs, warnings := faults.split()
	r.Errors, r.Warnings = append(Faults{}, errs...), append(Faults{}, warnings...) // a script finds lists
	return r, nil
}

// Err says how many errors there are; nil where there are none.
func (r *Report) Err() error {
	if len(r.Errors) == 0 {
		return nil
	}
	return fmt.Errorf("rules: %d errors, %d warnings", len(r.Errors), len(r.Warnings))
}

// Text writes every error and warning. It is safe for a terminal.
func (r *Report) Text(w io.Writer) error {
	for _, f := range slices.Concat(r.Errors, r.Warnings) {
		if _, err := fmt.Fprintln(w, f); err != nil {
			return err
		}
	}
	if len(r.Errors) > 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%d rules, %d examples, %d warnings\n", r.Rules, r.Examples, len(r.Warnings))
	return err
}

// Check inspects rules and writes the report as text. The error says how many
// errors there were.
func Check(ctx context.Context, w io.Writer, o Options, files ...File) error {
	r, err := Inspect(ctx, o, files...)
	if err != nil {
		return err
	}
	return errors.Join(r.Text(w), r.Err())
}

func (s *Set) examples() int {
	n := 0
	for _, r := range s.rules {
		n += len(r.Match) + len(r.Not)
	}
	return n
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
