// Package filters is the contract between Postern and a filter.
//
// A filter is a folder with a Kind: its description and a constructor. It
// reports what it found as symbols and typed authentication results; it knows
// no points and no actions, applies nothing, keeps no state about a message,
// and imports no other filter.
package filters

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
)

// Filter looks at a message.
//
// Check is called once a message (a connect or HELO filter: once a connection) at the Kind's stage, at
// once with other filters and with itself on other messages. It must return soon after
// ctx ends; if it does not, its result is ignored and the record says timeout.
// An error says that the check could not be made; it becomes the symbol
// NAME_ERROR and is never by itself a reason to refuse mail. A result returned together with an error counts.
type Filter interface {
	Check(ctx context.Context, msg *mail.Message) (Result, error)
}

// Early is a further power of a filter of the stage data: to look before the
// whole message is there, so that its questions are under way while the client
// still talks, and that what it finds can refuse the client.
//
// It is called at connect, HELO and MAIL FROM with what is known then, and once more with the
// whole message while the filters that this one reads are still at work, under
// the same rules as Check. Each result takes the place of the one before it; none is part of
// the evidence about the message, which is Check's matter.
type Early interface {
	Early(ctx context.Context, msg *mail.Message) (Result, error)
}

// Late is a further power of a filter of the stage rcpt: to look once more at
// end of message, at the whole of it and with all recipients that were accepted, under the
// same rules as Check. What it finds is evidence beside what Check found for each of them.
type Late interface {
	Late(ctx context.Context, msg *mail.Message) (Result, error)
}

// Greylister is a further power of a filter: to say whether a message that is to be greylisted has
// waited long enough. Such a filter is not part of the chain, and its Check is not called: Decide is, after
// judging, when the verdict is scoring.Greylist, with all evidence. It reports
// scoring.GreylistPass when the message need not wait, and scoring.GreylistWait when it
// must. An error lets the message pass, visibly.
type Greylister interface {
	Decide(ctx context.Context, msg *mail.Message, ev scoring.Evidence) (Result, error)
}

// Result is what one filter has to say about one message.
type Result struct {
	Symbols []scoring.Symbol
	Auth    []authres.Result // typed results that filters named After this one, and the header, read
	Edits   []mail.Edit      // what it would like changed, should the message be let in

	// Checks are the parts of the filter's work that were not done, such as a list
	// that was not asked: Name, Status and Err. The record shows them under the filter's
	// name, "dnsbl/zen".
	Checks []scoring.Check

	// Charges is what was taken from limits for the message. It is given back when
	// the transaction is broken off, or refused for now: whoever comes again is not counted twice.
	Charges []state.Charge
}

// Kind describes a sort of filter.
type Kind struct {
	Name    string      // lower case; names its section in the configuration
	Summary string      // one line, for the reference
	Stage   mail.Stage  // the earliest stage at which all its input is there
	After   []string    // kinds whose results it reads, where they are there: run before it
	Symbols []SymbolDoc // every symbol it can report
	Config  func() any  // a pointer to its section, holding the defaults; nil: it has no settings
	New     func(Env) (Filter, error)
	OptIn   bool // off unless the configuration asks for it: it needs a service of its own

	// Caps are the most points that groups of symbols add together, unless the
	// configuration says otherwise.
	Caps map[string]float64
	// ConfigSymbols lists the symbols that a section of the configuration brings about, with their
	// scores; they are stronger than those in Symbols. It is given what Config returned, decoded. nil: none.
	ConfigSymbols func(section any) []SymbolDoc
}

// SymbolDoc describes a symbol: it feeds the score table, the reference and
// the documents.
type SymbolDoc struct {
	Name    string
	Group   string  // symbols of one group share a cap, where the policy sets one
	Score   float64 // default points at factor 1
	Meaning string  // one sentence for a postmaster

	// Action is what the symbol demands, and Early from which stage on it refuses, unless the
	// configuration says otherwise: defaults of the policy, as Score is. "": nothing; 0: at the end. Early
	// holds only as long as the symbol demands Action.
	Action scoring.Action
	Early  mail.Stage
}

// Env is everything impure or configured that a filter gets. What a filter
// does not use it ignores.
type Env struct {
	Name       string // the instance's name; the Kind's, unless the configuration says otherwise
	Config     any    // what Kind.Config returned, with the configuration decoded over it
	Resolver   dns.Resolver
	Log        *slog.Logger
	AuthservID string           // the name under which we write Authentication-Results
	Trusted    []netip.Prefix   // networks whose mail is our own
	Relays     []netip.Prefix   // hosts that hand us strangers' mail: our own MX, forwarders
	Now        func() time.Time // for what happens outside a message; a message carries its own time

	// What lasts, and is shared with other machines. nil where a message is looked at outside the daemon.
	Limits state.Limits
	KV     state.KV

	Learned Learned // nil: nothing was learned
}

// Learned judges by what users called spam and ham, and by what those of some domains did
// besides. It asks nobody, and is safe for several goroutines.
type Learned interface {
	Judge(msg *mail.Message, domains ...string) learn.Opinion
}
