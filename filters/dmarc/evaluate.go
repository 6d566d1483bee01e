package dmarc

import (
	"context"
	"errors"
	"fmt"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// maxIdentifiers bounds the identifiers of one method that are looked at.
const maxIdentifiers = 20

// Identifier is a domain for which SPF or DKIM had a result.
type Identifier struct {
	Domain string
	Result string // a result name of RFC 8601; pass and temperror count
}

// Input is what an evaluation goes by.
type Input struct {
	Author string // the author domain, as mail.ASCIIDomain gives it
	SPF    []Identifier
	DKIM   []Identifier
}

// Outcome is what DMARC says of a message.
type Outcome struct {
	authres.DMARC        // author domain, where the record is, the policy that holds
	Result        string // pass, fail, none or temperror
	Reason        string // why it is none or temperror; "" otherwise
	AlignedSPF    bool   // an SPF identifier passes and is aligned
	AlignedDKIM   bool   // a DKIM identifier passes and is aligned
}

// Evaluate judges by RFC 9989 section 5.3. It depends on nothing but its
// arguments.
//
// A DNS failure that leaves the matter open gives temperror. So does an SPF
// or DKIM temperror, but only of an identifier that would be aligned: a
// stranger cannot escape a fail by a signature of a domain that never answers.
func Evaluate(ctx context.Context, r dns.Resolver, in Input) Outcome {
	e := &evaluation{tree: tree{resolver: r, seen: make(map[string]node)}, author: in.Author}
	e.out.Domain = in.Author
	rec, err := e.discover(ctx)
	if err != nil || rec == nil {
		return e.out.ended(err)
	}
	if e.out.Policy, err = e.policy(ctx, *rec); err != nil {
		return e.out.ended(err)
	}
	var doubtSPF, doubtDKIM error
	e.out.AlignedDKIM, doubtDKIM = e.anyAligned(ctx, in.DKIM, rec.StrictDKIM)
	e.out.AlignedSPF, doubtSPF = e.anyAligned(ctx, in.SPF, rec.StrictSPF)
	switch {
	case e.out.AlignedDKIM || e.out.AlignedSPF:
		e.out.Result = authres.Pass
	case doubtDKIM != nil:
		return e.out.ended(doubtDKIM)
	case doubtSPF != nil:
		return e.out.ended(doubtSPF)
	default:
		e.out.Result = authres.Fail
	}
	return e.out
}

// ended completes an outcome that is neither pass nor fail.
func (o Outcome) ended(err error) Outcome {
	o.Result = authres.None
	if err != nil {
		o.Result, o.Reason = authres.Temperror, err.Error()
	}
	return o
}

// evaluation is the state of one Evaluate.
type evaluation struct {
	tree
	author string
	org    string // Organizational Domain of the author domain, "" until it is needed
	out    Outcome
}

// discover finds the record to apply (RFC 9989 section 4.10.1): that of the
// author domain, of its Organizational Domain, or of its public suffix. nil
// says that there is none, or none to go by.
func (e *evaluation) discover(ctx context.Context) (*Record, error) {
	n, err := e.ask(ctx, e.author)
	if err != nil {
		return nil, err
	}
	if n.many {
		// Its owner speaks, in two voices: nobody above speaks for it.
		e.out.Reason = "several records at " + e.author
		return nil, nil
	}
	if !n.found {
		found, err := e.walk(ctx, e.author)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			e.out.Reason = "no record"
			return nil, nil
		}
		e.org = organization(e.author, found)
		n = found[len(found)-1] // the public suffix, unless the organization has its own
		for _, f := range found {
			if f.domain == e.org {
				n = f
			}
		}
	}
	if n.err != nil {
		e.out.Reason = n.err.Error() + " at " + n.domain
		return nil, nil
	}
	e.out.PolicyDomain = n.domain
	return &n.rec, nil
}

// policy is the one that holds for the author domain (RFC 9989 section
// 4.10.1), lowered by one step in test mode (section 4.7, t).
func (e *evaluation) policy(ctx context.Context, rec Record) (string, error) {
	p := rec.Policy
	if e.author != e.out.PolicyDomain {
		if rec.Subdomains != "" {
			p = rec.Subdomains
		}
		if rec.Nonexistent != "" && rec.Nonexistent != p {
			there, err := e.exists(ctx)
			if err != nil {
				return "", err
			}
			if !there {
				p = rec.Nonexistent
			}
		}
	}
	switch {
	case rec.Testing && p == PolicyReject:
		p = PolicyQuarantine
	case rec.Testing:
		p = PolicyNone
	}
	return string(p), nil
}

// exists tells whether the author domain exists: a name without records does,
// only NXDOMAIN says that it does not (RFC 9989 section 3.2 by RFC 8020).
func (e *evaluation) exists(ctx context.Context) (bool, error) {
	_, err := e.resolver.Lookup(ctx, e.author, dns.TypeA)
	switch {
	case errors.Is(err, dns.ErrNotFound):
		return false, nil
	case err == nil, dns.IsNone(err):
		return true, nil
	}
	return false, err
}

// anyAligned tells whether an identifier passes and is aligned. doubt is why
// that is not known where none does.
func (e *evaluation) anyAligned(ctx context.Context, ids []Identifier, strict bool) (aligned bool, doubt error) {
	for _, id := range ids[:min(len(ids), maxIdentifiers)] {
		if id.Result != authres.Pass && id.Result != authres.Temperror {
			continue
		}
		ok, err := e.aligned(ctx, id.Domain, strict)
		switch {
		case err != nil:
			doubt = err
		case ok && id.Result == authres.Pass:
			return true, nil
		case ok:
			doubt = fmt.Errorf("temporary error at %s", e.author)
		}
	}
	return false, doubt
}

// aligned tells whether an authenticated domain is aligned with the author
// domain (RFC 9989 sections 4.4 and 4.10.2): the same, or in relaxed mode of
// the same organization.
func (e *evaluation) aligned(ctx context.Context, domain string, strict bool) (bool, error) {
	domain, ok := mail.ASCIIDomain(domain)
	switch {
	case !ok:
		return false, nil
	case domain == e.author:
		return true, nil
	case strict:
		return false, nil
	}
	if e.org == "" {
		found, err := e.walk(ctx, e.author)
		if err != nil {
			return false, err
		}
		e.org = organization(e.author, found)
	}
	if !within(domain, e.org) {
		return false, nil // its organization is above it, so it is another: no need to ask
	}
	found, err := e.walk(ctx, domain)
	if err != nil {
		return false, err
	}
	return organization(domain, found) == e.org, nil
}
