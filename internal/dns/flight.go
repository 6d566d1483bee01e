package dns

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// errClosed says that the client was closed. It comes together with ErrServfail.
var errClosed = errors.New("resolver closed")

// flight asks identical questions once at a time. The question runs in a goroutine
// of its own, under the client's context and the time-out of a question: who asked first may
// leave, and the others still get their answer.
type flight struct {
	next    Resolver
	timeout time.Duration
	bg      *background
	joined  atomic.Uint64

	mu    sync.Mutex
	calls map[question]*call
}

type call struct {
	done chan struct{} // closed when ans and err are there
	ans  Answer
	err  error
}

// Lookup implements Resolver.
func (f *flight) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	q := question{name, t}
	if ctx.Err() != nil {
		return Answer{}, q.fail(ErrTimeout, context.Cause(ctx))
	}
	c := f.join(q)
	if c == nil {
		return Answer{}, q.fail(ErrServfail, errClosed)
	}
	select {
	case <-c.done:
		return c.ans, c.err
	case <-ctx.Done():
		return Answer{}, q.fail(ErrTimeout, context.Cause(ctx))
	}
}

// join returns the call for the question, starting it where there is none;
// nil when the client is closed.
func (f *flight) join(q question) *call {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.calls[q]; ok {
		f.joined.Add(1)
		return c
	}
	c := &call{done: make(chan struct{})}
	if !f.bg.run(func(ctx context.Context) { f.ask(ctx, q, c) }) {
		return nil
	}
	f.calls[q] = c
	return c
}

func (f *flight) ask(ctx context.Context, q question, c *call) {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	c.ans, c.err = f.next.Lookup(ctx, q.name, q.typ)
	f.mu.Lock()
	delete(f.calls, q)
	f.mu.Unlock()
	close(c.done)
}

func (f *flight) inFlight() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}
