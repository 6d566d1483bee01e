package phish

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/postern-mail/postern/mail"
)

// own is a domain of ours.
type own struct {
	domain   string // A-labels, lower case
	label    string // the part that is ours, in U-labels: "example" of example.org
	skeleton string // of the label
}

func newOwn(domain string) (own, bool) {
	ascii, ok := mail.ASCIIDomain(domain)
	if !ok {
		return own{}, false
	}
	label, ok := ownLabel(ascii)
	return own{ascii, label, skeleton(label)}, ok
}

// ownLabel is the label of a host that somebody registered, in U-labels.
func ownLabel(host string) (string, bool) {
	r, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return "", false
	}
	label, _, _ := strings.Cut(r, ".")
	return unicodeName(label), true
}

// unicodeName is a name in U-labels; what cannot be decoded stays.
func unicodeName(host string) string {
	if u, err := idna.ToUnicode(host); err == nil {
		return u
	}
	return host
}

// isOwn tells whether a host is one of ours.
func (f *filter) isOwn(host string) bool {
	for _, o := range f.own {
		if host == o.domain || strings.HasSuffix(host, "."+o.domain) || strings.HasSuffix(o.domain, "."+host) {
			return true
		}
	}
	return false
}

// How much a domain counts that looks like ours.
const (
	alikeFactor  = 1   // it is ours to the eye
	nearFactor   = 0.7 // a letter differs, or ours is a word of it
	endingFactor = 0.2 // only the ending differs: may be another's in all honesty
)

// The least letters of our label for a likeness not to be chance.
const (
	minNear = 6 // one letter differs
	minWord = 5 // a word of it
)

// host looks at a domain that the message uses, once.
func (c *check) host(host string) {
	if host == "" || c.hosts[host] {
		return
	}
	c.hosts[host] = true
	if strings.Contains(host, "xn--") {
		for label := range strings.SplitSeq(host, ".") {
			if u := unicodeName(label); u != label && deceives(u, false) {
				c.Note(homograph, 1, host+" ("+u+")")
			}
		}
	}
	if c.ours || len(c.own) == 0 || c.isOwn(host) {
		return
	}
	label, ok := ownLabel(host)
	if !ok {
		return
	}
	s := skeleton(label)
	for _, o := range c.own {
		if f := o.likeness(host, label, s); f > 0 {
			c.Note(lookalike, f, host+" like "+o.domain)
		}
	}
}

// likeness tells how much a host that is not ours looks like it, given the
// label that is its owner's and that label's skeleton.
func (o own) likeness(host, label, s string) float64 {
	switch {
	case strings.HasPrefix(host, o.domain+".") || strings.Contains(host, "."+o.domain+"."):
		return alikeFactor
	case label == o.label:
		return endingFactor
	case s == o.skeleton:
		return alikeFactor
	case len(o.label) >= minNear && oneEdit(s, o.skeleton):
		return nearFactor
	case len(o.label) >= minWord && strings.Contains(label, "-"):
		for w := range strings.SplitSeq(label, "-") {
			if skeleton(w) == o.skeleton {
				return nearFactor
			}
		}
	}
	return 0
}

// oneEdit tells whether one letter more, less, changed, or two exchanged make
// one word of the other. It takes linear time.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	j := 0 // equal bytes at the end, not counting those at the start
	for j < len(a)-i && a[len(a)-1-j] == b[len(b)-1-j] {
		j++
	}
	x, y := a[i:len(a)-j], b[i:len(b)-j]
	switch len(y) {
	case 1:
		return true
	case 2:
		return len(x) == 2 && x[0] == y[1] && x[1] == y[0]
	}
	return false
}
