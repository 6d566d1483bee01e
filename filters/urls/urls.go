// Package urls looks at where a message leads: whether its addresses are such
// as honest senders write.
//
// A sender who means well links to a name of his own, in the open. One who has
// lost names to block lists by the hundred links to a number, to a name under a
// top level that costs nothing, to a page on somebody's free host, behind a
// public shortener or through a redirector that lets everybody through. One who
// wants to be taken for another writes the other's name before an "@" (RFC 3986
// section 7.6) or as the left part of a long host. What a browser makes of an
// address mail/urls says; here is said what it tells.
//
// Whether a link goes elsewhere than its text says is the filter phish's matter.
package urls

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/urls"
)

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "urls",
	Summary: "suspicious addresses: numbers, disguises, redirectors, shorteners, throw-away hosts",
	Stage:   mail.StageData,
	Symbols: symbols,
	New:     func(filters.Env) (filters.Filter, error) { return filter{}, nil },
}

type filter struct{}

// Check implements filters.Filter. It never returns an error.
func (filter) Check(_ context.Context, m *mail.Message) (filters.Result, error) {
	c := &check{domains: map[string]bool{}}
	for _, u := range m.URLs().URLs {
		if u.Where == urls.InAttached || u.Scheme == "mailto" {
			continue
		}
		c.form(u)
		if u.Has(urls.Numeric) {
			c.number(u)
		} else {
			c.name(u)
		}
		c.leads(u)
	}
	if len(c.domains) > manyDomains {
		c.Note(many, 1, fmt.Sprintf("%d domains", len(c.domains)))
	}
	return c.Result, nil
}

// check is one message being looked at.
type check struct {
	filters.Result
	domains map[string]bool
}

// manyDomains is how many domains are many in one mail.
const manyDomains = 25

// flags are the findings that mail/urls has made already.
var flags = []struct {
	flag   urls.Flag
	symbol string
}{
	{urls.Escaped, escaped},
	{urls.Backslash, backslash},
	{urls.Control, control},
	{urls.BadHost, badHost},
	{urls.IDN, idn},
	{urls.Port, port},
	{urls.Shortener, shortener},
}

// form looks at how an address is written.
func (c *check) form(u urls.URL) {
	for _, f := range flags {
		if u.Has(f.flag) {
			c.Note(f.symbol, 1, u.Host)
		}
	}
	if u.Has(urls.UserInfo) {
		user := userInfo(u)
		factor := plainUser
		if looksLikeHost(user) {
			factor = 1
		}
		c.Note(userinfo, factor, user+"@"+u.Host)
	}
	if u.Where == urls.InQR {
		c.Note(inQR, 1, u.Host)
	}
}

// number looks at an address without a name. Machines of the reader's own
// network have none, and people write to each other about them.
func (c *check) number(u urls.URL) {
	ip, err := netip.ParseAddr(u.Host)
	if err != nil || ip.IsPrivate() || ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() {
		return
	}
	switch {
	case u.Has(urls.Disguised):
		if !u.Has(urls.Schemeless) {
			c.Note(disguised, 1, u.Host)
		}
	case u.Where != urls.InText: // written out it is as often talked about as linked to
		c.Note(numeric, 1, u.Host)
	}
}
