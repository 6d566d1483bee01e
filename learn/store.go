package learn

import (
	"context"
	"errors"
	"iter"

	"github.com/postern-mail/postern/learn/bayes"
)

// Position is a point in the row of changes of a store. Later changes have
// greater positions; 0 is before the first.
type Position uint64

// Change is one step from one state of what was learned to the next.
type Change struct {
	At      Position
	Old     Record   // what was known of the message, its tokens included; Class None for nothing
	New     Record   // what is known now
	Dropped []uint64 // tokens whose counts expired: they are gone whatever they were
}

// The errors of a store.
var (
	// ErrGap says that changes after the position asked for are no longer
	// kept: load everything anew.
	ErrGap = errors.New("learn: changes are missing")
	// ErrSettled says that a record's tokens are no longer kept, so that it can
	// be taken back only when the message itself is shown.
	ErrSettled = errors.New("learn: the message's tokens are no longer kept, show the message itself")
)

// Store is where lessons last. All nodes that share one see the same changes
// in the same order; that is all they need to agree. It is safe for concurrent
// use.
type Store interface {
	// Put makes r what is known of its message, in one step: it compares with
	// what is known, changes the counts by the difference, and appends a
	// Change. It returns what was known before and the change's position, 0
	// when nothing changed because the class is the same. To take a lesson back, r
	// has Class None; its Tokens are used only when the store has none any more. Without
	// either it is ErrSettled.
	Put(ctx context.Context, r Record) (old Record, at Position, err error)
	// Get returns what is known of a message; Class None for nothing.
	Get(ctx context.Context, d Digest) (Record, error)
	// Records yields everything that is known, in no order. It holds no lock
	// while it yields.
	Records(ctx context.Context) iter.Seq2[Record, error]
	// Load returns the counts, for the caller to own, and the position they stand for.
	Load(ctx context.Context) (*bayes.Table, Position, error)
	// Changes yields the changes after a position that are there now, in order.
	Changes(ctx context.Context, after Position) iter.Seq2[Change, error]
	// Wait returns when there is a change after the position, or with an error.
	Wait(ctx context.Context, after Position) error
}

// Apply makes one change to counts. A store and every node use the same steps.
func Apply(t *bayes.Table, c Change) {
	t.Add(c.Old.Tokens, Counted, c.Old.Class, -1)
	t.Add(c.New.Tokens, Counted, c.New.Class, 1)
	t.Drop(c.Dropped)
}
