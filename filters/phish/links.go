package phish

import (
	"cmp"
	"strings"

	"github.com/postern-mail/postern/mail/text"
	"github.com/postern-mail/postern/mail/urls"
)

// How much a link counts that leads elsewhere for a reason.
const (
	trackerFactor = 0.1 // those who mail for others count the clicks
	authorFactor  = 0.3 // the author leads over his own domain
)

// maxLinkText is the longest text of a link that is taken for an address, in
// bytes.
const maxLinkText = 300

// links compares the texts of links with where they lead.
func (c *check) links() {
	for _, l := range c.msg.Text().Links {
		if l.Tag == "a" || l.Tag == "area" {
			c.link(l)
		}
	}
}

func (c *check) link(l text.Link) {
	said, ok := address(l.Text)
	if !ok {
		return
	}
	target, ok := urls.Parse(l.Href)
	if !ok || target.Scheme == "mailto" || target.Host == said.Host || known(target.Host, rewriters) {
		return
	}
	a, b := said.Registrable, cmp.Or(target.Registrable, target.Host)
	if a == b || sameName(a, b) || strings.Contains(strings.ToLower(l.Href), a) {
		return
	}
	c.Note(linkText, c.linkFactor(target.Host, b), said.Host+" leads to "+target.Host)
}

func (c *check) linkFactor(target, domain string) float64 {
	if known(target, trackers) {
		return trackerFactor
	}
	if author, ok := c.msg.Author().Domain(); ok && registrable(author) == domain {
		return authorFactor
	}
	return 1
}

// address reads the text of a link that is an address and nothing else.
func address(s string) (urls.URL, bool) {
	s = strings.TrimSpace(s)
	if len(s) > maxLinkText || !strings.Contains(s, ".") || strings.ContainsAny(s, " \t\n@") {
		return urls.URL{}, false
	}
	if !strings.Contains(s, "://") && !strings.HasPrefix(strings.ToLower(s), "www.") {
		host, _, _ := strings.Cut(strings.ToLower(s), "/")
		if !isDomain(host) || !usualTops[host[strings.LastIndexByte(host, '.')+1:]] {
			return urls.URL{}, false
		}
		s = "http://" + s
	}
	u, ok := urls.Parse(strings.TrimRight(s, ".,;!?"))
	return u, ok && u.Registrable != ""
}

// sameName tells whether two domains differ in their ending only: example.com
// and example.co.uk are mostly one company.
func sameName(a, b string) bool {
	x, _, _ := strings.Cut(a, ".")
	y, _, _ := strings.Cut(b, ".")
	return x == y
}

// known tells whether a host or a domain above it is in the list.
func known(host string, list map[string]bool) bool {
	for {
		if list[host] {
			return true
		}
		_, rest, ok := strings.Cut(host, ".")
		if !ok {
			return false
		}
		host = rest
	}
}
