package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-mail/postern/filters/dnsbl"
	"github.com/postern-mail/postern/internal/config"
)

type listsCmd struct {
	Show  listsShowCmd  `cmd:"" default:"withargs" help:"Probe all DNS lists and print how they are."`
	Check listsCheckCmd `cmd:"" help:"Ask all DNS lists about one address, domain or mailbox."`
}

// listFlags are those of both subcommands.
type listFlags struct {
	DNS  []string `name:"dns" help:"DNS server to ask, in place of the configured ones." placeholder:"ADDR"`
	JSON bool     `name:"json" help:"Print JSON."`
}

type listsShowCmd struct {
	listFlags
}

// Run implements the subcommand.
func (c *listsShowCmd) Run(p *program) error {
	return c.withLists(p, func(ctx context.Context, all []dnsbl.Lists) error {
		var zones []dnsbl.ZoneHealth
		for _, l := range all {
			if err := l.Probed(ctx); err != nil {
				return err
			}
			zones = append(zones, l.Health()...)
		}
		return dnsbl.WriteTable(p.out, zones, c.JSON)
	})
}

type listsCheckCmd struct {
	Target string `arg:"" help:"An IP address, a domain or a mail address."`
	listFlags
}

// Run implements the subcommand.
func (c *listsCheckCmd) Run(p *program) error {
	return c.withLists(p, func(ctx context.Context, all []dnsbl.Lists) error {
		var hits []dnsbl.Hit
		for _, l := range all {
			more, err := l.CheckOne(ctx, c.Target)
			if err != nil {
				return err
			}
			hits = append(hits, more...)
		}
		return dnsbl.WriteHits(p.out, hits, c.JSON)
	})
}

// patience is how long a subcommand waits for all lists together.
const patience = 30 * time.Second

// withLists builds the configured filters and hands over those that keep DNS lists.
func (c *listFlags) withLists(p *program, f func(context.Context, []dnsbl.Lists) error) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	if len(c.DNS) > 0 {
		cfg.DNS.Servers = c.DNS
	}
	d, done, err := p.deps(cfg)
	if err != nil {
		return err
	}
	defer done()
	g, err := d.build(onlyLists(cfg))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all := g.keepers
	if len(all) == 0 {
		err = fmt.Errorf("no DNS list is configured: see filters.dnsbl in %q", "postern config reference")
	} else {
		err = f(ctx, all)
	}
	return errors.Join(err, g.close())
}

// onlyLists is the configuration without any filter that keeps no DNS lists.
func onlyLists(cfg *config.Config) *config.Config {
	c := *cfg
	c.Filters = config.Filters{}
	for name, f := range cfg.Filters {
		if f.Kind == dnsbl.Kind.Name {
			c.Filters[name] = f
		}
	}
	return &c
}
