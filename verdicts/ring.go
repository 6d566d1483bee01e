package verdicts

import (
	"context"
	"sync"
)

// Ring keeps the newest records in memory: a Store that forgets the oldest one when it is
// full, and all of them when the process ends.
type Ring struct {
	mu    sync.RWMutex
	slots []*Record
	next  int // where the next record goes
	byID  map[string]*Record
}

var _ Store = (*Ring)(nil)

// NewRing makes a ring for n records, at least one.
func NewRing(n int) *Ring {
	n = max(n, 1)
	return &Ring{slots: make([]*Record, n), byID: make(map[string]*Record, n)}
}

// Add keeps a record in place of the oldest one.
func (g *Ring) Add(_ context.Context, r *Record) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old := g.slots[g.next]; old != nil {
		delete(g.byID, old.ID)
	}
	g.slots[g.next] = r
	g.byID[r.ID] = r
	g.next = (g.next + 1) % len(g.slots)
	return nil
}

// Get gives the record of that id.
func (g *Ring) Get(_ context.Context, id string) (*Record, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if r, ok := g.byID[id]; ok {
		return r, nil
	}
	return nil, ErrNotFound
}

// Query goes through the ring from the newest record on. The cursor is the id
// of the last record given; when that one has been forgotten meanwhile, all
// older ones have been too.
func (g *Ring) Query(ctx context.Context, q Query) ([]*Record, string, error) {
	limit := q.PageSize()
	g.mu.RLock()
	defer g.mu.RUnlock()
	if q.Cursor != "" && g.byID[q.Cursor] == nil {
		return nil, "", nil
	}
	var found []*Record
	skipping := q.Cursor != ""
	for i := range g.slots {
		r := g.slots[(g.next-1-i+2*len(g.slots))%len(g.slots)]
		if r == nil || ctx.Err() != nil {
			break
		}
		if skipping {
			skipping = r.ID != q.Cursor
			continue
		}
		if !q.Fits(r) {
			continue
		}
		if len(found) == limit {
			return found, found[limit-1].ID, nil
		}
		found = append(found, r)
	}
	return found, "", ctx.Err()
}
