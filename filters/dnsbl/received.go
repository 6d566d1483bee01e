package dnsbl

import (
	"net/netip"
	"strings"

	"github.com/postern-mail/postern/mail"
)

// The bounds on what is read of Received fields.
const (
	maxReceived     = 30      // fields
	maxReceivedSize = 2 << 10 // bytes of one
)

// path adds the addresses that a message came through: the client, and the hops that the Received
// fields tell of. Where a relay of ours hands the message over, the
// client is the first hop that is not ours: up to there the fields were written by us.
func (f *filter) path(s *subjects, msg *mail.Message) {
	known := false
	take := func(a netip.Addr) {
		switch a = a.Unmap().WithZone(""); {
		case !isPublic(a) || within(f.trusted, a) || within(f.relays, a):
		case !known:
			known = true
			s.addr(a, client)
		default:
			s.addr(a, hop)
		}
	}
	take(msg.Session.ClientIP)
	if !known && !within(f.relays, msg.Session.ClientIP.Unmap()) {
		known = true // a private address, or none: nobody that a list could know
	}
	fields := 0
	for _, h := range msg.Header {
		if !h.Is("Received") {
			continue
		}
		if fields++; fields > maxReceived {
			return
		}
		if a, ok := hopAddr(h.Value); ok {
			take(a)
		}
	}
}

// isPublic tells whether an address may be anybody's on the internet.
func isPublic(a netip.Addr) bool {
	return a.IsValid() && a.IsGlobalUnicast() && !a.IsPrivate()
}

// hopAddr finds the address of the host that handed the message over: the last one
// before "by" in a Received field (RFC 5321 section 4.4), as MTAs write it:
//
//	from HELO (NAME [192.0.2.1]) by ...
//	from NAME ([192.0.2.1] helo=HELO) by ...
//	from unknown (HELO NAME) (192.0.2.1) by ...
func hopAddr(value string) (a netip.Addr, ok bool) {
	value = value[:min(len(value), maxReceivedSize)]
	first := true
	for word := range strings.FieldsFuncSeq(value, isSeparator) {
		switch {
		case first && !strings.EqualFold(word, "from"):
			return a, false
		case strings.EqualFold(word, "by"):
			return a, ok
		case strings.Contains(word, "="):
		default:
			if found, err := netip.ParseAddr(strings.Trim(withoutTag(word), "[]")); err == nil {
				a, ok = found, true
			}
		}
		first = false
	}
	return a, ok
}

func isSeparator(r rune) bool { return strings.ContainsRune(" \t\r\n(),;", r) }

// withoutTag takes off the mark of an IPv6 literal (RFC 5321 section 4.1.3).
func withoutTag(word string) string {
	word = strings.TrimPrefix(word, "[")
	const tag = "IPv6:"
	if len(word) > len(tag) && strings.EqualFold(word[:len(tag)], tag) {
		return word[len(tag):]
	}
	return word
}
