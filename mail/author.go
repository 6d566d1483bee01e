package mail

// Address is one mailbox.
type Address struct {
	Name   string // display name, decoded (RFC 2047)
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

// Domain is the author domain (RFC 9989): the domain of the one address when
// there is exactly one From field with one address and nothing ambiguous, and
// ok=false otherwise.
func (a Author) Domain() (domain string, ok bool) {
	panic("mail: not written yet")
}

// ParseAuthor reads the From fields of a header.
func ParseAuthor(h Header) Author {
	panic("mail: not written yet")
}
