// Package spf checks whether the client may send for the domain that the
// message comes from.
//
// By SPF (RFC 7208) a domain lists in a TXT record, "v=spf1 ...", the hosts
// that send mail for it. The receiver reads the record's terms from left to
// right; the first one that matches the client's address gives the result by
// its qualifier: pass (+), fail (-), softfail (~) or neutral (?). A record may
// include others or redirect to another, within limits. No record is none; a
// broken one is permerror; an answer that could not be had is temperror, which
// says nothing about the client.
//
// What is checked is the envelope, not the author whom the reader sees: the
// domain of MAIL FROM, and the HELO name, which stands in for it where the
// sender is null. DMARC ties the result to the author.
package spf

import (
	"context"
	"net/netip"
	"strings"
	"sync"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "spf",
	Summary: "may the client send for the domain of MAIL FROM and HELO (RFC 7208)",
	Stage:   mail.StageMail,
	Symbols: []filters.SymbolDoc{
		{Name: "SPF_PASS", Group: group, Score: -0.2, Meaning: "The sender's domain lists the client."},
		{Name: "SPF_FAIL", Group: group, Score: 1, Meaning: "The sender's domain says that the client may not send for it."},
		{Name: "SPF_SOFTFAIL", Group: group, Score: 0.3, Meaning: "The sender's domain says that the client probably may not send for it."},
		{Name: "SPF_NEUTRAL", Group: group, Meaning: "The sender's domain says nothing about the client."},
		{Name: "SPF_NONE", Group: group, Meaning: "There is no SPF record, or no domain to ask for one."},
		{Name: "SPF_TEMPERROR", Group: group, Meaning: "The DNS could not be asked; another time may give another result."},
		{Name: "SPF_PERMERROR", Group: group, Meaning: "The SPF record is broken or beyond the limits."},
		{Name: passAll, Group: group, Score: 4, Meaning: "The sender's domain lets in every client there is."},
		{Name: heloFail, Group: group, Score: 0.5, Meaning: "The domain of the HELO name says that the client may not use it."},
	},
	New: newFilter,
}

const (
	group    = "spf"
	method   = "spf"
	passAll  = "SPF_PASS_ALL"
	heloFail = "SPF_HELO_FAIL"
)

// filter is safe for several goroutines: it holds what it was made with.
type filter struct {
	resolver dns.Resolver
	receiver string // our name, for the macro r
	ours     []netip.Prefix
}

func newFilter(env filters.Env) (filters.Filter, error) {
	f := &filter{resolver: env.Resolver, receiver: env.AuthservID}
	if f.receiver == "" {
		f.receiver = "unknown" // RFC 7208 section 7.3
	}
	f.ours = append(append(f.ours, env.Trusted...), env.Relays...)
	return f, nil
}

// Check looks at the MAIL FROM identity, and at the HELO identity where it is
// another one that can be asked for, both at once. The result for MAIL FROM
// comes first; its property smtp.mailfrom holds the identity's mailbox, with
// the null sender postmaster at the HELO name. It never returns an error: what
// could not be asked is SPF_TEMPERROR.
//
// It has nothing to say about mail that no stranger hands us: from
// authenticated users, local programs, trusted networks and our own relays.
func (f *filter) Check(ctx context.Context, msg *mail.Message) (filters.Result, error) {
	if f.isOurs(msg.Session) {
		return filters.Result{}, nil
	}
	from := mailFrom(msg.Envelope.From, msg.Session.Helo)
	helo := heloIdentity(msg.Session.Helo)
	if msg.Envelope.From == "" || helo.domain == "" {
		return report(from, f.evaluate(ctx, msg, from)), nil
	}

	var fromOutcome, heloOutcome outcome
	var panicked any
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() { panicked = recover() }()
		heloOutcome = f.evaluate(ctx, msg, helo)
	})
	fromOutcome = f.evaluate(ctx, msg, from)
	wg.Wait()
	if panicked != nil {
		panic(panicked) // on the goroutine which the chain guards
	}
	res := report(from, fromOutcome)
	addHelo(&res, helo, heloOutcome)
	return res, nil
}

func (f *filter) evaluate(ctx context.Context, msg *mail.Message, id identity) outcome {
	e := evaluation{
		ctx:      ctx,
		resolver: f.resolver,
		client:   msg.Session.ClientIP.Unmap().WithZone(""),
		id:       id,
		helo:     msg.Session.Helo,
		receiver: f.receiver,
		now:      msg.Now,
	}
	return e.run()
}

// isOurs tells whether the mail is not a stranger's to be measured by where it
// comes from. A relay's address says nothing about the sender's domain.
func (f *filter) isOurs(s *mail.Session) bool {
	if s.Local || s.AuthUser != "" {
		return true
	}
	client := s.ClientIP.Unmap()
	for _, p := range f.ours {
		if p.Contains(client) {
			return true
		}
	}
	return false
}

// report says how the check of the MAIL FROM identity ended.
func report(id identity, o outcome) filters.Result {
	name := "SPF_" + strings.ToUpper(o.result)
	if o.everybody {
		name = passAll
	}
	return filters.Result{
		Symbols: []scoring.Symbol{scoring.Found(name, details(id, o)...)},
		Auth:    []authres.Result{authResult(o, "mailfrom", id.address())},
	}
}

// addHelo says how the check of the HELO identity ended.
func addHelo(res *filters.Result, id identity, o outcome) {
	res.Auth = append(res.Auth, authResult(o, "helo", id.domain))
	if o.result == authres.Fail {
		res.Symbols = append(res.Symbols, scoring.Found(heloFail, details(id, o)...))
	}
}

// authResult is the result as RFC 8601 section 2.7.2 has it. Only errors need
// a reason.
func authResult(o outcome, property, identity string) authres.Result {
	r := authres.Result{
		Method: method,
		Value:  o.result,
		Props:  []authres.Prop{{Type: "smtp", Name: property, Value: identity}},
	}
	if o.result == authres.Temperror || o.result == authres.Permerror {
		r.Reason = o.reason
	}
	return r
}

func details(id identity, o outcome) []string {
	d := []string{id.address()}
	if o.reason != "" {
		d = append(d, o.reason)
	}
	if o.explanation != "" {
		// RFC 7208 section 6.2: make plain whose words these are.
		d = append(d, id.domain+" explains: "+o.explanation)
	}
	return d
}
