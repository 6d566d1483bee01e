package learn

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/postern-mail/postern/learn/bayes"
)

// Limits bounds what a store keeps.
type Limits struct {
	Samples int // messages of each class whose tokens are kept: Keep of them, and a few more for a while
	Records int // records in all
	Tokens  int // tokens with counts
	Changes int // changes kept for those who follow
}

// DefaultLimits keep about 300 MB of samples when full, and a table of 64 MiB.
func DefaultLimits() Limits {
	return Limits{Samples: 10_000, Records: 500_000, Tokens: 2_000_000, Changes: 1024}
}

// Memory is a store in the memory of the process. Save and OpenFile make it
// last.
type Memory struct {
	limits   Limits
	mu       sync.Mutex
	table    *bayes.Table
	records  map[Digest]Record
	kept     [3]int // records with tokens, by class
	log      []Change
	at       Position
	expireAt int           // tokens at which to look for expired ones again
	news     chan struct{} // closed and replaced at every change
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory(limits Limits) *Memory {
	return &Memory{limits: limits, table: bayes.NewTable(0), records: map[Digest]Record{}, news: make(chan struct{})}
}

// Put implements Store.
func (m *Memory) Put(_ context.Context, r Record) (old Record, at Position, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old = m.records[r.Digest]
	if old.Class == r.Class {
		return old, 0, nil
	}
	taken := old
	if old.Class != bayes.None && old.Tokens == nil {
		if taken.Tokens = r.Tokens; taken.Tokens == nil {
			return old, 0, ErrSettled
		}
	}
	m.replace(old, r)
	m.append(Change{Old: taken, New: r})
	m.bound()
	return old, m.at, nil
}

// replace puts the record in the place of the old one; under mu.
func (m *Memory) replace(old, r Record) {
	if old.Tokens != nil {
		m.kept[old.Class]--
	}
	if r.Class == bayes.None {
		delete(m.records, r.Digest)
		return
	}
	m.records[r.Digest] = r
	if r.Tokens != nil {
		m.kept[r.Class]++
	}
}

// append makes a change and tells those who wait; under mu.
func (m *Memory) append(c Change) {
	m.at++
	c.At = m.at
	Apply(m.table, c)
	if len(m.log) >= 2*m.limits.Changes {
		m.log = slices.Clone(m.log[m.limits.Changes:])
	}
	m.log = append(m.log, c)
	close(m.news)
	m.news = make(chan struct{})
}

// bound settles the oldest messages, forgets that the very oldest were
// learned, and lets rare tokens expire, each when there is an eighth too much; under mu.
func (m *Memory) bound() {
	for c := range m.kept {
		if m.kept[c] > m.limits.Samples+m.limits.Samples/8 {
			m.settle(bayes.Class(c))
		}
	}
	if len(m.records) > m.limits.Records+m.limits.Records/8 {
		all := m.list(func(r Record) bool { return r.Tokens == nil })
		for _, r := range all[:min(len(all), len(m.records)-m.limits.Records)] {
			delete(m.records, r.Digest)
		}
	}
	if used := m.table.Used(); used > max(m.expireAt, m.limits.Tokens+m.limits.Tokens/8) {
		if dropped := m.expired(); len(dropped) > 0 {
			m.append(Change{Dropped: dropped})
		}
		m.expireAt = m.table.Used() + m.table.Used()/8 // the samples may hold more than the limit
	}
}

// list returns the records for which want is true, the oldest first; under mu.
func (m *Memory) list(want func(Record) bool) []Record {
	var all []Record
	for _, r := range m.records {
		if want(r) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, older)
	return all
}

func older(a, b Record) int {
	return cmp.Or(a.When.Compare(b.When), bytes.Compare(a.Digest[:], b.Digest[:]))
}

// settle lets go of the tokens of those messages of a class that are not in
// the sample.
func (m *Memory) settle(c bayes.Class) {
	all := m.list(func(r Record) bool { return r.Class == c && r.Tokens != nil })
	keep := map[Digest]bool{}
	for _, r := range Sample(all, m.limits.Samples) {
		keep[r.Digest] = true
	}
	for _, r := range all {
		if !keep[r.Digest] {
			r.Tokens = nil
			m.records[r.Digest] = r
			m.kept[c]--
		}
	}
}

// expired are tokens to let go of: the rarest of those that no kept sample
// has. So a message that can be forgotten still can be, exactly.
func (m *Memory) expired() []uint64 {
	held := map[uint64]bool{}
	for _, r := range m.records {
		for _, t := range r.Tokens {
			if Counted(t) {
				held[t] = true
			}
		}
	}
	type rare struct {
		token uint64
		n     uint64
	}
	var list []rare
	total := 0
	for t, c := range m.table.All() {
		if total++; !held[t] {
			list = append(list, rare{t, uint64(c.Ham) + uint64(c.Spam)})
		}
	}
	slices.SortFunc(list, func(a, b rare) int { return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.token, b.token)) })
	list = list[:min(len(list), max(total-m.limits.Tokens, 0))]
	out := make([]uint64, len(list))
	for i, r := range list {
		out[i] = r.token
	}
	return out
}

// Get implements Store.
func (m *Memory) Get(_ context.Context, d Digest) (Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records[d], nil
}

// Records implements Store.
func (m *Memory) Records(context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		m.mu.Lock()
		all := m.list(func(Record) bool { return true })
		m.mu.Unlock()
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Load implements Store.
func (m *Memory) Load(context.Context) (*bayes.Table, Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.table.Clone(), m.at, nil
}

// Changes implements Store.
func (m *Memory) Changes(_ context.Context, after Position) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		m.mu.Lock()
		n := int(min(m.at-min(after, m.at), Position(len(m.log))))
		missing := after > m.at || m.at-after > Position(n)
		list := slices.Clone(m.log[len(m.log)-n:])
		m.mu.Unlock()
		if missing {
			yield(Change{}, ErrGap)
			return
		}
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// Wait implements Store.
func (m *Memory) Wait(ctx context.Context, after Position) error {
	for {
		m.mu.Lock()
		at, news := m.at, m.news
		m.mu.Unlock()
		if at > after {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
