package dnsbl

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
)

// role says as what something appears in a message.
type role uint16

const (
	client role = 1 << iota
	hop
	helo
	rdns
	envelope
	from
	replyTo
	dkim
	url
)

// roleNames are the words of the configuration, in the order of the bits.
var roleNames = []string{"client", "received", "helo", "rdns", "envelope", "from", "reply_to", "dkim", "url"}

// roleOf is 0 for a word that is none.
func roleOf(word string) role {
	if i := slices.Index(roleNames, word); i >= 0 {
		return 1 << i
	}
	return 0
}

// String lists the words with commas between them.
func (r role) String() string {
	var words []string
	for i, w := range roleNames {
		if r&(1<<i) != 0 {
			words = append(words, w)
		}
	}
	return strings.Join(words, ", ")
}

// subject is one thing that lists may be asked about.
type subject struct {
	kind  string // of the lists
	key   string // ip: reversed; domain: as it is; hash: the mailbox to hash
	shown string
	roles role
}

// limits bound what one message makes us ask.
type limits struct {
	names int // domains, and mailboxes
	hops  int // addresses in Received fields
}

// subjects collects what a message names, each thing once. The most telling come
// first, so that what is beyond the limits is what a stranger can pile up best.
type subjects struct {
	limits
	list   []subject
	counts map[string]int // by kind, the client not among them
}

func (s *subjects) add(kind, key, shown string, r role) {
	if i := slices.IndexFunc(s.list, func(o subject) bool { return o.kind == kind && o.key == key }); i >= 0 {
		if s.list[i].roles != client {
			s.list[i].roles |= r
		}
		return
	}
	most := s.names
	if kind == kindIP {
		most = s.hops
	}
	if r != client {
		if s.counts[kind] >= most {
			return
		}
		s.counts[kind]++
	}
	s.list = append(s.list, subject{kind, key, shown, r})
}

func (s *subjects) addr(a netip.Addr, r role) {
	s.add(kindIP, dns.ReverseLabels(a), a.String(), r)
}

// host adds a host and its registrable domain: some lists know the one, some the other.
func (s *subjects) host(name string, r role) {
	name, ok := mail.ASCIIDomain(name)
	if !ok || strings.Trim(name[strings.LastIndexByte(name, '.')+1:], "0123456789") == "" {
		return // no domain name, or an address, which lists of domains do not want
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return // a public suffix itself, or a single label
	}
	s.add(kindDomain, domain, domain, r)
	s.add(kindDomain, name, name, r)
}

// address adds the mailbox and its domain.
func (s *subjects) address(a mail.Address, r role) {
	s.host(a.Domain, r)
	if a.Local != "" && a.Domain != "" {
		box := mailbox(a.Local, a.Domain)
		s.add(kindHash, box, box, r)
	}
}

// subjects lists what of a message may be asked about, as far as it is known. signers are the
// domains that signed it.
//
// About our own, who log in or come from networks of ours, nothing is asked that
// says where they are: the lines that they use are on lists as a matter of course. What they
// write is looked at.
func (f *filter) subjects(msg *mail.Message, signers []string) []subject {
	s := &subjects{limits: f.limits, counts: map[string]int{}}
	if ses := msg.Session; !f.isOurs(ses) {
		f.path(s, msg)
		if !within(f.relays, ses.ClientIP.Unmap()) {
			s.host(ses.Helo, helo)
			s.host(ses.ClientName, rdns)
		}
	}
	s.address(parseSender(msg.Envelope.From), envelope)
	if len(msg.Header) > 0 {
		for _, a := range msg.Author().Addresses {
			s.address(a, from)
		}
		for _, a := range replyTos(msg.Header) {
			s.address(a, replyTo)
		}
	}
	for _, d := range signers {
		s.host(d, dkim)
	}
	if f.urlHosts != nil {
		for _, h := range f.urlHosts(msg) {
			s.host(h, url)
		}
	}
	return s.list
}

// isOurs tells whether whoever hands us the message is no stranger. A relay of
// ours is: what it brings is strangers' mail.
func (f *filter) isOurs(s *mail.Session) bool {
	return s.Local || s.AuthUser != "" || s.Profile == "outbound" || within(f.trusted, s.ClientIP.Unmap())
}

func within(nets []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parseSender takes MAIL FROM apart at the last "@".
func parseSender(from string) mail.Address {
	at := strings.LastIndexByte(from, '@')
	if at < 0 {
		return mail.Address{}
	}
	domain, ok := mail.ASCIIDomain(from[at+1:])
	if !ok {
		return mail.Address{}
	}
	return mail.Address{Local: from[:at], Domain: domain}
}

// maxReplyTo is how many Reply-To fields are read. One is allowed (RFC 5322 section 3.6).
const maxReplyTo = 2

// replyTos reads the Reply-To fields as if they were From: the grammar is nearly the same.
func replyTos(h mail.Header) []mail.Address {
	var fields mail.Header
	for _, f := range h {
		if f.Is("Reply-To") && len(fields) < maxReplyTo {
			fields = append(fields, mail.Field{Name: "From", Value: f.Value})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return mail.ParseAuthor(fields).Addresses
}
