package dkim

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxName is the longest domain name in its text form (RFC 1035 section 2.3.4).
const maxName = 253

// domainName returns a name in lower case and A-labels, or "" when it is not a
// domain name. Underscores are let through: selectors have them. Nothing else
// is, above all no NUL and no white space, so that the name in the report is
// the name that is asked for.
func domainName(s string) string {
	if len(s) > maxName {
		return ""
	}
	// RFC 8616 section 4: internationalized mail may carry U-labels in d=, s= and i=.
	if !isASCII(s) {
		a, err := idna.Lookup.ToASCII(s)
		if err != nil || len(a) > maxName {
			return ""
		}
		s = a
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return ""
		}
	}
	return strings.ToLower(s)
}

func isLabel(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_':
		case c == '-' && i > 0 && i < len(s)-1:
		default:
			return false
		}
	}
	return s != "" && len(s) <= 63
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// isPublicSuffix tells whether everybody may register names below the domain:
// who signs as "co.uk" speaks for nobody. Suffixes that companies keep
// (github.io) do send mail of their own, and are not meant.
func isPublicSuffix(domain string) bool {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	return suffix == domain && (icann || !strings.Contains(domain, "."))
}
