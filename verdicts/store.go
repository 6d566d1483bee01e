package verdicts

import (
	"context"
	"errors"
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
	// from, "" when there are no more.
	Query(ctx context.Context, q Query) ([]*Record, string, error)
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
	MinScore *float64
	Text     string // part of subject, author, message id, reason
	Limit    int    // DefaultLimit when 0, at most MaxLimit
	Cursor   string // from an earlier answer: go on after it
}

// Fits tells whether the record is asked for, the cursor and limit left out.
func (q Query) Fits(r *Record) bool {
	return (q.Action == "" || r.Action == q.Action) &&
		(q.Since.IsZero() || !r.Time.Before(q.Since)) &&
		(q.Until.IsZero() || r.Time.Before(q.Until)) &&
		(q.MinScore == nil || r.Score >= *q.MinScore) &&
		(q.IP == "" || r.Session.ClientIP == q.IP) &&
		(q.QueueID == "" || r.QueueID == q.QueueID) &&
		(q.From == "" || addressFits(q.From, r.Envelope.From) || addressFits(q.From, r.Message.From)) &&
		(q.Rcpt == "" || anyAddressFits(q.Rcpt, r.Envelope.Rcpts)) &&
		(q.Symbol == "" || r.has(q.Symbol)) &&
		(q.Text == "" || textFits(q.Text, r.Message.Subject, r.Message.From, r.Message.MessageID, r.Reason))
}

func (r *Record) has(symbol string) bool {
	for _, s := range r.Symbols {
		if strings.EqualFold(s.Name, symbol) {
			return true
		}
	}
	return false
}

// addressFits tells whether the address is the one wanted, or in the domain wanted.
func addressFits(want, address string) bool {
	if strings.EqualFold(want, address) {
		return true
	}
	domain := address[strings.LastIndexByte(address, '@')+1:]
	return strings.EqualFold(strings.TrimPrefix(want, "@"), domain)
}

func anyAddressFits(want string, addresses []string) bool {
	for _, a := range addresses {
		if addressFits(want, a) {
			return true
		}
	}
	return false
}

func textFits(want string, texts ...string) bool {
	want = strings.ToLower(want)
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), want) {
			return true
		}
	}
	return false
}
