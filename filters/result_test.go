package filters

import (
	"strings"
	"testing"
)

func TestNoteReportsASymbolOnceWithBoundedDetails(t *testing.T) {
	var r Result
	r.Note("A", 0.5, "")
	for i := range 20 {
		r.Note("B", 0.1, strings.Repeat("x", i)+strings.Repeat("y", 300))
	}
	r.Note("A", 0.2, "first")
	r.Note("A", 1, "first")
	if len(r.Symbols) != 2 || r.Symbols[0].Name != "A" || r.Symbols[1].Name != "B" {
		t.Fatalf("symbols %+v", r.Symbols)
	}
	if a := r.Symbols[0]; a.Factor != 1 || len(a.Details) != 1 || a.Details[0] != "first" {
		t.Errorf("A is %+v", a)
	}
	if b := r.Symbols[1]; len(b.Details) != maxDetails || len(b.Details[0]) != maxDetail {
		t.Errorf("B has %d details of %d bytes", len(b.Details), len(b.Details[0]))
	}
}
