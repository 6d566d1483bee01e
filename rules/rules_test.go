package rules

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/scoring"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// fakeLists holds one list.
type fakeLists struct{}

func (fakeLists) Names() []string             { return []string{"partners"} }
func (fakeLists) Has(list, value string) bool { return list == "partners" && value == "example.org" }

func load(t testing.TB, text string) *Set {
	t.Helper()
	s, err := Load(Options{Now: now, Lists: fakeLists{}}, File{Name: "test.yaml", Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fataler is a test, or one of many with random values.
type fataler interface {
	Helper()
	Fatal(...any)
}

func eval(t fataler, s *Set, f Facts, symbols ...string) map[string]float64 {
	t.Helper()
	var given []scoring.Symbol
	for _, name := range symbols {
		given = append(given, scoring.Found(name))
	}
	found, err := s.Eval(context.Background(), &f, given, now)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, sym := range found {
		out[sym.Name] = sym.Factor
	}
	return out
}

const fapiao = `
groups: {content: {cap: 8}}
rules:
  - symbol: CN_FAPIAO
    describe: {en: Offers to sell invoices, zh: 代开发票广告}
    group: content
    score: 3.5
    when: (subject matches "发\\s*票" or text matches "代\\s*开.{0,6}票") and not auth.dkim.pass
    shadow: false
    owner: postmaster@example.org
    expires: 2027-06-30
    examples:
      match: [{subject: "代开发票", text: "..."}]
      not:   [{subject: "发票已开具", auth: {dkim: pass}}]
`

func TestTheRuleOfTheManual(t *testing.T) {
	s := load(t, fapiao)
	if got := s.Entries()["CN_FAPIAO"]; got != (scoring.Entry{Group: "content", Score: 3.5}) {
		t.Errorf("entry %+v", got)
	}
	if got := s.Caps()["content"]; got != 8 {
		t.Errorf("cap %v", got)
	}
	if faults := s.RunExamples(t.Context()); len(faults) > 0 {
		t.Errorf("examples: %v", faults)
	}
	if got := eval(t, s, Facts{Text: "本公司代 开正规发票"}); got["CN_FAPIAO"] != 1 {
		t.Errorf("text: %v", got)
	}
	if !s.Uses("text") || !s.Uses("subject") || s.Uses("html") || s.Uses("urls") {
		t.Error("Uses does not tell what is used")
	}
}

func TestConditions(t *testing.T) {
	f := Facts{
		Subject:     "Your invoice",
		From:        Author{Address: "a@example.org", Name: "Bank of Nowhere", Domain: "example.org", Count: 1},
		Envelope:    Envelope{From: "b@example.net", Rcpts: []string{"x@example.org", "y@example.org"}},
		Headers:     []Header{{"List-Id", "<l.example.org>"}, {"Received", "one"}, {"Received", "two"}},
		Text:        "Click http://login.example.net/now",
		URLs:        []URL{{Text: "http://login.example.net/now", Host: "login.example.net", Domain: "example.net"}},
		Attachments: []Attachment{{Name: "a.pdf", Names: []string{"a.pdf", "a.exe"}}},
		Size:        2000,
	}
	for _, c := range []struct {
		when string
		want bool
	}{
		{`subject matches "(?i)INVOICE"`, true},
		{`not (subject matches "Rechnung")`, true},
		{`subject not matches "Rechnung"`, true},
		{`from.name matches "Bank" and from.domain != "bank.example"`, true},
		{`any(urls, .host endsWith ".net")`, true},
		{`any(urls, .domain != from.domain and .text matches "^http:")`, true},
		{`url_lines matches "(?m)^http://login"`, true},
		{`attachment_lines matches "(?m)\\.exe$"`, true},
		{`header("list-id") contains "example.org"`, true},
		{`header("x-none") == ""`, true},
		{`len(header_all("received")) == 2`, true},
		{`header_lines matches "(?m)^List-Id: <l"`, true},
		{`any([subject, text], # matches "login")`, true},
		{`any([1, "login"], # == "login" and # matches "login")`, true},
		{`any(urls, .host matches "(?i)^LOGIN\\.")`, true},
		{`header("x-none") matches "."`, false},
		{`in_list("partners", from.domain)`, true},
		{`in_list("partners", envelope.from)`, false},
		{`len(envelope.rcpts) > 1 and size < 3000`, true},
		{`symbols.SPF_FAIL and not symbols.DKIM_PASS`, true},
		{`factors.SPF_FAIL >= 1`, true},
		{`from.domain in ["example.org", "example.net"]`, true},
		{`text contains "Click" ? symbols.SPF_FAIL : false`, true},
	} {
		t.Run(c.when, func(t *testing.T) {
			s := load(t, "rules:\n  - symbol: IT\n    when: |-\n      "+c.when+"\n")
			if got := eval(t, s, f, "SPF_FAIL")["IT"] == 1; got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no YAML", "rules: [", "f.yaml:1:"},
		{"an unknown key", "rules:\n  - symbol: AB\n    wen: true\n", `f.yaml:3:5: AB: "wen" is no key of a rule (did you mean "when"?)`},
		{"a key twice", "rules:\n  - symbol: AB\n    when: size > 0\n    when: size > 1\n", `f.yaml:4:5: "when" is given twice`},
		{"a symbol in lower case", "rules:\n  - symbol: ab\n    when: size > 0\n", `"ab" is no symbol`},
		{"no condition", "rules:\n  - symbol: AB\n", "without condition"},
		{"a score that is a text", "rules:\n  - {symbol: AB, when: size > 0, score: \"1\"}\n", "is no number"},
		{"a score beyond all", "rules:\n  - {symbol: AB, when: size > 0, score: 1e9}\n", "not within"},
		{"a date that is none", "rules:\n  - {symbol: AB, when: size > 0, expires: 2026-02-30}\n", "is no date"},
		{"a list for a table", "rules: {}\n", "rules is a table of keys, but must be a list"},
		{"an alias", "rules:\n  - &a {symbol: AB, when: size > 0}\n  - *a\n", "is not used in rule files"},
		{"an unknown name", "rules:\n  - {symbol: AB, when: subjet == \"\"}\n", `f.yaml:2:24: AB: when: unknown name subjet (did you mean "subject"?)`},
		{"an unknown name with a pattern", "rules:\n  - {symbol: AB, when: 'subjet matches \"a\"'}\n", `f.yaml:2:24: AB: when: unknown name subjet (did you mean "subject"?)`},
		{"an unknown name beneath a pattern", "rules:\n  - {symbol: AB, when: 'lower(subjet) matches \"a\"'}\n", "unknown name subjet"},
		{"a wrong argument beneath a pattern", "rules:\n  - {symbol: AB, when: 'header(size) matches \"a\"'}\n", "cannot use int"},
		{"an unknown field", "rules:\n  - {symbol: AB, when: from.adress == \"\"}\n", "has no field adress"},
		{"a wrong type", "rules:\n  - {symbol: AB, when: size == \"a\"}\n", "mismatched types"},
		{"no bool", "rules:\n  - {symbol: AB, when: size + 1}\n", "expected bool"},
		{"a pattern that is computed", "rules:\n  - {symbol: AB, when: text matches subject}\n", "written out"},
		{"a pattern that is wrong", "rules:\n  - {symbol: AB, when: 'text matches \"(a\"'}\n", "missing closing"},
		{"a look-ahead", "rules:\n  - {symbol: AB, when: 'text matches \"(?=a)\"'}\n", "invalid or unsupported"},
		{"a wrong pattern on another value", "rules:\n  - {symbol: AB, when: 'header(\"A\") matches \"(a\"'}\n", "missing closing"},
		{"a loop in a loop", "rules:\n  - {symbol: AB, when: 'any(attachments, any(.names, # == \"a\"))'}\n", "a loop within a loop"},
		{"a text in a loop", "rules:\n  - {symbol: AB, when: 'any(urls, text contains .host)'}\n", "text within a loop"},
		{"a range", "rules:\n  - {symbol: AB, when: 'any(1..100000000, # == 0)'}\n", "ranges are not used"},
		{"texts joined", "rules:\n  - {symbol: AB, when: 'text + text == \"\"'}\n", "join no texts"},
		{"a long text copied", "rules:\n  - {symbol: AB, when: 'lower(text) contains \"a\"'}\n", "begin the pattern with (?i)"},
		{"the symbol of a filter", "rules:\n  - {symbol: SPF_FAIL, when: size > 0}\n", "is the symbol of a filter"},
		{"a variable", "rules:\n  - {symbol: AB, when: 'let x = text; any(urls, x contains .host)'}\n", "no variables"},
		{"the whole environment", "rules:\n  - {symbol: AB, when: 'len($env) > 1'}\n", "$env"},
		{"a function that is off", "rules:\n  - {symbol: AB, when: 'repeat(text, 100) == \"\"'}\n", "repeat"},
		{"a reduce that doubles", "rules:\n  - {symbol: AB, when: 'len(reduce(headers, #acc + #acc, \"xxxxxxxx\")) == 3'}\n", "f.yaml:2:24: AB: when: conditions join no texts (+ is for numbers)"},
		{"a reduce", "rules:\n  - {symbol: AB, when: 'reduce(headers, #acc * 2.0, 1.0) == 3'}\n", "f.yaml:2:24: AB: when: reduce is not used in conditions (any, all, none, one and count look into lists)"},
		{"a map", "rules:\n  - {symbol: AB, when: 'len(map(urls, .host)) > 1'}\n", "map is not used"},
		{"a filter", "rules:\n  - {symbol: AB, when: 'len(filter(urls, true)) > 1'}\n", "filter is not used"},
		{"a find in a loop", "rules:\n  - {symbol: AB, when: 'any(urls, find([1], # == 1) == 1)'}\n", "find is not used"},
		{"a sort", "rules:\n  - {symbol: AB, when: 'len(sortBy(urls, .host)) > 1'}\n", "sortBy is not used"},
		{"a group", "rules:\n  - {symbol: AB, when: 'len(groupBy(urls, .host)) > 1'}\n", "groupBy is not used"},
		{"a sum", "rules:\n  - {symbol: AB, when: 'sum(urls, len(.host)) > 1'}\n", "sum is not used"},
		{"a pipe", "rules:\n  - {symbol: AB, when: 'urls | findLastIndex(true) == 1'}\n", "findLastIndex is not used"},
		{"texts joined that are none at first sight", "rules:\n  - {symbol: AB, when: '[text, 1][0] + [text, 1][0] == \"\"'}\n", "join no texts"},
		{"a long text copied behind a trim", "rules:\n  - {symbol: AB, when: 'lower(trim(text)) == \"\"'}\n", "lower of text (begin the pattern with (?i) instead)"},
		{"signs of one text trimmed off another", "rules:\n  - {symbol: AB, when: 'trim(text, html) == \"\"'}\n", "trim of signs that are computed"},
		{"lists in a loop", "rules:\n  - {symbol: AB, when: 'any(headers, # in headers)'}\n", "headers within a loop"},
		{"lists compared in a loop", "rules:\n  - {symbol: AB, when: 'any(headers, urls == urls)'}\n", "urls within a loop"},
		{"a function under another name", "rules:\n  - {symbol: AB, when: 'any(urls, len({f: header_all}.f(\"a\")) > 1)'}\n", "called by its name"},
		{"symbols as a whole", "rules:\n  - {symbol: AB, when: '\"SPF_FAIL\" in symbols'}\n", "read by name"},
		{"a list that is not there", "rules:\n  - {symbol: AB, when: 'in_list(\"partner\", subject)'}\n", `there is no list "partner"`},
		{"a list that is computed", "rules:\n  - {symbol: AB, when: 'in_list(subject, subject)'}\n", "written out"},
		{"a circle", "rules:\n  - {symbol: AB, when: symbols.CD}\n  - {symbol: CD, when: symbols.AB}\n", "AB reads CD reads AB"},
		{"itself", "rules:\n  - {symbol: AB, when: symbols.AB}\n", "AB reads AB"},
		{"a symbol twice", "rules:\n  - {symbol: AB, when: size > 0}\n  - {symbol: AB, when: size > 1}\n", "given twice, first in f.yaml:2"},
		{"force without reason", "rules:\n  - {symbol: AB, when: size > 0, force: {action: reject}}\n", "needs action and reason"},
		{"force to what is no action", "rules:\n  - {symbol: AB, when: size > 0, force: {action: rejct, reason: r}}\n", `did you mean "reject"?`},
		{"count in what is no text field", "rules:\n  - {symbol: AB, count: {field: txt, pattern: a}}\n", `did you mean "text"?`},
		{"an example with an unknown field", "rules:\n  - {symbol: AB, when: size > 0, examples: {match: [{subjekt: a}]}}\n", `did you mean "subject"?`},
		{"a result that is none in an example", "rules:\n  - {symbol: AB, when: auth.dkim.pass, examples: {match: [{auth: {dkim: psas}}]}}\n", `"psas" is no result`},
		{"a result that is none, in full", "rules:\n  - {symbol: AB, when: auth.dkim.pass, examples: {match: [{auth: {dkim: {result: psas}}}]}}\n", `AB: "psas" is no result`},
		{"a place that is none in an example", "rules:\n  - {symbol: AB, when: auth.dkim.pass, examples: {match: [{urls: [{where: links}]}]}}\n", `"links" is no where (did you mean "link"?)`},
		{"a symbol that is none in an example", "rules:\n  - {symbol: AB, when: auth.dkim.pass, examples: {match: [{symbols: [spf]}]}}\n", `"spf" is no symbol`},
		{"another charset", "rules:\n  - {symbol: AB, when: 'subject matches \"\xb7\xa2\xc6\xb1\"'}\n", "f.yaml:2:42: no valid UTF-8 (save the file as UTF-8)"},
		{"UTF-16", "\xff\xfer\x00u\x00", "f.yaml:1:1: no valid UTF-8"},
		{"a byte order mark before a mistake", "\ufeffruls: []\n", `f.yaml:1:1: "ruls" is no key of a rule file (did you mean "rules"?)`},
		{"a boundary with one backslash", "rules:\n  - {symbol: AB, when: 'text matches \"\\bwin\"'}\n", "holds a backspace: for a boundary of words write"},
		{"a counted boundary with one backslash", "rules:\n  - {symbol: AB, count: {field: text, pattern: \"\\bwin\"}}\n", "holds a backspace"},
		{"one backslash", "rules:\n  - {symbol: AB, when: 'text matches \"a\\s\"'}\n", "a backslash is written twice"},
		{"nil", "rules:\n  - {symbol: AB, when: 'header(\"X\") == nil'}\n", `nothing is nil in conditions (what a message lacks is "", 0, false or an empty list)`},
		{"Chinese quotes", "rules:\n  - {symbol: AB, when: 'subject matches “发票”'}\n", `(write ")`},
		{"Chinese brackets", "rules:\n  - {symbol: AB, when: （size > 0）}\n", "(write ()"},
		{"a Chinese colon", "rules:\n  - symbol：AB\n", `(write ":" and a blank)`},
		{"a Chinese colon after the first key", "rules：\n  - symbol: AB\n", `(write ":" and a blank)`},
		{"a field without its dot", "rules:\n  - {symbol: AB, when: 'any(urls, host == \"a\")'}\n", "unknown name host (write .host within a loop)"},
		{"a symbol by itself", "rules:\n  - {symbol: AB, when: SPF_FAIL}\n", "unknown name SPF_FAIL (write symbols.SPF_FAIL)"},
		{"an unknown field of a type", "rules:\n  - {symbol: AB, when: from.adress == \"\"}\n", `type Author has no field adress (did you mean "address"?)`},
		{"a method for its result", "rules:\n  - {symbol: AB, when: 'auth.spf == \"pass\"'}\n", "(compare its .result)"},
		{"an author for an address", "rules:\n  - {symbol: AB, when: 'from == \"a@b\"'}\n", "(name its .address, .name or .domain)"},
		{"a list for a text", "rules:\n  - {symbol: AB, when: 'urls matches \"ab\"'}\n", "(any, all, none, one and count look into lists)"},
		{"a header by name", "rules:\n  - {symbol: AB, when: 'headers.Subject == \"\"'}\n", "look into lists"},
		{"a word in capitals", "rules:\n  - {symbol: AB, when: size > 0 AND size < 5}\n", "(write and)"},
		{"one = for two", "rules:\n  - {symbol: AB, when: subject = \"a\"}\n", "(== compares, "},
		{"a text in a text", "rules:\n  - {symbol: AB, when: '\"a\" in from.address'}\n", "(in looks into lists, contains into texts)"},
		{"not before a field", "rules:\n  - {symbol: AB, when: 'not text matches \"ab\"'}\n", "(write not between the field and matches)"},
		{"a sign of no meaning", "rules:\n  - {symbol: AB, when: 'subject ~ \"ab\"'}\n", "unrecognized character: U+007E '~'\n"},
		{"a comment within a condition", "rules:\n  - symbol: AB\n    when: any([subject], # matches \"a\")\n", "(what follows # is a comment: put the condition between single quotes)"},
		{"a condition that begins with a quote", "rules:\n  - symbol: AB\n    when: \"a@b\" in envelope.rcpts\n", "(put the condition between single quotes)"},
		{"a condition with a colon", "rules:\n  - symbol: AB\n    when: header_lines matches \"a: b\"\n", "(put the condition between single quotes)"},
		{"a tab", "rules:\n\t- symbol: AB\n", "(indent with blanks)"},
		{"a terminal's escape", "rules:\n  - {symbol: AB, when: size > 0, \"\\x1b[2J\": 1}\n", "is no key"},
		{"a condition of too many nodes", "rules:\n  - {symbol: AB, when: size == 1" + strings.Repeat(" or size == 1", 600) + "}\n", "more than 2000 signs and words: make several rules of it"},
		{"a file that is too large", strings.Repeat("#\n", maxFile/2+1), "more than 2097152 bytes (split the file)"},
		{"too many keys", strings.Repeat("a: 1\n", 1001), "more than 1000 keys"},
		{"too deep", "rules: " + strings.Repeat("[", 60) + strings.Repeat("]", 60), "levels"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(Options{Now: now, Lists: fakeLists{}, Symbols: []string{"SPF_FAIL"}}, File{Name: "f.yaml", Data: []byte(c.text)})
			var faults Faults
			if !errors.As(err, &faults) {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("said %q, want %q", err, c.want)
			}
			if strings.ContainsRune(err.Error(), '\x1b') {
				t.Error("an escape came through")
			}
		})
	}
}

func TestAFileMayBeginWithAByteOrderMark(t *testing.T) {
	if n := len(load(t, "\ufeff"+fapiao).Rules()); n != 1 {
		t.Errorf("%d rules", n)
	}
}

func TestWrongIndentIsNotTakenForACondition(t *testing.T) {
	_, err := Load(Options{}, File{Name: "f.yaml", Data: []byte("rules:\n  - symbol: AB\n   when: size > 0\n")})
	if err == nil || strings.Contains(err.Error(), "quotes") {
		t.Errorf("error %v", err)
	}
}

func TestAllFaultsAreReported(t *testing.T) {
	_, err := Load(Options{}, File{Name: "f.yaml", Data: []byte("rules:\n  - {symbol: AB, when: a}\n  - {symbol: CD, whn: b, score: x}\n")})
	var faults Faults
	if !errors.As(err, &faults) || len(faults) != 4 {
		t.Errorf("%d faults, want unknown name, unknown key, no number, no condition:\n%v", len(faults), err)
	}
}

func TestCompositesAreOrdered(t *testing.T) {
	s := load(t, `
rules:
  - {symbol: C3, when: symbols.C2 and symbols.SPF_FAIL}
  - {symbol: C2, when: symbols.C1}
  - {symbol: C1, when: size > 0}
`)
	if got := eval(t, s, Facts{Size: 1}, "SPF_FAIL"); len(got) != 3 {
		t.Errorf("found %v, want all three", got)
	}
	if got := eval(t, s, Facts{Size: 1}); len(got) != 2 {
		t.Errorf("found %v, want C1 and C2", got)
	}
}

func TestTheShadowActsThroughNothing(t *testing.T) {
	s := load(t, `
rules:
  - {symbol: DARK, when: size > 0, shadow: true}
  - {symbol: OLD, when: size > 0, expires: 2026-04-30, score: 5}
  - {symbol: LAST_DAY, when: size > 0, expires: 2026-05-01}
  - {symbol: LIGHT, when: symbols.DARK or symbols.OLD}
  - {symbol: DARKER, when: symbols.DARK and symbols.OLD, shadow: true}
`)
	got := eval(t, s, Facts{Size: 1})
	want := map[string]float64{"DARK": 1, "OLD": 0, "LAST_DAY": 1, "DARKER": 1}
	for name, factor := range want {
		if f, ok := got[name]; !ok || f != factor {
			t.Errorf("%s: factor %v, found %v, want %v", name, f, ok, factor)
		}
	}
	if _, ok := got["LIGHT"]; ok {
		t.Error("a rule that acts read the shadow")
	}
	shadow := s.Shadow(now)
	if !shadow["DARK"] || !shadow["OLD"] || shadow["LAST_DAY"] || shadow["LIGHT"] || !shadow["DARKER"] {
		t.Errorf("in the shadow: %v", shadow)
	}
	found, err := s.Eval(t.Context(), &Facts{Size: 1}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(found, func(sym scoring.Symbol) bool {
		return sym.Name == "OLD" && slices.Equal(sym.Details, []string{"in the shadow: expired after 2026-04-30"})
	}) {
		t.Errorf("an expired rule does not say so: %+v", found)
	}
}

func TestCountedPatterns(t *testing.T) {
	s := load(t, `
rules:
  - {symbol: SHOUTS, count: {field: text, pattern: "!!!", per: 0.25, max: 0.75}}
  - {symbol: BOTH, when: size > 0, count: {field: subject, pattern: 票, per: 0.5}}
`)
	for _, c := range []struct {
		f    Facts
		want map[string]float64
	}{
		{Facts{Text: "calm", Subject: "票"}, map[string]float64{}},
		{Facts{Text: "a!!!"}, map[string]float64{"SHOUTS": 0.25}},
		{Facts{Text: "a!!! b!!! c!!! d!!! e!!!"}, map[string]float64{"SHOUTS": 0.75}},
		{Facts{Subject: "票票票", Size: 1}, map[string]float64{"BOTH": 1}},
	} {
		got := eval(t, s, c.f)
		if len(got) != len(c.want) || math.Abs(got["SHOUTS"]-c.want["SHOUTS"])+math.Abs(got["BOTH"]-c.want["BOTH"]) > 1e-9 {
			t.Errorf("%+v: %v, want %v", c.f.Text, got, c.want)
		}
	}
}

func TestForceGoesToThePolicy(t *testing.T) {
	s := load(t, `rules: [{symbol: MINE, when: size > 0, force: {action: quarantine, reason: asked for by the board}}]`)
	if got := s.Actions()["MINE"]; got != scoring.Quarantine {
		t.Errorf("action %q", got)
	}
	found, err := s.Eval(t.Context(), &Facts{Size: 1}, nil, now)
	if err != nil || len(found) != 1 || found[0].Details[0] != "demands quarantine: asked for by the board" {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestAUsersRuleTakesThePlaceOfAShippedOne(t *testing.T) {
	shipped := File{Name: "default.yaml", Shipped: true, Data: []byte(`rules: [{symbol: AB, when: size > 0, score: 1}]`)}
	mine := File{Name: "mine.yaml", Data: []byte(`rules: [{symbol: AB, when: size > 5, score: 2}]`)}
	for _, files := range [][]File{{shipped, mine}, {mine, shipped}} {
		s, err := Load(Options{}, files...)
		if err != nil {
			t.Fatal(err)
		}
		if e := s.Entries(); len(e) != 1 || e["AB"].Score != 2 {
			t.Errorf("entries %v", e)
		}
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"never", "rules: [{symbol: AB, when: 'false and size > 0'}]", "never holds"},
		{"always", "rules: [{symbol: AB, when: 'true'}]", "holds for every message"},
		{"an unknown symbol", "rules: [{symbol: AB, when: symbols.SPF_FIAL}]", `did you mean "SPF_FAIL"?`},
		{"a domain as it is read", "rules: [{symbol: AB, when: from.domain == \"例子.中国\"}]", `(write "xn--fsqu00a.xn--fiqs8s")`},
		{"a field with its colon", "rules: [{symbol: AB, when: 'header(\"Subject:\") == \"\"'}]", `"Subject:" is the name of no header field (write "Subject")`},
		{"a field without name", "rules: [{symbol: AB, when: 'len(header_all(\"\")) > 0'}]", `"" is the name of no header field`},
		{"expired", "rules: [{symbol: AB, when: size > 0, expires: 2020-01-01}]", "expired after 2020-01-01"},
		{"the same twice", "rules: [{symbol: AB, when: size > 0}, {symbol: CD, when: size > 0}]", "the same condition as AB"},
		{"upper case in words", "rules: [{symbol: AB, when: 'words matches \"Invoice\\\\d\"'}]", `"Invoice" is nowhere in words: it is in lower case, with full width made plain and each run of blanks one blank (write "invoice")`},
		{"full width in words", "rules: [{symbol: AB, when: 'words matches \"(?i)（ＡＤ）|ad\"'}]", `(write "(ad)")`},
		{"blanks in words", "rules: [{symbol: AB, when: 'words contains \"free  money\"'}]", `(write "free money")`},
		{"a class of capitals in words", "rules: [{symbol: AB, when: 'words matches \"win[A-Z]\"'}]", `"[A-Z]" is nowhere in words`},
		{"upper case in a domain", "rules: [{symbol: AB, when: 'from.domain == \"Example.ORG\"'}]", `(write "example.org")`},
		{"upper case in one of many domains", "rules: [{symbol: AB, when: 'from.domain in [\"example.org\", \"Example.net\"]'}]", `(write "example.net")`},
		{"upper case in a host", "rules: [{symbol: AB, when: 'any(urls, .host endsWith \".RU\")'}]", `(write ".ru")`},
		{"a host in upper case within a pattern", "rules: [{symbol: AB, when: 'any(urls, .host matches \"Bank\")'}]", `(write "bank")`},
		{"a domain that signs in upper case", "rules: [{symbol: AB, when: '\"Example.org\" in auth.dkim.domains'}]", `(write "example.org")`},
		{"a result that is none", "rules: [{symbol: AB, when: 'auth.spf.result == \"sotfail\"'}]", `"sotfail" is no result (did you mean "softfail"?)`},
		{"a profile that is none", "rules: [{symbol: AB, when: 'session.profile == \"outbond\"'}]", `"outbond" is no profile (did you mean "outbound"?)`},
		{"a place that is none", "rules: [{symbol: AB, when: 'any(urls, .where == \"links\")'}]", `"links" is no where (did you mean "link"?)`},
		{"more links than are read", "rules: [{symbol: AB, when: len(urls) > 1000}]", "never holds"},
		{"a size below zero", "rules: [{symbol: AB, when: size < 0}]", "never holds"},
		{"an empty list", "rules: [{symbol: AB, when: 'from.domain in []'}]", "nothing is in an empty list"},
		{"a rule over the shadow", "rules: [{symbol: AB, when: size > 0, shadow: true}, {symbol: CD, when: symbols.AB and symbols.SPF_FAIL}]", "CD: the condition never holds (AB is in the shadow, which rules that act never see)"},
		{"a group without symbols", "groups: {contnt: {cap: 1}}\nrules: [{symbol: AB, when: size > 0, group: content}]", `f.yaml:1:10: warning: no symbol is in group "contnt" (did you mean "content"?)`},
		{"a cap given twice", "groups: {auth: {cap: 1}}\n", `f.yaml:1:10: warning: the cap of group "auth" is given twice, first in a.yaml:1`},
		{"an unknown symbol in an example", "rules: [{symbol: AB, when: size > 0, examples: {not: [{symbols: [SPF_FIAL]}]}}]", `did you mean "SPF_FAIL"?`},
		{"a pattern without words", "rules: [{symbol: AB, when: 'text matches \"\\\\d+\"'}]", "run on every message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := File{Name: "a.yaml"}
			if c.name == "a cap given twice" {
				first.Data = []byte("groups: {auth: {cap: 2}}")
			}
			s, err := Load(Options{Now: now, Symbols: []string{"SPF_FAIL"}, Groups: []string{"auth"}}, first, File{Name: "f.yaml", Data: []byte(c.text)})
			if err != nil {
				t.Fatal(err)
			}
			if w := s.Warnings(); len(w) != 1 || !strings.Contains(w.Error(), c.want) {
				t.Errorf("warned %q, want %q", w.Error(), c.want)
			}
		})
	}
}

func TestRulesThatNeverMatchAreWarnedOf(t *testing.T) {
	for when, want := range map[string]bool{
		`size > 5 and size < 3`:                                     true,
		`size > 5 and (subject matches "win" and size == 5)`:        true,
		`size > 5 and size < 7`:                                     false,
		`size == 5 and size != 5`:                                   true,
		`size == 5 and size != 6`:                                   false,
		`factors.SPF_FAIL > 0 and factors.SPF_FAIL < 1`:             false,
		`len(urls) > 3 and len(urls) < 3`:                           true,
		`len(urls) > 999`:                                           false,
		`len(urls) > 1000 or size > 5`:                              false,
		`len(text) > 1048576`:                                       true,
		`size == -1`:                                                true,
		`len(text) > 100 and len(text) <= 100`:                      true,
		`len(text) > 100 and len(subject) <= 100`:                   false,
		`from.domain == "a.example" and from.domain == "b.example"`: true,
		`from.domain == "a.example" and from.domain != "a.example"`: true,
		`from.domain == "a.example" and from.domain != "b.example"`: false,
		`from.domain == "a.example" or from.domain == "b.example"`:  false,
		`symbols.SPF_FAIL and not symbols.SPF_FAIL`:                 true,
		`symbols.SPF_FAIL and not symbols.DKIM_FAIL`:                false,
		`subject matches "win" and subject not matches "win"`:       true,
		`subject matches "win" and text not matches "win"`:          false,
		`auth.dkim.pass and not auth.dkim.pass`:                     true,
		`auth.dkim.pass and not auth.spf.pass`:                      false,
		`text matches "win\\bner"`:                                  true,
		`text matches "win\\bner" or size > 5`:                      false,
		`count([symbols.SPF_FAIL, text matches "a\\bb"], #) >= 2`:   true,
		`count([symbols.SPF_FAIL, symbols.DKIM_FAIL], #) >= 3`:      true,
		`count([symbols.SPF_FAIL, symbols.DKIM_FAIL], #) >= 2`:      false,
	} {
		s := load(t, "rules:\n  - symbol: AB\n    when: |-\n      "+when+"\n")
		if got := strings.Contains(s.Warnings().Error(), "never holds"); got != want {
			t.Errorf("%s: %v", when, got)
		}
	}
}

func TestAnEndedContextEndsTheEvaluation(t *testing.T) {
	s := load(t, `rules: [{symbol: AB, when: size > 0}]`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := s.Eval(ctx, &Facts{Size: 1}, nil, now); !errors.Is(err, context.Canceled) || len(found) > 0 {
		t.Errorf("found %v, error %v", found, err)
	}
}

func TestASlowRuleEndsWithItsContext(t *testing.T) {
	long := strings.Repeat("a ", maxText/2)
	for _, rule := range []string{
		`{symbol: AB, when: 'text matches "(?s)a.{0,900}b"'}`,
		`{symbol: AB, when: 'any(urls, .text matches "(?s)a.{0,900}b.{0,900}c")'}`,
		`{symbol: AB, when: 'any([subject, text], # matches "(?s)a.{0,900}b.{0,900}c")'}`,
		`{symbol: AB, count: {field: text, pattern: 'a(?s:.*b)?', per: 0.001}}`,
	} {
		s := load(t, "rules:\n  - "+rule+"\n")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		start := time.Now()
		found, err := s.Eval(ctx, &Facts{Text: long, URLs: []URL{{Text: long}}}, nil, now)
		if !errors.Is(err, context.DeadlineExceeded) || len(found) > 0 {
			t.Errorf("%s: found %v, error %v", rule, found, err)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s: ended after %v", rule, took)
		}
		cancel()
	}
}

func TestARuleThatFailsCostsItselfOnly(t *testing.T) {
	s := load(t, "rules:\n  - {symbol: AB, when: int(subject) > 1}\n  - {symbol: CD, when: size > 0}\n")
	found, err := s.Eval(t.Context(), &Facts{Size: 1, Subject: "\x1bno"}, nil, now)
	if err == nil || !strings.Contains(err.Error(), "rules: AB:") || strings.ContainsRune(err.Error(), '\x1b') {
		t.Errorf("error %q", err)
	}
	if len(found) != 1 || found[0].Name != "CD" {
		t.Errorf("found %v", found)
	}
}

func TestOneSetServesManyMessagesAtOnce(t *testing.T) {
	s := load(t, "rules:\n  - {symbol: AB, when: 'text matches \"free\\\\s+money\"'}\n  - {symbol: CD, when: symbols.AB and header(\"a\") == \"b\"}\n")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			f := Facts{Text: "no such thing", Headers: []Header{{"A", "b"}}}
			if i%2 == 0 {
				f.Text = "free  money"
			}
			for range 100 {
				found, err := s.Eval(t.Context(), &f, nil, now)
				if want := 2 * (1 - i%2); err != nil || len(found) != want {
					t.Errorf("found %v, error %v, want %d", found, err, want)
				}
			}
		})
	}
	group.Wait()
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	var out strings.Builder
	if err := Check(t.Context(), &out, Options{Now: now}, File{Name: "f.yaml", Data: []byte(fapiao)}); err != nil {
		t.Errorf("%v:\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "1 rules, 2 examples, 0 warnings") {
		t.Errorf("said %q", &out)
	}
	out.Reset()
	broken := strings.Replace(fapiao, `subject: "代开发票"`, `subject: "hello"`, 1)
	if err := Check(t.Context(), &out, Options{Now: now}, File{Name: "f.yaml", Data: []byte(broken)}); err == nil {
		t.Error("a failing example is no error")
	}
	if want := "f.yaml:13:16: CN_FAPIAO: the rule does not match this example"; !strings.Contains(out.String(), want) {
		t.Errorf("said %q, want %q", &out, want)
	}
}

func TestARuleThatFailsIsBlamedAlone(t *testing.T) {
	files := func(own string) []File {
		return []File{
			{Name: "shipped.yaml", Shipped: true, Data: []byte("rules:\n  - {symbol: GOOD, when: 'subject matches \"win\"', examples: {match: [{subject: win}], not: [{subject: loss}]}}\n")},
			{Name: "own.yaml", Data: []byte("rules:\n" + own)},
		}
	}
	for _, c := range []struct {
		name, own string
		want      []string
	}{
		{"an element of a list that may be empty", "  - {symbol: FIRST, when: 'urls[0].host == \"x.example\"'}\n",
			[]string{"own.yaml:2:27: FIRST: the rule fails where a message has nothing to show: index out of range", "(ask any(urls, ...), which holds for none of an empty list)"}},
		{"the first of a list that may be empty", "  - {symbol: FIRST, when: 'first(urls).host == \"x.example\"'}\n", []string{"FIRST: the rule fails", "any(urls, ...)"}},
		{"a number that is none", "  - {symbol: FIRST, when: 'int(subject) > 1'}\n", []string{"FIRST: the rule fails"}},
		{"an example that is wrong beside a rule that fails", "  - {symbol: FIRST, when: 'urls[0].host == \"x.example\"'}\n  - {symbol: WRONG, when: size > 5, examples: {match: [{size: 1}]}}\n",
			[]string{"FIRST: the rule fails", "WRONG: the rule does not match this example"}},
		{"a rule that is read", "  - {symbol: FIRST, when: 'urls[0].host == \"x.example\"'}\n  - {symbol: READER, when: symbols.FIRST, examples: {match: [{size: 1}]}}\n",
			[]string{"FIRST: the rule fails", "READER: rules: FIRST: index out of range"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			if err := Check(t.Context(), &out, Options{Now: now}, files(c.own)...); err == nil {
				t.Error("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("said %q, want %q", &out, want)
				}
			}
			if strings.Contains(out.String(), "GOOD") {
				t.Errorf("another rule is blamed: %q", &out)
			}
		})
	}
}

func TestWhatIsInOrderIsNotWarnedOf(t *testing.T) {
	for _, when := range []string{
		`words matches "(?i)Invoice"`, `words matches "^offer\\n.*next of kin"`, `words matches "[A-Za-z]+ 发票"`, `words matches "win\\s+now"`, `words contains "free money"`,
		`words matches "[^A-Z]win"`, `subject matches "Invoice"`, `from.domain == ""`, `from.domain != "example.org"`, `auth.spf.result == "softfail"`, `auth.dmarc.result == ""`,
		`auth.spf.result in ["fail", "softfail"]`, `any(urls, .where == "qr" and .text contains "X" and .path contains "Y")`, `session.profile == "inbound"`, `disguised matches "(?m)^via?gra\\?$"`,
	} {
		s := load(t, "rules:\n  - symbol: AB\n    when: |-\n      "+when+"\n")
		if w := s.Warnings(); len(w) > 0 {
			t.Errorf("%s: warned %q", when, w.Error())
		}
	}
}

func TestCompositesOfWhatNeverHoldsAreWarnedOf(t *testing.T) {
	s := load(t, `
rules:
  - {symbol: DARK, when: size > 0, shadow: true}
  - {symbol: OLD, when: size > 1, expires: 2026-04-30}
  - {symbol: NEVER, when: size > 5 and size < 3}
  - {symbol: ON_DARK, when: symbols.DARK}
  - {symbol: ON_OLD, when: symbols.OLD and size > 0}
  - {symbol: ON_NEVER, when: 'count([symbols.NEVER, size > 3], #) >= 2'}
  - {symbol: ON_ON_NEVER, when: symbols.ON_NEVER and size > 7, shadow: true}
  - {symbol: DARKER, when: symbols.DARK and size > 3, shadow: true}
  - {symbol: EITHER, when: symbols.DARK or size > 9}
  - {symbol: WITHOUT, when: size > 4 and not symbols.DARK}
`)
	var got []string
	for _, f := range s.Warnings() {
		if strings.HasSuffix(f.Message, "never holds") {
			got = append(got, f.Rule)
		}
	}
	slices.Sort(got)
	if want := []string{"NEVER", "ON_DARK", "ON_NEVER", "ON_OLD", "ON_ON_NEVER"}; !slices.Equal(got, want) {
		t.Errorf("warned of %v, want %v", got, want)
	}
}

func TestAnErrorHidesNoWarning(t *testing.T) {
	var out strings.Builder
	text := "rules:\n  - {symbol: AB, when: subjct == \"\"}\n  - {symbol: CD, when: 'words contains \"A\"'}\n"
	if err := Check(t.Context(), &out, Options{Now: now}, File{Name: "f.yaml", Data: []byte(text)}); err == nil || err.Error() != "rules: 1 errors, 1 warnings" {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(out.String(), "unknown name subjct") || !strings.Contains(out.String(), "nowhere in words") {
		t.Errorf("said %q", &out)
	}
}

func TestSymbolsAndGroupsOfOtherFilesAreKnown(t *testing.T) {
	symbols, groups := Names(File{Name: "shipped.yaml", Data: []byte("rules: [{symbol: OTHER, group: theirs, when: broken(}]")})
	o := Options{Now: now, Symbols: []string{}, Others: symbols, Groups: groups}
	s, err := Load(o, File{Name: "f.yaml", Data: []byte("groups: {theirs: {cap: 3}}\nrules: [{symbol: AB, when: symbols.OTHER}]")})
	if err != nil {
		t.Fatal(err)
	}
	if w := s.Warnings(); len(w) > 0 {
		t.Errorf("warned %q", w.Error())
	}
}

func TestOneMistakeIsOneFault(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"a bad action", "rules: [{symbol: AB, when: size > 0, force: {action: rejct, reason: r}}]", 1},
		{"a bad field", "rules: [{symbol: AB, count: {field: txt, pattern: a}}]", 1},
		{"a bad pattern", "rules: [{symbol: AB, count: {field: text, pattern: (a}}]", 1},
		{"two without symbol", "rules: [{when: size > 0}, {when: size > 1}]", 2},
		{"neither action nor reason", "rules: [{symbol: AB, when: size > 0, force: {}}]", 1},
	} {
		_, err := Load(Options{Now: now}, File{Name: "f.yaml", Data: []byte(c.text)})
		var faults Faults
		if !errors.As(err, &faults) || len(faults) != c.want {
			t.Errorf("%s: want %d faults: %v", c.name, c.want, err)
		}
	}
}
