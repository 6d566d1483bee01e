package world

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/smtpc"
	"github.com/postern-mail/postern/verdicts"
)

// Played is what became of a scene.
type Played struct {
	Scene
	SMTP   smtpc.Outcome
	Record *verdicts.Record // nil when there is none
	Fate   Fate
	Copies [][]byte // as delivered
}

// Play sends the scenes, those of one session over one connection, and finds out what became of them.
func (w *World) Play(ctx context.Context, scenes []Scene) ([]Played, error) {
	var played []Played
	var c *smtpc.Client
	for i, s := range scenes {
		if i == 0 || scenes[i-1].Session != s.Session {
			if c != nil {
				c.Cmd("QUIT")
				c.Close()
			}
			var err error
			if c, err = w.Connect(ctx, s.Client, s.Helo); err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
		}
		o, err := c.Send(s.Envelope, s.Message)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		played = append(played, Played{Scene: s, SMTP: o})
	}
	if c != nil {
		c.Cmd("QUIT")
		c.Close()
	}
	return played, w.fates(ctx, played)
}

// Connect opens an SMTP session as the client of that address.
func (w *World) Connect(ctx context.Context, client, helo string) (*smtpc.Client, error) {
	c, err := smtpc.Dial(ctx, w.Postfix.Addr())
	if err != nil {
		return nil, err
	}
	if err := c.XClient(client, ""); err != nil {
		c.Close()
		return nil, err
	}
	r, err := c.Cmd("EHLO %s", helo)
	if err == nil && !r.OK() {
		err = fmt.Errorf("EHLO %s: %s", helo, r)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// fates finds each scene's verdict and mail, once Postfix has nothing left to
// deliver.
func (w *World) fates(ctx context.Context, played []Played) error {
	if err := w.Settle(ctx); err != nil {
		return err
	}
	held, err := w.Postfix.Held()
	if err != nil {
		return err
	}
	mails, err := w.Postfix.Delivered()
	if err != nil {
		return err
	}
	records, err := w.Verdicts(ctx, url.Values{"limit": {"1000"}})
	if err != nil {
		return err
	}
	for i := range played {
		p := &played[i]
		for _, r := range records {
			if r.Message.MessageID == p.ID {
				p.Record = r
			}
		}
		for _, m := range mails {
			if bytes.Contains(m, []byte(p.ID)) {
				p.Copies = append(p.Copies, m)
			}
		}
		p.Fate = p.fate(held)
	}
	return nil
}

func (p *Played) fate(held []string) Fate {
	_, queueID, _ := strings.Cut(p.SMTP.Data.Text, "queued as ")
	switch {
	case !p.SMTP.Data.OK():
		return Refused
	case slices.Contains(held, strings.TrimSpace(queueID)):
		return Held
	case len(p.Copies) > 0:
		return Delivered
	default:
		return Lost
	}
}

// Settle waits until Postfix has nothing left to deliver.
func (w *World) Settle(ctx context.Context) error {
	for quiet := 0; quiet < 3; {
		waiting, err := w.Postfix.Waiting()
		if err != nil {
			return err
		}
		if quiet++; len(waiting) > 0 {
			quiet = 0
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("mail waits in the queue: %v: %w", waiting, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil
}

// Problem says what of a scene did not come as it must, "" when all did.
func (p *Played) Problem() string {
	if p.Record == nil {
		return "there is no verdict"
	}
	var wrong []string
	note := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if string(p.Record.Action) != p.Action {
		note("the verdict is %s, not %s (%s)", p.Record.Action, p.Action, p.Record.Reason)
	}
	if p.Fate != p.Scene.Fate {
		note("it was %s, not %s (%s)", p.Fate, p.Scene.Fate, p.SMTP.Data)
	}
	for _, s := range p.Symbols {
		if !p.found(s) {
			note("%s was not found", s)
		}
	}
	for _, s := range p.Absent {
		if p.found(s) {
			note("%s was found", s)
		}
	}
	if p.Record.Session.ClientIP != p.Client || p.Record.Session.Helo != p.Helo {
		note("it was judged with client %s and HELO %s", p.Record.Session.ClientIP, p.Record.Session.Helo)
	}
	if n := p.refused(); n != p.Scene.Refused || len(p.Record.Envelope.Rcpts) != len(p.Envelope.Rcpts)-n {
		note("%d recipients were refused and %d judged", n, len(p.Record.Envelope.Rcpts))
	}
	if n := len(p.Envelope.Rcpts) - p.Scene.Refused; p.Fate == Delivered && len(p.Copies) != n {
		note("%d copies were delivered, not %d", len(p.Copies), n)
	}
	return strings.Join(wrong, "; ")
}

func (p *Played) found(symbol string) bool {
	return slices.ContainsFunc(p.Record.Symbols, func(s verdicts.Symbol) bool { return s.Name == symbol })
}

func (p *Played) refused() int {
	n := 0
	for _, r := range p.SMTP.Rcpts {
		if !r.OK() {
			n++
		}
	}
	return n
}
