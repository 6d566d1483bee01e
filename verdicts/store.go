package verdicts

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/scoring"
)

// ErrNotFound says that there is no record of that id, or no longer.
var ErrNotFound = errors.New("verdicts: no record of that id")

// Store keeps records. Its implementations are safe for several goroutines.
type Store interface {
	// Add keeps a record; from then on it is found.
	Add(ctx context.Context, r *Record) error
	// Get gives the record of that id, or ErrNotFound.
	Get(ctx context.Context, id string) (*Record, error)
	// Query gives the records that fit, newest first, and the cursor to go on
	// from, "" when there are no more. A cursor that no answer gave finds nothing.
	Query(ctx context.Context, q Query) ([]*Record, string, error)
}

// Lasting is a store that keeps records when the process ends, and more than
// the records.
type Lasting interface {
	Store
	// Import adds records that were counted elsewhere: it leaves the roll-ups alone.
	// A record that is there already, by its id, stays as it is, and so it does with Add.
	Import(ctx context.Context, records ...*Record) error
	// Follow gives records in the order in which they arrived after the cursor, and
	// the cursor to go on from. With the cursor "" it gives none, and where now is.
	Follow(ctx context.Context, cursor string, limit int) ([]*Record, string, error)
	// Hours gives the roll-ups of the hours that begin in since..until (until left out), oldest
	// first; hours without mail are left out.
	Hours(ctx context.Context, since, until time.Time) ([]Hour, error)
	// PutHours sets roll-ups, in place of those kept for the same hours.
	PutHours(ctx context.Context, hours ...Hour) error
	// Sweep forgets what is past its retention. The store calls it by itself
	// from time to time; the result is how many records went.
	Sweep(ctx context.Context) (int, error)
}

// Retention says how long records are kept. A zero field is the default.
type Retention struct {
	Age     time.Duration // of records; DefaultAge
	Records int           // how many at most; the oldest go first. DefaultRecords
	Hours   time.Duration // of roll-ups; DefaultHours
}

// How long records and roll-ups are kept when nobody says otherwise.
const (
	DefaultAge     = 30 * 24 * time.Hour
	DefaultRecords = 1_000_000
	DefaultHours   = 400 * 24 * time.Hour
)

// WithDefaults gives the retention with its zero fields filled.
func (r Retention) WithDefaults() Retention {
	return Retention{cmp.Or(r.Age, DefaultAge), cmp.Or(r.Records, DefaultRecords), cmp.Or(r.Hours, DefaultHours)}
}

// Limits of a query's length.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// Query says which records are wanted. Zero fields ask for nothing; what is
// given must all hold. Text is compared without regard to case.
type Query struct {
	Action   scoring.Action
	Since    time.Time // not before
	Until    time.Time // before
	From     string    // envelope or author address, or a domain
	Rcpt     string    // a recipient, or a domain
	IP       string    // client address
	Symbol   string
	QueueID  string
	Message  string // Message-ID, with or without its brackets
	MinScore *float64
	Text     string // words, each of which stands in subject, author, Message-ID or reason; see Words
	Limit    int    // DefaultLimit when 0, at most MaxLimit
	Cursor   string // from an earlier answer: go on after it
}

// PageSize is how many records an answer holds at most.
func (q Query) PageSize() int {
	if q.Limit <= 0 {
		return DefaultLimit
	}
	return min(q.Limit, MaxLimit)
}

// Fits tells whether the record is asked for, the cursor and limit left out.
func (q Query) Fits(r *Record) bool {
	return (q.Action == "" || r.Action == q.Action) &&
		(q.Since.IsZero() || !r.Time.Before(q.Since)) &&
		(q.Until.IsZero() || r.Time.Before(q.Until)) &&
		(q.MinScore == nil || r.Score >= *q.MinScore) &&
		(q.IP == "" || r.Session.ClientIP == q.IP) &&
		(q.QueueID == "" || r.QueueID == q.QueueID) &&
		(q.Message == "" || plainID(r.Message.MessageID) == plainID(q.Message)) &&
		(q.From == "" || addressFits(q.From, r.Envelope.From) || addressFits(q.From, r.Message.From)) &&
		(q.Rcpt == "" || anyAddressFits(q.Rcpt, r.Envelope.Rcpts)) &&
		(q.Symbol == "" || r.has(q.Symbol)) &&
		(q.Text == "" || q.textFits(r))
}

func (r *Record) has(symbol string) bool {
	for _, s := range r.Symbols {
		if upper(s.Name) == upper(symbol) {
			return true
		}
	}
	return false
}

// addressFits tells whether the address is the one wanted, or in the domain
// wanted. Cases are folded as the terms of an index are, so that both agree.
func addressFits(want, address string) bool {
	if lower(want) == lower(address) {
		return true
	}
	return lower(strings.TrimPrefix(want, "@")) == domainOf(address)
}

func anyAddressFits(want string, addresses []string) bool {
	for _, a := range addresses {
		if addressFits(want, a) {
			return true
		}
	}
	return false
}

func (q Query) textFits(r *Record) bool {
	have := r.words()
	for _, w := range q.words() {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}
