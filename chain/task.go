package chain

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

// maxHung is how many runs of one filter may hang past their time before the
// filter is skipped, so that a filter that never returns cannot fill the memory.
const maxHung = 64

// grace is how long a run may take to notice that its time is over. Many runs end early because
// clients drop their connections; they do not hang.
const grace = time.Second

// gate counts the runs of a filter that hang: that have not returned though their time is over.
type gate struct{ hung atomic.Int64 }

// watch counts a run whose time is over as hanging, from the end of the grace to its return.
func (g *gate) watch(returned <-chan outcome) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-returned:
	case <-timer.C:
		g.hung.Add(1)
		<-returned
		g.hung.Add(-1)
	}
}

// task is one run of one filter. result, check and err are there once done is
// closed.
type task struct {
	done   chan struct{}
	kind   string
	result filters.Result
	check  scoring.Check
}

// checkCall is Check, or one of its further powers.
type checkCall func(context.Context, *mail.Message) (filters.Result, error)

// job is what a task is to do.
type job struct {
	node    *node
	call    checkCall
	msg     *mail.Message
	deps    []*task // those it waits for
	observe func(scoring.Check)
}

// begin starts node i on the message; tasks holds those it may have to wait for.
func (c *Chain) begin(ctx context.Context, i int, msg *mail.Message, tasks []*task) *task {
	n := &c.nodes[i]
	return c.launch(ctx, n.stage, c.job(n, n.Filter.Check, msg, tasks))
}

// again starts the late look of node i.
func (c *Chain) again(ctx context.Context, i int, msg *mail.Message, tasks []*task) *task {
	n := &c.nodes[i]
	return c.launch(ctx, mail.StageData, c.job(n, n.late.Late, msg, tasks))
}

func (c *Chain) job(n *node, call checkCall, msg *mail.Message, tasks []*task) job {
	j := job{node: n, call: call, msg: msg, observe: c.opts.Observe}
	for _, k := range n.after {
		if tasks[k] != nil {
			j.deps = append(j.deps, tasks[k])
		}
	}
	return j
}

// look starts the early look of node i at a stage. It waits for nobody, and is no run
// of the filter in the eyes of an observer.
func (c *Chain) look(ctx context.Context, i int, stage mail.Stage, msg *mail.Message) *task {
	n := &c.nodes[i]
	return c.launch(ctx, stage, job{node: n, call: n.early.Early, msg: msg, observe: func(scoring.Check) {}})
}

func (c *Chain) launch(ctx context.Context, stage mail.Stage, j job) *task {
	t := &task{done: make(chan struct{}), kind: j.node.Kind.Name, check: scoring.Check{Name: j.node.Name, Stage: stage}}
	if hung := j.node.gate.hung.Load(); hung >= maxHung {
		t.skip(fmt.Sprintf("%d earlier runs of it have not returned", hung))
		j.observe(t.check)
		return t
	}
	go c.run(ctx, t, j)
	return t
}

func (t *task) skip(why string) {
	t.check.Status, t.check.Err = scoring.StatusSkipped, why
	close(t.done)
}

// run waits for the filters that this one reads, runs it, and closes the task
// when it returned or its time is over, whichever comes first.
func (c *Chain) run(ctx context.Context, t *task, j job) {
	var auth []authres.Result
	var unchecked []string
	for _, d := range j.deps {
		select {
		case <-d.done:
			auth = append(auth, d.result.Auth...)
			if d.check.Status != scoring.StatusOK {
				unchecked = append(unchecked, d.kind)
			}
		case <-ctx.Done():
			unchecked = append(unchecked, d.kind)
		}
	}
	msg := j.msg
	if len(auth) > 0 || len(unchecked) > 0 {
		msg = msg.WithAuth(append(append([]authres.Result(nil), msg.Auth...), auth...))
		msg.Unchecked = unchecked
	}
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, c.opts.Filter)
	defer cancel()
	returned := make(chan outcome, 1)
	go func() { returned <- c.guarded(limited, j, msg) }()
	select {
	case o := <-returned:
		t.settle(o, limited)
	case <-limited.Done():
		go j.node.gate.watch(returned)
		t.settle(outcome{err: context.Cause(limited)}, limited)
	}
	t.check.Duration = time.Since(start)
	j.observe(t.check)
	close(t.done)
}

type outcome struct {
	result filters.Result
	err    error
}

// guarded calls the filter and turns a panic into an error.
func (c *Chain) guarded(ctx context.Context, j job, msg *mail.Message) (o outcome) {
	defer func() {
		if v := recover(); v != nil {
			p := &PanicError{Value: v, Stack: debug.Stack()}
			c.opts.Panicked(j.node.Name, p)
			o = outcome{err: p}
		}
	}()
	o.result, o.err = j.call(ctx, msg)
	return o
}

// PanicError is what a filter's panic becomes.
type PanicError struct {
	Value any
	Stack []byte
}

// Error tells the panic's value; the stack is for the log.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

func (t *task) settle(o outcome, ctx context.Context) {
	t.result = o.result
	switch {
	case o.err == nil:
		t.check.Status = scoring.StatusOK
	case errors.Is(o.err, context.DeadlineExceeded), ctx.Err() != nil:
		t.check.Status, t.check.Err = scoring.StatusTimeout, o.err.Error()
	default:
		t.check.Status, t.check.Err = scoring.StatusError, o.err.Error()
	}
}
