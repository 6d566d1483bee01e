package urls

import (
	"strings"
	"unicode/utf8"
)

// maxURL bounds what is kept of an address, in bytes: of the whole, and of its
// path. Its host is found however much stands before it.
const maxURL = 2048

// Parse takes an address apart as a browser would that is given it as a link.
// It gives false for what leads to no host and is no mail address: relative
// links, "cid:", "#here", "javascript:". It takes linear time.
func Parse(raw string) (URL, bool) {
	f := finder{hosts: map[string]host{}}
	var u URL
	ok := f.parse(&u, raw)
	return u, ok
}

// parse is Parse with the finder's memory of hosts. It fills in an empty URL.
func (f *finder) parse(u *URL, raw string) bool {
	f.work += len(raw)
	u.Raw = cut(raw)
	s := trimBlanks(raw)
	// URL Standard section 4.4: tabs and line ends are taken out wherever they are.
	if broken(s) {
		u.Flags |= Control
		s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(s)
	}
	u.Scheme, s = cutScheme(s)
	switch u.Scheme {
	case "http", "https", "ftp":
	case "hxxp", "hxxps": // written so that no program follows it, for a person to mend
		u.Scheme = strings.Replace(u.Scheme, "xx", "tt", 1)
	case "mailto":
		return f.mailto(u, s)
	case "":
		if !strings.HasPrefix(s, "//") && !strings.HasPrefix(s, `\\`) && !hasFold(s, "www.") {
			return false
		}
		u.Scheme = "http"
		u.Flags |= Schemeless
	default:
		return false
	}
	rest := strings.TrimLeft(s, `/\`)
	if strings.IndexByte(s[:len(s)-len(rest)], '\\') >= 0 {
		u.Flags |= Backslash
	}
	return f.authority(u, rest)
}

// trimBlanks takes blanks and control characters off both ends.
func trimBlanks(s string) string {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	for s != "" && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// broken tells whether there is a tab or the end of a line in s.
func broken(s string) bool {
	return strings.IndexByte(s, '\t') >= 0 || strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, '\n') >= 0
}

// endsHost are the bytes that end the host of an address.
var endsHost = [256]bool{'/': true, '\\': true, '?': true, '#': true}

// authority takes "user@host:port" apart and what follows it.
func (f *finder) authority(u *URL, s string) bool {
	end := 0
	for end < len(s) && !endsHost[s[end]] {
		end++
	}
	auth := s[:end]
	u.Path = cut(s[end:])
	if end < len(s) && s[end] == '\\' {
		u.Flags |= Backslash
	}
	if i := strings.LastIndexByte(auth, '@'); i >= 0 {
		u.Flags |= UserInfo
		auth = auth[i+1:]
	}
	if i := strings.LastIndexByte(auth, ':'); i >= 0 && !strings.Contains(auth[i:], "]") {
		u.Port = digits(auth[i+1:])
		auth = auth[:i]
	}
	if u.Port != "" && u.Port != usualPort(u.Scheme) {
		u.Flags |= Port
	}
	return f.host(u, auth)
}

func usualPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	}
	return "21"
}

func (f *finder) mailto(u *URL, s string) bool {
	address, path, _ := strings.Cut(s, "?")
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return false
	}
	u.Path = cut(path)
	return f.host(u, address[i+1:])
}

// host fills in everything about the host, from memory where it can.
func (f *finder) host(u *URL, raw string) bool {
	h, ok := f.hosts[raw]
	if !ok {
		raw = strings.Clone(raw) // hosts outlive the message, in its record
		h = readHost(raw)
		if len(f.hosts) < 10000 && len(raw) <= 3*maxHost {
			f.hosts[raw] = h
		}
	}
	u.Host, u.Unicode, u.Registrable = h.ascii, h.unicode, h.registrable
	u.Flags |= h.flags
	return u.Host != ""
}

// cutScheme takes "scheme:" off (RFC 3986 section 3.1). What stands before a
// colon is a port's host, not a scheme, when digits follow.
func cutScheme(s string) (scheme, rest string) {
	for i := 0; i < len(s) && i < 16; i++ {
		c := s[i]
		switch {
		case c == ':' && i > 0:
			return strings.ToLower(s[:i]), s[i+1:]
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-'):
		default:
			return "", s
		}
	}
	return "", s
}

func digits(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' || i == 5 {
			return s[:i]
		}
	}
	return s
}

// cut is valid of what is kept of s.
func cut(s string) string { return valid(s[:min(len(s), maxURL)]) }

// valid gives s back with U+FFFD for what is no UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// unescape decodes %-escapes, leaving alone what is none.
func unescape(s string) []byte {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return b
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
