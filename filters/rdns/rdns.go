// Package rdns looks at the names of the client: the one its address has in
// the DNS, and the one it gives itself in HELO.
//
// A host on the internet has a name that the owner of its address put into the reverse zone
// (PTR, RFC 1912 section 2.1). Anybody may put any name there, so it counts
// only when the name has the address too: it is forward-confirmed (iprev, RFC 8601 section
// 3). Mail servers have such a name of their own; machines behind an access
// line have none or one that is made from the address.
//
// HELO should be the client's name (RFC 5321 section 4.1.4). The standard forbids
// to refuse mail for a name that belongs to another address, and so nothing
// here weighs much by itself. What the DNS could not tell is no mark against the client.
package rdns

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
)

// The symbols.
const (
	rdnsPass      = "RDNS_PASS"
	rdnsNone      = "RDNS_NONE"
	rdnsMismatch  = "RDNS_MISMATCH"
	rdnsGeneric   = "RDNS_GENERIC"
	rdnsTemperror = "RDNS_TEMPERROR"

	heloInvalid   = "HELO_INVALID"
	heloOurs      = "HELO_OURS"
	heloLiteral   = "HELO_LITERAL"
	heloNone      = "HELO_NONE"
	heloMismatch  = "HELO_MISMATCH"
	heloTemperror = "HELO_TEMPERROR"
)

// The groups of symbols.
const (
	groupRDNS = "rdns"
	groupHelo = "helo"
)

// Kind describes the filter. It runs at MAIL FROM, not at HELO, because only
// then it is known who has logged in: the laptops of our own users have
// just the names that this filter looks for.
var Kind = filters.Kind{
	Name:    "rdns",
	Summary: "the client's forward-confirmed reverse name, and whether HELO fits",
	Stage:   mail.StageMail,
	Symbols: []filters.SymbolDoc{
		{Name: rdnsPass, Group: groupRDNS, Meaning: "The client's address has a name that has the address."},
		{Name: rdnsNone, Group: groupRDNS, Score: 1, Meaning: "The client's address has no name."},
		{Name: rdnsMismatch, Group: groupRDNS, Score: 0.8, Meaning: "The client's address has a name that does not have the address."},
		{Name: rdnsGeneric, Group: groupRDNS, Score: 1, Meaning: "The client's name is made from its address or says that it is an access line."},
		{Name: rdnsTemperror, Group: groupRDNS, Meaning: "The DNS could not be asked for the client's name."},
		{Name: heloInvalid, Group: groupHelo, Score: 1, Meaning: "HELO gives no full domain name and no address literal."},
		{Name: heloOurs, Group: groupHelo, Score: 2.5, Meaning: "A stranger says HELO with a name of ours."},
		{Name: heloLiteral, Group: groupHelo, Score: 0.3, Meaning: "HELO gives the client's address in place of a name."},
		{Name: heloNone, Group: groupHelo, Score: 0.5, Meaning: "The name in HELO has no address."},
		{Name: heloMismatch, Group: groupHelo, Score: 0.2, Meaning: "The name or address in HELO is not the client's."},
		{Name: heloTemperror, Group: groupHelo, Meaning: "The DNS could not be asked for the name in HELO."},
	},
	Config: func() any { return &Config{} },
	New:    newFilter,
}

// Config is the filter's section.
type Config struct {
	OwnNames []string `yaml:"own_names" doc:"names that only we bear, besides hostname and authserv_id"`
}

// filter is safe for several goroutines: it holds what it was made with.
type filter struct {
	resolver dns.Resolver
	own      []string // lower case, no final dot
	ours     []netip.Prefix
}

func newFilter(env filters.Env) (filters.Filter, error) {
	f := &filter{resolver: env.Resolver, ours: slices.Concat(env.Trusted, env.Relays)}
	c, _ := env.Config.(*Config)
	if c == nil {
		c = &Config{}
	}
	for _, name := range c.OwnNames {
		if !dns.Valid(name) {
			return nil, fmt.Errorf("own_names: %q is not a domain name", name)
		}
		f.own = append(f.own, fold(name))
	}
	if env.AuthservID != "" {
		f.own = append(f.own, fold(env.AuthservID))
	}
	return f, nil
}

// Check asks for the client's name and for that in HELO, both at once. It has
// nothing to say about mail that no stranger hands us. The typed result is
// iprev. It never returns an error: what could not be asked is a TEMPERROR symbol.
func (f *filter) Check(ctx context.Context, msg *mail.Message) (filters.Result, error) {
	s := msg.Session
	if f.isOurs(s) {
		return filters.Result{}, nil
	}
	var res filters.Result
	var helo finding
	var panicked any
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() { panicked = recover() }()
		helo = f.helo(ctx, s)
	})
	name := f.reverse(ctx, s)
	wg.Wait()
	if panicked != nil {
		panic(panicked) // on the goroutine which the chain guards
	}
	res.Symbols = append(res.Symbols, name.symbol())
	if helo.name != "" {
		res.Symbols = append(res.Symbols, helo.symbol())
	}
	res.Auth = append(res.Auth, iprev(name, client(s)))
	return res, nil
}

// isOurs tells whether the client is no stranger, or no SMTP client by the internet protocol at all.
func (f *filter) isOurs(s *mail.Session) bool {
	if s.Local || s.AuthUser != "" || s.Profile == "outbound" || !s.ClientIP.IsValid() {
		return true
	}
	return slices.ContainsFunc(f.ours, func(p netip.Prefix) bool { return p.Contains(client(s)) })
}

func client(s *mail.Session) netip.Addr { return s.ClientIP.Unmap().WithZone("") }
