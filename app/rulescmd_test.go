package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
