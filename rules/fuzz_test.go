package rules

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode"
)

func FuzzLoad(f *testing.F) {
	f.Add(fapiao)
	f.Add("rules:\n  - {symbol: AB, when: symbols.CD, count: {field: text, pattern: a, per: 0.1}}\n  - {symbol: CD, when: 'any(urls, .host matches \"x\")', force: {action: reject, reason: r}}\n")
	f.Add("rules: [{symbol: AB, when: 'len(headers) > 0', examples: {match: [{headers: {A: b}, urls: [http://a.example/], from: A <a@b>}]}}]")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 16<<10 {
			return
		}
		s, err := Load(Options{Now: now, Lists: fakeLists{}, Symbols: []string{"SPF_FAIL"}}, File{Name: "f.yaml", Data: []byte(text)})
		var faults Faults
		if err != nil && !errors.As(err, &faults) {
			t.Fatalf("an error without place: %v", err)
		}
		if err != nil {
			clean(t, err.Error())
			return
		}
		clean(t, s.Warnings().Error())
		clean(t, s.RunExamples(context.Background()).Error())
		_, _ = s.Eval(context.Background(), &Facts{Text: "代开发票 a", Subject: "x", Size: 3}, nil, now)
	})
}

// clean sees that nothing can control a terminal.
func clean(t *testing.T, s string) {
	t.Helper()
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("%q holds a control character", s)
	}
}
