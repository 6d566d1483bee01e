package dns

import (
	"fmt"
	"strings"
)

// question is what is asked: a normal name and a type.
type question struct {
	name string
	typ  Type
}

// String is how a question is named in errors: "TXT example.org".
func (q question) String() string { return q.typ.String() + " " + q.name }

// fail is the error of a question: one of the Err values of this package, and
// what else there is to say.
func (q question) fail(kinds ...error) error {
	args := []any{q}
	for _, k := range kinds {
		args = append(args, k)
	}
	return fmt.Errorf("%s"+strings.Repeat(": %w", len(kinds)), args...)
}
