package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// many are n rules of one form.
func many(n int, form string) string {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {symbol: R%d, when: %s}\n", i, strings.ReplaceAll(form, "NEXT", fmt.Sprint((i+1)%n)))
	}
	return b.String()
}

func TestVeryManyFaultsAreToldInBounds(t *testing.T) {
	_, err := Load(Options{}, File{Name: "f.yaml", Data: []byte(many(5000, "sizze > NEXT"))})
	var faults Faults
	if !errors.As(err, &faults) || len(faults) != 5000 {
		t.Fatalf("%d faults", len(faults))
	}
	if said := err.Error(); len(said) > 20<<10 || !strings.HasSuffix(said, "\nand 4900 more: postern rules check tells all") {
		t.Errorf("said %d bytes, at their end %q", len(said), said[len(said)-100:])
	}
}

func TestGuessesAreBounded(t *testing.T) {
	s, err := Load(Options{Symbols: []string{"SPF_FAIL"}}, File{Name: "f.yaml", Data: []byte(many(300, "symbols.SPF_FAI and size > NEXT"))})
	if err != nil {
		t.Fatal(err)
	}
	guesses := strings.Count(fmt.Sprint([]Fault(s.Warnings())), "did you mean")
	if len(s.Warnings()) != 300 || guesses != maxGuesses {
		t.Errorf("%d warnings, %d guesses", len(s.Warnings()), guesses)
	}
}

func TestALongCircleIsToldInShort(t *testing.T) {
	_, err := Load(Options{}, File{Name: "f.yaml", Data: []byte(many(1000, "symbols.RNEXT"))})
	if err == nil || len(err.Error()) > 1000 || !strings.Contains(err.Error(), "R0 reads R1 reads") || !strings.Contains(err.Error(), "reads ... reads R0") {
		t.Errorf("error %v", err)
	}
}
