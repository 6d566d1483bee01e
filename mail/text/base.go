package text

import "strings"

// base is what the links of a page are relative to. It is cut up by hand, as
// browsers do it (URL Standard section 4.4): they take what no parser of RFC
// 3986 does, and a link that is not resolved is a link that nobody checks.
type base struct {
	scheme string // "http", "https" or "ftp"; "" where there is no base
	host   string // with port and all
	dir    string // path up to the last slash
	page   string // path
}

// maxBase bounds what is put before every link.
const maxBase = 2000

// parseBase reads the address of a base element.
func parseBase(s string) (b base, ok bool) {
	s = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(strings.TrimSpace(s[:min(len(s), maxBase)]))
	scheme, rest, found := strings.Cut(s, ":")
	switch b.scheme = strings.ToLower(scheme); {
	case !found || b.scheme != "http" && b.scheme != "https" && b.scheme != "ftp":
		return base{}, false
	}
	rest = strings.TrimLeft(rest, `/\`)
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	b.host, b.page = rest, "/"
	if i := strings.IndexAny(rest, `/\`); i >= 0 {
		b.host, b.page = rest[:i], rest[i:]
	}
	b.dir = b.page[:strings.LastIndexAny(b.page, `/\`)+1]
	return b, b.host != ""
}

// resolve gives the address that a link leads to.
func (b *base) resolve(href string) string {
	switch {
	case b.scheme == "" || hasScheme(href):
		return href
	case len(href) > 1 && slash(href[0]) && slash(href[1]):
		return b.scheme + ":" + href
	case href != "" && slash(href[0]):
		return b.scheme + "://" + b.host + href
	case href == "" || href[0] == '#' || href[0] == '?':
		return b.scheme + "://" + b.host + b.page + href
	}
	return b.scheme + "://" + b.host + b.dir + href
}

func slash(c byte) bool { return c == '/' || c == '\\' }

// hasScheme tells whether an address names its scheme (section 4.4, "scheme
// state").
func hasScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':':
			return i > 0
		case isLetter(c), c == '\t', c == '\r', c == '\n':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return false
}

// refreshTarget finds where a page leads by itself: "5; url='x'" or, without
// the name, "5; x" (HTML Standard section 4.2.5.3).
func refreshTarget(content string) string {
	rest := strings.TrimLeft(content, " \t\r\n\f")
	after := strings.TrimLeft(rest, "0123456789.")
	if len(after) == len(rest) { // some readers need no time
		i := strings.Index(strings.ToLower(content), "url=")
		if i < 0 {
			return ""
		}
		after = content[i:]
	}
	after = strings.TrimLeft(after, " \t\r\n\f;,")
	if hasFold(after, "url") {
		if value, ok := strings.CutPrefix(strings.TrimLeft(after[3:], " \t\r\n\f"), "="); ok {
			after = value
		}
	}
	return strings.Trim(after, " \t\r\n\f'\"")
}
