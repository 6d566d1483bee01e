package spf

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/dns"
)

// macro is the value of a macro letter in a record of the domain (RFC 7208
// section 7.2).
func (e *evaluation) macro(letter byte, domain string) string {
	switch letter {
	case 's':
		return e.id.local + "@" + e.id.domain
	case 'l':
		return e.id.local
	case 'o':
		return e.id.domain
	case 'd':
		return domain
	case 'i':
		return dotted(e.client.AsSlice())
	case 'p':
		return e.nameFor(domain)
	case 'v':
		if e.client.Is4() {
			return "in-addr"
		}
		return "ip6"
	case 'h':
		return e.helo
	case 'c':
		return e.client.String()
	case 'r':
		return e.receiver
	default: // t; the parser lets no other through
		return strconv.FormatInt(e.now.Unix(), 10)
	}
}

// dotted writes an address as numbers for IPv4, as nibbles for IPv6, upper case
// as in the examples of RFC 7208 section 7.4.
func dotted(ip []byte) string {
	parts := make([]string, 0, 32)
	for _, b := range ip {
		if len(ip) == 4 {
			parts = append(parts, strconv.Itoa(int(b)))
		} else {
			parts = append(parts, fmt.Sprintf("%X.%X", b>>4, b&15))
		}
	}
	return strings.Join(parts, ".")
}

// explain fetches what the domain says about a fail (RFC 7208 section 6.2).
// Whatever goes wrong, there is none. It is a stranger's text: printable
// US-ASCII, not longer than maxExpanded, and never to be sent to the client.
func (e *evaluation) explain() string {
	if e.exp == nil {
		return ""
	}
	ans, err := e.lookup(e.target(e.exp, e.domain), dns.TypeTXT)
	if err != nil || len(ans.TXT) != 1 || len(ans.TXT[0]) > maxExpanded {
		return ""
	}
	m, err := parseMacros(ans.TXT[0], true)
	if err != nil {
		return ""
	}
	text, ok := m.expand(func(letter byte) string { return e.macro(letter, e.domain) })
	if !ok || !isVisible(text, true) {
		return ""
	}
	return text
}
