package scoring

import (
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/postern-mail/postern/mail"
)

// Never is a threshold that no score reaches.
var Never = math.Inf(1)

// Thresholds are the scores from which on an action is taken; Never turns one
// off. Greylist holds from its score up to Quarantine, for a message that has not waited yet; 0, too, turns it off.
type Thresholds struct {
	Greylist, Mark, Quarantine, Reject float64
}

// Entry is a symbol's place in the score table.
type Entry struct {
	Group string
	Score float64 // points at factor 1
}

// Policy is everything by which evidence is judged. It is read-only once
// built, and safe for several goroutines.
type Policy struct {
	Name       string
	Mode       Mode
	Thresholds Thresholds
	Table      map[string]Entry      // by symbol; a symbol that is not there weighs nothing
	Caps       map[string]float64    // by group: the most points that the group may add together
	Actions    map[string]Action     // by symbol: the action its presence demands at least; Accept overrides the score
	Early      map[string]mail.Stage // symbols that refuse before the message is sent, and from which stage on: StageConnect or StageRcpt
	Shadow     map[string]bool       // symbols that are counted and shown, never added and never acting
}

// Match says for which messages a policy holds. Every list that is not empty
// must have a member that fits.
type Match struct {
	Listeners     []string       // listener names
	Clients       []netip.Prefix // client networks
	Users         []string       // authenticated users
	SenderDomains []string       // domain of MAIL FROM; ".example.org" means it and all below
	RcptDomains   []string       // domain of every recipient, so that one lenient recipient does not loosen the others
}

// Rule is a policy and when it holds.
type Rule struct {
	Match  Match
	Policy *Policy
}

// Set is the ordered list of policies: the first that fits holds, Default when
// none does.
type Set struct {
	Rules   []Rule
	Default *Policy
}

// Choose finds the policy for a message, whatever stage it has come to. A
// condition on what is not known yet does not hold.
func (s Set) Choose(m *mail.Message) *Policy {
	for _, r := range s.Rules {
		if r.Match.fits(m) {
			return r.Policy
		}
	}
	return s.Default
}

func (c Match) fits(m *mail.Message) bool {
	if len(c.Listeners) > 0 && !slices.Contains(c.Listeners, m.Session.Listener) {
		return false
	}
	if len(c.Users) > 0 && !slices.Contains(c.Users, m.Session.AuthUser) {
		return false
	}
	if len(c.Clients) > 0 && !slices.ContainsFunc(c.Clients, func(p netip.Prefix) bool { return p.Contains(m.Session.ClientIP) }) {
		return false
	}
	if len(c.SenderDomains) > 0 && !domainIn(c.SenderDomains, m.Envelope.From) {
		return false
	}
	if len(c.RcptDomains) == 0 {
		return true
	}
	for _, rcpt := range m.Envelope.Rcpts {
		if !domainIn(c.RcptDomains, rcpt) {
			return false
		}
	}
	return len(m.Envelope.Rcpts) > 0
}

func domainIn(list []string, address string) bool {
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	return slices.ContainsFunc(list, func(d string) bool {
		d = strings.ToLower(d)
		below, all := strings.CutPrefix(d, ".")
		return domain == d || all && (domain == below || strings.HasSuffix(domain, d))
	})
}

// NoGreylist turns greylisting by score off in all policies: nobody is there who knows what has
// waited. It is for the building of a set, before its use.
func (s Set) NoGreylist() {
	if s.Default != nil {
		s.Default.Thresholds.Greylist = Never
	}
	for _, r := range s.Rules {
		r.Policy.Thresholds.Greylist = Never
	}
}

// EarlyStages are the stages at which some policy may refuse.
func (s Set) EarlyStages() []mail.Stage {
	var stages []mail.Stage
	s.early(func(_ string, stage mail.Stage) {
		if !slices.Contains(stages, stage) {
			stages = append(stages, stage)
		}
	})
	return stages
}

// EarlySymbols are the symbols by which some policy may refuse before the end of the message.
func (s Set) EarlySymbols() []string {
	var symbols []string
	s.early(func(symbol string, _ mail.Stage) {
		if !slices.Contains(symbols, symbol) {
			symbols = append(symbols, symbol)
		}
	})
	return symbols
}

func (s Set) early(note func(symbol string, stage mail.Stage)) {
	policies := []*Policy{s.Default}
	for _, r := range s.Rules {
		policies = append(policies, r.Policy)
	}
	for _, p := range policies {
		if p == nil || p.Mode != Enforce {
			continue
		}
		for symbol, stage := range p.Early {
			note(symbol, stage)
		}
	}
}
