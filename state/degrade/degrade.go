// Package degrade wraps a shared store that may be away: nobody waits for it
// longer than one call, and what can go on without it goes on.
//
// The first call that finds the store away is the last that waits: from then
// on everything is answered on this machine, until a probe in the background, once a
// second, finds that it can be written to again. So no message meets
// three time-outs in a row. Meanwhile
//
//   - limits go on in memory from where this machine saw them last. Each machine lets through what the
//     limit allows, so N machines at most N times that. When the store is back it
//     is told, with the next taking of each key, how far this machine had come;
//   - values and counters go on in memory: what was read or written lately is there, what
//     is written is written to the store when it is back;
//   - verdict records wait in a queue on disk, up to a bound, and are added when
//     the store is back; a question about verdicts is answered from the queue;
//   - lessons wait in the queue likewise, in their order, and are put when the store is back; who put
//     one is told by lessons.ErrWaiting;
//   - logs, roll-ups and lists are state.ErrAway.
//
// A record whose adding timed out may have been kept; it is added again from the queue, and
// the store knows it by its id: each is there once. A store that comes back as another process may have lost
// what it had answered last: a replica that was promoted, a Redis that writes to disk once
// a second. Then what was added in the minute before is added again too.
package degrade

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/memory"
	"github.com/postern-mail/postern/verdicts"
)

// Shared is the store that may be away.
type Shared interface {
	state.Store
	state.Prober
	// Identity names what holds the data; when it changes, what was answered
	// last may be lost.
	Identity(ctx context.Context) (string, error)
}

// Queue keeps records on disk: *embedded.DB.
type Queue interface {
	state.Store
	Oldest(ctx context.Context, n int) ([]*verdicts.Record, error)
	Remove(ctx context.Context, ids ...string) error
	Records(ctx context.Context) (int, error)
	KeepLesson(ctx context.Context, l lessons.Lesson, max int) (bool, error)
	WaitingLessons(ctx context.Context, limit int) (list []lessons.Lesson, last int64, err error)
	RemoveLessons(ctx context.Context, last int64) error
	CountLessons(ctx context.Context) (int, error)
}

// Options say how it is done. Zero fields are the defaults.
type Options struct {
	Entries int           // values and limits kept in memory, each; DefaultEntries
	Waiting int           // records in the queue at most; DefaultWaiting
	Lessons int           // lessons in the queue at most; DefaultLessons
	Probe   time.Duration // pause between probes; a second
	Now     func() time.Time
	// Notify is told when the state of things changes, from one goroutine at a time.
	// It must not call the store.
	Notify func(state.Status)
}

// The bounds when nobody says otherwise.
const (
	DefaultEntries = 50_000
	DefaultWaiting = 200_000
	DefaultLessons = 20_000 // about 5 KiB each
)

// Store is the wrapper. It is safe for several goroutines.
type Store struct {
	shared Shared
	queue  Queue
	local  *memory.Store
	opts   Options
	debts  debts

	recent recent
	taught taught
	known  string // identity of the shared store; only the keeper looks at it after New

	away    atomic.Bool
	closed  atomic.Bool
	waiting atomic.Int64
	lost    atomic.Int64
	lessons atomic.Int64  // lessons in the queue
	wake    chan struct{} // something is to be done: a probe, or emptying the queue

	mu     sync.Mutex // guards what follows, and the order of Notify
	since  time.Time
	reason string

	filling sync.RWMutex // held for reading while a record goes into the queue

	stop   context.CancelFunc
	keeper sync.WaitGroup
}

var _ state.Store = (*Store)(nil)

// New wraps a store. It asks once whether it is there, and begins degraded when
// it is not. Close closes the shared store and the queue too. The error is of the
// queue.
func New(shared Shared, queue Queue, o Options) (*Store, error) {
	if o.Entries <= 0 {
		o.Entries = DefaultEntries
	}
	if o.Waiting <= 0 {
		o.Waiting = DefaultWaiting
	}
	if o.Lessons <= 0 {
		o.Lessons = DefaultLessons
	}
	if o.Probe <= 0 {
		o.Probe = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Notify == nil {
		o.Notify = func(state.Status) {}
	}
	s := &Store{shared: shared, queue: queue, opts: o, local: memory.New(o.Entries, o.Now), wake: make(chan struct{}, 1), since: o.Now()}
	s.debts.max = o.Entries
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	n, err := queue.Records(ctx)
	if err != nil {
		stop()
		return nil, err
	}
	s.waiting.Store(int64(n))
	if n, err = queue.CountLessons(ctx); err != nil {
		stop()
		return nil, err
	}
	s.lessons.Store(int64(n))
	if err := shared.Probe(ctx); err != nil {
		s.fall(err)
	} else if s.known, err = shared.Identity(ctx); err != nil {
		s.fall(err)
	}
	s.keeper.Go(func() { s.keep(ctx) })
	s.nudge()
	return s, nil
}

// ask calls the shared store unless it is known to be away. asked=false says
// that there is no answer from it and this machine must do.
func (s *Store) ask(f func() error) (asked bool, err error) {
	if s.closed.Load() {
		return true, state.ErrClosed
	}
	if s.away.Load() {
		return false, nil
	}
	err = f()
	if errors.Is(err, state.ErrAway) {
		s.fall(err)
		return false, nil
	}
	return true, err
}

// fall notes that the shared store is away.
func (s *Store) fall(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away.Load() {
		return
	}
	s.since, s.reason = s.opts.Now(), err.Error()
	s.away.Store(true)
	s.opts.Notify(s.status())
	s.nudge()
}

// rise notes that it is back.
func (s *Store) rise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since, s.reason = s.opts.Now(), ""
	s.away.Store(false)
	s.opts.Notify(s.status())
}

// Status implements state.Store.
func (s *Store) Status() state.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status()
}

func (s *Store) status() state.Status {
	return state.Status{
		Kind: s.shared.Status().Kind, Degraded: s.away.Load(), Since: s.since, Reason: s.reason,
		Waiting: int(s.waiting.Load()), Lessons: int(s.lessons.Load()), Lost: s.lost.Load(),
	}
}

// KV implements state.Store.
func (s *Store) KV() state.KVList { return kv{s} }

// Counters implements state.Store.
func (s *Store) Counters() state.Counters { return kv{s} }

// Limits implements state.Store.
func (s *Store) Limits() state.LimitsList { return limits{s} }

// Logs implements state.Store.
func (s *Store) Logs() state.Logs { return logs{s} }

// Verdicts implements state.Store.
func (s *Store) Verdicts() verdicts.Lasting { return records{s} }

// Close implements state.Store. What waits in the queue stays there for the next start.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.stop()
	s.keeper.Wait()
	return errors.Join(s.shared.Close(), s.queue.Close())
}
