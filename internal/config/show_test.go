package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var commentedOut = regexp.MustCompile(`(?m)^( *)#(\S)`)

func TestWhatInitAndReferenceWriteIsTheDefault(t *testing.T) {
	var initial, reference bytes.Buffer
	if err := WriteInit(&initial, testSections()); err != nil {
		t.Fatal(err)
	}
	if err := WriteReference(&reference, testSections(), testSymbols()); err != nil {
		t.Fatal(err)
	}
	want := shown(t, mustLoad(t, testOptions("")))
	for name, text := range map[string]string{
		"init":                        initial.String(),
		"init without comment signs":  commentedOut.ReplaceAllString(initial.String(), "$1$2"),
		"reference":                   reference.String(),
		"what show prints of default": want,
	} {
		c, err := Load(testOptions(write(t, map[string]string{"postern.yaml": text})))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(want, shown(t, c)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if !strings.Contains(initial.String(), "#drain: 30s") {
		t.Error("init shows no defaults")
	}
}

func TestShowPrintsWhatLoadsAgain(t *testing.T) {
	text := `
hostname: "123"
headers: {subject_tag: "[\"yes\"] \\ # \u00e9 \u202e: "}
listeners: [{name: "0", milter: "unix:/run/a b.sock"}, {name: "null", milter: "tcp:*:25"}]
scoring: {scores: {SPF_FAIL: -0.000001, "RBL_A b": 1000}, thresholds: {quarantine: off}, caps: {auth: 0}}
policies: [{name: on, match: {users: ["true", "~", "a,b", ""], clients: ["2001:db8::/32"]}, thresholds: {mark: 5}}]
filters: {dnsbl: {enabled: true, zones: [{name: zen, zone: zen.example.org, codes: {127.0.0.2: "1e3", "a: b": "#"}}]}}
`
	first := shown(t, mustLoad(t, testOptions(write(t, map[string]string{"postern.yaml": text}))))
	second := shown(t, mustLoad(t, testOptions(write(t, map[string]string{"postern.yaml": first}))))
	if d := cmp.Diff(first, second); d != "" {
		t.Error(d)
	}
	if strings.Contains(first, "\u202e") {
		t.Error("a direction mark reaches the terminal")
	}
	again := mustLoad(t, testOptions(write(t, map[string]string{"postern.yaml": first})))
	if want := "[\"yes\"] \\ # \u00e9 \u202e: "; again.Headers.SubjectTag != want {
		t.Errorf("subject tag %q, want %q", again.Headers.SubjectTag, want)
	}
}

func TestShowJSONIsJSON(t *testing.T) {
	var b bytes.Buffer
	if err := ShowJSON(&b, mustLoad(t, testOptions(""))); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Mode      string
		Listeners []map[string]string
		Scoring   struct{ Thresholds map[string]float64 }
		Limits    map[string]any
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Mode != "enforce" || doc.Listeners[0]["name"] != "inbound" || doc.Scoring.Thresholds["reject"] != 15 || doc.Limits["total"] != "30s" {
		t.Errorf("%+v", doc)
	}
}

func TestExplain(t *testing.T) {
	path := write(t, map[string]string{"postern.yaml": "limits:\n  total: 20s\nscoring: {scores: {SPF_FAIL: 3}}\n"})
	opts := testOptions(path)
	opts.Environ = []string{"POSTERN_FILTERS__SPF__HELO=false"}
	c := mustLoad(t, opts)
	for _, tt := range []struct {
		name, key string
		want      []string
	}{
		{"a value from a file", "limits.total", []string{"limits.total: 20s", path + ":2:3", "duration, 10ms to 10m", "default  30s", "at the end of a message"}},
		{"a default", "mode", []string{"mode: enforce", "set by   default", "observe | mark | enforce"}},
		{"a list of sections", "policies", []string{"policies: []", "match.clients (list of network)"}},
		{"a section", "limits", []string{"Bounds on size", "limits.total: 20s  [" + path + ":2:3]", "limits.drain: 30s  [default]"}},
		{"a filter's key from the environment", "filters.spf.helo", []string{"filters.spf.helo: false", "environment POSTERN_FILTERS__SPF__HELO", "default  true"}},
		{"a filter", "filters.spf", []string{"filters.spf.enabled: true  [default]", "filters.spf.lookups: 10"}},
		{"an entry of a list", "listeners[0]", []string{"listeners[0].name: inbound  [default]"}},
		{"a score that was changed", "scoring.scores.SPF_FAIL", []string{"SPF_FAIL: 3", path + ":3:20"}},
		{"a score that was not", "scoring.scores.SPF_PASS", []string{"SPF_PASS: -0.2", "default", "The domain says yes."}},
	} {
		var b bytes.Buffer
		if err := Explain(&b, c, tt.key); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		for _, want := range tt.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", tt.name, want, &b)
			}
		}
	}
	for key, near := range map[string]string{"limits.totl": `did you mean "limits.total"?`, "liimts": `did you mean "limits"?`, "": "", "\x1b[2J": ""} {
		err := Explain(&bytes.Buffer{}, c, key)
		var f Fault
		if !errors.As(err, &f) || f.Message != "unknown key" || near != "" && f.Remedy != near || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestEveryKeySaysWhatItMeans(t *testing.T) {
	for _, f := range fieldsOf(reflect.TypeFor[Config]()) {
		if f.doc == "" {
			t.Errorf("%s has no doc", f.name)
		}
	}
	for _, it := range Default().items().leaves() {
		if it.doc == "" && !strings.HasPrefix(it.path, "filters") && !strings.Contains(it.path, "[") {
			t.Errorf("%s has no doc", it.path)
		}
	}
}

func TestReportPrintsEveryFaultAndTheLine(t *testing.T) {
	_, err := Load(testOptions(write(t, map[string]string{"postern.yaml": "mode: mark\nlog:\n\tlevel: debug\n"})))
	var b bytes.Buffer
	n, werr := Report(&b, err, []Fault{{Key: "listeners", Message: "nothing listens"}})
	if n != 1 || werr != nil {
		t.Errorf("%d faults, %v", n, werr)
	}
	for _, want := range []string{"postern.yaml:3:1: not valid YAML", "spaces, not tabs", "\n  ^\n", "warning: listeners: nothing listens"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
}
