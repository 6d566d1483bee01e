// Package tokens turns a message into what learners count: a bounded set of
// 64-bit hashes of the words, pairs of words, addresses, header fields and
// traits of its structure.
//
// Words are taken from the text as a reader sees it, brought into one form:
// width, case, look-alike letters, invisible characters. Scripts that put no
// blanks between words (Han, kana, Hangul, Thai) are cut into overlapping
// bigrams. Pairs of words at a short distance ("orthogonal sparse bigrams",
// Siefkes and others 2004) carry what single words do not. Character n-grams
// carry what is left when words are misspelt on purpose.
//
// Every kind has its own quota, so that a flood of words neither slows a
// message down nor drowns the rest. What the receiving side or another filter
// adds to a mail is not looked at: it is not the sender's, and mail that is
// learned from a mailbox has it while mail that is being judged has not.
package tokens

import (
	"sync"

	"github.com/postern-mail/postern/mail"
)

// Group says of which sort a token is. It is kept in the lowest bits of the
// token's hash.
type Group uint8

// The groups.
const (
	Word    Group = iota // a word of the visible text, or a bigram of a script without blanks
	Pair                 // two of them near each other
	Subject              // words and pairs of the subject
	Header               // other header fields
	Link                 // hosts and paths of the addresses in the text
	Shape                // structure: types, charsets, sizes, authentication results
	Hidden               // words that a reader does not see
	Gram                 // runs of characters
)

// Groups is the number of groups.
const Groups = 1 << groupBits

const groupBits = 3

// GroupOf tells to which group a token belongs.
func GroupOf(token uint64) Group { return Group(token & (1<<groupBits - 1)) }

// quota is the most tokens of each group that one message can have.
var quota = [Groups]int{Word: 1500, Pair: 3000, Subject: 120, Header: 300, Link: 300, Shape: 80, Hidden: 150, Gram: 4000}

// The bounds on the text that is looked at, in bytes.
const (
	maxText    = 48 << 10 // of each kind of visible text
	maxHidden  = 4 << 10
	maxSubject = 1 << 10
	maxField   = 1 << 10 // of one header field
	maxFields  = 100     // header fields
)

// Of returns the tokens of a message, each once, in the order in which they
// stand. It is safe for concurrent use; it takes linear time and bounded memory.
func Of(msg *mail.Message) []uint64 {
	z := pool.Get().(*tokenizer)
	defer pool.Put(z)
	z.reset(nil)
	z.message(msg)
	out := make([]uint64, len(z.out))
	copy(out, z.out)
	return out
}

// Named returns the tokens of a message with a readable form of each. The
// text is from the mail: escape it where it is shown.
func Named(msg *mail.Message) ([]uint64, map[uint64]string) {
	z := pool.Get().(*tokenizer)
	defer pool.Put(z)
	names := map[uint64]string{}
	z.reset(names)
	z.message(msg)
	z.names = nil
	return append([]uint64(nil), z.out...), names
}

var pool = sync.Pool{New: func() any { return &tokenizer{} }}

// tableBits sizes the table of the tokens that are already there: half as many
// again as the sum of the quotas at least.
const tableBits = 14

// tokenizer collects the tokens of one message.
type tokenizer struct {
	out   []uint64
	left  [Groups]int
	table [1 << tableBits]uint64 // open addressing; 0 is a free slot
	names map[uint64]string      // nil: nobody asks
}

func (z *tokenizer) reset(names map[uint64]string) {
	clear(z.table[:])
	z.out, z.left, z.names = z.out[:0], quota, names
}

// slot is the place of a token in the table, or the free one where it belongs.
func (z *tokenizer) slot(t uint64) uint64 {
	i := t >> (64 - tableBits)
	for z.table[i] != 0 && z.table[i] != t {
		i = (i + 1) & (1<<tableBits - 1)
	}
	return i
}

// add adds a token by its hash. It tells whether it is new.
func (z *tokenizer) add(g Group, hash uint64) (token uint64, fresh bool) {
	token = finish(hash)&^(1<<groupBits-1) | uint64(g)
	if z.left[g] <= 0 || token == 0 {
		return token, false
	}
	i := z.slot(token)
	if z.table[i] == token {
		return token, false
	}
	z.table[i] = token
	z.left[g]--
	z.out = append(z.out, token)
	return token, true
}

// text adds a token made of a field and a value.
func (z *tokenizer) text(g Group, field, value string) {
	if t, fresh := z.add(g, hashString(hashString(seed, field), value)); fresh && z.names != nil {
		z.names[t] = field + value
	}
}

// The hash is FNV-1a with a final mix: short strings, one byte at a time.
const (
	seed  uint64 = 14695981039346656037
	prime uint64 = 1099511628211
)

func hashString(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * prime
	}
	return h
}

// finish spreads the hash over all bits (the finalizer of MurmurHash3).
func finish(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
