package config

import (
	"bytes"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// write puts files into a new folder and gives the main file's path.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "postern.yaml")
}

func mustLoad(t *testing.T, opts Options) *Config {
	t.Helper()
	c, err := Load(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func shown(t *testing.T, c *Config) string {
	t.Helper()
	var b bytes.Buffer
	if err := Show(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEachLayerIsStrongerThanTheOneBefore(t *testing.T) {
	opts := testOptions(write(t, map[string]string{
		"postern.yaml": "mode: observe\nlog: {level: debug, format: json}\nlimits: {total: 11s, early: 11s, filter: 11s}\n",
		// name order, whatever the order on disk
		"conf.d/20-b.yaml":  "limits: {total: 13s}\n",
		"conf.d/10-a.yaml":  "limits: {total: 12s, early: 12s}\n",
		"conf.d/.30.yaml":   "mode: mark\n",
		"conf.d/ignored.md": "mode: mark\n",
	}))
	opts.Environ = []string{"PATH=/bin", "POSTERN_LIMITS__FILTER=14s", "POSTERN_LIMITS__DRAIN=14s", "POSTERN_CONFIG=/x", "POSTERN_SHARED=/y", "POSTERN_SERVICE_HOST=192.0.2.1"}
	opts.Flags = map[string]string{"limits.drain": "15s"}
	c := mustLoad(t, opts)
	got := []any{c.Mode, c.Log.Level, c.Limits.Early, c.Limits.Total, c.Limits.Filter, c.Limits.Drain, c.DNS.Timeout}
	want := []any{"observe", "debug", 12 * time.Second, 13 * time.Second, 14 * time.Second, 15 * time.Second, 2 * time.Second}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	dir := filepath.Dir(opts.Path)
	for key, want := range map[string]string{
		"mode":          dir + "/postern.yaml:1:1",
		"log.format":    dir + "/postern.yaml:2:21",
		"limits.early":  dir + "/conf.d/10-a.yaml:1:22",
		"limits.total":  dir + "/conf.d/20-b.yaml:1:10",
		"limits.filter": "environment POSTERN_LIMITS__FILTER",
		"limits.drain":  "flag limits.drain",
		"dns.timeout":   "default",
	} {
		if got := c.Origin(key).String(); got != want {
			t.Errorf("origin of %s: %s, want %s", key, got, want)
		}
	}
}

func TestMapsMergeAndListsReplace(t *testing.T) {
	c := mustLoad(t, testOptions(write(t, map[string]string{
		"postern.yaml": `
scoring: {scores: {SPF_FAIL: 2, GTUBE: 1}, shadow: [SPF_FAIL, GTUBE]}
listeners:
  - {name: a, milter: "tcp:127.0.0.1:1", profile: outbound}
  - {name: b, milter: "unix:/run/b"}
`,
		"conf.d/a.yaml": `
scoring: {scores: {SPF_FAIL: 3}, shadow: []}
listeners: [{name: c, milter: "tcp:[::1]:3"}]
`,
	})))
	if d := cmp.Diff(map[string]float64{"SPF_FAIL": 3, "GTUBE": 1}, c.Scoring.Scores); d != "" {
		t.Error(d)
	}
	if len(c.Scoring.Shadow) != 0 {
		t.Errorf("shadow %q is left from the weaker layer", c.Scoring.Shadow)
	}
	// The profile is the default of an entry, not what the replaced entry had.
	if d := cmp.Diff([]Listener{{Name: "c", Milter: "tcp:[::1]:3", Profile: "inbound"}}, c.Listeners); d != "" {
		t.Error(d)
	}
	if got := c.Origin("listeners[0].profile"); got != (Origin{}) {
		t.Errorf("origin of a default: %s", got)
	}
}

func TestAKeyWithoutAValueSaysNothing(t *testing.T) {
	c := mustLoad(t, testOptions(write(t, map[string]string{
		"postern.yaml":  "hostname: mx.example.org\nscoring:\n  scores: {GTUBE: 7}\n",
		"conf.d/a.yaml": "hostname:\nscoring:\n  # all in comments\nfilters:\n  spf:\n",
	})))
	if c.Hostname != "mx.example.org" || c.Scoring.Scores["GTUBE"] != 7 {
		t.Errorf("an empty key took away what was there: %q, %v", c.Hostname, c.Scoring.Scores)
	}
	if f := c.Filters["spf"]; f == nil || !f.Enabled || f.Config.(*spfConfig).Lookups != 10 {
		t.Errorf("spf: %+v", f)
	}
}

func TestTheEnvironmentTakesTheTypeOfItsKey(t *testing.T) {
	opts := testOptions("")
	opts.Environ = []string{
		"POSTERN_HEADERS__SUBJECT_TAG=5",
		"POSTERN_NETWORKS__TRUSTED=192.0.2.0/24, 2001:db8::1",
		"POSTERN_NETWORKS__RELAYS=[198.51.100.0/24]",
		"POSTERN_SCORING__SCORES__SPF_FAIL=1.5",
		"POSTERN_SCORING__THRESHOLDS={greylist: off, reject: 20}",
		"POSTERN_FILTERS__SPF__LOOKUPS=20",
		"POSTERN_FILTERS__GTUBE__ENABLED=false",
		"POSTERN_FILTERS__DNSBL={enabled: true, zones: [{name: zen, zone: zen.example.org, codes: {127.0.0.2: SBL}}]}",
		"POSTERN_LIMITS__MEMORY=10 mb",
		"POSTERN_HEADERS__SPAM_HEADERS=false",
	}
	c := mustLoad(t, opts)
	if c.Headers.SubjectTag != "5" || c.Headers.SpamHeaders || c.Limits.Memory != 10e6 {
		t.Errorf("headers %+v, memory %d", c.Headers, c.Limits.Memory)
	}
	nets := []string{c.Networks.Trusted[0].String(), c.Networks.Trusted[1].String(), c.Networks.Relays[0].String()}
	if d := cmp.Diff([]string{"192.0.2.0/24", "2001:db8::1/128", "198.51.100.0/24"}, nets); d != "" {
		t.Error(d)
	}
	if !c.Scoring.Thresholds.Greylist.IsOff() || c.Scoring.Thresholds.Reject != 20 || c.Scoring.Scores["SPF_FAIL"] != 1.5 {
		t.Errorf("scoring %+v", c.Scoring)
	}
	zone := c.Filters["dnsbl"].Config.(*listsConfig).Zones[0]
	want := zoneConfig{Name: "zen", Zone: "zen.example.org", Kind: "ip", Codes: map[string]string{"127.0.0.2": "SBL"}}
	if d := cmp.Diff(want, zone); d != "" {
		t.Error(d)
	}
	if c.Filters["spf"].Config.(*spfConfig).Lookups != 20 || c.Filters["gtube"].Enabled {
		t.Errorf("filters %+v %+v", c.Filters["spf"], c.Filters["gtube"])
	}
}

func TestAKindMayHaveSeveralInstances(t *testing.T) {
	c := mustLoad(t, testOptions(write(t, map[string]string{"postern.yaml": `
filters:
  spf: {enabled: false}
  own-lists: {kind: dnsbl, enabled: true, timeout: 3s}
scoring: {scores: {OWN_LISTS_ERROR: 1, RBL_ZEN_SBL: 4}}
`})))
	if d := cmp.Diff([]string{"dnsbl", "gtube", "own-lists", "spf"}, c.FilterNames()); d != "" {
		t.Error(d)
	}
	own := c.Filters["own-lists"]
	if own.Kind != "dnsbl" || !own.Enabled || own.Config.(*listsConfig).Timeout != 3*time.Second {
		t.Errorf("own-lists: %+v", own)
	}
	if c.Filters["dnsbl"].Enabled || c.Filters["dnsbl"].Config.(*listsConfig).Timeout != 2*time.Second {
		t.Errorf("the kind's own instance changed: %+v", c.Filters["dnsbl"])
	}
}

func TestRulesOfAPolicyAreThoseAboveWithItsChanges(t *testing.T) {
	c := mustLoad(t, testOptions(write(t, map[string]string{"postern.yaml": `
scoring: {scores: {SPF_FAIL: 2, GTUBE: 9}, shadow: [GTUBE]}
policies:
  - name: partners
    match: {clients: [192.0.2.1], rcpt_domains: [.example.org]}
    mode: observe
    thresholds: {reject: off}
    scores: {SPF_FAIL: 0}
    shadow: []
    dmarc: {on_reject: score}
`})))
	p := &c.Policies[0]
	if p.Match.Clients[0] != netip.MustParsePrefix("192.0.2.1/32") {
		t.Errorf("clients %v", p.Match.Clients)
	}
	r := c.Under(p)
	if r.Mode != "observe" || !r.Scoring.Thresholds.Reject.IsOff() || r.Scoring.Thresholds.Mark != 6 ||
		r.DMARC != (DMARC{OnReject: "score", OnQuarantine: "mark"}) || len(r.Scoring.Shadow) != 0 {
		t.Errorf("rules %+v", r)
	}
	if d := cmp.Diff(map[string]float64{"SPF_FAIL": 0, "GTUBE": 9}, r.Scoring.Scores); d != "" {
		t.Error(d)
	}
	if base := c.Under(nil); base.Scoring.Scores["SPF_FAIL"] != 2 || base.Mode != "enforce" {
		t.Errorf("the policy changed the rules above it: %+v", base)
	}
}

func TestSecretsComeFromFilesAndPrintAsStars(t *testing.T) {
	path := write(t, map[string]string{"token": "s3cret\n", "key": "k3y"})
	dir := filepath.Dir(path)
	text := "admin: {listen: \"0.0.0.0:8891\", token_file: " + dir + "/token}\nfilters: {dnsbl: {enabled: true, key_file: " + dir + "/key}}\n"
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "token"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := mustLoad(t, testOptions(path))
	if c.Admin.Token.Reveal() != "s3cret" || c.Filters["dnsbl"].Config.(*listsConfig).Key.Reveal() != "k3y" {
		t.Error("the secrets were not read")
	}
	var asJSON bytes.Buffer
	if err := ShowJSON(&asJSON, c); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{shown(t, c), asJSON.String()} {
		if strings.Contains(out, "s3cret") || strings.Contains(out, "k3y") || !strings.Contains(out, "********") {
			t.Errorf("shown: %s", out)
		}
	}
	if w := c.Warnings(); len(w) != 1 || w[0].Key != "admin.token_file" {
		t.Errorf("warnings %v, want one of a token that all can read", w)
	}
}

func TestWarningsTellWhatIsHardlyMeant(t *testing.T) {
	c := mustLoad(t, testOptions(write(t, map[string]string{"postern.yaml": `
listeners: []
limits: {filter: 1m}
policies: [{name: all}, {name: never, match: {users: [a]}}]
filters: {dnsbl: {timeout: 3s}}
`})))
	var keys []string
	for _, w := range c.Warnings() {
		keys = append(keys, w.Key)
	}
	if d := cmp.Diff([]string{"listeners", "limits.filter", "policies[0].match", "filters.dnsbl"}, keys); d != "" {
		t.Error(d)
	}
}

func TestAnyFreePortIsNoClash(t *testing.T) {
	mustLoad(t, testOptions(write(t, map[string]string{"postern.yaml": `
listeners: [{name: a, milter: "tcp:127.0.0.1:0"}, {name: b, milter: "127.0.0.1:0"}]
admin: {listen: "tcp:127.0.0.1:0"}
`})))
}

func TestFindTakesTheFlagThenTheVariable(t *testing.T) {
	environ := []string{"POSTERN_CONFIG=/a", "POSTERN_CONFIG=/b"}
	if got := Find("/flag", environ); got != "/flag" {
		t.Error(got)
	}
	if got := Find("", environ); got != "/b" {
		t.Error(got)
	}
}

func TestAFaultOfAnotherPackageGetsItsPlace(t *testing.T) {
	path := write(t, map[string]string{"postern.yaml": "filters:\n  spf:\n    lookups: 3\n"})
	c := mustLoad(t, testOptions(path))
	for key, want := range map[string]string{
		"filters.spf":         path + ":2:3: filters.spf: no luck",
		"filters.spf.helo":    path + ":2:3: filters.spf.helo: no luck",
		"filters.spf.lookups": path + ":3:5: filters.spf.lookups: no luck",
		"listeners[0].milter": "listeners[0].milter: no luck",
	} {
		if got := c.Fault(key, errors.New("no luck")).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAFileThatIsMissingOrNoFileIsAFault(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "absent.yaml"), dir} {
		_, err := Load(testOptions(path))
		var faults Faults
		if !errors.As(err, &faults) || len(faults) != 1 || faults[0].File != path {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestInitRefusesToOverwrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "postern.yaml")
	if err := Init(nil, path, false, testSections()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := Init(nil, path, false, testSections()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("overwriting: %v", err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Init(nil, path, true, testSections()); err != nil {
		t.Error(err)
	}
	var out bytes.Buffer
	if err := Init(&out, "-", false, testSections()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != out.String() {
		t.Errorf("the file is not what is printed: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}
