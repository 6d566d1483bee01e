package scoring

import (
	"testing"

	"github.com/postern-mail/postern/mail"
)

func TestJudgeEarly(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*Policy)
		symbols []Symbol
		at      mail.Stage
		action  Action // "": the message is awaited
	}{
		{"a symbol of connect refuses at connect", nil, []Symbol{Found("C")}, mail.StageConnect, Reject},
		{"a symbol of connect that came late refuses at RCPT", nil, []Symbol{Found("A"), Found("C")}, mail.StageRcpt, Reject},
		{"a symbol of RCPT waits for it", nil, []Symbol{Found("B")}, mail.StageConnect, ""},
		{"its own tempfail is kept", nil, []Symbol{Found("B")}, mail.StageRcpt, Tempfail},
		{"any other symbol refuses nothing", nil, []Symbol{Found("BIG"), Found("DEMAND")}, mail.StageRcpt, ""},
		{"a symbol in the shadow refuses nothing", func(p *Policy) { p.Shadow = map[string]bool{"C": true} }, []Symbol{Found("C")}, mail.StageRcpt, ""},
		{"observing refuses nothing", func(p *Policy) { p.Mode = Observe }, []Symbol{Found("C")}, mail.StageRcpt, ""},
		{"a factor of nothing refuses nothing", nil, []Symbol{{Name: "C"}}, mail.StageRcpt, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := policy()
			p.Early = map[string]mail.Stage{"C": mail.StageConnect, "B": mail.StageRcpt}
			p.Actions["B"] = Tempfail
			if c.change != nil {
				c.change(p)
			}
			v, by, ok := JudgeEarly(Evidence{Symbols: c.symbols}, p, c.at)
			if ok != (c.action != "") || v.Action != c.action || ok && by == "" {
				t.Errorf("got %q by %q (%v), want %q", v.Action, by, v.Reason, c.action)
			}
		})
	}
}
