package dns

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// The lifetimes in the cache. An answer lives for its own TTL within these bounds.
const (
	// minTTL: one message asks the same thing several times, so that even TTL 0
	// ("for the transaction in progress", RFC 1035 section 3.2.1) is kept for a moment.
	minTTL = 5 * time.Second
	maxTTL = 24 * time.Hour
	// maxNegative: RFC 2308 section 5 finds one to three hours sensible.
	maxNegative = time.Hour
	// failTTL: RFC 9520 section 3.2 wants a failure kept for 1 second at least, 5 minutes at most.
	failTTL = 5 * time.Second
	// staleFor is how long an answer that ran out serves while servers fail: long enough
	// to mend a resolver, far below the day or more of RFC 8767 section 5, because what
	// it feeds are judgements.
	staleFor = time.Hour
	// staleTTL is the TTL of such an answer, and how long nothing else is tried
	// for it (RFC 8767 section 4 and 5).
	staleTTL = 30 * time.Second
)

// cache answers what is known. Below it sits a keeper that shares its store.
type cache struct {
	*store
	next  Resolver
	hits  atomic.Uint64
	stale atomic.Uint64
}

// keeper stores what comes back, whether or not somebody still waits for it.
type keeper struct {
	*store
	next Resolver
}

// store is the cache's memory. It is bounded in bytes, not entries, because a
// stranger's TXT records may be 64 KiB each.
type store struct {
	entries *otter.Cache[question, *entry]
	now     func() time.Time
}

// entry is one answer, or the error that stands for it. Times are nanoseconds since 1970.
type entry struct {
	ans   Answer
	err   error
	fresh int64        // until then it is the answer
	stale int64        // until then it serves when there is no better
	retry atomic.Int64 // run out: servers are not tried before
}

func newStore(bytes int, now func() time.Time) (*store, error) {
	c, err := otter.New(&otter.Options[question, *entry]{
		MaximumWeight: uint64(bytes),
		Weigher:       func(q question, e *entry) uint32 { return weight(q, e) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[question, *entry]) time.Duration {
			return time.Duration(max(e.Value.fresh, e.Value.stale) - now().UnixNano())
		}),
		Clock: clock(now),
	})
	if err != nil {
		return nil, fmt.Errorf("dns cache: %w", err)
	}
	return &store{entries: c, now: now}, nil
}

// clock lets the cache live by the client's time.
type clock func() time.Time

// NowNano implements otter.Clock.
func (c clock) NowNano() int64 { return c().UnixNano() }

// Tick implements otter.Clock: when to look for what ran out.
func (c clock) Tick(d time.Duration) <-chan time.Time { return time.Tick(d) }

// weight is about what an entry holds in memory, in bytes.
func weight(q question, e *entry) uint32 {
	n := 400 + 2*len(q.name) + 24*len(e.ans.Addrs)
	for _, s := range e.ans.TXT {
		n += 16 + len(s)
	}
	for _, s := range e.ans.PTR {
		n += 16 + len(s)
	}
	for _, mx := range e.ans.MX {
		n += 24 + len(mx.Host)
	}
	return uint32(n)
}

// Lookup implements Resolver.
func (c *cache) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	e, ok := c.entries.GetIfPresent(question{name, t})
	now := c.now().UnixNano()
	if ok && now < e.fresh {
		c.hits.Add(1)
		return e.answer(now)
	}
	if ok && e.settled(now) {
		c.stale.Add(1)
		return e.answer(now)
	}
	ans, err := c.next.Lookup(ctx, name, t)
	if ok && now < e.stale && IsTemporary(err) {
		c.stale.Add(1)
		return e.answer(now)
	}
	return ans, err
}

// settled tells whether there is nothing to ask: the entry is fresh, or it serves
// and servers have failed just now.
func (e *entry) settled(now int64) bool {
	return now < e.fresh || now < e.stale && now < e.retry.Load()
}

// answer is what the entry says, with the time for which it still holds.
func (e *entry) answer(now int64) (Answer, error) {
	ans := e.ans
	if ans.TTL = time.Duration(e.fresh - now); ans.TTL <= 0 {
		ans.TTL = staleTTL
	}
	return ans, e.err
}

// Lookup implements Resolver. It looks first whether the answer came in since the cache was
// asked: an identical question may have ended between there and here.
func (k *keeper) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	q, asked := question{name, t}, k.now().UnixNano()
	if e, ok := k.entries.GetEntryQuietly(q); ok && e.Value.settled(asked) {
		return e.Value.answer(asked)
	}
	ans, err := k.next.Lookup(ctx, name, t)
	now := k.now()
	switch {
	case err == nil:
		ans.TTL = min(max(ans.TTL, minTTL), maxTTL)
		k.keep(q, ans, nil, now, staleFor)
	case IsNone(err):
		ans.TTL = min(max(ans.TTL, minTTL), maxNegative)
		k.keep(q, ans, err, now, staleFor)
	case errors.Is(err, errBusy), errors.Is(err, ErrSilent), errors.Is(context.Cause(ctx), context.Canceled):
		// Not asked, or not to the end: nothing to remember.
	default:
		k.failed(q, err, now)
	}
	return ans, err
}

func (s *store) keep(q question, ans Answer, err error, now time.Time, stale time.Duration) {
	fresh := now.Add(ans.TTL)
	s.entries.Set(q, &entry{ans: ans, err: err, fresh: fresh.UnixNano(), stale: fresh.Add(stale).UnixNano()})
}

// failed remembers a failure: beside the older answer, where one can still serve.
func (s *store) failed(q question, err error, now time.Time) {
	if old, ok := s.entries.GetEntryQuietly(q); ok && now.UnixNano() < old.Value.stale {
		old.Value.retry.Store(now.Add(staleTTL).UnixNano())
		return
	}
	s.keep(q, Answer{TTL: failTTL}, err, now, 0)
}
