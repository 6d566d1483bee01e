package dns

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// The bounds of a name in text form (RFC 1035 section 2.3.4: 255 bytes on the
// wire are 253 in text without the final dot).
const (
	maxName  = 253
	maxLabel = 63
)

// normal checks a name and returns it in lower case without the final dot, the
// form in which it is asked, compared and cached. Letters, digits, hyphen and underscore
// may stand in it (RFC 1123 section 2.1, RFC 8552 for the underscore): what mail makes
// us ask for needs no more, and nothing else then reaches a server or an error text.
func normal(name string) (string, error) {
	n := strings.TrimSuffix(name, ".")
	if len(n) == 0 || len(n) > maxName {
		return "", badName(name)
	}
	label, upper := 0, false
	for i := range len(n) {
		c := n[i]
		switch {
		case c == '.':
			if label == 0 {
				return "", badName(name)
			}
			label = 0
			continue
		case c >= 'A' && c <= 'Z':
			upper = true
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return "", badName(name)
		}
		if label++; label > maxLabel {
			return "", badName(name)
		}
	}
	if label == 0 {
		return "", badName(name)
	}
	if upper {
		n = strings.ToLower(n)
	}
	return n, nil
}

// badName names the offender, escaped and cut to a bearable length.
func badName(name string) error {
	const most = 80
	if len(name) > most {
		return fmt.Errorf("%w: %s and %d bytes more", ErrName, strconv.QuoteToASCII(name[:most]), len(name)-most)
	}
	return fmt.Errorf("%w: %s", ErrName, strconv.QuoteToASCII(name))
}

// Valid tells whether the name can be asked for.
func Valid(name string) bool {
	_, err := normal(name)
	return err == nil
}

// ReverseLabels is an address with its parts in reverse order, as it is put
// before a zone name: "1.2.0.192" for 192.0.2.1, 32 nibbles for IPv6 (RFC 3596 section
// 2.5, RFC 5782 section 2.4). It is "" for the zero Addr.
func ReverseLabels(a netip.Addr) string {
	a = a.Unmap()
	switch {
	case a.Is4():
		b := a.As4()
		return fmt.Sprintf("%d.%d.%d.%d", b[3], b[2], b[1], b[0])
	case a.Is6():
		const digits = "0123456789abcdef"
		raw, b := a.As16(), make([]byte, 0, 63)
		for i := len(raw) - 1; i >= 0; i-- {
			b = append(b, digits[raw[i]&15], '.', digits[raw[i]>>4], '.')
		}
		return string(b[:63])
	}
	return ""
}

// ReverseName is the name that holds the PTR records of an address (RFC 1035
// section 3.5, RFC 3596 section 2.5). It is "" for the zero Addr.
func ReverseName(a netip.Addr) string {
	switch a = a.Unmap(); {
	case a.Is4():
		return ReverseLabels(a) + ".in-addr.arpa"
	case a.Is6():
		return ReverseLabels(a) + ".ip6.arpa"
	}
	return ""
}
