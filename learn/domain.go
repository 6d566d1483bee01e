package learn

import (
	"maps"
	"math"
	"strings"

	"github.com/postern-mail/postern/learn/bayes"
)

// The constants of the fusion with a domain's own opinion.
const (
	domainMost    = 3.0 // the most that it adds to the log-odds: on its own, factor one half
	domainHalfway = 10  // messages of the rarer class, learned by the domain's users, at which its confidence is one half
)

// maxDomains is how many domains have counts of their own; the lessons of others count for all only.
const maxDomains = 1000

// domainOf is the domain for which a lesson counts besides: that of the user on whose word it is.
func domainOf(who string) string {
	_, domain, _ := strings.Cut(who, "@")
	if len(domain) > 253 || strings.ContainsFunc(domain, func(c rune) bool { return c <= ' ' || c == '@' }) {
		return ""
	}
	return strings.ToLower(domain)
}

// For is the opinion with that of the recipients' domains, as far as their users have taught
// anything: the mean of theirs, when there are several.
func (j Judge) For(o Opinion, list []uint64, domains []string) Opinion {
	n, part := 0, 0.0
	for _, d := range domains {
		t := j.Domains[d]
		if t == nil {
			continue
		}
		seen := t.Messages()
		rarer := float64(min(seen.Ham, seen.Spam))
		part += rarer / (rarer + domainHalfway) * domainMost * math.Tanh(t.Score(list, Counted)/bayesScale)
		n++
	}
	if n == 0 {
		return o
	}
	o.Domain = part / float64(n)
	return o.sum()
}

// sum makes the whole of the parts.
func (o Opinion) sum() Opinion {
	o.Odds = o.Bayes + o.Linear + o.Domain
	o.Spam = 1 / (1 + math.Exp(-o.Odds))
	return o
}

// applyDomain makes a change to the counts of the domains it is about; under mu. Those of a domain
// are of the kept samples only; they are made anew with each training.
func (m *Model) applyDomain(c Change) {
	for _, r := range []struct {
		Record
		n int32
	}{{c.Old, -1}, {c.New, 1}} {
		if r.Domain == "" || r.Class == bayes.None {
			continue
		}
		if t := m.domain(r.Domain); t != nil {
			t.Add(r.Tokens, Counted, r.Class, r.n)
		}
	}
}

// domain gives the counts of a domain, nil when there are too many domains; under mu.
func (m *Model) domain(name string) *bayes.Table {
	j := m.judge.Load()
	t := j.Domains[name]
	if t == nil && len(j.Domains) < maxDomains {
		t = bayes.NewTable(0)
		next := *j
		next.Domains = maps.Clone(j.Domains)
		if next.Domains == nil {
			next.Domains = map[string]*bayes.Table{}
		}
		next.Domains[name] = t
		m.judge.Store(&next)
	}
	return t
}

// domains counts lessons by domain.
func domains(own map[Digest]Record) map[string]*bayes.Table {
	out := map[string]*bayes.Table{}
	for _, r := range own {
		t := out[r.Domain]
		if t == nil {
			if len(out) == maxDomains {
				continue
			}
			t = bayes.NewTable(0)
			out[r.Domain] = t
		}
		t.Add(r.Tokens, Counted, r.Class, 1)
	}
	return out
}
