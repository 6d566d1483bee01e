package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/signal"
	"slices"
	"strconv"
	"syscall"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/verdicts"
)

type verdictsCmd struct {
	List verdictsListCmd `cmd:"" default:"withargs" help:"List verdicts, the newest last."`
	Show verdictsShowCmd `cmd:"" help:"Explain one verdict."`
}

// verdictsListCmd has the parameters of GET /api/v1/verdicts as flags.
type verdictsListCmd struct {
	Since     string `help:"Not before: RFC 3339, seconds since 1970, or how long ago (90m, 2h, 3d)." placeholder:"TIME"`
	Until     string `help:"Before: in the same forms." placeholder:"TIME"`
	Action    string `help:"What was decided: accept, mark, greylist, tempfail, quarantine, reject or discard." placeholder:"ACTION"`
	From      string `help:"Envelope sender or author: an address, or a domain." placeholder:"ADDR"`
	Rcpt      string `help:"A recipient: an address, or a domain." placeholder:"ADDR"`
	IP        string `name:"ip" help:"Address of the client." placeholder:"ADDR"`
	Symbol    string `help:"A symbol that was found." placeholder:"SYMBOL"`
	QueueID   string `name:"queue-id" help:"Queue id of Postfix." placeholder:"ID"`
	MessageID string `name:"message-id" help:"Message-ID." placeholder:"ID"`
	MinScore  string `help:"Score, at least." placeholder:"N"`
	Text      string `help:"Words of subject, author, Message-ID or reason." placeholder:"WORDS"`
	Limit     int    `help:"How many, at most 1000 (default: 50; with --follow 10)." placeholder:"N"`
	Follow    bool   `short:"f" help:"Go on with what is decided from now on, until interrupted."`
	JSON      bool   `name:"json" help:"Print records as JSON, one a line."`
}

// query reads the flags as the admin endpoint reads its parameters.
func (c *verdictsListCmd) query() (verdicts.Query, error) {
	v := url.Values{}
	for key, value := range map[string]string{
		"since": c.Since, "until": c.Until, "action": c.Action, "from": c.From, "rcpt": c.Rcpt, "ip": c.IP, "symbol": c.Symbol,
		"queue_id": c.QueueID, "message_id": c.MessageID, "min_score": c.MinScore, "q": c.Text,
	} {
		if value != "" {
			v.Set(key, value)
		}
	}
	switch {
	case c.Limit != 0:
		v.Set("limit", strconv.Itoa(c.Limit))
	case c.Follow:
		v.Set("limit", "10")
	}
	q, err := admin.ParseQuery(v)
	if err != nil {
		return q, usageError{err}
	}
	return q, nil
}

// Run implements the subcommand.
func (c *verdictsListCmd) Run(p *program) error {
	q, err := c.query()
	if err != nil {
		return err
	}
	s, err := p.openVerdicts()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return errors.Join(c.list(ctx, p, s.Verdicts(), q), s.Close())
}

// list prints what is there and, if asked to, what comes.
func (c *verdictsListCmd) list(ctx context.Context, p *program, v verdicts.Lasting, q verdicts.Query) error {
	f := follower{from: v, query: q, seen: map[string]bool{}, print: c.printer(p.out), errOut: p.errOut}
	if c.Follow { // where now is, before what is there is read: so nothing falls in between
		if err := f.begin(ctx); err != nil {
			return err
		}
	}
	found, _, err := v.Query(ctx, q)
	if err != nil {
		return err
	}
	if !c.JSON {
		if err := verdicts.WriteHead(p.out); err != nil {
			return err
		}
	}
	slices.Reverse(found)
	for _, r := range found {
		f.seen[r.ID] = true
		if err := f.print(r); err != nil {
			return err
		}
	}
	if !c.Follow {
		return nil
	}
	return f.run(ctx)
}

func (c *verdictsListCmd) printer(w io.Writer) func(*verdicts.Record) error {
	if c.JSON {
		e := json.NewEncoder(w)
		return func(r *verdicts.Record) error { return e.Encode(r) }
	}
	return func(r *verdicts.Record) error { return r.WriteLine(w) }
}

type verdictsShowCmd struct {
	ID   string `arg:"" help:"The id in replies, log and X-Postern-Id, or the queue id of Postfix."`
	JSON bool   `name:"json" help:"Print the verdict record as JSON."`
}

// Run implements the subcommand.
func (c *verdictsShowCmd) Run(p *program) error {
	s, err := p.openVerdicts()
	if err != nil {
		return err
	}
	r, err := findVerdict(context.Background(), s.Verdicts(), c.ID)
	if err == nil {
		err = writeRecord(p.out, r, c.JSON)
	}
	return errors.Join(err, s.Close())
}

// findVerdict gives the record of an id, or the newest of a queue id.
func findVerdict(ctx context.Context, s verdicts.Store, id string) (*verdicts.Record, error) {
	r, err := s.Get(ctx, id)
	if !errors.Is(err, verdicts.ErrNotFound) {
		return r, err
	}
	rs, _, err := s.Query(ctx, verdicts.Query{QueueID: id, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(rs) == 0 {
		return nil, fmt.Errorf("no verdict of the id or queue id %q is kept", id)
	}
	return rs[0], nil
}
