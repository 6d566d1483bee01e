// Package gtube recognises the Generic Test for Unsolicited Bulk Email.
//
// GTUBE is a line of 68 characters that every spam filter takes for certain
// spam, so that a postmaster can see the whole way of a refused message
// without sending real spam. It is text in the body, as it came: test messages
// are not encoded.
package gtube

import (
	"bytes"
	"context"
	"fmt"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// Found is the symbol.
const Found = "GTUBE"

// text is the test line, as all filters know it.
const text = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

// maxBody is how much of the body is searched, in bytes.
const maxBody = 256 << 10

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "gtube",
	Summary: "recognises the GTUBE test message",
	Stage:   mail.StageData,
	Symbols: []filters.SymbolDoc{
		{Name: Found, Group: "gtube", Score: 100, Meaning: "The body holds the GTUBE test line: a test by the postmaster."},
	},
	New: New,
}

type filter struct{}

var _ filters.Filter = filter{}

// New makes the filter. It uses nothing of env.
func New(filters.Env) (filters.Filter, error) { return filter{}, nil }

// Check implements filters.Filter.
func (filter) Check(_ context.Context, msg *mail.Message) (filters.Result, error) {
	body, err := msg.Body.Prefix(maxBody)
	if err != nil {
		return filters.Result{}, fmt.Errorf("filters/gtube: %w", err)
	}
	if !bytes.Contains(body, []byte(text)) {
		return filters.Result{}, nil
	}
	return filters.Result{Symbols: []scoring.Symbol{scoring.Found(Found)}}, nil
}
