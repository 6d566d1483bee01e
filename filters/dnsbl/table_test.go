package dnsbl

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dnstest"
)

func listsForTables(t *testing.T) (*filter, *world) {
	w := &world{zone: merged(points("one.example.net", "dom.example.net"), dnstest.Zone{
		"1.2.0.192.one.example.net":   {A: []string{"127.0.0.2"}, TXT: []string{"go \x1b[31maway"}},
		"3.2.0.192.one.example.net":   *a("127.0.0.77"),
		"example.org.dom.example.net": *a("127.0.0.2"),
		"*.sick.example.net":          *a("127.255.255.254"),
	})}
	f := startWith(t, filters.Env{Resolver: w, Now: func() time.Time { return time.Unix(1767225600, 0).UTC() }, Config: only(
		Zone{Name: "one", Zone: "one.example.net"},
		Zone{Name: "sick", Zone: "sick.example.net"},
		Zone{Name: "dom", Zone: "dom.example.net", Kind: kindDomain},
		Zone{Name: "hash", Zone: "hash.example.net", Kind: kindHash, Listed: noPoint},
	)}, defaultPace)
	awaitProbes(f)
	return f, w
}

func TestTheTableOfZones(t *testing.T) {
	f, _ := listsForTables(t)
	check(t, f, from4("192.0.2.1"))
	var b strings.Builder
	if err := WriteTable(&b, f.Health(), false); err != nil {
		t.Fatal(err)
	}
	want := `
LIST  ZONE              KIND    STATE    ASKED  LISTED  FAILED  CHECKED
one   one.example.net   ip      ok       1      1       0       2026-01-01 00:00:00
sick  sick.example.net  ip      refused  0      0       0       2026-01-01 00:00:00
dom   dom.example.net   domain  ok       0      0       0       2026-01-01 00:00:00
hash  hash.example.net  hash    ok       0      0       0       2026-01-01 00:00:00
sick: refuses public and open resolvers (127.255.255.254); run a recursive resolver on this machine and name it in dns.servers, or ask the list for access
`
	if got := "\n" + b.String(); got != want {
		t.Errorf("got%s", got)
	}
	b.Reset()
	if err := WriteTable(&b, f.Health(), true); err != nil {
		t.Fatal(err)
	}
	var back []ZoneHealth
	if err := json.Unmarshal([]byte(b.String()), &back); err != nil || !slices.Equal(back, f.Health()) {
		t.Errorf("JSON: %v, %s", err, b.String())
	}
}

func TestAskingAllListsAboutOneThing(t *testing.T) {
	f, _ := listsForTables(t)
	for _, tt := range []struct{ target, want string }{
		{"192.0.2.1", "one  192.0.2.1  127.0.0.2  RBL_ONE_LISTED go ?[31maway\nsick 192.0.2.1  -          refused: refuses public and open resolvers (127.255.255.254)"},
		{"::ffff:192.0.2.2", "one  192.0.2.2  -       not listed\nsick"},
		{"192.0.2.3", "one  192.0.2.3  127.0.0.77  not listed: the answer means nothing\nsick"},
		{"www.Example.org", "dom  example.org      127.0.0.2  DBL_DOM_LISTED\ndom  www.example.org  -          not listed"},
		{"a@example.org", "dom  example.org    127.0.0.2  DBL_DOM_LISTED\nhash a@example.org"},
	} {
		hits, err := f.CheckOne(t.Context(), tt.target)
		if err != nil {
			t.Errorf("%s: %v", tt.target, err)
			continue
		}
		var b strings.Builder
		if err := WriteHits(&b, hits, false); err != nil {
			t.Fatal(err)
		}
		_, rows, _ := strings.Cut(b.String(), "\n")
		if got := squeeze(rows); !strings.HasPrefix(got, squeeze(tt.want)) {
			t.Errorf("%s:\n%s", tt.target, b.String())
		}
		b.Reset()
		if err := WriteHits(&b, hits, true); err != nil || !json.Valid([]byte(b.String())) {
			t.Errorf("JSON: %v, %s", err, b.String())
		}
	}
	for _, target := range []string{"", "localhost", "a@", "\x00", "com"} {
		if hits, err := f.CheckOne(t.Context(), target); err == nil {
			t.Errorf("%q: %v", target, hits)
		}
	}
}

// squeeze makes one space of many.
func squeeze(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}
