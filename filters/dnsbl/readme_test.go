package dnsbl

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
)

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReadmeTellsTheShippedZonesAndTheirSymbols(t *testing.T) {
	text := readme(t)
	need := func(row string) {
		if !strings.Contains(text, row) {
			t.Errorf("README.md lacks the row\n%s", row)
		}
	}
	for _, s := range shipped {
		state := "off"
		if s.on {
			state = "on"
		}
		need(fmt.Sprintf("| %s | %s | %s | %s | %s |", s.Name, s.Zone.Zone, s.Kind, state, s.terms))
		z, err := newZone(s.Zone, shippedZone{}, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range z.docs {
			need(fmt.Sprintf("| %s | %s | %g |", d.Name, d.Group, d.Score))
		}
	}
	t.Logf("%d zones, %d symbols", len(shipped), len(Kind.Symbols))
}

func TestReadmeTellsEveryKey(t *testing.T) {
	text := readme(t)
	for _, typ := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[Zone](), reflect.TypeFor[Spamhaus]()} {
		for i := range typ.NumField() {
			if key := typ.Field(i).Tag.Get("yaml"); !strings.Contains(text, key+"` |") {
				t.Errorf("README.md lacks the key %s", key)
			}
		}
	}
}

func TestReadmeExamplesLoad(t *testing.T) {
	_, examples, _ := strings.Cut(readme(t), "## Examples")
	examples, _, _ = strings.Cut(examples, "\n## ")
	blocks := 0
	for block := range strings.SplitSeq(examples, "    filters:\n      dnsbl:\n") {
		var lines []string
		for line := range strings.Lines(block) {
			if !strings.HasPrefix(line, "        ") {
				break
			}
			lines = append(lines, strings.TrimPrefix(line, "        "))
		}
		if len(lines) == 0 {
			continue
		}
		blocks++
		// The file of a secret is not there in a test.
		section := strings.ReplaceAll(strings.Join(lines, ""), "dqs_key_file: /etc/postern/dqs.key", "dqs_key: abc")
		c, err := load(t, section)
		if err != nil {
			t.Errorf("%v in\n%s", err, section)
			continue
		}
		if _, err := c.zones(); err != nil {
			t.Errorf("%v in\n%s", err, section)
		}
	}
	if blocks < 3 {
		t.Errorf("%d examples", blocks)
	}
}

func TestSymbolsAreUniqueAndGrouped(t *testing.T) {
	seen := map[string]filters.SymbolDoc{}
	for _, d := range Kind.Symbols {
		if _, dup := seen[d.Name]; dup || d.Meaning == "" || Kind.Caps[d.Group] == 0 {
			t.Errorf("%+v", d)
		}
		seen[d.Name] = d
	}
}
