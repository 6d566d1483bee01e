package defaults

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/rules"
)

func options() rules.Options {
	var o rules.Options
	for _, kind := range all.Kinds {
		for _, s := range kind.Symbols {
			o.Symbols = append(o.Symbols, s.Name)
		}
	}
	return o
}

func TestTheRulesThatShipAreFlawlessAndDoAsTheirExamplesSay(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := rules.Check(t.Context(), &out, options(), files...); err != nil {
		t.Error(err)
	}
	t.Log(out.String())
}
