// Package chain runs the filters on a message and collects their evidence.
//
// Each filter runs as soon as the dialogue has reached its stage and the
// filters that it reads have ended; all that do not depend on each other run at
// once, while the client is still talking. At end of message what is still
// missing is waited for, within one total budget. A filter that fails, hangs
// or panics costs its own evidence, visibly, and nothing else.
//
// A Run follows one SMTP connection, a Tx one transaction in it.
package chain

import (
	"context"
	"errors"
	"time"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// Options are the chain's budgets. Zero values take the defaults of Defaults.
type Options struct {
	Filter time.Duration // longest run of one filter
	Early  time.Duration // longest wait at a stage before end of message
	Total  time.Duration // longest wait at end of message, all filters together

	// Questions is how many a message may ask of the DNS, all filters together, and
	// as many again a connection before and between its messages. See dns.WithBudget.
	Questions int

	// Observe is told of every check that ended, when it is not nil. It is
	// called from several goroutines.
	Observe func(scoring.Check)

	// Panicked is told of every panic of a filter, with its stack, when it is not
	// nil. It is called from several goroutines.
	Panicked func(filter string, p *PanicError)
}

// Defaults are Postern's own budgets: below Postfix's 30 s for a command and
// 300 s for content. A message with many hops and domains asks about 250 questions of all lists that ship.
var Defaults = Options{Filter: 5 * time.Second, Early: 10 * time.Second, Total: 30 * time.Second, Questions: 400}

// Chain is a planned set of filters. It is immutable and safe for several
// goroutines.
type Chain struct {
	nodes []node
	opts  Options
}

// New plans the instances. It fails when two share a name or when filters wait
// for each other in a circle.
func New(instances []Instance, o Options) (*Chain, error) {
	nodes, err := plan(instances)
	if err != nil {
		return nil, err
	}
	for i, d := range []*time.Duration{&o.Filter, &o.Early, &o.Total} {
		if *d == 0 {
			*d = []time.Duration{Defaults.Filter, Defaults.Early, Defaults.Total}[i]
		}
	}
	if o.Questions == 0 {
		o.Questions = Defaults.Questions
	}
	if o.Observe == nil {
		o.Observe = func(scoring.Check) {}
	}
	if o.Panicked == nil {
		o.Panicked = func(string, *PanicError) {}
	}
	return &Chain{nodes: nodes, opts: o}, nil
}

// Names lists the filters in the order of the plan.
func (c *Chain) Names() []string {
	var names []string
	for _, n := range c.nodes {
		names = append(names, n.Name)
	}
	return names
}

// Has tells whether any filter runs at the stage.
func (c *Chain) Has(stage mail.Stage) bool {
	for _, n := range c.nodes {
		if n.stage == stage {
			return true
		}
	}
	return false
}

// Run follows one connection. It is used from one goroutine.
type Run struct {
	chain  *Chain
	ctx    context.Context
	cancel context.CancelFunc
	now    func() time.Time
	shared []*task // by node: the connect and HELO filters, run once a connection, and the last early looks
}

// errOver is the cause with which filters are told that nobody waits any more.
var errOver = errors.New("the transaction is over")

// Connect begins a connection and starts the filters that need nothing but the
// client's address. now gives the time at which early filters judge. Close ends it.
func (c *Chain) Connect(ctx context.Context, s *mail.Session, now func() time.Time) *Run {
	r := &Run{chain: c, now: now, shared: make([]*task, len(c.nodes))}
	var cancel context.CancelCauseFunc
	r.ctx, cancel = context.WithCancelCause(dns.WithBudget(ctx, c.opts.Questions))
	r.cancel = func() { cancel(errOver) }
	r.start(mail.StageConnect, s)
	return r
}

// Helo starts the filters that need the HELO name. A repeated HELO (after
// STARTTLS) starts them anew.
func (r *Run) Helo(s *mail.Session) { r.start(mail.StageHelo, s) }

// Close ends the connection: what still runs is told to stop.
func (r *Run) Close() { r.cancel() }

func (r *Run) start(stage mail.Stage, s *mail.Session) {
	var msg *mail.Message
	for i := range r.chain.nodes {
		n := &r.chain.nodes[i]
		if n.stage != stage && n.early == nil {
			continue
		}
		if msg == nil {
			msg = mail.New(mail.Message{Session: s, Now: r.now()})
		}
		if n.stage == stage {
			r.shared[i] = r.chain.begin(r.ctx, i, msg, r.shared)
		} else {
			r.shared[i] = r.chain.look(r.ctx, i, stage, msg)
		}
	}
}
