// Package phish looks for mail that pretends: a link whose text names another
// place, a name made of letters that only look right, a sender who calls himself
// somebody else.
//
// SPF, DKIM and DMARC (RFC 7208, 6376, 9989) guard the domain in From. They say
// nothing of what the reader looks at: the display name, which anybody may choose;
// a domain that differs from the true one in a letter, or in a letter of another
// script (Unicode Technical Standard 39); the address that replies go to; the text
// of a link. That is what is compared here, with each other and with the
// domains and people that the configuration names as ours.
package phish

import (
	"context"
	"fmt"

	"golang.org/x/net/publicsuffix"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
)

// The symbols.
const (
	linkText     = "PHISH_LINK_TEXT"
	homograph    = "PHISH_HOMOGRAPH"
	nameMixed    = "PHISH_NAME_MIXED"
	subjectMixed = "PHISH_SUBJECT_MIXED"
	nameAddress  = "PHISH_NAME_ADDRESS"
	nameDomain   = "PHISH_NAME_DOMAIN"
	nameOwn      = "PHISH_NAME_OWN"
	nameOfPerson = "PHISH_PERSON"
	lookalike    = "PHISH_OWN_LOOKALIKE"
	replyFree    = "PHISH_REPLY_FREEMAIL"
	replyOther   = "PHISH_REPLY_OTHER"
)

// group is the group of all symbols.
const group = "phish"

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "phish",
	Summary: "links, names and domains that pretend to be others, ours above all",
	Stage:   mail.StageData,
	After:   []string{"spf", "dkim"},
	Symbols: []filters.SymbolDoc{
		{Name: linkText, Group: group, Score: 2.5, Meaning: "The text of a link names another domain than the link leads to (to a known tracker: 0.1; to the author's domain, or a mail address: 0.3)."},
		{Name: homograph, Group: group, Score: 4, Meaning: "A domain is written with letters of another script that look like Latin ones."},
		{Name: nameMixed, Group: group, Score: 2.5, Meaning: "A word of the author's name mixes scripts that look alike (letters in another type: 0.4)."},
		{Name: subjectMixed, Group: group, Score: 1.5, Meaning: "A word of the subject mixes scripts that look alike."},
		{Name: nameAddress, Group: group, Score: 2.5, Meaning: "The author's name holds an address of another domain (the one that replies go to: 0.3)."},
		{Name: nameDomain, Group: group, Score: 0.4, Meaning: "The author's name holds another domain than his address."},
		{Name: nameOwn, Group: group, Score: 4, Meaning: "The author's name holds a domain of ours, and his address is elsewhere (only the name of the domain: 0.4; through a mailing list: 0.3 of that)."},
		{Name: nameOfPerson, Group: group, Score: 5, Meaning: "The author bears the name of one of our listed people, and his address is not theirs (through a mailing list: 0.3)."},
		{Name: lookalike, Group: group, Score: 5, Meaning: "A domain looks like one of ours: by letters that look alike (1), one letter (0.7), our name in it (0.7), another ending (0.2)."},
		{Name: replyFree, Group: group, Score: 2, Meaning: "Replies go to a freemail address, and the message comes from another (the same local part: 0.3)."},
		{Name: replyOther, Group: group, Meaning: "Replies go to another domain."},
	},
	Config: func() any { return new(Config) },
	New:    newFilter,
}

// Config is the filter's section.
type Config struct {
	OwnDomains []string `yaml:"own_domains" check:"domain" doc:"Domains that are ours: names and domains that imitate them are reported."`
	People     []Person `yaml:"people" doc:"People of ours whose name strangers may use to deceive."`
}

// Person is somebody of ours.
type Person struct {
	Name      string   `yaml:"name" need:"true" doc:"Name as in From: given name and family name, in any order."`
	Addresses []string `yaml:"addresses" doc:"Addresses outside own_domains from which this person writes."`
}

// filter is safe for several goroutines: it holds what it was made with.
type filter struct {
	own    []own
	people []person
}

func newFilter(env filters.Env) (filters.Filter, error) {
	c, _ := env.Config.(*Config)
	if c == nil {
		c = new(Config)
	}
	f := &filter{}
	for _, d := range c.OwnDomains {
		o, ok := newOwn(d)
		if !ok {
			return nil, fmt.Errorf("own_domains: %q is not a domain that somebody could register", d)
		}
		f.own = append(f.own, o)
	}
	for _, p := range c.People {
		q, ok := newPerson(p)
		if !ok {
			return nil, fmt.Errorf("people: %q is not a name of at least two words", p.Name)
		}
		f.people = append(f.people, q)
	}
	return f, nil
}

// Check implements filters.Filter. It never returns an error.
func (f *filter) Check(_ context.Context, m *mail.Message) (filters.Result, error) {
	c := &check{filter: f, msg: m, to: replies(m), hosts: map[string]bool{}}
	c.ours = m.Session.AuthUser != "" || m.Session.Profile == "outbound"
	for _, a := range m.Author().Addresses {
		c.name(a)
		c.host(a.Domain)
	}
	c.reply()
	c.links()
	for _, u := range m.URLs().URLs {
		c.host(u.Host)
	}
	if w := mixedWord(m.Text().Subject); w != "" {
		c.Note(subjectMixed, 1, w)
	}
	return c.Result, nil
}

// check is one message being looked at.
type check struct {
	filters.Result
	*filter
	msg   *mail.Message
	ours  bool            // it comes from our own users, who may call themselves ours
	to    []mail.Address  // where replies go
	hosts map[string]bool // those that were looked at
}

// registrable is the part of a host that somebody could register, the host
// itself where there is none.
func registrable(host string) string {
	if r, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return r
	}
	return host
}
