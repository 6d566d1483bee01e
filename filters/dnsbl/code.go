package dnsbl

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// pattern says which answers are meant: 127.0.0.2, 127.0.0.4-127.0.0.7, 127.0.*.1,
// or &8, which is every answer that has this bit.
type pattern struct {
	mask   uint32
	lo, hi uint32 // bounds of what is left of the answer under the mask
}

// maxBit: an answer has 24 bits below 127.
const maxBit = 1<<24 - 1

func parsePattern(s string) (pattern, error) {
	bad := fmt.Errorf("%q is no code such as 127.0.0.2, 127.0.0.4-127.0.0.7, 127.0.*.1 or &8", s)
	if bits, ok := strings.CutPrefix(s, "&"); ok {
		n, err := strconv.ParseUint(bits, 10, 32)
		if err != nil || n == 0 || n > maxBit {
			return pattern{}, bad
		}
		return pattern{mask: uint32(n), lo: uint32(n), hi: uint32(n)}, nil
	}
	if from, to, ok := strings.Cut(s, "-"); ok {
		lo, ok1 := parseCode(from)
		hi, ok2 := parseCode(to)
		if !ok1 || !ok2 || lo > hi {
			return pattern{}, bad
		}
		return pattern{mask: ^uint32(0), lo: lo, hi: hi}, nil
	}
	p := pattern{mask: ^uint32(0)}
	octets := strings.Split(s, ".")
	for i, o := range octets {
		if o == "*" && i > 0 && i < 4 {
			octets[i] = "0"
			p.mask &^= 0xff << (8 * (3 - i))
		}
	}
	v, ok := parseCode(strings.Join(octets, "."))
	if !ok {
		return pattern{}, bad
	}
	p.lo, p.hi = v, v
	return p, nil
}

// parseCode reads an address out of 127.0.0.0/8: no other means a listing (RFC 5782 section
// 2.1), and 127.255.255.0/24 is where lists tell of errors.
func parseCode(s string) (uint32, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() || !isCode(a) {
		return 0, false
	}
	return value(a), true
}

func (p pattern) matches(a netip.Addr) bool {
	v := value(a) & p.mask
	return p.lo <= v && v <= p.hi
}

func value(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// isCode tells whether an answer may tell of a listing.
func isCode(a netip.Addr) bool {
	b := a.As4()
	return b[0] == 127 && !isError(a)
}

// isError tells whether an answer is one of the error codes of Spamhaus, which
// others have taken over.
func isError(a netip.Addr) bool {
	b := a.As4()
	return b[0] == 127 && b[1] == 255 && b[2] == 255
}

// code is one mapping: what answers mean.
type code struct {
	pattern
	suffix string // of the symbol: "SBL"
}
