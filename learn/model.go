package learn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/linear"
	"github.com/postern-mail/postern/learn/tokens"
	"github.com/postern-mail/postern/mail"
)

// Model judges mail by what a store holds, and puts new lessons there. It is
// safe for concurrent use; judging never waits for learning.
type Model struct {
	store   Store
	log     *slog.Logger
	samples int // of each class, for training
	judge   atomic.Pointer[Judge]
	watch   func(*mail.Message, []uint64) // nil: nobody

	mu     sync.Mutex // of those who follow the store
	at     Position   // what the judge has seen
	recent []Record   // learned since the training that is going on began
	busy   bool       // training goes on
	forgot bool       // something was taken back since the last training
	since  int        // changes since the last training

	training sync.Mutex // one at a time
	trained  atomic.Pointer[Training]
}

// Open loads the counts of a store. The linear model is made by Retrain, or by
// Run; until then it only knows what is learned meanwhile. Samples is how many
// messages of each class it is trained with: what the store keeps.
func Open(ctx context.Context, store Store, samples int, log *slog.Logger) (*Model, error) {
	m := &Model{store: store, samples: samples, log: log}
	if err := m.reload(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// reload takes the counts anew from the store; the weights stay.
func (m *Model) reload(ctx context.Context) error {
	table, at, err := m.store.Load(ctx)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	next := Judge{Counts: table, Weights: linear.New()}
	if old := m.judge.Load(); old != nil {
		next.Weights = old.Weights
	}
	m.judge.Store(&next)
	m.at = at
	return nil
}

// Judge says what is thought of a message: nothing, and at no cost, before both
// classes were learned.
func (m *Model) Judge(msg *mail.Message) Opinion {
	j := m.judge.Load()
	seen := j.Counts.Messages()
	blank := seen.Ham == 0 || seen.Spam == 0
	if blank && m.watch == nil {
		return Opinion{Spam: 0.5}
	}
	list := tokens.Of(msg)
	if m.watch != nil {
		m.watch(msg, list)
	}
	if blank {
		return Opinion{Spam: 0.5}
	}
	return j.Opinion(list)
}

// Watch has a function called with every message that is judged and its
// tokens, which are read-only. It is set before the first message.
func (m *Model) Watch(f func(msg *mail.Message, list []uint64)) { m.watch = f }

// Tokens is how many tokens are counted, roughly.
func (m *Model) Tokens() int { return m.judge.Load().Counts.Used() }

// Seen is how many messages of each class are counted.
func (m *Model) Seen() bayes.Count { return m.judge.Load().Counts.Messages() }

// Learn puts a message into a class and returns the class in which it was
// before. Learning it again changes nothing; learning it the other way moves
// it. When Learn returns, this node judges by it.
func (m *Model) Learn(ctx context.Context, msg *mail.Message, c bayes.Class, from Origin) (was bayes.Class, err error) {
	d, err := DigestOf(msg)
	if err != nil {
		return bayes.None, err
	}
	return m.put(ctx, Record{Digest: d, Class: c, Origin: from, Tokens: tokens.Of(msg)})
}

// Forget takes a lesson back. It returns the class in which the message was.
func (m *Model) Forget(ctx context.Context, msg *mail.Message) (was bayes.Class, err error) {
	return m.Learn(ctx, msg, bayes.None, Origin{})
}

// ForgetDigest is Forget without the message. It is ErrSettled where the message's
// tokens are no longer kept.
func (m *Model) ForgetDigest(ctx context.Context, d Digest) (was bayes.Class, err error) {
	return m.put(ctx, Record{Digest: d})
}

func (m *Model) put(ctx context.Context, r Record) (bayes.Class, error) {
	old, _, err := m.store.Put(ctx, r)
	if errors.Is(err, ErrSettled) {
		return old.Class, err
	}
	if err != nil {
		return bayes.None, fmt.Errorf("learn: %w", err)
	}
	return old.Class, m.catchUp(ctx)
}

// catchUp makes the changes that the store has and the judge has not seen.
func (m *Model) catchUp(ctx context.Context) error {
	err := m.follow(ctx)
	if errors.Is(err, ErrGap) {
		return m.reload(ctx)
	}
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	return nil
}

func (m *Model) follow(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c, err := range m.store.Changes(ctx, m.at) {
		if err != nil {
			return err
		}
		m.apply(c)
	}
	return nil
}

// apply makes one change; under mu.
func (m *Model) apply(c Change) {
	j := m.judge.Load()
	Apply(j.Counts, c)
	m.at = c.At
	m.since++
	if c.Old.Class != bayes.None {
		m.forgot = true
	}
	if c.New.Class == bayes.None || c.New.Digest.heldBack() {
		return
	}
	e := example(c.New)
	j.Weights.Learn(e.Vector, e.Spam)
	if m.busy {
		m.recent = append(m.recent, c.New)
	}
}

// settleTime is how long changes wait at the most to be trained, when there
// are too few of them to be worth it at once.
const settleTime = time.Hour

// Run trains the linear model, follows the store and retrains when a tenth of
// the sample has changed, or an hour after the last change. It ends with ctx.
// A store that is away is asked again; judging goes on meanwhile.
func (m *Model) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wanted := make(chan struct{}, 1)
	wanted <- struct{}{}
	wg.Go(func() { m.trainer(ctx, wanted) })
	for ctx.Err() == nil {
		m.mu.Lock()
		at := m.at
		m.mu.Unlock()
		err := m.store.Wait(ctx, at)
		if err == nil {
			err = m.catchUp(ctx)
		}
		if err != nil && ctx.Err() == nil {
			m.log.Warn("the store of what was learned is away", "error", err)
			pause(ctx, 5*time.Second)
			continue
		}
		if m.due() {
			select {
			case wanted <- struct{}{}:
			default:
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// due tells whether enough has changed to train again.
func (m *Model) due() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.judge.Load().Counts.Messages()
	size := min(int(seen.Ham), m.samples) + min(int(seen.Spam), m.samples)
	return m.since >= 4+size/10
}

// trainer trains when it is wanted, and once an hour when anything changed.
func (m *Model) trainer(ctx context.Context, wanted <-chan struct{}) {
	ticks := time.NewTicker(settleTime)
	defer ticks.Stop()
	first := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-wanted:
		case <-ticks.C:
		}
		m.mu.Lock()
		idle := m.since == 0 && !first
		m.mu.Unlock()
		if idle {
			continue
		}
		first = false
		if err := m.Retrain(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("the linear model was not trained", "error", err)
		}
	}
}
