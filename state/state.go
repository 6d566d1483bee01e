// Package state is where what lasts and what is shared has its home.
//
// It is cut into small roles, and each consumer asks for the least: values with
// a lifetime (KV), counters, rate limits, append logs; the verdict records are
// verdicts.Lasting. Two implementations keep them: state/embedded in one SQLite file for a
// machine alone, state/redis for any number of machines. One suite
// (state/statetest) holds for both, and for state/memory, which stands in
// while Redis is away.
//
// Rules for all of them. Every key has a lifetime. A key is namespace:rest; the namespace says
// who owns it (greylist, ratelimit ...), and the keys of one call are of one namespace, so
// that one call is one round trip on a Redis Cluster too. Build keys with Key where a part comes
// from a stranger. All implementations are safe for several goroutines. A write that was
// answered survives the end of the process by kill -9.
package state

import (
	"context"
	"errors"
	"time"

	"github.com/postern-mail/postern/state/gcra"
)

// Errors of all implementations.
var (
	// ErrAway says that the shared store does not answer and there is nothing that could stand in.
	ErrAway = errors.New("state: store is away")
	// ErrKey says that a key, value or lifetime is not of the form demanded; see CheckItems.
	ErrKey = errors.New("state: malformed key or item")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("state: store is closed")
)

// KV keeps values with a lifetime.
type KV interface {
	// Get gives the values in the order of the keys, nil where there is none (an
	// empty value is not nil).
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	// Set keeps the items, in place of what was there: all of them or, with an error, none.
	Set(ctx context.Context, items ...Item) error
	// Once keeps those items whose keys are not there yet. It gives the values
	// that were there before, nil for an item that is kept now.
	Once(ctx context.Context, items ...Item) ([][]byte, error)
	// Delete removes keys and tells how many were there.
	Delete(ctx context.Context, keys ...string) (int, error)
}

// Item is a value with its key and how long it is kept from now on.
type Item struct {
	Key      string
	Value    []byte
	Lifetime time.Duration
}

// KVList is a KV that can be looked through: for a postmaster's commands, not for the way of a
// message.
type KVList interface {
	KV
	// List gives items whose keys begin with prefix, about limit of them, in no order, with the
	// lifetime that is left, and the cursor to go on from, "" at the end. What is there
	// throughout is given once at least; an answer may be empty before the end.
	List(ctx context.Context, prefix, cursor string, limit int) ([]Item, string, error)
}

// Counters count in the key space of KV: the value is the number in decimal.
type Counters interface {
	// Count adds to the counters and gives what they stand at. The lifetime begins with the
	// first count and is not renewed. By 0 reads, and creates nothing. A value that is
	// not a number is an error.
	Count(ctx context.Context, counts ...Count) ([]int64, error)
}

// Count is what one counter is to be moved by.
type Count struct {
	Key      string
	By       int64
	Lifetime time.Duration
}

// Limits keeps rate limits by GCRA, in a key space of their own. Keys of limits need
// no namespace: all limits go together.
type Limits interface {
	// Take asks several limits in one call. It takes from all of them or, if one
	// refuses, from none: a sender whom one limit stops is not charged by the others.
	// A key that is named twice is charged twice.
	Take(ctx context.Context, takes ...Take) (Taken, error)
	// Peek gives what Take would, and takes nothing.
	Peek(ctx context.Context, takes ...Take) (Taken, error)
}

// Take is what one limit is asked for.
type Take struct {
	Key   string
	Limit gcra.Limit
	N     int64 // how many events; 0 only looks, negative gives back and is never refused
	// Floor is an arrival time known from elsewhere, in microseconds since 1970: the
	// limit counts as if it stood there at least. 0 for none.
	Floor int64
}

// Taken is the answer of the limits, in the order of the takes.
type Taken struct {
	Allowed bool // all let it pass, and it was taken
	Limits  []gcra.Result
	Levels  []Level // where each limit stands now
	Local   bool    // answered in memory, from what this machine knows
}

// Level is where one limit stands.
type Level struct {
	Key string
	TAT int64 // theoretical arrival time, microseconds since 1970; 0 when nothing is in use
}

// LimitsList is Limits for a postmaster's commands.
type LimitsList interface {
	Limits
	// List gives limits in use whose keys begin with prefix; see KVList.
	List(ctx context.Context, prefix, cursor string, limit int) ([]Level, string, error)
	// Reset forgets limits and tells how many were in use.
	Reset(ctx context.Context, keys ...string) (int, error)
	// Restore sets limits to where they stood elsewhere.
	Restore(ctx context.Context, levels ...Level) error
}

// Logs are append logs: what is appended is read in the same order from any
// cursor on, until it is forgotten.
type Logs interface {
	// Append adds entries to a log. Beyond log.Max the oldest are forgotten,
	// perhaps some later; after log.Lifetime without an entry the whole log is.
	Append(ctx context.Context, log Log, entries ...[]byte) error
	// Read gives up to limit entries that came after the cursor; "" is the
	// beginning.
	Read(ctx context.Context, name, after string, limit int) ([]Entry, error)
	// End is the cursor of the newest entry, "" while there is none.
	End(ctx context.Context, name string) (string, error)
}

// Log says which log is meant and what bounds it.
type Log struct {
	Name     string
	Max      int // entries
	Lifetime time.Duration
}

// Entry is one entry of a log. Cursors have no meaning outside of the store
// that gave them.
type Entry struct {
	Cursor string
	Data   []byte
}
