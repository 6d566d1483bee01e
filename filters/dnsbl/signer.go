package dnsbl

import (
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// verified lists the domains whose DKIM signature passes.
func verified(msg *mail.Message) []string {
	var domains []string
	for _, r := range msg.Auth {
		if d := r.Get("header", "d"); r.Method == "dkim" && r.Value == authres.Pass && d != "" {
			domains = append(domains, d)
		}
	}
	return domains
}
