package mail

import "slices"

// What may be odd about the From fields. Each is a symbol.
const (
	FromMissing           = "FROM_MISSING"            // there is no From field
	FromEmpty             = "FROM_EMPTY"              // the From fields hold no address
	FromMultipleFields    = "FROM_MULTIPLE_FIELDS"    // more than one From field
	FromMultipleAddresses = "FROM_MULTIPLE_ADDRESSES" // more than one address
	FromGroup             = "FROM_GROUP"              // a group instead of an address
	FromSpaceBeforeColon  = "FROM_SPACE_BEFORE_COLON" // "From :", a From field to some readers only
	FromNUL               = "FROM_NUL"                // a NUL byte, where some readers stop
	FromControl           = "FROM_CONTROL"            // a control character, a bare CR or LF among them
	From8Bit              = "FROM_8BIT"               // bytes that are no UTF-8
	FromRoute             = "FROM_ROUTE"              // a source route before the address
	FromSplitAddress      = "FROM_SPLIT_ADDRESS"      // a comment or white space within the address
	FromAtInLocal         = "FROM_AT_IN_LOCAL"        // a quoted local part that holds "@"
	FromEncodedAddress    = "FROM_ENCODED_ADDRESS"    // an encoded word where or in which an address stands
	FromBadDomain         = "FROM_BAD_DOMAIN"         // the address has no valid domain name
	FromBareName          = "FROM_BARE_NAME"          // an entry without an address, such as an unquoted "Doe, John <j@...>" makes
	FromUnquotedName      = "FROM_UNQUOTED_NAME"      // a display name that needs quotes and has none
	FromLong              = "FROM_LONG"               // longer, or more fields or addresses, than we read
	FromUnparsable        = "FROM_UNPARSABLE"         // against the grammar, so that readers may disagree
)

// FromFlaws are all flaws that ParseAuthor knows.
var FromFlaws = []string{
	FromMissing, FromEmpty, FromMultipleFields, FromMultipleAddresses, FromGroup, FromSpaceBeforeColon, FromNUL,
	FromControl, From8Bit, FromRoute, FromSplitAddress, FromAtInLocal, FromEncodedAddress, FromBadDomain,
	FromBareName, FromUnquotedName, FromLong, FromUnparsable,
}

// harmless are the flaws over which readers do not disagree who the author is.
var harmless = []string{From8Bit, FromBareName, FromUnquotedName}

// Ambiguous tells whether readers of the message may see different authors,
// or none.
func (a Author) Ambiguous() bool {
	return slices.ContainsFunc(a.Flaws, func(f string) bool { return !slices.Contains(harmless, f) })
}

// flaw notes a flaw, once.
func (a *Author) flaw(name string) {
	if !slices.Contains(a.Flaws, name) {
		a.Flaws = append(a.Flaws, name)
	}
}
