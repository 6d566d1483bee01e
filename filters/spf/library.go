package spf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	libspf "blitiri.com.ar/go/spf"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail/authres"
)

// This file is where the library is met. It evaluates: order of terms,
// matching, include, redirect, and the limits of RFC 7208 section 4.6.4 (ten
// lookups, two void ones, ten MX and PTR names). What it lacks is mended by
// what it is shown: it never sees a record as published, but one that was
// checked to the end and written anew for this one client, macros expanded
// (compile), through a resolver that tells failure from absence (resolver.go).
//
// Two sorts of name carry a mark, a final dot, which no other name here has:
// the domain whose record decides, which is the sender's or what its redirect=
// names, and the target of exists.
const mark = "."

// nowhere stands for a target which no query can be made for: RFC 7208 section
// 4.8 leaves open what it means, we say it does not exist. It is not asked for.
const nowhere = "invalid" // RFC 6761 section 6.4

// maxLookups: RFC 7208 section 4.6.4. The library counts them itself.
const maxLookups = 10

// outcome is how one check ended.
type outcome struct {
	result      string // as in RFC 8601
	reason      string // why, for a reader; "" when there is nothing to add
	explanation string // what the domain says about a fail (exp=), US-ASCII
	everybody   bool   // a pass that any client would get
}

// evaluation is one run of check_host() (RFC 7208 section 4) for one identity.
type evaluation struct {
	ctx      context.Context // of this run
	resolver dns.Resolver
	client   netip.Addr
	id       identity
	helo     string
	receiver string
	now      time.Time

	domain string    // whose record decides: after a redirect, the target
	exp    macroText // that record's exp=
	wide   bool      // some a or mx lets in whoever comes
	cut    bool      // ctx ended before a question was answered

	names    []string // the client's validated names
	reversed bool     // names is filled
}

// run checks the identity.
func (e *evaluation) run() outcome {
	if e.id.domain == "" {
		return outcome{result: authres.None, reason: "not a usable domain"}
	}
	if !e.client.IsValid() {
		return outcome{result: authres.None, reason: "the client has no address"}
	}
	result, err := libspf.CheckHostWithSender(e.client.AsSlice(), e.id.domain, "@"+e.id.domain+mark,
		libspf.WithContext(e.ctx), libspf.WithResolver(e))
	if e.cut {
		// The library passes over some errors (RFC 7208 section 5.5), but what
		// our own haste kept from being asked must not decide.
		return outcome{result: authres.Temperror, reason: context.Cause(e.ctx).Error()}
	}
	return e.outcome(result, err)
}

// outcome reads the library's answer. Its error tells what matched, too.
func (e *evaluation) outcome(result libspf.Result, err error) outcome {
	o := outcome{result: string(result)}
	if err != nil {
		o.reason = err.Error()
	}
	switch result {
	case libspf.Pass:
		byName := errors.Is(err, libspf.ErrMatchedA) || errors.Is(err, libspf.ErrMatchedMX)
		o.everybody = errors.Is(err, libspf.ErrMatchedAll) || byName && e.wide
	case libspf.Fail:
		o.explanation = e.explain()
	}
	return o
}

// compile writes the record for this client: every target explicit and
// expanded, without what cannot match and what cannot be reached.
func (e *evaluation) compile(r record, domain string, decides bool) string {
	var b strings.Builder
	b.WriteString(version)
	lookups := 0
	for _, t := range r.terms {
		if lookups > maxLookups {
			return b.String() // evaluation has ended: the limit is passed
		}
		lookups += e.compileTerm(&b, t, domain)
	}
	if r.redirect != nil {
		b.WriteString(" redirect=" + e.target(r.redirect, domain))
		if decides {
			b.WriteString(mark)
		}
	}
	return b.String()
}

// compileTerm returns how many lookups the term counts for: 0 or 1.
func (e *evaluation) compileTerm(b *strings.Builder, t term, domain string) int {
	switch t.name {
	case "all":
		fmt.Fprintf(b, " %call", t.qualifier)
		return 0
	case "ip4", "ip6":
		e.compileNetwork(b, t)
		return 0
	case "a", "mx":
		fmt.Fprintf(b, " %c%s:%s/%d//%d", t.qualifier, t.name, e.target(t.domain, domain), t.bits4, t.bits6)
		bits := t.bits4
		if e.client.Is6() {
			bits = t.bits6
		}
		e.wide = e.wide || t.qualifier == '+' && isWide(bits, e.client)
	default: // include, exists, ptr
		fmt.Fprintf(b, " %c%s:%s", t.qualifier, t.name, e.target(t.domain, domain))
		if t.name == "exists" {
			b.WriteString(mark)
		}
	}
	return 1
}

// compileNetwork leaves out what the client is not in: an IPv4 client, mapped
// into IPv6 or not, matches ip4 only (RFC 7208 section 5), which the library
// does not see. A network too wide to be anybody's becomes what it means: all.
func (e *evaluation) compileNetwork(b *strings.Builder, t term) {
	switch {
	case !t.prefix.Contains(e.client):
	case isWide(t.prefix.Bits(), e.client):
		fmt.Fprintf(b, " %call", t.qualifier)
	default:
		fmt.Fprintf(b, " %c%s:%s", t.qualifier, t.name, t.prefix)
	}
}

// isWide tells whether a network of that prefix length is wider than any that
// was ever given to one holder: /8 of IPv4, /16 of IPv6.
func isWide(bits int, client netip.Addr) bool {
	if client.Is4() {
		return bits < 8
	}
	return bits < 16
}

// target expands a domain-spec (RFC 7208 section 4.8) into a name in
// presentation form, without final dot; without one it is the record's domain.
func (e *evaluation) target(spec macroText, domain string) string {
	if spec == nil {
		return domain
	}
	name, ok := spec.expand(func(letter byte) string { return e.macro(letter, domain) })
	name = strings.TrimSuffix(name, ".")
	for len(name) > maxName { // RFC 7208 section 7.3: labels go from the left
		_, name, _ = strings.Cut(name, ".")
	}
	if !ok || !isName(name) {
		return nowhere
	}
	return present(name)
}

// present escapes what stands for something else in the text form of a name
// (RFC 1035 section 5.1) or in a record, as \DDD.
func present(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c > '~' || c == '/' || c == '%' || c == '\\' {
			fmt.Fprintf(&b, "\\%03d", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// LookupTXT fetches the record of a domain and shows the library what compile
// makes of it. An error that is no DNS error becomes permerror there.
func (e *evaluation) LookupTXT(_ context.Context, name string) ([]string, error) {
	domain, decides := strings.CutSuffix(name, mark)
	ans, err := e.lookup(domain, dns.TypeTXT)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, txt := range ans.TXT {
		if isRecord(txt) {
			found = append(found, txt)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
	default: // RFC 7208 section 4.5
		return nil, fmt.Errorf("%q has %d SPF records", domain, len(found))
	}
	r, err := parseRecord(found[0])
	if err != nil {
		return nil, fmt.Errorf("record of %q: %w", domain, err)
	}
	if decides {
		e.domain, e.exp = domain, r.exp // RFC 7208 section 6.2
	}
	return []string{e.compile(r, domain, decides)}, nil
}

var _ libspf.DNSResolver = (*evaluation)(nil)
