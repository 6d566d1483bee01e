package headers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/mail"
)

// The bounds on what is read of the Received fields. Postfix takes no mail of more
// than 50 hops for anything but a loop (hopcount_limit).
const (
	maxHops = 50   // fields
	maxHop  = 2048 // bytes of one
)

// received looks for Received fields (RFC 5321 section 4.4) that claim we had
// the message before. That may be: a list sends our own users' mail back to
// us. Then the hop above got it from us and says so, or says nothing of where
// from; and the topmost was not written by us, for what we wrote ourselves now
// is not among the fields.
func (c *check) received(own []string) {
	if name, ok := mail.ASCIIDomain(c.msg.Session.MTAHost); ok {
		own = append(slices.Clip(own), name)
	}
	hops := c.fields["received"]
	if len(hops) > maxHops {
		c.Note(limit, 1, fmt.Sprintf("%d Received fields", len(hops)))
	}
	above := "from " + strings.ToLower(c.msg.Session.ClientName)
	for _, hop := range hops[:min(len(hops), maxHops)] {
		hop = strings.ToLower(hop[:min(len(hop), maxHop)])
		if by := clause(hop, "by"); slices.Contains(own, by) && strings.Contains(above, "from ") && !mentions(above, own) {
			c.Note(forgedHop, 1, strings.Join(strings.Fields(hop), " "))
		}
		above = hop
	}
}

// mentions tells whether a hop has one of the names in it, as a whole word.
func mentions(hop string, names []string) bool {
	words := strings.FieldsFunc(hop, func(r rune) bool { return strings.ContainsRune(" \t\r\n()[]<>=;,", r) })
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(names, strings.TrimSuffix(w, ".")) })
}

// clause is the word after the given one, "" where there is none.
func clause(hop, name string) string {
	words := strings.Fields(hop)
	i := slices.Index(words, name)
	if i < 0 || i+1 == len(words) {
		return ""
	}
	return strings.TrimRight(words[i+1], ".;")
}
