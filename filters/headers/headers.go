// Package headers looks at whether a message's header is one that mail
// software would write.
//
// RFC 5322 section 3.6 says which fields a message has, which of them once
// only, and what they may hold. Mail programs keep to it, for their makers test
// them; whoever writes a mailing program for an evening's work forgets the Date,
// gives two Subjects, or puts raw bytes where only ASCII may stand. None of that
// is a crime, and old or small software does it too: the findings weigh little
// one by one. What a program writes that mails many (RFC 2919 List-Id, RFC 2369
// List-Unsubscribe, RFC 3834 Auto-Submitted) is a fact and weighs nothing.
//
// The From fields are the filter from's matter, the MIME fields the filter mime's.
package headers

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
)

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "headers",
	Summary: "missing, repeated and impossible header fields, and odd subjects",
	Stage:   mail.StageData,
	Symbols: symbols,
	Config:  func() any { return new(Config) },
	New:     newFilter,
}

// Config is the filter's section.
type Config struct {
	OwnNames []string `yaml:"own_names" check:"hostname" doc:"names of our mail servers, besides hostname and authserv_id"`
}

// filter is safe for several goroutines: it holds what it was made with.
type filter struct {
	own  []string // names of our hosts: lower case, no final dot
	ours []netip.Prefix
}

func newFilter(env filters.Env) (filters.Filter, error) {
	f := &filter{ours: slices.Concat(env.Trusted, env.Relays)}
	c, _ := env.Config.(*Config)
	if c == nil {
		c = new(Config)
	}
	for _, name := range c.OwnNames {
		ascii, ok := mail.ASCIIDomain(name)
		if !ok {
			return nil, fmt.Errorf("own_names: %q is not a domain name", name)
		}
		f.own = append(f.own, ascii)
	}
	if name, ok := mail.ASCIIDomain(env.AuthservID); ok {
		f.own = append(f.own, name)
	}
	return f, nil
}

// maxFields bounds the fields that are looked at.
const maxFields = 1000

// Check implements filters.Filter. It never returns an error.
func (f *filter) Check(_ context.Context, m *mail.Message) (filters.Result, error) {
	c := &check{msg: m, fields: map[string][]string{}}
	c.read(m.Header[:min(len(m.Header), maxFields)])
	if len(m.Header) > maxFields {
		c.Note(limit, 1, fmt.Sprintf("%d fields", len(m.Header)))
	}
	c.repeated()
	c.date()
	c.messageID()
	c.recipients()
	c.placeholders()
	c.subject()
	c.names()
	c.bulk()
	if !f.isOurs(m.Session) {
		c.missing()
		c.received(f.own)
	}
	return c.Result, nil
}

// isOurs tells whether the message comes from our own users or programs: what
// it lacks the MTA adds later, and our name in it is no forgery.
func (f *filter) isOurs(s *mail.Session) bool {
	if s.Local || s.AuthUser != "" || s.Profile == "outbound" {
		return true
	}
	return slices.ContainsFunc(f.ours, func(p netip.Prefix) bool { return p.Contains(s.ClientIP) })
}

// check is one message being looked at.
type check struct {
	filters.Result
	msg    *mail.Message
	fields map[string][]string // values by the key of the field, top to bottom
}

// read sorts the fields by name and looks at the bytes of each.
func (c *check) read(h mail.Header) {
	utf8ok := slices.ContainsFunc(c.msg.Envelope.FromArgs, func(a string) bool { return strings.EqualFold(a, "SMTPUTF8") })
	for _, f := range h {
		key := f.Key()
		c.fields[key] = append(c.fields[key], f.Value)
		c.bytes(f, key, utf8ok)
	}
}

// has tells whether there is a field with one of the keys.
func (c *check) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return len(c.fields[k]) > 0 })
}

// first is the topmost value of a field, trimmed, "" where there is none.
func (c *check) first(key string) string {
	if all := c.fields[key]; len(all) > 0 {
		return strings.TrimSpace(all[0])
	}
	return ""
}
