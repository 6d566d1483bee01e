package tokens

import "strings"

// ours are beginnings of the names of fields that the receiving side, a
// mailbox, a list or another filter adds, and of those that have tokens of
// their own. That such a field is there says nothing about the sender.
var ours = []string{
	"apparently-to", "arc-", "authentication-results", "content-length", "date", "delivered-to", "delivery-date",
	"dkim-signature", "domainkey-signature", "envelope-to", "errors-to", "lines", "list-", "mailing-list", "precedence",
	"received", "resent-", "return-path", "sender", "status", "xref",
	"x-amavis", "x-antispam", "x-apparently", "x-asg-", "x-barracuda", "x-been", "x-bogosity", "x-crm114", "x-delivered",
	"x-dspam", "x-envelope", "x-evolution", "x-exchange", "x-filename", "x-filter", "x-folder", "x-forefront", "x-gm",
	"x-google", "x-greylist", "x-ham", "x-imap", "x-ironport", "x-keywords", "x-list", "x-loop", "x-mailman", "x-mailscanner",
	"x-microsoft", "x-mime-autoconverted", "x-mimedefang", "x-mozilla", "x-ms-", "x-origin", "x-policyd", "x-postern",
	"x-proofpoint", "x-pyzor", "x-razor", "x-rcpt", "x-rspamd", "x-sieve", "x-status", "x-uid",
}

// added tells whether a field, named in lower case, is one of ours.
func added(key string) bool {
	for _, part := range []string{"spam", "virus", "scan"} {
		if strings.Contains(key, part) {
			return true
		}
	}
	for _, p := range ours {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}
