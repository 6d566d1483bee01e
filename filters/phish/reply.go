package phish

import (
	"strings"

	"github.com/postern-mail/postern/mail"
)

// sameLocal is how much a freemail address counts that bears the author's own
// local part: people write from the office and want the reply at home.
const sameLocal = 0.3

// reply compares where replies go with where the message comes from.
func (c *check) reply() {
	authors := c.msg.Author().Addresses
	for _, to := range c.to {
		c.host(to.Domain)
		if to.Domain == "" || len(authors) == 0 || strings.EqualFold(to.String(), authors[0].String()) {
			continue
		}
		from := authors[0]
		if registrable(to.Domain) != registrable(from.Domain) {
			c.Note(replyOther, 1, to.String())
		} else if !freemail[to.Domain] {
			continue
		}
		if !freemail[to.Domain] || c.ours || c.listed(from) {
			continue
		}
		factor := 1.0
		if strings.EqualFold(to.Local, from.Local) {
			factor = sameLocal
		}
		c.Note(replyFree, factor, "from "+from.String()+", replies to "+to.String())
	}
}

// replies are the addresses of all Reply-To fields: of several, readers take one
// or the other.
func replies(m *mail.Message) []mail.Address {
	var fields mail.Header
	for _, value := range m.Header.All("Reply-To") {
		fields = append(fields, mail.Field{Name: "From", Value: value})
	}
	return mail.ParseAuthor(fields).Addresses
}

// repliesTo tells whether replies go to an address and nowhere else.
func (c *check) repliesTo(address string) bool {
	return len(c.to) == 1 && strings.EqualFold(c.to[0].String(), address)
}
