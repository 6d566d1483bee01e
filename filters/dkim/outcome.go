package dkim

import "github.com/postern-mail/postern/mail/authres"

// outcome is how the verification of one signature ended. All of them stand
// below: a reason is never made of bytes of the mail.
type outcome struct {
	value  string // result name of RFC 8601 section 2.7.1; "" while it is open
	reason string
	weak   bool // it proves less than a reader would think
}

var pass = outcome{value: authres.Pass}

// The signature does not fit the message.
var (
	bodyDiffers  = outcome{value: authres.Fail, reason: "body hash differs"}
	doesNotMatch = outcome{value: authres.Fail, reason: "signature does not verify"}
)

// The signature verifies, and still must not count as a full pass.
var (
	bodyUncovered  = outcome{value: authres.Policy, reason: "body not covered by l=", weak: true}
	fieldUncovered = outcome{value: authres.Policy, reason: "unsigned duplicate of a signed field", weak: true}
)

// The signature was not looked at.
var tooMany = outcome{value: authres.Neutral, reason: "too many signatures"}

// The key could not be fetched now.
var keyUnavailable = outcome{value: authres.Temperror, reason: "key lookup failed"}

// The DKIM-Signature field is of no use (RFC 6376 section 6.1.1).
var (
	malformed        = permanent("malformed signature")
	tooLong          = permanent("signature field too long")
	badVersion       = permanent("unknown signature version")
	missingTag       = permanent("required tag missing")
	badDomain        = permanent("signing domain is not a domain name")
	publicSuffix     = permanent("signing domain is a public suffix")
	badSelector      = permanent("selector is not a domain name")
	badIdentity      = permanent("i= is not within d=")
	badAlgorithm     = permanent("unknown algorithm")
	badCanon         = permanent("unknown canonicalization")
	badQuery         = permanent("unknown query method")
	fromUnsigned     = permanent("From is not signed")
	expired          = permanent("signature expired")
	expiresTooEarly  = permanent("signature expires before it was made")
	fromTheFuture    = permanent("signature made in the future")
	longerThanBody   = permanent("l= is larger than the body")
	historic         = outcome{value: authres.Permerror, reason: "rsa-sha1 is historic", weak: true}
	keyTooShort      = outcome{value: authres.Permerror, reason: "rsa key below 1024 bits", weak: true}
	keyTooLong       = permanent("rsa key above 8192 bits")
	noKey            = permanent("no key")
	keyRevoked       = permanent("key revoked")
	keyMalformed     = permanent("malformed key record")
	keyVersion       = permanent("unknown key record version")
	keyType          = permanent("key type does not fit the algorithm")
	keyHash          = permanent("key does not allow the hash")
	keyService       = permanent("key is not for mail")
	keyNotSubdomains = permanent("key does not allow i= below d=")
)

func permanent(reason string) outcome {
	return outcome{value: authres.Permerror, reason: reason}
}
