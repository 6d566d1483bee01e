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

// madeUp are names within the zone that nobody can have listed: a domain below "invalid" (RFC 2606
// section 2), a hash of chance, an address of 127.128.0.0/9 and one of 240.0.0.0/4, which is in use nowhere (RFC
// 1112 section 4). Two addresses, since in a zone file a wildcard does not stand for names beside others
// that exist (RFC 4592 section 2.2.2), as the test point does beside the first.
func (z *zone) madeUp() []string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	switch z.kind {
	case kindIP:
		made := []string{dns.ReverseLabels(netip.AddrFrom4([4]byte{127, b[0] | 128, b[1], b[2]}))}
		if z.unlisted != "" {
			made = append(made, dns.ReverseLabels(netip.AddrFrom4([4]byte{240 | b[3]>>5, b[4], b[5], b[6]})))
		}
		return made
	case kindDomain:
		return []string{hex.EncodeToString(b[:8]) + ".invalid"}
	}
	return []string{hex.EncodeToString(b[:])}
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
