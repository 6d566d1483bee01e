package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"strings"
)

const (
	// maxRecord bounds a key record in bytes; an rsa key of 8192 bits takes 1500.
	maxRecord = 8 << 10
	// minBits is the shortest rsa key (RFC 8301 section 3.2). 1024 bits are few,
	// but a verifier must accept them.
	minBits = 1024
	// maxBits bounds what one verification costs. RFC 8301 asks for 4096.
	maxBits = 8192
)

// key is one key record (RFC 6376 section 3.6.1).
type key struct {
	public  crypto.PublicKey // *rsa.PublicKey or ed25519.PublicKey
	kind    string           // k=: rsa or ed25519
	sha256  bool             // h= allows it
	mail    bool             // s= allows mail
	testing bool             // t=y
	noBelow bool             // t=s: i= must not lie below d=
}

// parseKey reads a key record. The zero outcome says that the key can be used.
func parseKey(record string) (key, outcome) {
	if len(record) > maxRecord {
		return key{}, keyMalformed
	}
	tags, ok := parseTags(record)
	if !ok {
		return key{}, keyMalformed
	}
	// RFC 6376 section 3.6.1 wants v= first where it is there. Its place says
	// nothing, so that is not held against anybody.
	if v, ok := tags.get("v"); ok && v != "DKIM1" {
		return key{}, keyVersion
	}
	k := key{kind: "rsa", sha256: true, mail: true}
	if kind, ok := tags.get("k"); ok {
		k.kind = lower(kind)
	}
	if h, ok := tags.get("h"); ok {
		k.sha256 = contains(h, "sha256")
	}
	if s, ok := tags.get("s"); ok {
		k.mail = contains(s, "*", "email")
	}
	if t, ok := tags.get("t"); ok {
		k.testing, k.noBelow = contains(t, "y"), contains(t, "s")
	}
	p, ok := tags.get("p")
	if !ok {
		return key{}, keyMalformed
	}
	if p == "" {
		return key{}, keyRevoked
	}
	der, ok := decode64(p)
	if !ok {
		return key{}, keyMalformed
	}
	var bad outcome
	k.public, bad = parsePublic(k.kind, der)
	return k, bad
}

func parsePublic(kind string, der []byte) (crypto.PublicKey, outcome) {
	switch kind {
	case "rsa":
		return parseRSA(der)
	case "ed25519":
		// RFC 8463 section 4.2: the bare 32 bytes.
		if len(der) != ed25519.PublicKeySize {
			return nil, keyMalformed
		}
		return ed25519.PublicKey(der), outcome{}
	}
	// RFC 6376 section 3.6.1: unrecognized key types are ignored.
	return nil, keyType
}

// parseRSA reads SubjectPublicKeyInfo, and the RSAPublicKey which RFC 6376
// speaks of as well (erratum 3017).
func parseRSA(der []byte) (crypto.PublicKey, outcome) {
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		pub, err = x509.ParsePKCS1PublicKey(der)
	}
	key, ok := pub.(*rsa.PublicKey)
	switch {
	case err != nil || !ok:
		return nil, keyMalformed
	case key.N.BitLen() < minBits:
		return nil, keyTooShort
	case key.N.BitLen() > maxBits:
		return nil, keyTooLong
	}
	return key, outcome{}
}

// allows tells whether the record lets the key be used for this signature.
func (k key) allows(s *signature) outcome {
	switch {
	case !strings.HasPrefix(s.algorithm, k.kind+"-"):
		return keyType
	case !k.sha256:
		return keyHash
	case !k.mail:
		return keyService
	case k.noBelow && s.subdomain:
		return keyNotSubdomains
	}
	return outcome{}
}

// verifies tells whether sig signs the digest.
func (k key) verifies(digest, sig []byte) bool {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest, sig) == nil
	case ed25519.PublicKey:
		// RFC 8463 section 3: PureEdDSA over the SHA-256 digest.
		return ed25519.Verify(public, digest, sig)
	}
	return false
}
