package dns

import (
	"errors"
	"sync/atomic"
)

// Stats is what a client has done so far, for metrics. All but InFlight, CacheBytes, CacheEntries,
// Zones and the health of servers only grow.
type Stats struct {
	Outcomes   map[string]uint64 // look-ups by result: ok, not_found, no_data, servfail, timeout, name
	Hits       uint64            // look-ups answered by the cache
	Stale      uint64            // look-ups answered by what ran out, because servers failed
	Joined     uint64            // look-ups that waited for another's identical question
	Skipped    uint64            // questions not asked because their zone is silent
	Busy       uint64            // questions not asked because too many were in flight
	OverBudget uint64            // questions not asked because their message had asked enough

	InFlight     int // questions under way
	CacheEntries int
	CacheBytes   uint64
	Servers      []ServerStats   // in the order of the configuration
	Zones        map[string]bool // the declared zones: true where it answers, false where it is silent
}

// ServerStats is about one server.
type ServerStats struct {
	Addr    string // host:port
	Healthy bool   // it answered one of the last three questions
	Last    bool   // it failed where another answered, and is tried after the others
	Asked   uint64 // tries
	Failed  uint64 // tries without an answer, and answers that tell of a failure
}

// outcomes counts look-ups by result.
type outcomes struct{ ok, notFound, noData, servfail, timeout, name atomic.Uint64 }

func (o *outcomes) count(err error) {
	switch {
	case err == nil:
		o.ok.Add(1)
	case errors.Is(err, ErrNotFound):
		o.notFound.Add(1)
	case errors.Is(err, ErrNoData):
		o.noData.Add(1)
	case errors.Is(err, ErrTimeout):
		o.timeout.Add(1)
	case errors.Is(err, ErrName):
		o.name.Add(1)
	default:
		o.servfail.Add(1)
	}
}

// Stats tells what the client has done. It may be called at any time.
func (c *Client) Stats() Stats {
	o := &c.outcomes
	s := Stats{
		Outcomes: map[string]uint64{
			"ok": o.ok.Load(), "not_found": o.notFound.Load(), "no_data": o.noData.Load(),
			"servfail": o.servfail.Load(), "timeout": o.timeout.Load(), "name": o.name.Load(),
		},
		Hits: c.cache.hits.Load(), Stale: c.cache.stale.Load(), Joined: c.flight.joined.Load(),
		Skipped: c.breaker.skipped.Load(), Busy: c.limit.busy.Load(), OverBudget: c.budget.over.Load(),
		InFlight:     c.flight.inFlight(),
		CacheEntries: c.cache.entries.EstimatedSize(), CacheBytes: c.cache.entries.WeightedSize(),
		Zones: c.breaker.states(),
	}
	for _, srv := range c.pool.servers {
		s.Servers = append(s.Servers, srv.stats())
	}
	return s
}

func (b *breaker) states() map[string]bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	m := make(map[string]bool, len(b.zones))
	for name, z := range b.zones {
		z.mu.Lock()
		m[name] = !z.silent
		z.mu.Unlock()
	}
	return m
}
