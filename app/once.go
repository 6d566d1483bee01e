package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state/backend"
	"github.com/postern-mail/postern/verdicts"
)

// deps are what filters are built from outside the daemon; done ends their use. What goes
// wrong is in the record, so the log tells of errors only.
func (p *program) deps(cfg *config.Config) (d deps, done func(), err error) {
	d = newDeps(p.kinds, slog.New(slog.NewTextHandler(p.errOut, &slog.HandlerOptions{Level: slog.LevelError})))
	client, err := dns.New(dnsOptions(cfg))
	if err != nil {
		return d, nil, err
	}
	d.resolver = client
	return d, client.Close, nil
}

// nobody is a resolver for filters that are built and never asked: no
// question leaves the machine.
type nobody struct{}

// Lookup implements dns.Resolver.
func (nobody) Lookup(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
	return dns.Answer{}, fmt.Errorf("%s %s: %w", t, name, dns.ErrServfail)
}

// offline is the configuration, and what filters and rules are built from where nothing is to be judged.
func (p *program) offline() (*config.Config, *deps, error) {
	cfg, err := p.load()
	d := newDeps(p.kinds, slog.New(slog.DiscardHandler))
	d.resolver = nobody{}
	return cfg, &d, err
}

// judge takes one message through a generation of its own.
func (p *program) judge(cfg *config.Config, msg *mail.Message) (*verdicts.Record, error) {
	d, done, err := p.deps(cfg)
	if err != nil {
		return nil, err
	}
	defer done()
	d.now = func() time.Time { return msg.Now }
	if asksLearned(cfg) {
		model, done, err := p.openModel(context.Background())
		switch {
		case err == nil:
			defer done()
			d.learned = model
		case !errors.Is(err, backend.ErrNoFolder): // where there is no folder nothing was learned
			fmt.Fprintln(p.errOut, "postern: judged without what was learned:", err)
		}
	}
	return d.judgeOne(context.Background(), cfg, msg)
}

func (d *deps) judgeOne(ctx context.Context, cfg *config.Config, msg *mail.Message) (*verdicts.Record, error) {
	g, err := d.build(cfg)
	if err != nil {
		return nil, err
	}
	ev, wanted := g.look(ctx, msg)
	g.book.read(ctx, msg, &ev)
	r, _ := g.judge(ctx, msg, ev, wanted)
	return r, g.close()
}

// look takes a message through the chain, as if it came over a connection of its own.
func (g *generation) look(ctx context.Context, msg *mail.Message) (scoring.Evidence, []mail.Edit) {
	run := g.chain.Connect(ctx, msg.Session, func() time.Time { return msg.Now })
	defer run.Close()
	tx := run.Mail(msg.Session, msg.Envelope)
	for _, rcpt := range msg.Envelope.Rcpts {
		tx.Rcpt(rcpt)
	}
	return tx.Data(ctx, msg)
}
