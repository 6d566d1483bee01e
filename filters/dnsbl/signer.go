package dnsbl

import (
	"strings"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// The bounds on what is read of signatures before they are verified.
const (
	maxSigners   = 8
	maxSignature = 4 << 10 // bytes
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

// claimed lists the domains of the DKIM signatures (the tag d=, RFC 6376 section 3.5), verified or
// not. What it reads wrong costs a question, no more.
func claimed(msg *mail.Message) []string {
	var domains []string
	for _, f := range msg.Header {
		if !f.Is("DKIM-Signature") || len(domains) >= maxSigners {
			continue
		}
		for tag := range strings.SplitSeq(f.Value[:min(len(f.Value), maxSignature)], ";") {
			if name, value, _ := strings.Cut(tag, "="); strings.TrimSpace(name) == "d" {
				domains = append(domains, strings.TrimSpace(value))
				break
			}
		}
	}
	return domains
}
