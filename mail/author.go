package mail

import "strings"

// The bounds on what is read of the From fields.
const (
	maxFromFields = 8        // fields
	maxFromSize   = 16 << 10 // bytes of one field
	maxAuthors    = 64       // addresses
)

// Address is one mailbox.
type Address struct {
	Name   string // display name, decoded (RFC 2047); the comment beside the address where there is none
	Local  string // local part, unquoted
	Domain string // lower case, A-labels, without final dot; "" when there is none
}

// Author is what the From fields say, and what is odd about them.
type Author struct {
	// Addresses are all mailboxes of all From fields, in order, at most
	// maxAuthors.
	Addresses []Address
	// Flaws names what is ambiguous or malformed, as FROM_* symbols, each once.
	Flaws []string
}

// Domain is the author domain (RFC 9989 section 5.3.1): the domain of the one
// address when there is exactly one From field with one address and nothing
// over which readers may disagree, and ok=false otherwise.
func (a Author) Domain() (domain string, ok bool) {
	if len(a.Addresses) != 1 || a.Addresses[0].Domain == "" || a.Ambiguous() {
		return "", false
	}
	return a.Addresses[0].Domain, true
}

// ParseAuthor reads the From fields of a header (RFC 5322 section 3.6.2,
// RFC 6854, RFC 6532), as leniently as the most lenient reader, and names
// everything that a stricter or another reader may see differently. Its time
// is linear in the size of the fields and bounded whatever it is given.
func ParseAuthor(h Header) Author {
	var a Author
	fields := 0
	for _, f := range h {
		// A name is not folded, but a lenient reader may unfold one.
		name := strings.TrimRight(f.Name, " \t\r\n")
		if !strings.EqualFold(name, "From") {
			continue
		}
		if name != f.Name {
			a.flaw(FromSpaceBeforeColon)
		}
		if fields++; fields > maxFromFields {
			a.flaw(FromLong)
			break
		}
		a.parseField(f.Value)
	}
	switch {
	case fields == 0:
		a.flaw(FromMissing)
	case fields > 1:
		a.flaw(FromMultipleFields)
	}
	switch {
	case fields > 0 && len(a.Addresses) == 0:
		a.flaw(FromEmpty)
	case len(a.Addresses) > 1:
		a.flaw(FromMultipleAddresses)
	}
	return a
}

// parseField reads the value of one From field.
func (a *Author) parseField(value string) {
	if len(value) > maxFromSize {
		a.flaw(FromLong)
		value = value[:maxFromSize]
	}
	a.checkBytes(value)
	p := addressParser{author: a, tokens: scanAddresses(value)}
	p.list()
}
