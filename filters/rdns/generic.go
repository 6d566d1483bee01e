package rdns

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/dns"
)

// lineWords are the words by which providers name access lines. A name has to
// have a digit too: pool.example.org alone may be anything.
var lineWords = []string{
	"adsl", "broadband", "cable", "catv", "client", "cpe", "cust", "customer", "customers", "dhcp", "dial",
	"dialin", "dialup", "dsl", "dyn", "dynamic", "dynamicip", "dynip", "ftth", "pool", "pools", "ppp", "pppoe", "vdsl",
}

// staticWords say that the line's address stays: some businesses send mail
// through such a line, under a name they cannot change.
var staticWords = []string{"business", "fixed", "sta", "static", "statisch", "vps", "server"}

// staticFactor is how sure we are that a host with a static line's name sends
// no mail of its own.
const staticFactor = 0.5

// generic tells how sure it is that the name was made by a machine for an
// access line: 0 for not at all, 1 for sure.
func generic(name string, ip netip.Addr) float64 {
	words := strings.FieldsFunc(name, func(r rune) bool { return r < 'a' || r > 'z' })
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	lineName := has(lineWords) && strings.ContainsAny(name, "0123456789")
	switch {
	case !lineName && !holdsAddr(name, ip):
		return 0
	case has(staticWords):
		return staticFactor
	}
	return 1
}

// holdsAddr tells whether the address stands in the name.
func holdsAddr(name string, ip netip.Addr) bool {
	if ip.Is4() {
		return holdsOctets(name, ip.As4()) || holdsHex(name, ip.AsSlice(), 8)
	}
	return holdsHex(name, ip.AsSlice(), 16) // the half that tells the host is enough
}

// holdsOctets tells whether three octets of the address stand in the name one
// after the other, in either order: 192-0-2-1, 1.2.0.192, 192x000x002x001.
func holdsOctets(name string, ip [4]byte) bool {
	var numbers []int
	for _, digits := range strings.FieldsFunc(name, func(r rune) bool { return r < '0' || r > '9' }) {
		n, err := strconv.Atoi(digits)
		if err != nil {
			n = -1
		}
		if len(digits) == 12 && digits == padded(ip) {
			return true
		}
		numbers = append(numbers, n)
	}
	forth := []int{int(ip[0]), int(ip[1]), int(ip[2]), int(ip[3])}
	back := []int{forth[3], forth[2], forth[1], forth[0]}
	for i := range max(0, len(numbers)-2) {
		for _, want := range [][]int{forth[:3], forth[1:], back[:3], back[1:]} {
			if slices.Equal(numbers[i:i+3], want) {
				return true
			}
		}
	}
	return false
}

// padded is the address as 12 digits: 192000002001.
func padded(ip [4]byte) string {
	var b []byte
	for _, o := range ip {
		b = append(b, '0'+o/100, '0'+o/10%10, '0'+o%10)
	}
	return string(b)
}

// holdsHex tells whether the last n hexadecimal digits of the address stand in the name, forwards
// or backwards, with whatever between them.
func holdsHex(name string, addr []byte, n int) bool {
	ip, _ := netip.AddrFromSlice(addr)
	digits := hexDigits(ip)
	forth := digits[len(digits)-n:]
	back := []byte(forth)
	slices.Reverse(back)
	packed := strings.NewReplacer("-", "", ".", "").Replace(name)
	return strings.Contains(packed, forth) || strings.Contains(packed, string(back))
}

// hexDigits is the address in hexadecimal without separators.
func hexDigits(ip netip.Addr) string {
	if ip.Is4() {
		const digits = "0123456789abcdef"
		var b []byte
		for _, o := range ip.As4() {
			b = append(b, digits[o>>4], digits[o&15])
		}
		return string(b)
	}
	b := []byte(strings.ReplaceAll(dns.ReverseLabels(ip), ".", ""))
	slices.Reverse(b)
	return string(b)
}
