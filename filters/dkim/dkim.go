// Package dkim verifies the signatures that a message carries (RFC 6376, with
// RFC 8301 on what is too weak and RFC 8463 on ed25519).
//
// A DKIM-Signature field names a signing domain (d=) and a selector (s=). The
// public key is the TXT record at selector._domainkey.domain. The signature
// covers a hash of the body (bh=) and the header fields listed in h=, the
// bottommost field of a name first; both are brought into a canonical form
// (c=) before hashing, so that what relays commonly do to white space does no
// harm. A signature that verifies tells that the domain answers for what it
// covers, and nothing else: not who the author is (that is DMARC's question)
// and not that the mail is wanted.
//
// The verification is ours and not that of emersion/go-msgauth, although the
// tests sign with that library and compare every verdict with its own: it
// reads its clock from a package variable, so that a message cannot be judged
// at its own time; it refuses l= before looking; it hashes the body once a
// signature, through pipes; it reads the header again from bytes, and picks
// fields in quadratic time. Mending that from outside would leave of it about
// what crypto/rsa already gives.
//
// What a stranger can make us do is bounded: the number of signatures, keys
// and lookups; the body is read once and hashed at most twice, whatever the
// signatures ask for; everything else is linear in the header.
package dkim

import (
	"context"
	"fmt"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// method is the name of the results in Authentication-Results (RFC 8601
// section 2.7.1).
const method = "dkim"

// limitSignatures is the most that max_signatures may be set to.
const limitSignatures = 32

// Config is the section of the filter in the configuration.
type Config struct {
	MaxSignatures int `yaml:"max_signatures" doc:"signatures checked in one message, from the top; 1 to 32"`
}

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "dkim",
	Summary: "verifies DKIM signatures (RFC 6376)",
	Stage:   mail.StageData,
	Symbols: symbols,
	Config:  func() any { return &Config{MaxSignatures: 8} },
	New:     newFilter,
}

// filter is the configured filter. It keeps nothing about messages and is
// safe for several goroutines.
type filter struct {
	resolver dns.Resolver
	max      int
}

var _ filters.Filter = (*filter)(nil)

func newFilter(env filters.Env) (filters.Filter, error) {
	c := env.Config.(*Config)
	if c.MaxSignatures < 1 || c.MaxSignatures > limitSignatures {
		return nil, fmt.Errorf("dkim: max_signatures: %d is not between 1 and %d", c.MaxSignatures, limitSignatures)
	}
	return &filter{resolver: env.Resolver, max: c.MaxSignatures}, nil
}

// Check verifies the signatures of a message, top to bottom. It reports one
// authentication result for each (RFC 8601 section 2.7.1) and one symbol for
// the best of them. Mail that leaves by us is not looked at: its signatures
// are its sender's own matter. An error means that the body could not be read
// to its end, or that ctx ended meanwhile.
func (f *filter) Check(ctx context.Context, msg *mail.Message) (filters.Result, error) {
	if msg.Session != nil && msg.Session.Profile == "outbound" {
		return filters.Result{}, nil
	}
	sigs, unchecked := collect(msg.Header, f.max, msg.Now)
	if len(sigs) == 0 {
		return filters.Result{Symbols: summary(nil), Auth: []authres.Result{{Method: method, Value: authres.None}}}, nil
	}

	// The name servers answer while the body is hashed.
	keys := lookUp(ctx, f.resolver, sigs)
	defer keys.wait()
	bodies, err := hashBodies(ctx, msg.Body, sigs)
	if err != nil {
		return filters.Result{}, fmt.Errorf("dkim: body: %w", err)
	}
	v := verifier{keys: keys, bodies: bodies, fields: indexFields(msg.Header, sigs)}
	for _, s := range sigs {
		v.verify(s)
	}
	return report(sigs, unchecked), nil
}
