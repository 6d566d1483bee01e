package chain

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
)

// Tx follows one transaction. It is used from one goroutine.
type Tx struct {
	run     *Run
	ctx     context.Context
	cancel  context.CancelCauseFunc
	session *mail.Session
	env     mail.Envelope
	tasks   []*task            // by node, until its stage the last early look; those of RCPT filters are in rcpts
	rcpts   map[string][]*task // by recipient: its RCPT filters
	last    string             // the newest recipient
	newest  []*task            // and its RCPT filters
}

// Mail begins a transaction at MAIL FROM and starts the filters that need the
// sender. Connect and HELO filters that have not run, since the client sent no HELO,
// run now.
func (r *Run) Mail(s *mail.Session, env mail.Envelope) *Tx {
	t := &Tx{run: r, session: s, env: env, rcpts: map[string][]*task{}}
	t.env.Rcpts = nil
	t.ctx, t.cancel = context.WithCancelCause(dns.WithBudget(r.ctx, r.chain.opts.Questions))
	for i, n := range r.chain.nodes {
		if n.stage == mail.StageHelo && r.shared[i] == nil {
			r.start(mail.StageHelo, s)
			break
		}
	}
	t.tasks = append([]*task(nil), r.shared...)
	t.start(mail.StageMail, t.message())
	return t
}

// Rcpt starts the RCPT filters for one more recipient. They see an envelope
// with this recipient alone.
func (t *Tx) Rcpt(rcpt string) {
	if !t.run.chain.Has(mail.StageRcpt) {
		return
	}
	msg := t.message()
	t.last, t.newest = rcpt, nil
	msg.Envelope.Rcpts = []string{rcpt}
	tasks := append([]*task(nil), t.tasks...)
	for i := range t.run.chain.nodes {
		if t.run.chain.nodes[i].stage == mail.StageRcpt {
			tasks[i] = t.run.chain.begin(t.ctx, i, msg, tasks)
			t.newest = append(t.newest, tasks[i])
		}
	}
	t.rcpts[rcpt] = append(t.rcpts[rcpt], t.newest...)
}

// Early waits, within the early budget, for the filters that are wanted (all with nil) and
// gives the evidence so far: what others have found by then is part of it. Of the
// recipients' evidence it gives that of rcpt.
func (t *Tx) Early(rcpt string, wanted func(filter string) bool) scoring.Evidence {
	ctx, cancel := context.WithTimeout(t.ctx, t.run.chain.opts.Early)
	defer cancel()
	return t.collect(ctx, []string{rcpt}, wanted)
}

// Early is the evidence of the connect and HELO filters, waited for within the
// early budget.
func (r *Run) Early() scoring.Evidence {
	ctx, cancel := context.WithTimeout(r.ctx, r.chain.opts.Early)
	defer cancel()
	t := &Tx{run: r, tasks: r.shared}
	return t.collect(ctx, nil, nil)
}

// Data runs the remaining filters on the whole message and gives all evidence
// within the total budget, and the edits the filters ask for. It ends the
// transaction: a filter that has not ended then is told to stop and is in the evidence as
// timed out.
func (t *Tx) Data(ctx context.Context, msg *mail.Message) (scoring.Evidence, []mail.Edit) {
	ctx, cancel := context.WithTimeout(ctx, t.run.chain.opts.Total)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { t.cancel(context.Cause(ctx)) })
	defer stop()
	defer t.cancel(errOver)
	t.start(mail.StageData, msg)
	ev := t.collect(ctx, msg.Envelope.Rcpts, nil)
	var edits []mail.Edit
	for _, task := range t.tasks {
		if task != nil && task.ended() {
			edits = append(edits, task.result.Edits...)
		}
	}
	return ev, edits
}

// Charges is what filters that have ended took from limits for the transaction.
func (t *Tx) Charges() []state.Charge {
	var charges []state.Charge
	for _, tasks := range t.rcpts {
		charges = append(charges, charged(tasks)...)
	}
	return append(charges, charged(t.tasks)...)
}

// Drop takes the newest recipient out again, since it was refused, and tells what was taken from
// limits for it: that is no more among Charges.
func (t *Tx) Drop() []state.Charge {
	charges := charged(t.newest)
	tasks := t.rcpts[t.last]
	t.rcpts[t.last] = tasks[:len(tasks)-len(t.newest)]
	t.newest = nil
	return charges
}

func charged(tasks []*task) []state.Charge {
	var charges []state.Charge
	for _, task := range tasks {
		if task != nil && task.ended() {
			charges = append(charges, task.result.Charges...)
		}
	}
	return charges
}

// Abort ends a transaction without a message.
func (t *Tx) Abort() { t.cancel(errOver) }

func (t *Tx) message() *mail.Message {
	return mail.New(mail.Message{Session: t.session, Envelope: t.env, Now: t.run.now()})
}

func (t *Tx) start(stage mail.Stage, msg *mail.Message) {
	c := t.run.chain
	for i := range c.nodes {
		n := &c.nodes[i]
		if n.early != nil && (stage < n.stage || len(n.after) > 0) {
			t.tasks[i] = c.look(t.ctx, i, stage, msg)
		}
		switch {
		case n.stage == stage:
			t.tasks[i] = c.begin(t.ctx, i, msg, t.tasks)
		case n.late != nil && stage == mail.StageData:
			t.tasks[i] = c.again(t.ctx, i, msg, t.tasks)
		}
	}
}

// collect waits for the wanted tasks until ctx ends and puts together what they say,
// in the order of the plan.
func (t *Tx) collect(ctx context.Context, rcpts []string, wanted func(string) bool) scoring.Evidence {
	var ev scoring.Evidence
	for i, n := range t.run.chain.nodes {
		if n.stage == mail.StageRcpt {
			addRcpts(&ev, ctx, t.rcpts, rcpts, n.Name)
		}
		if t.tasks[i] == nil {
			continue
		}
		if wanted == nil || wanted(n.Name) || t.tasks[i].ended() {
			add(&ev, ctx, t.tasks[i])
		}
	}
	return ev
}

func (t *task) ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// add waits for one task and adds what it has to say. A task that has ended
// counts even when ctx is over.
func add(ev *scoring.Evidence, ctx context.Context, t *task) {
	select {
	case <-t.done:
	case <-ctx.Done():
	}
	check, result := scoring.Check{Name: t.check.Name, Stage: t.check.Stage}, filters.Result{}
	if t.ended() {
		check, result = t.check, t.result
	} else {
		check.Status, check.Err = scoring.StatusTimeout, "still running when the budget was used up"
	}
	ev.Checks = append(ev.Checks, check)
	for _, part := range result.Checks {
		part.Name, part.Stage = check.Name+"/"+part.Name, check.Stage
		ev.Checks = append(ev.Checks, part)
	}
	ev.Symbols = append(ev.Symbols, result.Symbols...)
	ev.Auth = append(ev.Auth, result.Auth...)
	if check.Status != scoring.StatusOK {
		ev.Symbols = append(ev.Symbols, scoring.Found(FailureSymbol(check.Name, check.Status), check.Err))
	}
}

// FailureSymbol is the name under which a filter's failure is evidence:
// NAME_ERROR or NAME_TIMEOUT. Policies may give it a score or an action.
func FailureSymbol(filter string, s scoring.Status) string {
	name := strings.ToUpper(strings.ReplaceAll(filter, "-", "_"))
	if s == scoring.StatusTimeout {
		return name + "_TIMEOUT"
	}
	return name + "_ERROR"
}

// addRcpts adds what the RCPT filters of one name say of the recipients:
// findings of one name become one, with the highest factor and all details.
func addRcpts(ev *scoring.Evidence, ctx context.Context, byRcpt map[string][]*task, rcpts []string, name string) {
	var one scoring.Evidence
	for _, rcpt := range rcpts {
		for _, task := range byRcpt[rcpt] {
			if task.check.Name == name {
				add(&one, ctx, task)
			}
		}
	}
	ev.Symbols = append(ev.Symbols, merged(one.Symbols)...)
	ev.Auth = append(ev.Auth, one.Auth...)
	one.Checks = slices.DeleteFunc(one.Checks, func(c scoring.Check) bool { return c.Name != name }) // no parts
	if worst := worstOf(one.Checks); worst != nil {
		ev.Checks = append(ev.Checks, *worst)
	}
}

func merged(symbols []scoring.Symbol) []scoring.Symbol {
	var out []scoring.Symbol
	at := map[string]int{}
	for _, s := range symbols {
		i, ok := at[s.Name]
		if !ok {
			at[s.Name] = len(out)
			out = append(out, s)
			continue
		}
		out[i].Factor = max(out[i].Factor, s.Factor)
		out[i].Details = append(out[i].Details[:len(out[i].Details):len(out[i].Details)], s.Details...)
	}
	return out
}

// worstOf is the check that failed, else the slowest.
func worstOf(checks []scoring.Check) *scoring.Check {
	var worst *scoring.Check
	for i := range checks {
		c := &checks[i]
		failed, worstFailed := c.Status != scoring.StatusOK, worst != nil && worst.Status != scoring.StatusOK
		if worst == nil || failed && !worstFailed || failed == worstFailed && c.Duration > worst.Duration {
			worst = c
		}
	}
	return worst
}
