package app

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/filters/all"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/verdicts"
)

// documents are the texts that are kept true here.
func documents(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../README.md", "../docs/*.md", "../filters/*/README.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: nothing found, %v", pattern, err)
		}
		files = append(files, found...)
	}
	return files
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// example is a piece of configuration in a document.
type example struct {
	line int // of its first line
	text string
}

var (
	fence = regexp.MustCompile("^(```|~~~) *([a-z]*)")
	key   = regexp.MustCompile(`^[a-z_]+:\s`)
)

// examples finds the pieces of configuration: what is fenced as yaml, and what is
// indented and begins with a key.
func examples(text string) []example {
	var found []example
	var current *example
	fenced, indent := "", ""
	end := func() {
		if current != nil && (fenced == "yaml" || fenced == "" && key.MatchString(current.text)) {
			found = append(found, *current)
		}
		current = nil
	}
	s, before := bufio.NewScanner(strings.NewReader(text)), ""
	for n := 1; s.Scan(); n++ {
		line := s.Text()
		m := fence.FindStringSubmatch(line)
		switch {
		case m != nil && fenced != "":
			end()
			fenced = ""
		case m != nil:
			end()
			fenced, indent, current = m[2], "", &example{line: n + 1}
			if fenced == "" {
				fenced = "none"
			}
		case fenced == "" && current == nil && before == "" && strings.HasPrefix(line, "    "):
			indent, current = "    ", &example{line: n}
			fallthrough
		case current != nil && (fenced != "" || strings.HasPrefix(line, indent) || line == ""):
			current.text += strings.TrimPrefix(line, indent) + "\n"
		default:
			end()
		}
		before = line
	}
	end()
	return found
}

// secret is a file of which an example says that it holds a secret.
var secret = regexp.MustCompile(`_file: /etc/postern/([\w.-]+)`)

// shipped tells whether a document is about a filter in filters/all, or about none.
func shipped(file string) bool {
	dir := filepath.Dir(file)
	return filepath.Base(filepath.Dir(dir)) != "filters" ||
		slices.ContainsFunc(all.Kinds, func(k filters.Kind) bool { return k.Name == filepath.Base(dir) })
}

// Every piece of configuration in the documents is sound, down to the filters made from it.
func TestExamplesInTheDocumentsLoad(t *testing.T) {
	dir, count := t.TempDir(), 0
	for _, file := range documents(t) {
		if !shipped(file) {
			t.Logf("%s: left out, its filter is not among those that ship", file)
			continue
		}
		for _, ex := range examples(read(t, file)) {
			count++
			for _, m := range secret.FindAllStringSubmatch(ex.text, -1) {
				if err := os.WriteFile(filepath.Join(dir, m[1]), []byte("s3cret\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			// The lines before it are left empty, so that a fault has the document's line.
			text := strings.Repeat("\n", ex.line-1) + strings.ReplaceAll(ex.text, "/etc/postern", dir)
			path := filepath.Join(dir, "postern.yaml")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Load(config.Options{Path: path, Sections: Sections(all.Kinds), Symbols: ownSymbols()})
			if err == nil {
				var g *generation
				if g, err = offline(&dnstest.Resolver{}, time.Now()).build(cfg); err == nil {
					err = g.close()
				}
			}
			if err != nil {
				t.Errorf("%s", strings.ReplaceAll(err.Error(), path, file))
			}
		}
	}
	if count < 10 {
		t.Fatalf("only %d examples were found", count)
	}
	t.Logf("%d examples", count)
}

func TestExamplesAreFound(t *testing.T) {
	var got []string
	for _, ex := range examples("# x\n\n    mode: mark\n\n    hostname: a\n\ntext\n\n    filters:\n      spf: {}\n\ntext\n\n    make demo\n\n```yaml\nmode: a\n```\n~~~ yaml\nmode: b\n~~~\n\n```sh\nmode: no\n```\n\n    Authentication-Results: no\n") {
		got = append(got, fmt.Sprintf("%d %q", ex.line, ex.text))
	}
	want := []string{`3 "mode: mark\n\nhostname: a\n\n"`, `9 "filters:\n  spf: {}\n\n"`, `17 "mode: a\n"`, `20 "mode: b\n"`}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// What a document points at is there: other documents, source files, and constants in them.
func TestDocumentsPointAtWhatIsThere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^):#]+)(#[^)]*)?\)`)
	source := regexp.MustCompile("`([a-z0-9_/]+\\.go)(?:: ([A-Za-z]+))?`")
	for _, file := range append(documents(t), "../CHANGELOG.md") {
		text := read(t, file)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		for _, m := range source.FindAllStringSubmatch(text, -1) {
			code, err := os.ReadFile(filepath.Join("..", m[1]))
			if err != nil {
				t.Errorf("%s: %v", file, err)
			} else if m[2] != "" && !regexp.MustCompile(`\b`+m[2]+`\b`).Match(code) {
				t.Errorf("%s: there is no %s in %s", file, m[2], m[1])
			}
		}
	}
}

// docs/man/postern.yaml.5 names every key, and no others.
func TestConfigurationPageNamesEveryKey(t *testing.T) {
	page := read(t, "../docs/man/postern.yaml.5")
	var walk func(t reflect.Type, path string) []string
	walk = func(typ reflect.Type, path string) []string {
		var keys []string
		for i := range typ.NumField() {
			name := typ.Field(i).Tag.Get("yaml")
			if name == "" || name == "-" {
				continue
			}
			keys = append(keys, path+name)
			if f := typ.Field(i).Type; f.Kind() == reflect.Struct && f.NumField() > 0 && f.Field(0).Tag.Get("yaml") != "" {
				keys = append(keys, walk(f, path+name+".")...)
			}
		}
		return keys
	}
	keys := walk(reflect.TypeFor[config.Config](), "")
	for _, k := range keys {
		if !strings.Contains(page, "Ic "+k+"\n") {
			t.Errorf("%s is not in docs/man/postern.yaml.5", k)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\.It Ic (\S+)$`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(" "+strings.Join(keys, " ")+" ", " "+m[1]+" ") {
			t.Errorf("docs/man/postern.yaml.5: there is no key %s", m[1])
		}
	}
	t.Logf("%d keys", len(keys))
}

func TestManPageNamesEverySubcommandAndFlag(t *testing.T) {
	page := read(t, "../docs/man/postern.8")
	parser, err := kong.New(&cli{}, kong.Name("postern"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"help": true}
	for _, leaf := range parser.Model.Leaves(false) {
		command := strings.TrimPrefix(leaf.FullPath(), "postern ")
		if !strings.Contains(page, "Cm "+command+"\n") && !strings.Contains(page, "Cm "+command+" ") {
			t.Errorf("%s is not in docs/man/postern.8", command)
		}
	}
	for _, group := range append(parser.Model.Leaves(false), parser.Model.Node) {
		for _, f := range group.Flags {
			known[f.Name] = true
			if !strings.Contains(page, "Fl -"+f.Name+" ") && !strings.Contains(page, "Fl -"+f.Name+"\n") {
				t.Errorf("--%s is not in docs/man/postern.8", f.Name)
			}
		}
	}
	for _, m := range regexp.MustCompile(`Fl -([a-z-]+)`).FindAllStringSubmatch(page, -1) {
		if !known[m[1]] {
			t.Errorf("docs/man/postern.8: there is no flag --%s", m[1])
		}
	}
	for _, code := range []int{ExitOK, ExitFailed, ExitUsage, ExitConfig, ExitLater, ExitQuarantine, ExitRefused} {
		if !strings.Contains(page, fmt.Sprintf(".It %d\n", code)) {
			t.Errorf("exit code %d is not in docs/man/postern.8", code)
		}
	}
}

// docs/admin.md describes the record field by field.
func TestRecordDocument(t *testing.T) {
	page := read(t, "../docs/admin.md")
	var walk func(typ reflect.Type, path string)
	walk = func(typ reflect.Type, path string) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			name := path + f.Tag.Get("json")
			inner := f.Type
			if inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct {
				name, inner = name+"[]", inner.Elem()
			}
			if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Time]() {
				walk(inner, name+".")
				continue
			}
			if !strings.Contains(page, "| `"+name+"` |") {
				t.Errorf("%s is not in docs/admin.md", name)
			}
		}
	}
	walk(reflect.TypeFor[verdicts.Record](), "")
}

// docs/metrics.md names each metric with its labels, and no others.
func TestMetricsDocument(t *testing.T) {
	text := read(t, "../docs/metrics.md")
	documented := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(postern_[a-z_]+)` \\| ([a-z, ]*?) *\\|").FindAllStringSubmatch(text, -1) {
		documented[m[1]] = strings.ReplaceAll(m[2], " ", "")
	}
	exposed := described(newSite(t).metrics.registry)
	for name, labels := range exposed {
		if got, ok := documented[name]; !ok || got != labels {
			t.Errorf("%s with the labels %q is documented as %q", name, labels, got)
		}
	}
	for name := range documented {
		if _, ok := exposed[name]; !ok {
			t.Errorf("%s does not exist", name)
		}
	}
}
