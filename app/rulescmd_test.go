package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/filters/all"
)

// runRules runs the program as a postmaster types it.
func runRules(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e strings.Builder
	code = Main(append([]string{"--set", "dns.servers=127.0.0.1:1", "--set", "state.dir=" + t.TempDir()}, args...), strings.NewReader(""), &o, &e, all.Kinds...)
	return code, o.String(), e.String()
}

// ruleFile writes a file of rules.
func ruleFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRulesCheckOfAFileKnowsTheOthers(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"symbols of rules that ship", "rules: [{symbol: OWN, when: symbols.CN_FAPIAO and symbols.SPF_FAIL}]", "1 rules, 0 examples, 0 warnings\n"},
		{"a rule in place of one that ships", "rules: [{symbol: CN_FAPIAO, when: size > 5}]", "1 rules, 0 examples, 0 warnings\n"},
		{"groups of rules that ship and of filters", "groups: {chinese: {cap: 1}, mime: {cap: 1}}", "0 rules, 0 examples, 0 warnings\n"},
		{"a group that is none", "groups: {chinesee: {cap: 1}}", `no symbol is in group "chinesee" (did you mean "chinese"?)`},
		{"a symbol that is none", "rules: [{symbol: OWN, when: symbols.CN_FAPIA}]", `no filter and no rule reports "CN_FAPIA" (did you mean "CN_FAPIAO"?)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errOut := runRules(t, "rules", "check", ruleFile(t, c.text))
			if code != 0 || !strings.Contains(out, c.want) {
				t.Errorf("exit %d, said %q %q, want %q", code, out, errOut, c.want)
			}
		})
	}
}

func TestRulesCommandsPrintJSON(t *testing.T) {
	file := ruleFile(t, "groups: {own: {cap: 5}}\nrules:\n  - {symbol: OWN_A, when: size > 0, score: 2, group: own}\n  - {symbol: OWN_B, when: size > 0, score: 4, group: own}\n")
	mail := filepath.Join(t.TempDir(), "mail.eml")
	if err := os.WriteFile(mail, []byte("From: a@example.org\nSubject: a\n\ntext\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	keys := []string{"--set", "rules.dir=" + filepath.Dir(file), "--set", "rules.defaults=false", "--set", "scoring.scores.OWN_A=3"}
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"a list", []string{"rules", "list", "--json"}, ExitOK, `[
			{"symbol": "OWN_A", "score": 3, "group": "own", "cap": 5, "state": "on", "file": "` + file + `", "line": 3},
			{"symbol": "OWN_B", "score": 4, "group": "own", "cap": 5, "state": "on", "file": "` + file + `", "line": 4}]`},
		{"a message", []string{"rules", "test", "--json", mail}, ExitOK, `{"rules": [
			{"symbol": "OWN_B", "points": 4, "group": "own", "shadow": false},
			{"symbol": "OWN_A", "points": 1, "group": "own", "shadow": false, "details": ["3.00 without the cap of its group"]}], "of": 2, "points": 5}`},
		{"a check", []string{"rules", "check", "--json"}, ExitOK, `{"rules": 2, "examples": 0, "errors": [], "warnings": [
			{"file": "` + file + `", "line": 4, "column": 14, "rule": "OWN_B", "message": "the same condition as OWN_A in ` + file + `:3",
			"excerpt": "  - {symbol: OWN_B, when: size > 0, score: 4, group: own}\n             ^", "warning": true}]}`},
		{"a check that finds an error", []string{"rules", "check", "--json", ruleFile(t, "rules: {}")}, ExitFailed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errOut := runRules(t, append(keys, c.args...)...)
			if code != c.code {
				t.Fatalf("exit %d: %s", code, errOut)
			}
			var got, want any
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			if c.want == "" {
				return
			}
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
