package spf

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// identity is whom a check is about: the sender's mailbox, or the HELO name as
// a mailbox of its postmaster.
type identity struct {
	local  string // local part, quotes and all, as it came
	domain string // lower case, A-labels, no final dot; "" when it is not a usable domain
	raw    string // as it came
}

// postmaster stands for a local part that is not there (RFC 7208 section 4.3).
const postmaster = "postmaster"

// mailFrom is the MAIL FROM identity; with the null sender it is the HELO
// name's postmaster (RFC 7208 section 2.4). The domain begins after the last
// "@": a quoted local part may hold others.
func mailFrom(sender, helo string) identity {
	if sender == "" {
		return heloIdentity(helo)
	}
	at := strings.LastIndexByte(sender, '@')
	if at < 0 {
		return identity{local: sender, raw: sender}
	}
	id := identity{local: sender[:at], domain: usable(sender[at+1:]), raw: sender}
	if id.local == "" {
		id.local = postmaster
	}
	return id
}

// heloIdentity is the HELO identity (RFC 7208 section 2.3).
func heloIdentity(helo string) identity {
	return identity{local: postmaster, domain: usable(helo), raw: helo}
}

// address is the mailbox with its domain in normal form, or the raw text where
// there is no usable domain.
func (id identity) address() string {
	if id.domain == "" {
		return id.raw
	}
	return id.local + "@" + id.domain
}

// usable returns the domain in normal form, or "" where there is nothing to ask
// for: RFC 7208 section 4.3, a malformed or single-label domain, an address
// literal. International names are turned into A-labels.
func usable(domain string) string {
	if len(domain) > 4*maxName || !utf8.ValidString(domain) {
		return ""
	}
	domain = strings.TrimSuffix(domain, ".")
	for i := range len(domain) {
		if domain[i] >= 0x80 {
			ascii, err := idna.Lookup.ToASCII(domain)
			if err != nil {
				return ""
			}
			domain = ascii
			break
		}
	}
	dot := strings.LastIndexByte(domain, '.')
	if dot < 0 || !isTopLabel(domain[dot+1:]) || !isName(domain) {
		return ""
	}
	for i := range len(domain) {
		if c := domain[i]; !isAlpha(c) && !isDigit(c) && c != '-' && c != '.' && c != '_' {
			return ""
		}
	}
	return strings.ToLower(domain)
}

// The limits of a name in the DNS (RFC 1035 section 2.3.4), in bytes.
const (
	maxName  = 253
	maxLabel = 63
)

// isName tells whether the DNS can be asked for it: labels of 1 to 63 bytes,
// 253 in all.
func isName(s string) bool {
	if len(s) > maxName {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxLabel {
			return false
		}
	}
	return true
}
