package phish

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// listFields are the fields by which a list names itself (RFC 2919, RFC 2369).
var listFields = []string{"List-Id", "List-Post", "Mailing-List"}

// listed tells whether the message went through a mailing list, which may have
// put its own address for the author's, and the author's into Reply-To. Anybody
// may claim that, so DKIM or SPF must have passed for the list's domain: one that
// the claiming field names, or that of the address in From. Where neither was
// checked (no such filter, or it could not ask DNS) the claim is believed:
// doubt is not guilt, and a list is what most who claim to be one are.
func (c *check) listed(a mail.Address) bool {
	domains := []string{registrable(a.Domain)}
	claimed := strings.Contains(strings.ToLower(a.Name), " via ")
	for _, key := range listFields {
		if value, ok := c.msg.Header.Get(key); ok {
			claimed = true
			domains = append(domains, hosts(value)...)
		}
	}
	if !claimed {
		return false
	}
	passed, checked := vouched(c.msg)
	return !checked || slices.ContainsFunc(passed, func(d string) bool { return slices.Contains(domains, d) })
}

// maxHosts bounds the domains that are read of a list's field.
const maxHosts = 20

// hosts are the registrable domains that a field names.
func hosts(value string) (list []string) {
	notHost := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_')
	}
	for w := range strings.FieldsFuncSeq(value[:min(len(value), maxName)], notHost) {
		if len(list) < maxHosts && strings.Contains(w, ".") {
			list = append(list, registrable(strings.ToLower(strings.Trim(w, "."))))
		}
	}
	return list
}

// vouched are the registrable domains for which DKIM or SPF (RFC 8601 section
// 2.7) passed, and whether that was checked: that nothing passed says something
// only then.
func vouched(m *mail.Message) (domains []string, checked bool) {
	for _, r := range m.Auth {
		value := ""
		switch r.Method {
		case "dkim":
			value = r.Get("header", "d")
		case "spf":
			value = r.Get("smtp", "mailfrom")
		default:
			continue
		}
		checked = checked || r.Value != authres.Temperror
		if domain, ok := mail.ASCIIDomain(value[strings.LastIndexByte(value, '@')+1:]); ok && r.Value == authres.Pass {
			domains = append(domains, registrable(domain))
		}
	}
	return domains, checked && !slices.Contains(m.Unchecked, "spf") && !slices.Contains(m.Unchecked, "dkim")
}
