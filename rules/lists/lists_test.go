package lists

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/scoring"
)

// world is a clock that is set by hand, a log that is kept, and shared sets.
type world struct {
	mu     sync.Mutex
	now    time.Time
	log    strings.Builder
	shared map[string][]string
	reads  int
}

func newWorld() *world { return &world{now: time.Unix(1_000_000, 0)} }

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) Entries(_ context.Context, name string, _ int) ([]string, error) {
	w.reads++
	if e, ok := w.shared[name]; ok {
		return e, nil
	}
	return nil, errors.New("no such set")
}

func (w *world) Size(_ context.Context, name string) (int, error) {
	if e, ok := w.shared[name]; ok {
		return len(e), nil
	}
	return 0, errors.New("no such set")
}

func (w *world) env() Env {
	now := func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.now
	}
	return Env{Now: now, Log: slog.New(slog.NewTextHandler(w, nil)), Source: w}
}

func TestHas(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	s, err := New(t.Context(), map[string]Config{
		"people":  {Kind: "addresses", Entries: []string{"Chef@Example.org", "x@bücher.example"}},
		"domains": {Kind: "domains", Entries: []string{"example.org", ".example.net"}},
		"nets":    {Kind: "networks", Entries: []string{"192.0.2.0/24", "198.51.100.7", "2001:db8::/32"}},
		"re":      {Kind: "patterns", Entries: []string{`^info@`, `(?i)spam`}},
		"files":   {Kind: "digests", Entries: []string{digest}},
	}, newWorld().env())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		list, value string
		want        bool
	}{
		{"people", "chef@EXAMPLE.ORG", true},
		{"people", "x@xn--bcher-kva.example", true},
		{"people", "other@example.org", false},
		{"people", "", false},
		{"domains", "example.org", true},
		{"domains", "a.b.Example.org.", true},
		{"domains", "someone@sub.example.net", true},
		{"domains", "badexample.org", false},
		{"domains", "org", false},
		{"domains", "example.org.evil.example", false},
		{"nets", "192.0.2.77", true},
		{"nets", "::ffff:192.0.2.77", true},
		{"nets", "198.51.100.8", false},
		{"nets", "198.51.100.7", true},
		{"nets", "2001:db8:1::1", true},
		{"nets", "no address", false},
		{"re", "info@example.org", true},
		{"re", "xinfo@example.org", false},
		{"re", "a SPAMmer", true},
		{"files", strings.ToUpper(digest), true},
		{"files", digest[2:] + "00", false},
		{"absent", "x", false},
	} {
		if got := s.Has(c.list, c.value); got != c.want {
			t.Errorf("%s has %q: %v, want %v", c.list, c.value, got, c.want)
		}
	}
}

func TestBadListsAreNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		want   string
	}{
		{"a kind that is none", Config{Kind: "adresses", Entries: []string{"a@b"}}, `"adresses" is no kind`},
		{"nothing in it", Config{Kind: "addresses"}, "neither entries nor file"},
		{"no address", Config{Kind: "addresses", Entries: []string{"example.org"}}, `"example.org" is no address`},
		{"two addresses in one", Config{Kind: "addresses", Entries: []string{"a@example.org, b@example.org"}}, `"a@example.org, b@example.org" is no address by itself`},
		{"a star for all below", Config{Kind: "domains", Entries: []string{"*.example.org"}}, `"*.example.org" is no domain: "example.org" stands for all below it, too`},
		{"an empty expression", Config{Kind: "patterns", Entries: []string{""}}, "an empty expression is found in everything"},
		{"a boundary with one backslash", Config{Kind: "patterns", Entries: []string{"\bwin"}}, "holds a backspace"},
		{"no domain", Config{Kind: "domains", Entries: []string{"a..b"}}, `"a..b" is no domain`},
		{"bits beyond the length", Config{Kind: "networks", Entries: []string{"192.0.2.1/24"}}, `did you mean "192.0.2.0/24"?`},
		{"no expression", Config{Kind: "patterns", Entries: []string{"(a"}}, "missing closing"},
		{"no digest", Config{Kind: "digests", Entries: []string{"abcd"}}, "no SHA-256"},
		{"a file that is not there", Config{Kind: "domains", File: "/nonexistent/list"}, "no such file"},
		{"networks asked about authors", Config{Kind: "networks", Entries: []string{"192.0.2.1"}, Use: "allow"}, "cannot be asked about the author"},
		{"a use that is none", Config{Kind: "domains", Entries: []string{"a.b"}, Use: "whitelist"}, "is no use"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(t.Context(), map[string]Config{"mine": c.config}, newWorld().env())
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `"mine"`) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func write(t *testing.T, file, text string, age time.Duration) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(900_000, 0).Add(age) // the file system's clock may be too coarse
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestAFileIsReadAgainWhenItChanges(t *testing.T) {
	w, file := newWorld(), filepath.Join(t.TempDir(), "list")
	write(t, file, "# partners\nexample.org # the first\n\n", 0)
	s, err := New(t.Context(), map[string]Config{"mine": {Kind: "domains", File: file, Entries: []string{"fixed.example"}}}, w.env())
	if err != nil {
		t.Fatal(err)
	}
	expect := func(when string, names ...string) {
		t.Helper()
		for _, name := range []string{"example.org", "example.net", "fixed.example"} {
			want := strings.Contains(strings.Join(names, " ")+" fixed.example", name)
			if got := s.Has("mine", name); got != want {
				t.Errorf("%s: %s %v, want %v", when, name, got, want)
			}
		}
	}
	expect("at first", "example.org")
	write(t, file, "example.net\n", time.Second)
	expect("too early to look", "example.org")
	w.pass(Every)
	expect("changed", "example.net")
	write(t, file, "example.org\nno..domain\n", 2*time.Second)
	w.pass(Every)
	expect("with a bad line", "example.net")
	if said := w.log.String(); !strings.Contains(said, file+":2: ") || !strings.Contains(said, "no..domain") {
		t.Errorf("log %q does not name the line", said)
	}
	w.log.Reset()
	w.pass(Every)
	expect("still bad", "example.net")
	if said := w.log.String(); said != "" {
		t.Errorf("said again: %q", said)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	w.pass(Every)
	expect("gone", "example.net")
	write(t, file, "example.org\n", 3*time.Second)
	w.pass(Every)
	expect("mended", "example.org")
	write(t, file+".new", "example.net\n", 3*time.Second)
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	w.pass(Every)
	expect("another file of the same size and time in its place", "example.net")
	write(t, file, "\ufeffexample.org\n", 4*time.Second)
	w.pass(Every)
	expect("with a byte order mark", "example.org")
}

func TestASharedSetIsAskedAgain(t *testing.T) {
	w := newWorld()
	w.shared = map[string][]string{"bad": {"192.0.2.1"}}
	s, err := New(t.Context(), map[string]Config{"mine": {Kind: "networks", Source: "bad"}}, w.env())
	if err != nil {
		t.Fatal(err)
	}
	w.shared["bad"] = []string{"192.0.2.2", "192.0.2.3"}
	if !s.Has("mine", "192.0.2.1") {
		t.Error("asked too early")
	}
	w.pass(Every)
	if s.Has("mine", "192.0.2.1") || !s.Has("mine", "192.0.2.2") {
		t.Error("not asked again")
	}
	w.pass(Every)
	if s.Has("mine", "192.0.2.2"); w.reads != 2 {
		t.Errorf("read %d times, though its size is the same", w.reads)
	}
	w.shared["bad"] = []string{"192.0.2.2", "192.0.2.4"}
	w.pass(EveryEntry)
	if !s.Has("mine", "192.0.2.4") || s.Has("mine", "192.0.2.3") {
		t.Error("an entry in place of another went unnoticed")
	}
	delete(w.shared, "bad")
	w.pass(Every)
	if !s.Has("mine", "192.0.2.2") {
		t.Error("a dead source emptied the list")
	}
}

func TestAListDoesWithoutItsSharedSetUntilThatIsBack(t *testing.T) {
	w := newWorld()
	s, err := New(t.Context(), map[string]Config{"mine": {Kind: "networks", Source: "late", Entries: []string{"198.51.100.1"}}}, w.env())
	if err != nil {
		t.Fatal(err)
	}
	if !s.Has("mine", "198.51.100.1") || !strings.Contains(w.log.String(), "late") {
		t.Errorf("its own entries are lost, or the log does not say what is missing: %s", w.log.String())
	}
	w.shared = map[string][]string{"late": {"192.0.2.1"}}
	w.pass(Every)
	if !s.Has("mine", "192.0.2.1") || !s.Has("mine", "198.51.100.1") {
		t.Error("the set is back and not read")
	}
}

func TestManyAskAtOnce(t *testing.T) {
	w, file := newWorld(), filepath.Join(t.TempDir(), "list")
	write(t, file, "example.org\n", 0)
	s, err := New(t.Context(), map[string]Config{"mine": {Kind: "domains", File: file}}, w.env())
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 50 {
				if i == 0 {
					w.pass(Every)
				}
				if !s.Has("mine", "a.example.org") {
					t.Error("an entry is missing")
				}
			}
		})
	}
	group.Wait()
}

func TestAnAllowListIsForAuthenticatedMail(t *testing.T) {
	digest := strings.Repeat("00", 32)
	s, err := New(t.Context(), map[string]Config{
		"a-friends":  {Kind: "domains", Entries: []string{"example.org"}, Use: "allow"},
		"b-careless": {Kind: "domains", Entries: []string{"example.net"}, Use: "allow", Unauthenticated: true},
		"c-sender":   {Kind: "addresses", Entries: []string{"news@example.org"}, Use: "allow", Of: "sender"},
		"d-hosts":    {Kind: "networks", Entries: []string{"192.0.2.0/24"}, Use: "allow", Of: "client"},
		"e-foes":     {Kind: "addresses", Entries: []string{"foe@example.org"}, Use: "deny"},
		"f-worms":    {Kind: "digests", Entries: []string{digest}, Use: "deny", Of: "attachment"},
		"g-other":    {Kind: "domains", Entries: []string{"example.org"}},
	}, newWorld().env())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		q    Question
		want string
	}{
		{"an authenticated friend", Question{Author: "a@example.org", AuthorIsReal: true}, "LIST_ALLOW:a-friends"},
		{"a forged friend", Question{Author: "a@example.org"}, "LIST_ALLOW_UNAUTHENTICATED:a-friends"},
		{"a forged friend whose sender is real", Question{Author: "a@example.org", Sender: "x@evil.example", SenderIsReal: true}, "LIST_ALLOW_UNAUTHENTICATED:a-friends"},
		{"a list that asks for no authentication", Question{Author: "a@example.net"}, "LIST_ALLOW:b-careless"},
		{"a real sender", Question{Sender: "news@example.org", SenderIsReal: true}, "LIST_ALLOW:c-sender"},
		{"a forged sender", Question{Sender: "news@example.org", AuthorIsReal: true}, "LIST_ALLOW_UNAUTHENTICATED:c-sender"},
		{"a host", Question{Client: "192.0.2.3"}, "LIST_ALLOW:d-hosts"},
		{"a foe, forged or not", Question{Author: "foe@example.org", Authors: []string{"foe@example.org"}}, "LIST_ALLOW_UNAUTHENTICATED:a-friends LIST_DENY:e-foes"},
		{"a foe behind a stranger", Question{Authors: []string{"a@example.com", "foe@example.org"}}, "LIST_DENY:e-foes"},
		{"a friend behind a stranger", Question{Authors: []string{"a@example.com", "a@example.net"}, AuthorIsReal: true}, ""},
		{"a known file", Question{Digests: []string{"x", digest}}, "LIST_DENY:f-worms"},
		{"a stranger", Question{Author: "a@example.com", Client: "198.51.100.1"}, ""},
	} {
		if got := line(s.Ask(c.q)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if w := s.Warnings(); len(w) != 1 || w["b-careless"] == "" {
		t.Errorf("warnings %q", w)
	}
}

func line(symbols []scoring.Symbol) string {
	var out []string
	for _, s := range symbols {
		out = append(out, s.Name+":"+s.Details[0])
	}
	return strings.Join(out, " ")
}

func FuzzEntries(f *testing.F) {
	for _, kind := range []string{"addresses", "domains", "networks", "patterns", "digests"} {
		f.Add(kind, "a@example.org", "192.0.2.1/24")
		f.Add(kind, "2001:db8::/32", "x")
	}
	f.Fuzz(func(t *testing.T, kind, entry, value string) {
		b, err := newBuilder(kind)
		if err != nil {
			return
		}
		added := b.add(entry) == nil
		h, err := b.done()
		if err != nil {
			t.Fatalf("an entry was taken, and the list was not made: %v", err)
		}
		h.has(value)
		if kind == "domains" {
			entry = strings.TrimPrefix(entry, ".") // the domain and all below it
		}
		if added && (kind == "addresses" || kind == "domains" || kind == "digests") && !h.has(entry) {
			t.Errorf("%s: %q is not in its own list", kind, entry)
		}
	})
}
