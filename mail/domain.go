package mail

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The longest name and label (RFC 1035 section 2.3.4).
const (
	maxDomain = 253
	maxLabel  = 63
)

// ASCIIDomain puts a domain name into the form in which all names are
// compared and asked for: lower case, A-labels (RFC 5890 section 2.3), no
// final dot. ok is false for what is no domain name: an address literal, an
// empty label, a label or name that is too long, other signs than letters,
// digits, hyphen and underscore.
func ASCIIDomain(s string) (domain string, ok bool) {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 4*maxDomain || !utf8.ValidString(s) {
		return "", false
	}
	if !isASCII(s) {
		var err error
		if s, err = idna.Lookup.ToASCII(s); err != nil {
			return "", false
		}
	}
	s = strings.ToLower(s)
	if len(s) > maxDomain {
		return "", false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxLabel || strings.Trim(label, ldh) != "" {
			return "", false
		}
	}
	return s, true
}

// ldh is letter, digit, hyphen, and the underscore that names in use have.
const ldh = "abcdefghijklmnopqrstuvwxyz0123456789-_"

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
