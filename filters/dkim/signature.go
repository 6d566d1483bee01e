package dkim

import (
	"strings"
	"time"

	"github.com/postern-mail/postern/mail"
)

const (
	// maxField bounds a DKIM-Signature field in bytes. The longest seen in the
	// wild carry copied fields (z=) and stay far below.
	maxField = 32 << 10
	// maxSkew is how far another's clock may be ahead of ours: a day, for the
	// commonest wrong clock is right in another time zone. It does not apply to
	// x=: RFC 6376 section 3.5 has expiry judged to the second.
	maxSkew = 24 * time.Hour
	// noLength says that there is no l=: the whole body is signed.
	noLength = -1
)

// signature is one DKIM-Signature field. What was understood of a malformed
// one is filled, so that it can be reported.
type signature struct {
	field mail.Field
	index int // place in the header

	domain    string // d=: lower case, A-labels; "" when it is not a domain name
	selector  string // s=: the same
	algorithm string // a=: one of the known ones, else ""
	identity  string // i= as given, "" when absent or not within d=
	subdomain bool   // the domain of i= lies below d=

	bodyHash     []byte   // bh=
	sig          []byte   // b=
	bStart, bEnd int      // where the value of b= lies in the field's value
	headerCanon  canon    // c=, first half
	bodyCanon    canon    // c=, second half
	headers      []string // h=: lower case
	length       int64    // l= in bytes, or noLength

	outcome outcome
	testing bool // the key says that its domain is only trying DKIM
}

// open tells whether nothing has been decided about the signature yet.
func (s *signature) open() bool { return s.outcome.value == "" }

// keyName is the name at which the key is published (RFC 6376 section 3.6.2.1).
func (s *signature) keyName() string { return s.selector + "._domainkey." + s.domain }

// collect parses the topmost signatures of a header, limit at most, and tells
// how many there are beyond. The time is that at which they are judged.
func collect(h mail.Header, limit int, now time.Time) (sigs []*signature, unchecked int) {
	for i, f := range h {
		if !f.Is("DKIM-Signature") {
			continue
		}
		if len(sigs) == limit {
			unchecked++
			continue
		}
		s := &signature{field: f, index: i, length: noLength}
		s.outcome = s.parse(now)
		sigs = append(sigs, s)
	}
	return sigs, unchecked
}

// parse reads and validates the field (RFC 6376 sections 3.5 and 6.1.1). It
// returns the zero outcome when all is well so far.
func (s *signature) parse(now time.Time) outcome {
	if len(s.field.Value) > maxField {
		return tooLong
	}
	tags, ok := parseTags(s.field.Value)
	if !ok {
		return malformed
	}
	for _, read := range []func(tagList) outcome{s.readNames, s.readVersion, s.readIdentity, s.readAlgorithm, s.readCoverage, s.readHashes} {
		if bad := read(tags); bad.value != "" {
			return bad
		}
	}
	return readTimes(tags, now)
}

// readNames reads d= and s= first: they name the signature in every report.
func (s *signature) readNames(tags tagList) outcome {
	d, _ := tags.get("d")
	sel, _ := tags.get("s")
	s.domain, s.selector = domainName(d), domainName(sel)
	switch {
	case d == "" || sel == "":
		return missingTag
	case s.domain == "":
		return badDomain
	case s.selector == "" || len(s.keyName()) > maxName:
		s.selector = ""
		return badSelector
	case isPublicSuffix(s.domain):
		return publicSuffix
	}
	return outcome{}
}

func (s *signature) readVersion(tags tagList) outcome {
	v, ok := tags.get("v")
	if !ok {
		return missingTag
	}
	if v != "1" {
		return badVersion
	}
	return outcome{}
}

// readIdentity reads i=, whose domain is d= or lies below it (RFC 6376
// section 3.5).
func (s *signature) readIdentity(tags tagList) outcome {
	i, ok := tags.get("i")
	if !ok {
		return outcome{}
	}
	at := strings.LastIndexByte(i, '@')
	if at < 0 {
		return badIdentity
	}
	domain := domainName(i[at+1:])
	s.subdomain = strings.HasSuffix(domain, "."+s.domain)
	if domain != s.domain && !s.subdomain {
		return badIdentity
	}
	s.identity = i
	return outcome{}
}

func (s *signature) readAlgorithm(tags tagList) outcome {
	a, ok := tags.get("a")
	if !ok {
		return missingTag
	}
	switch a = lower(a); a {
	case "rsa-sha256", "ed25519-sha256":
		s.algorithm = a
	case "rsa-sha1":
		// RFC 8301 section 3.1: it has permanently failed evaluation.
		s.algorithm = a
		return historic
	default:
		return badAlgorithm
	}
	// RFC 6376 section 3.5: unknown query methods are ignored.
	if q, ok := tags.get("q"); ok && !contains(q, "dns/txt") {
		return badQuery
	}
	return outcome{}
}

// readCoverage reads what is signed: h=, l=, and in which form: c=.
func (s *signature) readCoverage(tags tagList) outcome {
	h, ok := tags.get("h")
	if !ok {
		return missingTag
	}
	s.headers = colonList(h)
	// RFC 6376 section 5.4: From must be signed.
	if !contains(h, "from") {
		return fromUnsigned
	}
	if l, ok := tags.get("l"); ok {
		if s.length, ok = number(l); !ok {
			return malformed
		}
	}
	c, _ := tags.get("c")
	header, body, _ := strings.Cut(lower(c), "/")
	var okHeader, okBody bool
	s.headerCanon, okHeader = canonOf(header)
	s.bodyCanon, okBody = canonOf(body)
	if !okHeader || !okBody {
		return badCanon
	}
	return outcome{}
}

func (s *signature) readHashes(tags tagList) outcome {
	for _, t := range tags {
		var ok bool
		switch t.name {
		case "b":
			s.bStart, s.bEnd = t.start, t.end
			s.sig, ok = decode64(t.value)
		case "bh":
			s.bodyHash, ok = decode64(t.value)
		default:
			continue
		}
		if !ok {
			return malformed
		}
	}
	if s.sig == nil || s.bodyHash == nil {
		return missingTag
	}
	return outcome{}
}

// readTimes judges t= and x= (RFC 6376 section 3.5).
func readTimes(tags tagList, now time.Time) outcome {
	t, hasT := tags.get("t")
	made, okT := number(t)
	x, hasX := tags.get("x")
	until, okX := number(x)
	switch {
	case hasT && !okT || hasX && !okX:
		return malformed
	case hasT && hasX && until <= made:
		return expiresTooEarly
	case hasX && now.Unix() > until:
		return expired
	case hasT && made > now.Add(maxSkew).Unix():
		return fromTheFuture
	}
	return outcome{}
}
