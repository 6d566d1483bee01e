package dnsbl

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"

	"github.com/postern-mail/postern/internal/dns"
)

// madeUp is a name within the zone that nobody can have listed: an address of
// 127.128.0.0/9, a domain below "invalid" (RFC 2606 section 2), a hash of chance.
func (z *zone) madeUp() (string, error) {
	var b [20]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	switch z.kind {
	case kindIP:
		return dns.ReverseLabels(netip.AddrFrom4([4]byte{127, b[0] | 128, b[1], b[2] &^ 1})), nil
	case kindDomain:
		return hex.EncodeToString(b[:8]) + ".invalid", nil
	}
	return hex.EncodeToString(b[:]), nil
}

// label is how a subject is put before the zone's name.
func (z *zone) label(s subject) string {
	if z.kind != kindHash {
		return s.key
	}
	switch z.hash {
	case "md5":
		sum := md5.Sum([]byte(s.key))
		return hex.EncodeToString(sum[:])
	case "sha256":
		sum := sha256.Sum256([]byte(s.key))
		return hex.EncodeToString(sum[:])
	}
	sum := sha1.Sum([]byte(s.key))
	return hex.EncodeToString(sum[:])
}

// mailbox is an address as lists hash it: lower case, without a tag; at Google, where dots do
// not count, without them and under one domain.
func mailbox(local, domain string) string {
	local = strings.ToLower(local)
	if tag := strings.IndexByte(local, '+'); tag > 0 {
		local = local[:tag]
	}
	if domain == "gmail.com" || domain == "googlemail.com" {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + domain
}
