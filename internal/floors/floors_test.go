// Package floors has no code: its test keeps the order of the house. Imports
// run downwards only, so that a station on the straight line can be read, tested and
// replaced without those above it.
package floors

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/postern-mail/postern"

// floors places every folder: a package imports only what is on a lower floor, or in
// its own folder. The longest name that fits decides.
var floors = map[string]int{
	"cmd":  10, // the program: nothing but app and the list of filters
	"app":  9,  // puts all together, and is what tests and third-party mains start
	"test": 9,  // plays the world around the program

	"milter": 8, // knows no filters and no scores: mail in, decision out
	"admin":  8, // knows records, not how they come about

	"chain": 7, // runs filters, whichever

	"filters/all": 6, // the one list of what ships
	"rules":       6,
	"filters":     5, // the contract, and one folder a filter

	"state": 4, // what lasts: values, limits, and the records of verdicts

	"verdicts":   3, // records of what scoring decided
	"quarantine": 3,

	"learn": 2, // what mail was called spam or ham, and what follows; knows no symbols

	"scoring": 2, // evidence in, verdict out; pure

	"mail": 1, // what flows; the ground floor

	"internal":            0, // stands beside the ground floor: config, dns
	"internal/dnstest":    0,
	"internal/miltertest": 0,
	"internal/filtertest": 6, // plays the chain to one filter
}

// owners are libraries that one place uses on behalf of all, so that what they leave open
// is mended once.
var owners = []struct {
	module string
	places []string
	why    string
}{
	{"github.com/knadh/koanf", []string{"internal/config"}, "sections are structs to everybody else"},
	{"github.com/emersion/go-milter", []string{"milter"}, "what it lacks is mended beneath it"},
	{"github.com/miekg/dns", []string{"internal/dns", "internal/dnstest"}, "filters get a Resolver, with its cache and bounds"},
	{"github.com/alecthomas/kong", []string{"app"}, "the command line is one"},
	{"github.com/fsnotify/fsnotify", []string{"internal/config"}, "who reloads is told by the watcher"},
	{"github.com/prometheus", []string{"app", "admin"}, "filters report to the chain, which is observed"},
}

// testHelpers are for tests and for what plays the world, never for the program.
var testHelpers = []string{"internal/dnstest", "internal/filtertest", "internal/miltertest", "internal/postfix", "internal/shared", "internal/smtpc", "internal/floors", "internal/redistest", "state/statetest", "test"}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// place is the folder within the module; ok is false for another module's package.
func place(path string) (folder string, ok bool) {
	return strings.CutPrefix(path, module+"/")
}

func within(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}

func floor(folder string) (n int, ok bool) {
	longest := -1
	for parent, at := range floors {
		if within(folder, parent) && len(parent) > longest {
			n, longest = at, len(parent)
		}
	}
	return n, longest >= 0
}

// wrong says why one package of ours may not import another, "" when it may.
func wrong(from, to string) string {
	a, okA := floor(from)
	b, okB := floor(to)
	top := func(s string) string { s, _, _ = strings.Cut(s, "/"); return s }
	switch {
	case !okA || !okB:
		return "a folder without a floor: give it one here, with the reason"
	case within(from, "cmd") && !within(to, "app") && to != "filters/all":
		return "the program is app.Main and a list of filters"
	case top(from) == "filters" && from != "filters/all" && strings.HasPrefix(to, "filters/") && top(to) == "filters" && !within(to, from):
		return "a filter imports no other filter: they meet in typed results on the message"
	case from == "app" && to == "filters/dnsbl":
		return "" // "postern lists", health and metrics show what only this filter knows of its lists
	case strings.HasPrefix(to, "filters/") && to != "filters/all" && top(from) != "filters":
		return "only filters/all knows which filters there are"
	case slices.ContainsFunc(testHelpers, func(h string) bool { return within(to, h) }) && !slices.ContainsFunc(testHelpers, func(h string) bool { return within(from, h) }):
		return "that is for tests"
	case within(to, "internal/config") && !within(from, "app") && top(from) != "filters":
		return "who is configured is handed a struct; only a filter's section has types such as config.Secret in it"
	case top(from) == top(to):
		return ""
	case b >= a:
		return "imports run downwards only"
	}
	return ""
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestImportsRunDownwards(t *testing.T) {
	count := 0
	for _, p := range packages(t) {
		from, _ := place(p.ImportPath)
		for _, path := range p.Imports {
			to, ours := place(path)
			if !ours {
				continue
			}
			count++
			if why := wrong(from, to); why != "" {
				t.Errorf("%s imports %s: %s", from, to, why)
			}
		}
	}
	if count == 0 {
		t.Fatal("no imports were seen")
	}
	t.Logf("%d imports", count)
}

func TestLibrariesHaveOneOwner(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		from, _ := place(p.ImportPath)
		for _, path := range p.Imports {
			for _, o := range owners {
				if !within(path, o.module) {
					continue
				}
				seen[o.module] = true
				if !slices.Contains(o.places, from) {
					t.Errorf("%s imports %s, which belongs to %s: %s", from, path, strings.Join(o.places, " and "), o.why)
				}
			}
		}
	}
	for _, o := range owners {
		if !seen[o.module] {
			t.Errorf("%s is used by nobody: take it from the list", o.module)
		}
	}
}

// Not even a test of the ground floor needs what is above it.
func TestMailAndScoringAreTestedAlone(t *testing.T) {
	for _, p := range packages(t) {
		from, _ := place(p.ImportPath)
		if !within(from, "mail") && !within(from, "scoring") {
			continue
		}
		for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
			if to, ours := place(path); ours && !within(to, "mail") && !within(to, "scoring") && to != "internal/shared" {
				t.Errorf("a test of %s imports %s", from, to)
			}
		}
	}
}

// The rules themselves can say no.
func TestRulesRefuse(t *testing.T) {
	for _, c := range []struct {
		from, to string
		allowed  bool
	}{
		{"app", "milter", true}, {"milter", "app", false}, {"milter", "admin", false}, {"mail", "scoring", false}, {"mail", "mail/authres", true},
		{"filters/spf", "filters/dkim", false}, {"filters/spf", "filters", true}, {"filters/spf", "filters/spf/record", true}, {"filters/all", "filters/spf", true},
		{"chain", "filters", true}, {"chain", "filters/spf", false}, {"scoring", "verdicts", false}, {"cmd/postern", "internal/config", false}, {"cmd/postern", "app", true},
		{"admin", "internal/config", false}, {"app", "internal/dnstest", false}, {"test/world", "internal/dnstest", true}, {"app", "nowhere", false},
		{"rules/match", "rules", true}, {"filters/spf", "rules", false}, {"state", "verdicts", true}, {"state/redis", "state", true},
	} {
		if why := wrong(c.from, c.to); (why == "") != c.allowed {
			t.Errorf("%s imports %s: %q", c.from, c.to, why)
		}
	}
}
