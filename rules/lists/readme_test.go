package lists

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestTheManualsExampleIsTaken(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(data), "    lists:\n")
	section, _, _ := strings.Cut(after, "\n## ")
	var configs map[string]Config
	if err := yaml.UnmarshalWithOptions([]byte(section), &configs, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	for name, c := range configs {
		if c.File != "" {
			c.File = filepath.Join(t.TempDir(), "list")
			if err := os.WriteFile(c.File, []byte("a@example.org\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			configs[name] = c
		}
	}
	s, err := New(t.Context(), configs, newWorld().env())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Names(); len(got) != 5 {
		t.Errorf("lists %v, want 5", got)
	}
	if !s.Has("invoices", "Invoice 7") || s.Has("invoices", "an Invoice") {
		t.Error("the pattern does not do what it says")
	}
}
