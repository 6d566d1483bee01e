package urls

import (
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/postern-mail/postern/mail/urls"
)

// leads looks at what follows the host: where the address goes on to, and what
// it takes along.
func (c *check) leads(u urls.URL) {
	if u.Has(urls.Redirects) {
		c.Note(redirect, 1, u.Host)
	}
	if isOpen(u) {
		c.Note(openRedirect, 1, u.Host)
	}
	if victim := inFragment(u.Path); victim != "" {
		c.Note(fragment, 1, u.Host+" #"+victim)
	}
}

// isOpen tells whether the address goes through one of the known redirectors.
func isOpen(u urls.URL) bool {
	for _, r := range redirectors {
		if (u.Host == r.host || strings.HasSuffix(u.Host, "."+r.host)) && strings.HasPrefix(u.Path, r.path) && (r.always || u.Has(urls.Redirects)) {
			return true
		}
	}
	return false
}

// maxFragment bounds what is read of a fragment, in bytes.
const maxFragment = 500

// inFragment finds a mail address behind the "#" of an address, as it is or in base64.
// The server never sees a fragment: only a script in the page reads it.
func inFragment(path string) string {
	_, f, ok := strings.Cut(path, "#")
	if !ok || len(f) > maxFragment {
		return ""
	}
	if plain, err := url.PathUnescape(f); err == nil {
		f = plain
	}
	for _, word := range strings.FieldsFunc(f, func(r rune) bool { return strings.ContainsRune("/?&=#!,;: ", r) }) {
		if isAddress(word) {
			return word
		}
		if b, err := base64.RawStdEncoding.DecodeString(word); err == nil && isAddress(string(b)) {
			return string(b)
		}
	}
	return ""
}

// isAddress tells whether a word is a mail address and nothing else.
func isAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`@"<>()[]\`, r) }
	dot := strings.LastIndexByte(domain, '.')
	return ok && local != "" && dot > 0 && !strings.ContainsFunc(local, odd) && !strings.ContainsFunc(domain, odd) && isTop(domain[dot+1:])
}
