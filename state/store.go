package state

import (
	"context"
	"io"
	"time"

	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/verdicts"
)

// Store is one home of all roles.
type Store interface {
	KV() KVList
	Counters() Counters
	Limits() LimitsList
	Logs() Logs
	Verdicts() verdicts.Lasting
	Lessons() lessons.Store
	// Status tells how the store does; it asks nobody and never waits.
	Status() Status
	// Close ends what the store does by itself and what is under way. Afterwards everything is
	// ErrClosed; a second Close does nothing.
	io.Closer
}

// Status tells how a store does: for readiness, metrics, the log and the record.
type Status struct {
	Kind     string    `json:"kind"` // embedded or redis
	Degraded bool      `json:"degraded"`
	Since    time.Time `json:"since"`   // since when it is as it is
	Reason   string    `json:"reason"`  // what is wrong, "" when nothing is
	Waiting  int       `json:"waiting"` // verdict records that wait on disk for the shared store
	Lessons  int       `json:"lessons"` // lessons that wait likewise
	Lost     int64     `json:"lost"`    // records for which there was no room
}

// Counted is a store that tells how many verdict records it keeps.
type Counted interface {
	Records(ctx context.Context) (int, error)
}

// Prober is a store that may be away.
type Prober interface {
	// Probe tells whether the store can be written to, as far as one small write shows.
	Probe(ctx context.Context) error
}
