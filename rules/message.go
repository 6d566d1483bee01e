package rules

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/mail/mime"
)

// FromMessage fills in what session, envelope, header and authentication
// results tell. What has to be read of the body is read when the facts are
// evaluated, and only what the rules ask for.
func FromMessage(m *mail.Message) *Facts {
	f := &Facts{
		message: m,
		Session: Session{
			Listener: m.Session.Listener, Profile: m.Session.Profile, ClientIP: ipString(m.Session.ClientIP),
			ClientName: m.Session.ClientName, Helo: m.Session.Helo, TLS: m.Session.TLS, AuthUser: m.Session.AuthUser,
		},
		Envelope: Envelope{From: m.Envelope.From, FromDomain: domainOf(m.Envelope.From), Rcpts: m.Envelope.Rcpts},
		Size:     int(m.Size()),
		From:     author(m.Author()),
	}
	for _, field := range m.Header[:min(len(m.Header), maxItems)] {
		f.Headers = append(f.Headers, Header{Name: strings.TrimRight(field.Name, " \t"), Value: decoded(field.Value)})
	}
	f.Subject = f.header("Subject")
	if reply, ok := m.Header.Get("Reply-To"); ok {
		_ = f.ReplyTo.setText(reply)
	}
	author, _ := m.Author().Domain() // none where readers may disagree about the author
	f.Auth = auth(m.Auth, author)
	return f
}

// decoded is a field's value as a reader sees it.
func decoded(value string) string {
	value = strings.TrimSpace(strings.NewReplacer("\r\n", "", "\n", "").Replace(clip(value, maxHeader)))
	return mime.DecodeWords(value)
}

func author(a mail.Author) Author {
	out := Author{Count: len(a.Addresses)}
	if len(a.Addresses) > 0 {
		first := a.Addresses[0]
		out.Address, out.Name, out.Domain = first.Local, first.Name, first.Domain
		if first.Domain != "" {
			out.Address += "@" + first.Domain
		}
	}
	return out
}

func domainOf(address string) string {
	domain, _ := mail.ASCIIDomain(address[strings.LastIndexByte(address, '@')+1:])
	return domain
}

// registrable is the domain under which a host was registered; the host
// itself where that cannot be told.
func registrable(host string) string {
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}

// auth reads the typed results.
func auth(results []authres.Result, author string) Auth {
	var a Auth
	for _, r := range results {
		switch r.Method {
		case "spf":
			if a.SPF.Result == "" { // the identity that counts comes first
				a.SPF.note(r.Value, domainOf(r.Get("smtp", "mailfrom")+r.Get("smtp", "helo")))
			}
		case "dkim":
			domain, _ := mail.ASCIIDomain(r.Get("header", "d"))
			a.DKIM.note(r.Value, domain)
		case "dmarc":
			a.DMARC.note(r.Value, domainOf(r.Get("header", "from")))
		case "arc":
			a.ARC.note(r.Value, "")
		}
	}
	a.Aligned = a.DMARC.Pass || a.DMARC.Result != authres.Fail && (aligned(a.SPF.Domains, author) || aligned(a.DKIM.Domains, author))
	return a
}

// Aligned tells whether the author's domain is authenticated, as auth.aligned
// has it: DMARC passes, or did not fail and SPF or DKIM passes for the domain.
func Aligned(results []authres.Result, author string) bool { return auth(results, author).Aligned }

// note adds one result: of several, one that passes speaks for all.
func (m *Method) note(result, domain string) {
	if result == authres.Pass {
		if m.Domains = append(m.Domains, domain); !m.Pass {
			m.Result, m.Pass, m.Domain = result, true, domain
		}
	} else if m.Result == "" {
		m.Result, m.Domain = result, domain
	}
}

// aligned tells whether one of the domains is the author's, by the relaxed
// rule of RFC 9989 over registrable domains; DMARC's tree walk may know better,
// and then speaks through its own result.
func aligned(domains []string, author string) bool {
	for _, d := range domains {
		if d != "" && author != "" && registrable(d) == registrable(author) {
			return true
		}
	}
	return false
}
