package dns

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ErrSilent says that a question was not asked because its zone does not
// answer. It comes together with ErrTimeout.
var ErrSilent = errors.New("zone is silent, not asked")

// A silent zone is left alone for minHold, then twice as long after each probe in vain, maxHold at
// most.
const (
	minHold = 10 * time.Second
	maxHold = 5 * time.Minute
)

// DeclareZone tells a resolver that names below the zone stand and fall together, as those
// of a DNS list do: one question that times out, and the zone is skipped until it
// answers again. A resolver that knows nothing of zones ignores it.
//
// Zones are declared, not guessed. Guessing from the registrable domain would
// let anybody silence a domain: one dead delegation below example.org, of which large
// domains have plenty, and a spoofer asks for it first so that the DMARC record is
// skipped next. For all other names only the very question that failed is
// remembered for a moment.
func DeclareZone(r Resolver, zone string) error {
	d, ok := r.(interface{ DeclareZone(zone string) error })
	if !ok {
		return nil
	}
	return d.DeclareZone(zone)
}

// breaker skips what lies below a declared zone that does not answer. When the
// hold is over one question is asked in the background while its asker is still
// told to go on: a dead zone costs the first messages one time-out, and none later.
type breaker struct {
	next    Resolver
	timeout time.Duration // of a probe
	now     func() time.Time
	bg      *background
	skipped atomic.Uint64

	mu    sync.RWMutex
	zones map[string]*zone
}

// zone is the state of one declared zone.
type zone struct {
	mu      sync.Mutex
	silent  bool
	probing bool
	until   time.Time // silent: not probed before
	hold    time.Duration
}

func (b *breaker) declare(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.zones[name] == nil {
		b.zones[name] = &zone{hold: minHold}
	}
}

// zoneOf finds the closest declared zone at or above a name.
func (b *breaker) zoneOf(name string) *zone {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for ok := len(b.zones) > 0; ok; _, name, ok = strings.Cut(name, ".") {
		if z := b.zones[name]; z != nil {
			return z
		}
	}
	return nil
}

// Lookup implements Resolver.
func (b *breaker) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	z := b.zoneOf(name)
	if z == nil {
		return b.next.Lookup(ctx, name, t)
	}
	skip, probe := z.gate(b.now())
	if !skip {
		return b.ask(ctx, z, name, t)
	}
	if probe {
		b.bg.run(func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, b.timeout)
			defer cancel()
			_, _ = b.ask(ctx, z, name, t)
		})
	}
	b.skipped.Add(1)
	return Answer{}, question{name, t}.fail(ErrTimeout, ErrSilent)
}

// ask asks and tells the zone how it went. A failure that took more than half the
// time-out counts as silence: a recursive server that waits for a dead zone
// says SERVFAIL in the end, and it is the waiting that must not be repeated.
func (b *breaker) ask(ctx context.Context, z *zone, name string, t Type) (Answer, error) {
	start := b.now()
	ans, err := b.next.Lookup(ctx, name, t)
	now := b.now()
	slow := IsTemporary(err) && now.Sub(start) > b.timeout/2
	switch {
	case errors.Is(err, errBusy), b.bg.ctx.Err() != nil:
		z.unknown()
	case errors.Is(err, ErrTimeout), slow:
		z.fell(now)
	default:
		z.spoke()
	}
	return ans, err
}

// gate tells whether to skip a question, and whether the one who asked is to
// start the probe.
func (z *zone) gate(now time.Time) (skip, probe bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.silent && !z.probing && !now.Before(z.until) {
		z.probing, probe = true, true
	}
	return z.silent, probe
}

// fell notes a time-out. Of several questions that were under way together
// only the first counts.
func (z *zone) fell(now time.Time) {
	z.mu.Lock()
	defer z.mu.Unlock()
	switch {
	case z.probing:
		z.hold = min(2*z.hold, maxHold)
	case z.silent:
		return
	default:
		z.hold = minHold
	}
	z.silent, z.probing, z.until = true, false, now.Add(z.hold)
}

func (z *zone) spoke() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.silent, z.probing = false, false
}

// unknown notes that nothing was learned.
func (z *zone) unknown() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.probing = false
}
