// Package from reports what is odd about the author of a message.
//
// A message has one From field, and it names who wrote it (RFC 5322 section
// 3.6.2). Everything that readers trust hangs on that field, and parsers
// disagree over fields that are malformed or unusual: a filter may check one
// address while the user is shown another. Each way in which that can happen
// has a symbol. Which address counts, if any, mail.Author tells; DMARC does
// not pass where readers may disagree.
package from

import (
	"context"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "from",
	Summary: "reports From fields over which readers may disagree",
	Stage:   mail.StageData,
	Symbols: symbols,
	New:     New,
}

// symbols: the README argues the scores.
var symbols = []filters.SymbolDoc{
	doc(mail.FromMissing, 11, "There is no From field."),
	doc(mail.FromEmpty, 11, "The From field holds no address."),
	doc(mail.FromMultipleFields, 16, "There is more than one From field."),
	doc(mail.FromMultipleAddresses, 6, "The From field holds more than one address."),
	doc(mail.FromGroup, 11, "The From field holds a group."),
	doc(mail.FromSpaceBeforeColon, 11, "White space stands between From and the colon: not all readers see the field."),
	doc(mail.FromNUL, 11, "The From field holds a NUL byte, where some readers stop."),
	doc(mail.FromControl, 6, "The From field holds a control character, a bare CR or LF among them."),
	doc(mail.From8Bit, 1, "The From field holds bytes that are no UTF-8."),
	doc(mail.FromRoute, 6, "A source route stands before the address."),
	doc(mail.FromSplitAddress, 6, "A comment or white space stands within the address."),
	doc(mail.FromAtInLocal, 11, "The local part of the address holds an at sign."),
	doc(mail.FromEncodedAddress, 11, "An encoded word hides an address or stands within one."),
	doc(mail.FromBadDomain, 3, "The address has no valid domain name."),
	doc(mail.FromBareName, 1.5, "A part of the From field is no address, as an unquoted comma makes it."),
	doc(mail.FromUnquotedName, 0.5, "The display name needs quotes and has none."),
	doc(mail.FromLong, 11, "The From field is longer, or holds more, than anybody reads."),
	doc(mail.FromUnparsable, 5, "The From field is against the grammar, so that readers may disagree."),
}

func doc(name string, score float64, meaning string) filters.SymbolDoc {
	return filters.SymbolDoc{Name: name, Group: "from", Score: score, Meaning: meaning}
}

type filter struct{}

var _ filters.Filter = filter{}

// New makes the filter. It uses nothing of env.
func New(filters.Env) (filters.Filter, error) { return filter{}, nil }

// Check implements filters.Filter. It looks at mail of authenticated users
// too: a stolen account may forge as well as a stranger.
func (filter) Check(_ context.Context, msg *mail.Message) (filters.Result, error) {
	var res filters.Result
	for _, flaw := range msg.Author().Flaws {
		res.Symbols = append(res.Symbols, scoring.Found(flaw))
	}
	return res, nil
}
