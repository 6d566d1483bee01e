package scoring

import (
	"math"
	"net/netip"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-mail/postern/mail"
)

func policy() *Policy {
	return &Policy{
		Name: "default", Mode: Enforce,
		Thresholds: Thresholds{Mark: 6, Quarantine: 10, Reject: 15},
		Table: map[string]Entry{
			"A": {"a", 4}, "B": {"a", 4}, "C": {"c", 7}, "GOOD": {"a", -3}, "BIG": {"x", 100}, "DEMAND": {"d", 0}, "LET_IN": {"d", 0},
		},
		Caps:    map[string]float64{"a": 5},
		Actions: map[string]Action{"DEMAND": Quarantine, "LET_IN": Accept},
		Shadow:  map[string]bool{"BIG": true},
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name    string
		symbols []Symbol
		action  Action
		score   float64
	}{
		{"nothing found is accepted", nil, Accept, 0},
		{"an unknown symbol weighs nothing", []Symbol{Found("NEW")}, Accept, 0},
		{"the factor scales the points", []Symbol{{Name: "C", Factor: 0.5}}, Accept, 3.5},
		{"a factor beyond one counts as one", []Symbol{{Name: "C", Factor: 40}}, Mark, 7},
		{"a factor that is no number counts as nothing", []Symbol{{Name: "C", Factor: math.NaN()}}, Accept, 0},
		{"a group stops at its cap", []Symbol{Found("A"), Found("B")}, Accept, 5},
		{"points below zero are outside the cap", []Symbol{Found("A"), Found("B"), Found("GOOD")}, Accept, 2},
		{"a threshold is reached exactly", []Symbol{Found("A"), Found("B"), {Name: "C", Factor: 1. / 7}}, Mark, 6},
		{"a shadow symbol never adds", []Symbol{Found("BIG")}, Accept, 0},
		{"a demand lifts the action", []Symbol{Found("DEMAND")}, Quarantine, 0},
		{"a demand does not soften a harder verdict", []Symbol{Found("DEMAND"), Found("C"), Found("C"), Found("C")}, Reject, 21},
		{"a demand to accept overrides the score", []Symbol{Found("LET_IN"), Found("C")}, Accept, 7},
		{"a demand to accept yields to another demand", []Symbol{Found("LET_IN"), Found("DEMAND")}, Quarantine, 0},
		{"a demand with factor 0 is none", []Symbol{{Name: "DEMAND"}}, Accept, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Judge(Evidence{Symbols: c.symbols}, policy())
			if v.Action != c.action || v.Score != c.score {
				t.Errorf("got %s at %v (%s), want %s at %v", v.Action, v.Score, v.Reason, c.action, c.score)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	ev := Evidence{Symbols: []Symbol{Found("C"), Found("A"), Found("GOOD"), Found("BIG"), Found("NEW")}}
	got := Explain(ev, policy()) // 7 + 4 - 3 = 8: mark
	want := Explanation{
		Decided: []string{"C", "A", "GOOD"},
		Without: []Without{{"C", Accept, 1}, {"A", Accept, 4}, {"GOOD", Quarantine, 11}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestVerdictDoesNotDependOnTheOrderOfEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.SampledFrom([]string{"A", "B", "C", "GOOD", "BIG", "DEMAND", "LET_IN", "NEW"})).Draw(t, "names")
		var ev, shuffled Evidence
		for _, n := range names {
			ev.Symbols = append(ev.Symbols, Found(n))
		}
		shuffled.Symbols = rapid.Permutation(ev.Symbols).Draw(t, "order")
		a, b := Judge(ev, policy()), Judge(shuffled, policy())
		if a.Action != b.Action || a.Score != b.Score || a.Reason != b.Reason {
			t.Fatalf("%v gives %s %v (%s), reordered %s %v (%s)", names, a.Action, a.Score, a.Reason, b.Action, b.Score, b.Reason)
		}
		sum := 0.0
		for _, s := range a.Symbols {
			sum += s.Points
		}
		if round(sum) != a.Score {
			t.Fatalf("the symbols' points sum to %v, the score is %v", sum, a.Score)
		}
	})
}

func TestModeLimitsWhatHappens(t *testing.T) {
	for _, c := range []struct {
		mode Mode
		in   Action
		out  Action
	}{
		{Observe, Reject, Accept}, {Observe, Mark, Accept}, {MarkAll, Reject, Mark}, {MarkAll, Accept, Accept},
		{MarkAll, Discard, Mark}, {Enforce, Reject, Reject}, {Enforce, Greylist, Greylist},
	} {
		if got := c.mode.Applied(c.in); got != c.out {
			t.Errorf("mode %s makes %s of %s, want %s", c.mode, got, c.in, c.out)
		}
	}
}

func TestChoose(t *testing.T) {
	named := func(n string) *Policy { return &Policy{Name: n} }
	set := Set{Default: named("default"), Rules: []Rule{
		{Match{Listeners: []string{"outbound"}, Users: []string{"robot"}}, named("robot")},
		{Match{Clients: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}}, named("v6")},
		{Match{SenderDomains: []string{".example.net"}}, named("net")},
		{Match{RcptDomains: []string{"example.org"}}, named("org")},
	}}
	v4 := netip.MustParseAddr("192.0.2.1")
	for _, c := range []struct {
		want string
		s    mail.Session
		env  mail.Envelope
	}{
		{"robot", mail.Session{Listener: "outbound", AuthUser: "robot", ClientIP: v4}, mail.Envelope{}},
		{"default", mail.Session{Listener: "inbound", AuthUser: "robot", ClientIP: v4}, mail.Envelope{}},
		{"v6", mail.Session{ClientIP: netip.MustParseAddr("2001:db8::9")}, mail.Envelope{From: "a@example.net"}},
		{"net", mail.Session{ClientIP: v4}, mail.Envelope{From: "a@Sub.Example.Net"}},
		{"net", mail.Session{ClientIP: v4}, mail.Envelope{From: "a@example.net"}},
		{"default", mail.Session{ClientIP: v4}, mail.Envelope{From: "a@badexample.net"}},
		{"org", mail.Session{ClientIP: v4}, mail.Envelope{Rcpts: []string{"x@example.org", "y@EXAMPLE.org"}}},
		{"default", mail.Session{ClientIP: v4}, mail.Envelope{Rcpts: []string{"x@example.org", "y@example.com"}}},
		{"default", mail.Session{}, mail.Envelope{}},
	} {
		got := set.Choose(&mail.Message{Session: &c.s, Envelope: c.env})
		if got.Name != c.want {
			t.Errorf("%+v %+v: policy %s, want %s", c.s, c.env, got.Name, c.want)
		}
	}
}
