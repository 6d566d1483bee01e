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
	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/learn/linear"
	"github.com/postern-mail/postern/learn/tokens"
	"github.com/postern-mail/postern/mail"
)

// Model judges mail by what a store holds, and puts new lessons there. It is
// safe for concurrent use; judging never waits for learning.
type Model struct {
	store *Store
	opts  Options
	judge atomic.Pointer[Judge]
	watch func(*mail.Message, []uint64) // nil: nobody

	mu      sync.Mutex // of those who follow the store
	at      Position   // what the judge has seen
	recent  []Change   // since the training that is going on began
	busy    bool       // training goes on
	forgot  int        // changes since the last training that took something back
	since   int        // changes since the last training
	heard   time.Time  // when the store answered last
	away    error      // why it does not; nil: it does
	running bool       // Run looks after everything

	underway int                 // lessons on their way to the store
	early    map[Position]Change // by what is before them: changes that wait for it

	training sync.Mutex // one at a time
	trained  atomic.Pointer[Training]
	wanted   chan struct{} // something is to be done by the keeper
}

// Options say how a model is kept.
type Options struct {
	Log *slog.Logger
	// Cache is a file of this machine that holds counts and weights, so that a start needs
	// neither training nor a store that is there. Run writes it. "": none.
	Cache string
}

// Open loads what a store holds. Where the cache is missing or faulty the linear model is to be made
// by Ready or Run; until then it only knows what is learned meanwhile. A store that is
// away is no error, see Away: the cache judges, if there is one, and Run catches up.
func Open(ctx context.Context, store *Store, o Options) *Model {
	m := &Model{store: store, opts: o, wanted: make(chan struct{}, 1), heard: time.Now(), early: map[Position]Change{}}
	m.judge.Store(&Judge{Counts: bayes.NewTable(0), Weights: linear.New()})
	if m.restore() {
		m.answered(m.catchUp(ctx))
	} else {
		m.answered(m.reload(ctx))
	}
	return m
}

// Away says why the store did not answer when it was asked last; nil: it did.
func (m *Model) Away() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.away
}

// reload takes the counts anew from the store; the weights stay, and are to be trained.
func (m *Model) reload(ctx context.Context) error {
	table, at, err := m.store.Load(ctx)
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	next := *m.judge.Load()
	next.Counts = table
	m.judge.Store(&next)
	m.at = at
	if seen := table.Messages(); seen.Ham+seen.Spam > 0 {
		m.forgot, m.since = m.forgot+1, max(m.since, dueAt(seen, m.store.limits.Samples))
	}
	return nil
}

// Judge says what is thought of a message, also by the users of some domains: nothing, and
// at no cost, before both classes were learned.
func (m *Model) Judge(msg *mail.Message, domains ...string) Opinion {
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
	return j.For(j.Opinion(list), list, domains)
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
// it. When Learn returns, this node judges by it, as soon as lessons that are learned at the same time are in
// as well; or the error is ErrWaiting: the store is away, and the lesson is learned when it is back.
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
	r.Domain = domainOf(r.Who)
	m.under(1)
	c, before, err := m.store.Put(ctx, r)
	left := m.under(-1)
	if errors.Is(err, ErrSettled) || errors.Is(err, ErrWaiting) {
		return c.Old.Class, err
	}
	if err != nil {
		return bayes.None, fmt.Errorf("learn: %w", err)
	}
	if c.At.N != 0 && !m.next(c, before) && left == 0 {
		if err := m.catchUp(ctx); err != nil {
			return c.Old.Class, err
		}
	}
	return c.Old.Class, m.look(ctx)
}

// under counts the lessons that are on their way to the store.
func (m *Model) under(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.underway += n
	return m.underway
}

// next makes a change, if it is the next one, and those that waited for it. It is false
// when the changes before it are missing: those of lessons under way beside it come by themselves,
// others have to be asked for.
func (m *Model) next(c Change, before Position) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at.N >= c.At.N {
		return true // it was seen already; if it is another change of this number, the next look tells
	}
	if len(m.early) < maxEarly {
		m.early[before] = c
	}
	for {
		c, there := m.early[m.at]
		if !there {
			break
		}
		delete(m.early, m.at)
		m.apply(c)
	}
	return m.at.N >= c.At.N
}

// maxEarly bounds the changes that wait for one before them.
const maxEarly = 64

// look has the store tidied when that is due: by Run where it runs.
func (m *Model) look(ctx context.Context) error {
	m.mu.Lock()
	at, running := m.at, m.running
	m.mu.Unlock()
	if running || !m.store.due(at) {
		return nil
	}
	if err := m.store.Tidy(ctx); err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	return m.catchUp(ctx) // tokens may have expired
}

// catchUp makes the changes that the store has and the judge has not seen.
func (m *Model) catchUp(ctx context.Context) error {
	err := m.follow(ctx)
	if errors.Is(err, lessons.ErrGap) {
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
	clear(m.early) // they are made, or come again
	return nil
}

// apply makes one change; under mu.
func (m *Model) apply(c Change) {
	j := m.judge.Load()
	Apply(j.Counts, c)
	m.applyDomain(c)
	m.at = c.At
	m.since++
	if c.Old.Class != bayes.None {
		m.forgot++
	}
	learnLinear(j.Weights, c.New)
	if m.busy {
		m.recent = append(m.recent, c)
	}
}
