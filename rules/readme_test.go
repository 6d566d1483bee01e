package rules

import (
	"os"
	"strings"
	"testing"

	"github.com/postern-mail/postern/rules/lists"
)

var _ Lists = (*lists.Set)(nil)

// examplesOf gives the indented text of a README's section Examples.
func examplesOf(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(data), "\n## Examples\n")
	section, _, _ := strings.Cut(after, "\n## ")
	var b strings.Builder
	for line := range strings.SplitSeq(section, "\n") {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			b.WriteString(code + "\n")
		}
	}
	if b.Len() == 0 {
		t.Fatalf("%s has no examples", file)
	}
	return b.String()
}

func TestTheManualsExamplesHold(t *testing.T) {
	var out strings.Builder
	file := File{Name: "README.md", Data: []byte(examplesOf(t, "README.md"))}
	if err := Check(t.Context(), &out, Options{Now: now, Symbols: []string{"SPF_FAIL"}}, file); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "3 rules, 6 examples, 0 warnings") {
		t.Errorf("check says %q", &out)
	}
}
