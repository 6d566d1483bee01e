package urls

import (
	"encoding/base64"
	"strings"
)

// maxDecodings bounds how often the escapes of an address are taken off in the
// search for another one within.
const maxDecodings = 4

// Within is the address that stands inside another, where a redirector leads.
func (u URL) Within() (URL, bool) {
	f := finder{hosts: map[string]host{}}
	v := URL{Where: InURL, Text: u.Text}
	inner := within(&u)
	ok := inner != "" && f.parse(&v, inner) && v.Host != ""
	return v, ok
}

// within finds the address inside the path or query of another one, escaped or
// not: that is where a redirector leads.
func within(u *URL) string {
	path := u.Path
	if len(path) < 8 {
		return ""
	}
	if inner := behind(u); inner != "" {
		return inner
	}
	path = strings.TrimLeft(path, "/")
	for range maxDecodings {
		if inner := carried(path); inner != "" {
			return inner
		}
		if !strings.Contains(path, "%") {
			return ""
		}
		next := string(unescape(path))
		if next == path {
			return ""
		}
		path = next
	}
	return carried(path)
}

// carried finds an address that stands in a path unescaped: with a scheme, as a
// parameter that begins with "//", or in base64.
func carried(path string) string {
	if !strings.Contains(path, "//") {
		return encoded(path)
	}
	if i := schemeAt(path); i >= 0 {
		inner := path[i:]
		if !strings.Contains(inner, "?") {
			inner, _, _ = strings.Cut(inner, "&")
		}
		return inner
	}
	if _, value, ok := strings.Cut(path, "=//"); ok {
		return plain(value)
	}
	return encoded(path)
}

// plain is the address that a parameter's value names without a scheme, "" where
// it does not begin with a host.
func plain(value string) string {
	value, _, _ = strings.Cut(value, "&")
	host := value
	if i := strings.IndexAny(host, "/?#:"); i >= 0 {
		host = host[:i]
	}
	if ok, _ := simpleName(host); !ok || strings.IndexByte(host, '.') < 1 || !listed(strings.ToLower(host)) {
		return ""
	}
	return "http://" + value
}

// begun is how "http" begins in base64 (RFC 4648).
const begun = "aHR0c"

// encoded finds an address in base64, in either alphabet. In a path the slash
// parts segments, in a query it may be one of the signs.
func encoded(path string) string {
	i := strings.Index(path, begun)
	if i < 0 {
		return ""
	}
	inQuery := strings.Contains(path[:i], "?")
	run := strings.Map(func(r rune) rune {
		switch r {
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, path[i:i+signs(path[i:], inQuery)])
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	b, err := base64.RawStdEncoding.DecodeString(run)
	if s := string(b); err == nil && schemeAt(s) == 0 {
		return s
	}
	return ""
}

// signs counts the signs of base64 with which s begins.
func signs(s string, slash bool) int {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '+' || slash && c == '/') {
			return i
		}
	}
	return len(s)
}

// door is a page that leads on to the host that a parameter names, with or
// without a scheme.
type door struct{ path, param string }

// doors are the pages of well-known sites that take everybody anywhere, by
// what their owner registered (google.com for all countries).
var doors = map[string][]door{
	"google.com": {{"/url", "q"}, {"/url", "url"}}, "youtube.com": {{"/redirect", "q"}}, "googleadservices.com": {{"/pagead/aclk", "adurl"}},
	"doubleclick.net": {{"/", "adurl"}}, "facebook.com": {{"/l.php", "u"}}, "instagram.com": {{"/", "u"}}, "linkedin.com": {{"/redir/", "url"}},
	"vk.com": {{"/away.php", "to"}}, "umblr.com": {{"/redirect", "z"}}, "steamcommunity.com": {{"/linkfilter/", "url"}, {"/linkfilter/", "u"}},
	"slack-redir.net": {{"/link", "url"}}, "duckduckgo.com": {{"/l/", "uddg"}},
}

// behind finds where a page of doors leads that is given no scheme, or Google's
// reader of pages (AMP), which has the host in its path.
func behind(u *URL) string {
	site := u.Registrable
	if strings.HasPrefix(site, "google.") {
		if rest, ok := strings.CutPrefix(u.Path, "/amp/"); ok {
			return plain(strings.TrimPrefix(rest, "s/"))
		}
		site = "google.com"
	}
	for _, d := range doors[site] {
		if strings.HasPrefix(u.Path, d.path) {
			if inner := plain(string(unescape(parameter(u.Path, d.param)))); inner != "" {
				return inner
			}
		}
	}
	return ""
}

// parameter is the value of a parameter, as it stands.
func parameter(path, name string) string {
	_, query, _ := strings.Cut(path, "?")
	for p := range strings.SplitSeq(query, "&") {
		if value, ok := strings.CutPrefix(p, name+"="); ok {
			return value
		}
	}
	return ""
}

// schemeAt finds "http://" or "https://" in any case.
func schemeAt(s string) int {
	for from := 0; ; {
		i := strings.Index(s[from:], "://")
		if i < 0 {
			return -1
		}
		i += from
		for _, scheme := range []string{"https", "http"} {
			if n := len(scheme); i >= n && strings.EqualFold(s[i-n:i], scheme) {
				return i - n
			}
		}
		from = i + 3
	}
}
