package dns

import (
	"context"
	"errors"
	"sync/atomic"
)

// ErrBudget says that a message has asked all it may. It always comes together
// with ErrServfail: nothing is known about the name, and the message that comes
// again later finds the first answers in the cache and gets further.
var ErrBudget = errors.New("too many questions for one message")

type budgetKey struct{}

// WithBudget returns a context under which n questions may be asked, all
// together, of a Client; the chain makes one for each message. Answers out of
// the cache are free. Without a budget there is no such limit. One budget may be
// used by several goroutines.
//
// It goes by the context because it must reach through filters and libraries that know
// nothing of it; nobody reads it but the client.
func WithBudget(ctx context.Context, n int) context.Context {
	left := new(atomic.Int64)
	left.Store(int64(n))
	return context.WithValue(ctx, budgetKey{}, left)
}

// budget holds the questions of a message to its budget.
type budget struct {
	next Resolver
	over atomic.Uint64
}

// Lookup implements Resolver.
func (b *budget) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	if left, ok := ctx.Value(budgetKey{}).(*atomic.Int64); ok && left.Add(-1) < 0 {
		b.over.Add(1)
		return Answer{}, question{name, t}.fail(ErrServfail, ErrBudget)
	}
	return b.next.Lookup(ctx, name, t)
}
