package mail

import "strings"

// The bounds on what is read of signatures before they are verified.
const (
	maxSigners   = 8
	maxSignature = 4 << 10 // bytes
)

// Signers lists the domains that DKIM signatures name (the tag d=, RFC 6376 section 3.5), as
// they are written and whether or not the signature is any good: enough to ask DNS about them
// before they are verified. What it reads wrong costs a question, no more. The first eight
// signatures are read, 4 KiB of each.
func (h Header) Signers() []string {
	var domains []string
	for _, f := range h {
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
