package urls

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/postern-mail/postern/mail/urls"
)

// plainUser is how much a user name counts that is one: people who talk about
// servers write such addresses.
const plainUser = 0.3

// userInfo is what stands before the "@" of an address.
func userInfo(u urls.URL) string {
	_, s, _ := strings.Cut(u.Raw, ":")
	s = strings.TrimLeft(s, `/\`)
	if end := strings.IndexAny(s, `/\?#`); end >= 0 {
		s = s[:end]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[:i]
	}
	return s[:min(len(s), maxUser)]
}

// maxUser bounds what is read of a user name, in bytes. A longer one is there to
// push the host out of sight.
const maxUser = 200

// looksLikeHost tells whether a user name would be taken for a host: it begins
// as one, its last part is a top-level domain, or nobody could see its end.
func looksLikeHost(user string) bool {
	if len(user) == maxUser {
		return true
	}
	user, _, _ = strings.Cut(strings.ToLower(user), ":")
	user, _, _ = strings.Cut(user, "%")
	return strings.HasPrefix(user, "www.") || strings.Contains(user, ".") && isTop(user[strings.LastIndexByte(user, '.')+1:])
}

// isTop tells whether there is such a top-level domain.
func isTop(label string) bool {
	_, icann := publicsuffix.PublicSuffix(strings.ToLower(label))
	return icann
}

// The bounds of a usual host.
const (
	maxParts   = 6 // labels
	maxHyphens = 3 // in one label
)

// name looks at a host that is a name.
func (c *check) name(u urls.URL) {
	host := u.Host
	if u.Registrable != "" {
		c.domains[u.Registrable] = true
	}
	labels := strings.Split(host, ".")
	top := labels[len(labels)-1]
	if f := cheap[top]; f > 0 {
		c.Note(cheapTop, f, host)
	}
	own := false
	for i := range labels { // the host and every domain above it
		domain := strings.Join(labels[i:], ".")
		own = own || hosts[domain]
		if freeHosts[domain] {
			c.Note(freeHost, 1, host)
		}
	}
	if labels[0] == "ipfs" || strings.Contains(host, ".ipfs.") || strings.HasPrefix(u.Path, "/ipfs/") {
		c.Note(ipfs, 1, host)
	}
	left := strings.TrimSuffix(strings.TrimSuffix(host, u.Registrable), ".")
	if u.Registrable != "" && !own && holdsDomain(left) {
		c.Note(domainInHost, 1, host)
	}
	if u.Has(urls.Schemeless) { // perhaps the name of a file
		return
	}
	if len(labels) > maxParts {
		c.Note(longHost, 1, host)
	}
	for _, l := range labels {
		if strings.Count(l, "-") > maxHyphens && !strings.HasPrefix(l, "xn--") {
			c.Note(longHost, 1, host)
		}
	}
}

// holdsDomain tells whether the left part of a host ends a domain of its own:
// "bank.com.login" in bank.com.login.example.net. Country codes are no sign: as
// labels they name places.
func holdsDomain(left string) bool {
	labels := strings.Split(left, ".")
	for i, l := range labels {
		if i > 0 && (l == "com" || l == "net" || l == "org" || l == "gov" || l == "edu") && labels[i-1] != "www" {
			return true
		}
	}
	return false
}
