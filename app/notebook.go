package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/recent"
	"github.com/postern-mail/postern/mail"
)

// notebook holds what messages were made of: while they are under way, and for a while
// after their verdict, so that they can be learned by its id. Nobody waits for it.
type notebook struct {
	log  *slog.Logger
	ring *recent.Ring // nil: nothing is kept after the verdict
	dir  string       // of the ring

	mu    sync.Mutex
	under map[underWay]note

	jobs chan job
	quit chan struct{}
	done sync.WaitGroup
	rest func(context.Context, job) // does the rest of a job
}

// underWay names a message that is under way.
type underWay struct {
	session *mail.Session
	queueID string
	now     int64
}

// note is what a message was made of.
type note struct {
	digest learn.Digest
	tokens []uint64
}

// job is a message that has its verdict.
type job struct {
	id string
	note
	class   bayes.Class // to learn by itself; None: not
	answers []string    // ids of messages, one of which must be of our users for that; none: no matter
	sent    string      // id of a message that one of our users sent
}

// The bounds of what waits.
const (
	maxUnderWay = 1024 // a message whose filter ended too late leaves its note behind
	maxJobs     = 64
	maxRecent   = 100_000 // messages
)

// openNotebook begins a notebook. Without a folder, or with no bytes to keep, it forgets
// messages with their verdict; what it kept earlier goes.
func openNotebook(dir string, bytes int64, log *slog.Logger) (*notebook, error) {
	n := &notebook{log: log, under: map[underWay]note{}, jobs: make(chan job, maxJobs), quit: make(chan struct{})}
	var err error
	switch {
	case dir == "":
	case bytes == 0:
		err = recent.Remove(dir)
	default:
		if n.ring, err = recent.Open(dir, recent.Limits{Bytes: bytes, Count: maxRecent}); err == nil {
			n.dir = dir
		}
	}
	return n, err
}

// start has jobs done until close.
func (n *notebook) start(rest func(context.Context, job)) {
	n.rest = rest
	n.done.Go(func() {
		for {
			select {
			case j := <-n.jobs:
				n.do(j)
			case <-n.quit:
				for len(n.jobs) > 0 {
					n.do(<-n.jobs)
				}
				return
			}
		}
	})
}

func (n *notebook) do(j job) {
	if n.ring != nil && len(j.tokens) > 0 {
		if err := n.ring.Add(recent.Message{ID: j.id, Digest: j.digest, Tokens: j.tokens}); err != nil {
			n.log.Warn("a message is not remembered", "id", j.id, "err", err)
		}
	}
	if j.class != bayes.None || j.sent != "" {
		n.rest(context.Background(), j)
	}
}

// close does what waits and ends.
func (n *notebook) close() error {
	close(n.quit)
	n.done.Wait()
	if n.ring == nil {
		return nil
	}
	return n.ring.Close()
}

func nameOf(m *mail.Message) underWay { return underWay{m.Session, m.QueueID, m.Now.UnixNano()} }

// look takes down what a message is made of, when it is judged.
func (n *notebook) look(m *mail.Message, tokens []uint64) {
	d, err := learn.DigestOf(m)
	if err != nil {
		return // its body cannot be read, which the filter tells
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.under) >= maxUnderWay {
		clear(n.under)
	}
	n.under[nameOf(m)] = note{d, tokens}
}

// take gives what was taken down of a message, once.
func (n *notebook) take(m *mail.Message) (note, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken, ok := n.under[nameOf(m)]
	delete(n.under, nameOf(m))
	return taken, ok
}

var errBusy = errors.New("too many wait")

// keep hands over a message that has its verdict.
func (n *notebook) keep(j job) error {
	select {
	case n.jobs <- j:
		return nil
	default:
		return errBusy
	}
}
