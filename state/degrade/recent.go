package degrade

import (
	"sync"
	"time"

	"github.com/postern-mail/postern/verdicts"
)

// Bounds of what is remembered of the records that were added.
const (
	maxRecent = 4096
	recentAge = time.Minute
)

// recent remembers the records that the shared store took last.
type recent struct {
	mu   sync.Mutex
	ring [maxRecent]*verdicts.Record
	next int
}

func (c *recent) add(r *verdicts.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ring[c.next] = r
	c.next = (c.next + 1) % maxRecent
}

// take gives the records that are not old, the oldest first, and forgets none of
// them: the store may be lost again before it has them.
func (c *recent) take(now time.Time) []*verdicts.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*verdicts.Record
	for i := range maxRecent {
		if r := c.ring[(c.next+i)%maxRecent]; r != nil && now.Sub(r.Time) < recentAge {
			out = append(out, r)
		}
	}
	return out
}
