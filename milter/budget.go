package milter

import "sync/atomic"

// Budget is the memory that all listeners together may fill with messages. A
// body for which nothing is left is spooled to disk. Safe for several
// goroutines.
type Budget struct {
	max  int64
	used atomic.Int64
}

// NewBudget makes a budget of max bytes.
func NewBudget(max int64) *Budget { return &Budget{max: max} }

// Used is how many bytes are taken now.
func (b *Budget) Used() int64 { return b.used.Load() }

// try takes n bytes if they are there, and tells whether they were.
func (b *Budget) try(n int64) bool {
	if b.used.Add(n) > b.max {
		b.used.Add(-n)
		return false
	}
	return true
}

// must takes n bytes even where the budget is used up: for headers, which are
// bounded one by one and cannot be spooled.
func (b *Budget) must(n int64) { b.used.Add(n) }

// give returns n bytes.
func (b *Budget) give(n int64) { b.used.Add(-n) }
