// Package dns asks the domain name system on behalf of all filters.
//
// There is one small interface, Resolver, and typed errors that keep apart
// what callers must not confuse: a name that does not exist, a name without
// records of the type asked for, and a server that could not say (RFC 2308).
//
// Client implements it as a stub resolver (RFC 1034 section 5.3.1): it asks recursive
// servers and believes them. It is a row of wrappers, each a Resolver in a file of its
// own, in the order in which a question passes them:
//
//	client   validates the name, counts the outcome
//	cache    answers what is known, and old answers while servers fail (RFC 8767)
//	budget   bounds the questions of one message, see WithBudget
//	flight   asks identical questions once, whoever of the askers goes away
//	keeper   stores what comes back (RFC 2308), failures too for a moment (RFC 9520)
//	breaker  skips names under a zone that does not answer, see DeclareZone
//	limit    bounds what is in flight
//	pool     several servers: time-outs, retries, health
//	wire     one exchange with one server by UDP (EDNS, RFC 6891) and TCP
//
// What costs nothing is above flight and runs under the caller's context; what
// is below runs under the client's own, so that an asker that hangs up neither spoils the answer
// for others nor looks like a server that fails.
package dns

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// The ways in which a question has no answer. Test with errors.Is.
var (
	ErrNotFound = errors.New("no such name")               // NXDOMAIN: nothing at or below the name
	ErrNoData   = errors.New("no record of that type")     // NOERROR without an answer
	ErrServfail = errors.New("name server failure")        // SERVFAIL, REFUSED, a malformed answer
	ErrTimeout  = errors.New("name server did not answer") // nobody answered in time, or the context ended
	ErrName     = errors.New("not a valid domain name")    // refused by us before any query
)

// IsNone tells whether the error says that there surely is no such record.
func IsNone(err error) bool { return errors.Is(err, ErrNotFound) || errors.Is(err, ErrNoData) }

// IsTemporary tells whether asking later may give another answer.
func IsTemporary(err error) bool { return errors.Is(err, ErrServfail) || errors.Is(err, ErrTimeout) }

// Type is a record type that Postern asks for.
type Type uint16

// The record types (RFC 1035 section 3.2.2, RFC 3596).
const (
	TypeA    Type = 1
	TypePTR  Type = 12
	TypeMX   Type = 15
	TypeTXT  Type = 16
	TypeAAAA Type = 28
)

// String is the name of the type as it stands in zone files: "TXT".
func (t Type) String() string { return dns.Type(t).String() }

// MX is one mail exchanger.
type MX struct {
	Pref uint16
	Host string
}

// Answer is what a name holds of the type asked for; only the field of that
// type is filled, in the order of the answer. Names are lower case and without the
// final dot. It is shared with others: read-only.
type Answer struct {
	Addrs []netip.Addr // A, AAAA
	TXT   []string     // one per record, its strings joined
	MX    []MX
	PTR   []string
	TTL   time.Duration // how long it, or with ErrNotFound and ErrNoData its absence, may be kept
	AD    bool          // the server says that DNSSEC validated it
}

// Resolver asks one question. Aliases (CNAME) are followed. The error, if any, wraps one of
// the Err values above and names the question. It is safe for several
// goroutines and returns soon after ctx ends.
type Resolver interface {
	Lookup(ctx context.Context, name string, t Type) (Answer, error)
}
