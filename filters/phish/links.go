package phish

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/postern-mail/postern/mail/text"
	"github.com/postern-mail/postern/mail/urls"
)

// How much a link counts that leads elsewhere for a reason.
const (
	trackerFactor = 0.1 // those who mail for others count the clicks
	authorFactor  = 0.3 // the author leads over his own domain
	mailboxFactor = 0.3 // the text is a mail address: the link may be about it
)

// maxLinkText bounds what is read of the text of a link, in bytes.
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
	said := addresses(l.Text)
	if len(said) == 0 {
		return
	}
	target, ok := urls.Parse(l.Href)
	if !ok || target.Scheme == "mailto" || known(target.Host, rewriters) {
		return
	}
	for _, s := range said {
		end, ok := leads(target, s)
		if ok {
			continue
		}
		factor := max(c.linkFactor(target), c.linkFactor(end)) // anybody may name a tracker behind his own page
		if s.Scheme == "mailto" {
			factor *= mailboxFactor
		}
		if s.Scheme != "mailto" || !freemail[s.Host] && !c.toDomain(s.Host) {
			c.Note(linkText, factor, s.Host+" leads to "+end.Host)
			return
		}
	}
}

// maxRcpts bounds the recipients that are compared.
const maxRcpts = 50

// toDomain tells whether the message is for somebody at the host: newsletters name
// the reader's address and lead to where he may change it.
func (c *check) toDomain(host string) bool {
	rcpts := c.msg.Envelope.Rcpts
	return slices.ContainsFunc(rcpts[:min(len(rcpts), maxRcpts)], func(r string) bool {
		return strings.EqualFold(r[strings.LastIndexByte(r, '@')+1:], host)
	})
}

// maxLeads bounds the redirectors within redirectors that are followed.
const maxLeads = 3

// leads tells whether an address goes where the text says, in the end, and
// where that is as far as it can be read. What it carries besides, before an "@"
// or as words of its path, takes nobody anywhere.
func leads(target, said urls.URL) (end urls.URL, ok bool) {
	for range maxLeads {
		a, b := said.Registrable, domain(target)
		if target.Host == said.Host || a == b || sameName(a, b) {
			return target, true
		}
		inner, ok := target.Within()
		if !ok {
			return target, false
		}
		target = inner
	}
	return target, false
}

// domain is the part of an address's host that somebody registered, or the host.
func domain(u urls.URL) string { return cmp.Or(u.Registrable, u.Host) }

func (c *check) linkFactor(target urls.URL) float64 {
	if known(target.Host, trackers) {
		return trackerFactor
	}
	if author, ok := c.msg.Author().Domain(); ok && registrable(author) == domain(target) {
		return authorFactor
	}
	return 1
}

// wideDots are read as dots by browsers (UTS 46 section 4), and are left by
// compatibility normalization.
var wideDots = strings.NewReplacer("\u3002", ".", "\uff61", ".")

// addresses reads the addresses that the text of a link names: the whole of it,
// which may be a mail address, or its words that begin as only addresses do.
// "example.com" among words is as often a name as an address.
func addresses(s string) (list []urls.URL) {
	s = s[:min(len(s), maxLinkText)]
	s = strings.TrimSpace(wideDots.Replace(norm.NFKC.String(s)))
	if !strings.Contains(s, ".") {
		return nil
	}
	if u, ok := address(s); ok {
		return []urls.URL{u}
	}
	if u, ok := mailbox(s); ok {
		return []urls.URL{u}
	}
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune("()[]<>{}\"'“”‘’«»|,;", r) }) {
		if !begins(w) {
			continue
		}
		if u, ok := address(w); ok && isDomain(u.Host) { // no "www.exam..."
			list = append(list, u)
		}
	}
	return list
}

// mailbox reads a text that is a mail address and nothing else.
func mailbox(s string) (urls.URL, bool) {
	local, host, _ := strings.Cut(s, "@")
	if local == "" || strings.ContainsAny(s, " \t\n:/?") || !isDomain(strings.ToLower(host)) {
		return urls.URL{}, false
	}
	u, ok := urls.Parse("mailto:" + s)
	return u, ok && u.Registrable != ""
}

// begins tells whether a word begins as only addresses do.
func begins(s string) bool {
	s = strings.ToLower(s[:min(len(s), 8)])
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "www.")
}

// address reads a word that is an address and nothing else.
func address(s string) (urls.URL, bool) {
	if !strings.Contains(s, ".") || strings.ContainsAny(s, " \t\n@") {
		return urls.URL{}, false
	}
	if !strings.Contains(s, "://") && !begins(s) {
		host, _, _ := strings.Cut(strings.ToLower(s), "/")
		if !isDomain(host) || !usualTops[host[strings.LastIndexByte(host, '.')+1:]] {
			return urls.URL{}, false
		}
		s = "http://" + s
	}
	u, ok := urls.Parse(strings.TrimRight(s, ".,;:!?"))
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
