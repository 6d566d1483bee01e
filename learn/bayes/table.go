// Package bayes counts in how many ham and spam messages each token was, and
// judges a message by its tokens.
//
// The counts are those of Graham's and Robinson's filters ("A Statistical
// Approach to the Spam Problem", Linux Journal 107, 2003): messages, not
// occurrences, so that repeating a word changes nothing. They live in the
// memory of the process: a lookup is a few nanoseconds, and no message asks a
// database for anything. Sums of counts do not depend on the order in which
// they are made; so learning and forgetting in any order, on any mix of
// machines, leaves the counts of the remaining messages.
package bayes

import (
	"iter"
	"sync"
	"sync/atomic"
)

// Class is what a message is.
type Class uint8

// The classes.
const (
	None Class = iota // not learned
	Ham
	Spam
)

// String gives the name used in records and commands.
func (c Class) String() string { return [...]string{"none", "ham", "spam"}[min(c, 2)] }

// Count says in how many messages something was.
type Count struct{ Ham, Spam uint32 }

// Table holds the counts of all tokens: an open-addressing table of 16 bytes a
// slot, at most three quarters full. Reading takes no lock and never waits for
// a writer; writers take turns. A reader may see a message half counted.
type Table struct {
	mu    sync.Mutex // held by writers
	slots atomic.Pointer[slots]
	used  int // slots taken, those with zero counts included; under mu
	ham   atomic.Int64
	spam  atomic.Int64
}

// slots is one generation of the table; it grows into the next one.
type slots struct {
	shift uint
	list  []slot
}

type slot struct {
	token  atomic.Uint64 // 0 for a free slot; once set it stays
	counts atomic.Uint64 // ham in the upper half, spam in the lower
}

// minBits sizes the smallest table.
const minBits = 10

// NewTable makes an empty table with room for so many tokens.
func NewTable(tokens int) *Table {
	bits := uint(minBits)
	for tokens > 3<<bits/4 {
		bits++
	}
	t := &Table{}
	t.slots.Store(newSlots(bits))
	return t
}

func newSlots(bits uint) *slots { return &slots{shift: 64 - bits, list: make([]slot, 1<<bits)} }

// find returns the token's slot, or the free one where it belongs.
func (s *slots) find(token uint64) *slot {
	mask := uint64(len(s.list) - 1)
	for i := token >> s.shift; ; i = (i + 1) & mask {
		if k := s.list[i].token.Load(); k == token || k == 0 {
			return &s.list[i]
		}
	}
}

func pack(c Count) uint64   { return uint64(c.Ham)<<32 | uint64(c.Spam) }
func unpack(v uint64) Count { return Count{uint32(v >> 32), uint32(v)} }
func (c Count) zero() bool  { return c == Count{} }
func sum(n uint32, d int32) uint32 {
	return uint32(min(max(int64(n)+int64(d), 0), 1<<32-1))
}

// Count returns the counts of one token.
func (t *Table) Count(token uint64) Count { return unpack(t.slots.Load().find(token).counts.Load()) }

// Messages returns how many messages of each class are counted.
func (t *Table) Messages() Count {
	return Count{uint32(max(t.ham.Load(), 0)), uint32(max(t.spam.Load(), 0))}
}

// Len is the number of tokens with a count, an upper bound while others write.
func (t *Table) Len() int {
	n := 0
	for range t.All() {
		n++
	}
	return n
}

// All yields every token with a count, in no order.
func (t *Table) All() iter.Seq2[uint64, Count] {
	return func(yield func(uint64, Count) bool) {
		s := t.slots.Load()
		for i := range s.list {
			token := s.list[i].token.Load()
			if c := unpack(s.list[i].counts.Load()); token != 0 && !c.zero() && !yield(token, c) {
				return
			}
		}
	}
}

// Add counts a message's tokens (n = 1) or takes them back (n = -1), those for
// which use is true.
func (t *Table) Add(tokens []uint64, use func(uint64) bool, c Class, n int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ham, spam := split(c, n)
	for _, token := range tokens {
		if use(token) {
			t.change(token, ham, spam)
		}
	}
	t.ham.Add(int64(ham))
	t.spam.Add(int64(spam))
}

func split(c Class, n int32) (ham, spam int32) {
	switch c {
	case Ham:
		return n, 0
	case Spam:
		return 0, n
	}
	return 0, 0
}

// Set puts a token's counts, for loading.
func (t *Table) Set(token uint64, c Count) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slot(token).counts.Store(pack(c))
}

// SetMessages puts the number of messages, for loading.
func (t *Table) SetMessages(c Count) {
	t.ham.Store(int64(c.Ham))
	t.spam.Store(int64(c.Spam))
}

// change adds to the counts of one token; under mu.
func (t *Table) change(token uint64, ham, spam int32) {
	if token == 0 {
		return
	}
	s := t.slot(token)
	c := unpack(s.counts.Load())
	s.counts.Store(pack(Count{sum(c.Ham, ham), sum(c.Spam, spam)}))
}

// slot finds or makes the slot of a token; under mu.
func (t *Table) slot(token uint64) *slot {
	all := t.slots.Load()
	s := all.find(token)
	if s.token.Load() == token {
		return s
	}
	if t.used >= len(all.list)/4*3 {
		t.grow()
		s = t.slots.Load().find(token)
	}
	s.token.Store(token)
	t.used++
	return s
}

// grow copies the table into one that leaves out the tokens without counts and is
// twice as large where that does not make room. Readers go on with the old one meanwhile.
func (t *Table) grow() {
	live := t.Len()
	bits := uint(minBits)
	for live >= 1<<bits/2 {
		bits++
	}
	next := newSlots(bits)
	t.used = 0
	for token, c := range t.All() {
		s := next.find(token)
		s.token.Store(token)
		s.counts.Store(pack(c))
		t.used++
	}
	t.slots.Store(next)
}

// Drop takes away all counts of some tokens.
func (t *Table) Drop(tokens []uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, token := range tokens {
		if s := t.slots.Load().find(token); token != 0 && s.token.Load() == token {
			s.counts.Store(0)
		}
	}
	if len(tokens) > 0 {
		t.grow() // leaves them out
	}
}

// Clone returns a copy that counts apart.
func (t *Table) Clone() *Table {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := NewTable(t.Len())
	for token, n := range t.All() {
		c.Set(token, n)
	}
	c.SetMessages(t.Messages())
	return c
}

// Used is how many tokens the table holds, those that were taken back and not
// yet cleared away included: an upper bound of Len that costs nothing.
func (t *Table) Used() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.used
}

// Equal tells whether two tables hold the same counts.
func (t *Table) Equal(o *Table) bool {
	if t.Messages() != o.Messages() || t.Len() != o.Len() {
		return false
	}
	for token, c := range t.All() {
		if o.Count(token) != c {
			return false
		}
	}
	return true
}
