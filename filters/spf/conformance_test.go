package spf

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/shared"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// scenario is one document of an openspf suite.
type scenario struct {
	Description string
	Tests       map[string]conformanceCase
	ZoneData    map[string][]any `yaml:"zonedata"`
}

type conformanceCase struct {
	Helo        string
	Host        string
	MailFrom    string `yaml:"mailfrom"`
	Result      any    // a name or a list of names
	Explanation string
}

func TestSuites(t *testing.T) {
	const single = "RFC 7208 section 4.3: a single label is no domain to ask for"
	const lax = "default= is an extension of pyspf; RFC 7208 section 6 has unknown modifiers ignored"
	tests := []struct {
		file  string
		cases int
		// qualified puts a domain behind names of a single label, so that what
		// the suite tests with them is tested.
		qualified bool
		// differences are the cases in which we part from the suite, and why.
		differences map[string]string
	}{
		{file: "rfc7208-tests.yml", cases: 203},
		{file: "pyspf-tests.yml", cases: 16, differences: map[string]string{
			"/default-modifier":       lax,
			"/default-modifier-harsh": lax,
		}},
		{file: "blitirispf-tests.yml", cases: 83, qualified: true},
		{file: "blitirispf-tests.yml", cases: 83, differences: map[string]string{
			"Lookup limit boundary/lookup-limit-at-10":         single,
			"Lookup limit boundary/lookup-limit-at-10-matches": single,
			"Lookup limit boundary/lookup-limit-over-a":        single,
			"Lookup limit boundary/lookup-limit-over-exists":   single,
			"Lookup limit boundary/lookup-limit-over-mx":       single,
			"Lookup limit boundary/lookup-limit-over-no-match": single,
			"Lookup limit boundary/lookup-limit-over-ptr":      single,
			"MX resolution limits/mx-resolution-10-terms":      single,
			"MX resolution limits/mx-resolution-11-terms":      single,
			"NXDOMAIN tests/all-mx-not-found":                  single,
			"NXDOMAIN tests/include-not-found":                 single,
			"NXDOMAIN tests/one-mx-not-found":                  single,
			"NXDOMAIN tests/redirect-not-found":                single,
			"PTR resolution limits/ptr-resolution-10-terms":    single,
			"PTR resolution limits/ptr-resolution-11-terms":    single,
			"PTR resolution limits/ptr-resolution-mixed-terms": single,
			"Void lookup limit/void-limit-at-2":                single,
			"Void lookup limit/void-limit-over-a":              single,
			"Void lookup limit/void-limit-over-exists":         single,
			"Void lookup limit/void-limit-over-in-include":     single,
			"Void lookup limit/void-limit-over-mx":             single,
			"Void lookup limit/void-limit-over-ptr":            single,
			"Resolution limits/resolution-with-10-lookups":     "RFC 7208 section 7.1: include:d11 has no top label behind a dot",
		}},
	}
	for _, tt := range tests {
		name := tt.file
		if tt.qualified {
			name += " with names qualified"
		}
		t.Run(name, func(t *testing.T) {
			got := make(map[string]string)
			cases, explained := 0, 0
			for _, s := range readScenarios(t, shared.Dir(t, "conformance", "spf", tt.file)) {
				if tt.qualified {
					s.qualify()
				}
				zone := s.zone(t)
				for name, c := range s.Tests {
					cases++
					if c.Explanation != "" {
						explained++
					}
					if diff := c.run(t, zone); diff != "" {
						got[s.Description+"/"+name] = diff
					}
				}
			}
			t.Logf("%d cases, %d as the suite says, %d with an explanation", cases, cases-len(got), explained)
			if cases != tt.cases {
				t.Errorf("%d cases, want %d", cases, tt.cases)
			}
			for name, diff := range got {
				why, known := tt.differences[name]
				t.Logf("differs: %s: %s (%s)", name, diff, why)
				if !known {
					t.Errorf("%s: %s", name, diff)
				}
			}
			for name := range tt.differences {
				if _, still := got[name]; !still {
					t.Errorf("%s: no longer differs", name)
				}
			}
		})
	}
}

// run returns "" when the filter says what the case wants.
func (c conformanceCase) run(t *testing.T, zone dnstest.Zone) string {
	f, err := newFilter(filters.Env{Resolver: &dnstest.Resolver{Zone: zone, Impatient: true}})
	if err != nil {
		t.Fatal(err)
	}
	msg := mail.New(mail.Message{
		Session:  &mail.Session{ClientIP: netip.MustParseAddr(c.Host), Helo: c.Helo},
		Envelope: mail.Envelope{From: c.MailFrom},
	})
	id := mailFrom(c.MailFrom, c.Helo)
	o := f.(*filter).evaluate(t.Context(), msg, id)
	if want := c.results(); !slices.Contains(want, o.result) {
		return fmt.Sprintf("%s (%s), the suite says %v", o.result, o.reason, want)
	}
	want := c.Explanation
	if want == "DEFAULT" {
		want = ""
	}
	if o.result == authres.Fail && c.Explanation != "" && o.explanation != want {
		return fmt.Sprintf("explanation %q, the suite says %q", o.explanation, want)
	}
	return ""
}

func (c conformanceCase) results() []string {
	if one, ok := c.Result.(string); ok {
		return []string{one}
	}
	var all []string
	for _, r := range c.Result.([]any) {
		all = append(all, r.(string))
	}
	return all
}

func readScenarios(t *testing.T, path string) []scenario {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []scenario
	dec := yaml.NewDecoder(file)
	for {
		var s scenario
		err := dec.Decode(&s)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if s.Tests != nil {
			all = append(all, s)
		}
	}
}

// bareTarget is a target of a single label in a record.
var bareTarget = regexp.MustCompile(`(\b(?:include|a|mx|exists|ptr):|redirect=)([a-z0-9-]+)( |/|$)`)

// qualify puts a domain behind every single label that stands for a name.
func (s *scenario) qualify() {
	for name, c := range s.Tests {
		if c.MailFrom != "" && !strings.Contains(c.MailFrom, ".") {
			c.MailFrom += ".example.org"
			s.Tests[name] = c
		}
	}
	data := make(map[string][]any)
	for name, entries := range s.ZoneData {
		for _, entry := range entries {
			fields := entry.(map[string]any)
			if mx, ok := fields["MX"].([]any); ok {
				mx[1] = qualified(mx[1].(string))
			}
			if ptr, ok := fields["PTR"].(string); ok {
				fields["PTR"] = qualified(ptr)
			}
			if txt, ok := fields["SPF"].(string); ok {
				fields["SPF"] = bareTarget.ReplaceAllString(txt, "${1}${2}.example.org${3}")
			}
		}
		data[qualified(name)] = entries
	}
	s.ZoneData = data
}

func qualified(name string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return name + ".example.org"
}

// zone puts the scenario's records into the form of dnstest.
func (s scenario) zone(t *testing.T) dnstest.Zone {
	zone := make(dnstest.Zone)
	for name, entries := range s.ZoneData {
		var n dnstest.Node
		var fallback [][]string // the SPF records: TXT records, unless there are some
		failure, hasTXT := "", false
		for _, entry := range entries {
			fields, ok := entry.(map[string]any)
			if !ok {
				fields = map[string]any{entry.(string): true}
			}
			for typ, value := range fields {
				switch typ {
				case "SPF":
					fallback = append(fallback, chunks(value))
				case "TXT":
					hasTXT = true
					if value != "NONE" {
						n.TXTChunks = append(n.TXTChunks, chunks(value))
					}
				case "A":
					n.A = append(n.A, chunks(value)...)
				case "AAAA":
					n.AAAA = append(n.AAAA, chunks(value)...)
				case "PTR":
					n.PTR = append(n.PTR, chunks(value)...)
				case "MX":
					mx := value.([]any)
					n.MX = append(n.MX, dnstest.MX{Pref: uint16(mx[0].(uint64)), Host: present(mx[1].(string))})
				case "CNAME":
					n.CNAME = value.(string)
				case "TIMEOUT":
					failure = "TIMEOUT"
				case "SERVFAIL", "CNAMELOOP":
					failure = "SERVFAIL"
				default:
					t.Fatalf("%s: unknown record %q", name, typ)
				}
			}
		}
		if !hasTXT {
			n.TXTChunks = fallback
		}
		n.Rcodes = failures(n, failure)
		zone[present(strings.ToLower(name))] = n
	}
	return zone
}

// failures: an error holds for the types that are not listed.
func failures(n dnstest.Node, failure string) map[string]string {
	if failure == "" {
		return nil
	}
	return map[string]string{
		"TXT":  unless(len(n.TXTChunks) > 0, failure),
		"A":    unless(len(n.A) > 0, failure),
		"AAAA": unless(len(n.AAAA) > 0, failure),
		"MX":   unless(len(n.MX) > 0, failure),
		"PTR":  unless(len(n.PTR) > 0, failure),
	}
}

func unless(listed bool, failure string) string {
	if listed {
		return ""
	}
	return failure
}

func chunks(value any) []string {
	list, ok := value.([]any)
	if !ok {
		return []string{fmt.Sprint(value)}
	}
	var all []string
	for _, v := range list {
		all = append(all, fmt.Sprint(v))
	}
	return all
}
