// Package lessons is how what was learned lasts, and how machines share it.
//
// A store holds for every learned message one lesson: its class and, for
// a bounded number of them, its tokens. Every change of a lesson is one step, which
// compares with what is known, and appends the change to one row that all
// machines follow. The counts of all tokens are not in there one by one: a snapshot
// of them stands for all changes up to a position, and the changes since then make it
// complete. So a learned message is one round trip, a judged one is none, and
// a million counts are read in one go.
//
// What lessons, samples and snapshots consist of is the matter of package
// learn: here they are bytes.
package lessons

import (
	"context"
	"errors"
	"fmt"
)

// Lesson is what is known of one message.
type Lesson struct {
	Name   string // of the message
	Class  uint8  // 0: it is not learned
	About  []byte // who, when, from where
	Sample []byte // its tokens; nil: they are not kept
}

// Position is a point in the row of changes; zero is before the first. A
// store that has lost its newest changes, as a Redis that failed over may, counts on with
// the same numbers; the mark, by chance, tells such a change from the one that was lost.
type Position struct {
	N    uint64
	Mark uint32
}

// Change is one step from one state of what was learned to the next. It is about a
// lesson, or it is a note.
type Change struct {
	At   Position
	Old  Lesson // what was known, without About; the sample is that by which it is taken back
	New  Lesson // what is known now, without About
	Note []byte // nil: about a lesson
}

// Step is what a Put did.
type Step struct {
	Old    Lesson   // what was known
	Before Position // of the change before
	At     Position // of the change; zero: nothing changed
}

// The bounds on what a store takes, in bytes.
const (
	MaxName   = 64
	MaxAbout  = 16 << 10
	MaxSample = 256 << 10
	MaxNote   = 64 << 20
	MaxChunk  = 1 << 20 // of a snapshot
)

// The errors of a store.
var (
	// ErrGap says that the changes after a position are not all there, or are
	// others than those that came there once: take the snapshot.
	ErrGap = errors.New("lessons: changes are missing")
	// ErrSettled says that a lesson's sample is not kept and none was given.
	ErrSettled = errors.New("learn: the message's tokens are no longer kept, show the message itself")
	// ErrMoved says that the store is not at the position it was expected at.
	ErrMoved = errors.New("lessons: somebody else was first")
	// ErrLesson says that a lesson is not of the form demanded.
	ErrLesson = errors.New("lessons: malformed")
	// ErrWaiting says that the shared store is away and the lesson waits on
	// this machine's disk; it will be put when the store is back.
	ErrWaiting = errors.New("learn: the store is away, the lesson waits on disk for it")
)

// Stats are figures of a store.
type Stats struct {
	Lessons  int
	Kept     [3]int   // samples, by class
	End      Position // of the newest change
	Snapshot Position // the changes that the snapshot stands for
}

// Store keeps lessons. It is safe for several goroutines and processes. What was
// answered survives the end of the process.
type Store interface {
	// Put makes l what is known of its message; class 0 takes the lesson back. When the class
	// is the same nothing changes. Where the sample of the old lesson is not kept, l's
	// stands for it; without either it is ErrSettled, and nothing changes either.
	Put(ctx context.Context, l Lesson) (Step, error)
	// Get gives a lesson with its sample; class 0 when there is none.
	Get(ctx context.Context, name string) (Lesson, error)
	// List gives lessons without samples and tells which have one, about limit of them, in no order, and the cursor
	// to go on from, "" at the end. What is there throughout is given once at least.
	List(ctx context.Context, cursor string, limit int) ([]Listed, string, error)
	// Samples gives lessons that have samples, with them, as List does.
	Samples(ctx context.Context, cursor string, limit int) ([]Lesson, string, error)
	// Changes gives up to limit changes after a position, in order.
	Changes(ctx context.Context, after Position, limit int) ([]Change, error)
	// Note appends a note, if nothing came after the position; else it is ErrMoved.
	Note(ctx context.Context, after Position, note []byte) (Position, error)
	// Release lets go of samples; the lessons stay.
	Release(ctx context.Context, names ...string) error
	// Remove lets go of lessons that have no sample. It is no change: counts stay.
	Remove(ctx context.Context, names ...string) error
	// Import keeps lessons as they are, without a change, into a store that
	// another is copied to.
	Import(ctx context.Context, ls ...Lesson) error
	// Snapshot gives the snapshot and the position it stands for, zero when there is none.
	Snapshot(ctx context.Context) (Position, [][]byte, error)
	// PutSnapshot puts one that stands for the changes up to at in the place of that of
	// was, or is ErrMoved. Changes more than keep before it are let go of. A store
	// without any change goes on counting from there.
	PutSnapshot(ctx context.Context, was, at Position, chunks [][]byte, keep int) error
	// Stats gives the figures, and renews what has a lifetime.
	Stats(ctx context.Context) (Stats, error)
}

// Listed is a lesson in a list.
type Listed struct {
	Lesson
	Kept bool // there is a sample
}

// Check tells whether a lesson can be kept.
func Check(l Lesson) error {
	switch {
	case l.Name == "" || len(l.Name) > MaxName:
		return fmt.Errorf("%w: a name of %d bytes", ErrLesson, len(l.Name))
	case l.Class > 2:
		return fmt.Errorf("%w: class %d", ErrLesson, l.Class)
	case len(l.About) > MaxAbout:
		return fmt.Errorf("%w: %d bytes about it", ErrLesson, len(l.About))
	case len(l.Sample) > MaxSample:
		return fmt.Errorf("%w: a sample of %d bytes", ErrLesson, len(l.Sample))
	}
	return nil
}

// CheckSnapshot tells whether a snapshot can be kept.
func CheckSnapshot(at Position, chunks [][]byte) error {
	if at.N == 0 {
		return fmt.Errorf("%w: a snapshot of nothing", ErrLesson)
	}
	for _, c := range chunks {
		if len(c) == 0 || len(c) > MaxChunk {
			return fmt.Errorf("%w: a chunk of %d bytes", ErrLesson, len(c))
		}
	}
	return nil
}

// Following gives the changes after a position, given those from its number on. They
// follow it when the position is that of the first of them, of the snapshot or the beginning,
// and the next one has the next number.
func Following(after, snapshot, end Position, from []Change) ([]Change, error) {
	known := after == snapshot || after == end || after == Position{}
	if len(from) > 0 && from[0].At.N == after.N {
		known = from[0].At == after
		from = from[1:]
	}
	if !known || len(from) == 0 && after != end || len(from) > 0 && from[0].At.N != after.N+1 {
		return nil, ErrGap
	}
	return from, nil
}
