package urls

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// host is a host in its one form.
type host struct {
	ascii, unicode, registrable string
	flags                       Flag
}

// maxHost bounds a host name (RFC 1035 section 2.3.4), before it is mapped.
const maxHost = 255

// profile maps names as browsers do (UTS 46, not transitional) and does not
// insist on what no resolver does.
var profile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

// readHost brings a host into its one form. The ASCII name is "" where there
// is no way to read it as a name or address.
func readHost(raw string) (h host) {
	if len(raw) > 3*maxHost || raw == "" {
		return h
	}
	if strings.HasPrefix(raw, "[") { // RFC 3986 section 3.2.2
		ip, err := netip.ParseAddr(strings.Trim(raw, "[]"))
		if err != nil {
			return h
		}
		h.ascii, h.flags = ip.WithZone("").Unmap().String(), Numeric
		return h
	}
	name := raw
	if strings.Contains(name, "%") {
		h.flags |= Escaped
		name = string(unescape(name))
	}
	if !h.name(name) {
		return host{}
	}
	if ip, disguised, ok := numeric(h.ascii); ok {
		h.ascii, h.unicode = ip.String(), ""
		h.flags |= Numeric
		if disguised {
			h.flags |= Disguised
		}
		return h
	}
	h.registrable, _ = publicsuffix.EffectiveTLDPlusOne(h.ascii)
	if shorteners[h.registrable] || shorteners[h.ascii] {
		h.flags |= Shortener
	}
	return h
}

// name sets the A-labels and U-labels of a name.
func (h *host) name(s string) bool {
	simple, puny := simpleName(s)
	ascii := strings.ToLower(s)
	if !simple {
		mapped, err := profile.ToASCII(s)
		if err != nil {
			h.flags |= BadHost
		}
		ascii = strings.ToLower(mapped)
	}
	ascii = strings.TrimRight(ascii, ".")
	if ok, p := simpleName(ascii); !ok || ascii == "" || len(ascii) > maxHost || strings.Contains(ascii, "..") || ascii[0] == '.' {
		return false
	} else {
		puny = puny || p
	}
	h.ascii = ascii
	if !puny {
		return true
	}
	h.flags |= IDN
	unicode, err := profile.ToUnicode(ascii)
	if err != nil {
		h.flags |= BadHost
	}
	if unicode = strings.ToValidUTF8(unicode, "\uFFFD"); unicode != ascii {
		h.unicode = unicode
	}
	return true
}

// simpleName tells whether a name is ASCII letters, digits, hyphens, dots and
// underscores, and whether it may hold A-labels.
func simpleName(s string) (ok, puny bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_') {
			return false, false
		}
		if c == '-' && i >= 3 && s[i-1] == '-' {
			puny = puny || s[i-2]|0x20 == 'n' && s[i-3]|0x20 == 'x'
		}
	}
	return true, puny
}

// numeric reads a host as an IPv4 address the way browsers do (URL Standard
// section 3.5): up to four numbers, each decimal, octal (0...) or hexadecimal
// (0x...), the last of which fills all bytes that remain. Disguised says that
// it was not four decimal numbers.
func numeric(s string) (ip netip.Addr, disguised, ok bool) {
	if c := s[len(s)-1]; unhex(c) < 0 && c != 'x' {
		return ip, false, false
	}
	labels := strings.Split(s, ".")
	if len(labels) > 4 {
		return ip, false, false
	}
	disguised = len(labels) < 4
	var value uint64
	for i, l := range labels {
		base, text := 10, l
		switch {
		case len(l) > 1 && l[0] == '0' && l[1] == 'x':
			base, text = 16, l[2:]
		case len(l) > 1 && l[0] == '0':
			base, text = 8, l[1:]
		}
		disguised = disguised || base != 10
		n, err := strconv.ParseUint(text, base, 32)
		if err != nil && !(base == 16 && text == "") {
			return ip, false, false
		}
		last := i == len(labels)-1
		if !last && n > 255 || last && n >= 1<<(8*(5-len(labels))) {
			return ip, false, false
		}
		if last {
			value |= n
		} else {
			value |= n << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), disguised, true
}

// shorteners are public services that put a short address in front of any
// other, so that the host says nothing of where it leads.
var shorteners = map[string]bool{
	"bit.ly": true, "tinyurl.com": true, "t.co": true, "goo.gl": true, "ow.ly": true, "is.gd": true, "v.gd": true,
	"buff.ly": true, "rebrand.ly": true, "cutt.ly": true, "rb.gy": true, "shorturl.at": true, "t.ly": true,
	"tiny.cc": true, "lnkd.in": true, "bl.ink": true, "s.id": true, "qr.ae": true, "adf.ly": true, "shorte.st": true,
	"t.cn": true, "url.cn": true, "dwz.cn": true, "suo.im": true, "suo.nz": true, "mrw.so": true, "u.nu": true,
	"clck.ru": true, "vk.cc": true, "x.co": true, "soo.gd": true, "bit.do": true, "tny.im": true, "tr.im": true,
	"urlz.fr": true, "shrtco.de": true, "lihi.cc": true, "reurl.cc": true, "wa.link": true, "surl.li": true,
}
