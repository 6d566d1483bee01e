package dns

import (
	"context"
	"errors"
	"sync/atomic"
)

// errBusy says that too many questions are in flight. It comes together with ErrTimeout.
var errBusy = errors.New("too many questions at once")

// waitersPerSlot bounds the queue before the limit.
const waitersPerSlot = 8

// limit bounds the questions in flight, and with them sockets and what a flood
// does to the servers. A question waits for its turn while its time lasts; where
// the queue is long already it is turned away at once.
type limit struct {
	next    Resolver
	slots   chan struct{}
	waiting atomic.Int64
	busy    atomic.Uint64
}

// Lookup implements Resolver.
func (l *limit) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	if !l.enter(ctx) {
		l.busy.Add(1)
		return Answer{}, question{name, t}.fail(ErrTimeout, errBusy)
	}
	defer func() { <-l.slots }()
	return l.next.Lookup(ctx, name, t)
}

func (l *limit) enter(ctx context.Context) bool {
	select {
	case l.slots <- struct{}{}:
		return true
	default:
	}
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > int64(waitersPerSlot*cap(l.slots)) {
		return false
	}
	select {
	case l.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}
