package app

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/postern-mail/postern/chain"
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/filters/dnsbl"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// generation is everything that a configuration makes of us and that a reload
// replaces as a whole. It is immutable. Whoever works with it holds it; it is
// closed when it was replaced and nobody holds it any more.
type generation struct {
	cfg      *config.Config
	chain    *chain.Chain
	book     *ruleBook
	policies scoring.Set
	headers  verdicts.HeaderOptions
	reading  *mail.Limits
	greylist *greylist       // nil: nothing is greylisted by score
	speaks   map[string]bool // filters whose symbols refuse at RCPT; nil: any may
	closers  []io.Closer
	keepers  []dnsbl.Lists
	limits   []filters.LimitKeeper

	mu      sync.Mutex
	holders int
	retired bool
}

// build makes a generation. The error, config.Faults as a rule, names every filter that
// could not be made and where it is configured; nothing is left open then.
func (d *deps) build(cfg *config.Config) (*generation, error) {
	if err := checkState(cfg); err != nil {
		return nil, err
	}
	book, err := d.ruleBook(cfg)
	if err != nil {
		return nil, err
	}
	g := &generation{
		cfg:      cfg,
		book:     book,
		policies: policies(d.kinds, cfg, book, d.now()),
		headers:  verdicts.HeaderOptions{SpamHeaders: cfg.Headers.SpamHeaders, SubjectTag: cfg.Headers.SubjectTag},
		reading:  reading(cfg),
	}
	g.speaks = d.speakers(cfg, g.policies)
	instances, err := d.instances(cfg, g)
	if g.greylist == nil {
		g.policies.NoGreylist()
	}
	if err == nil {
		g.chain, err = chain.New(instances, chain.Options{
			Filter: cfg.Limits.Filter, Early: cfg.Limits.Early, Total: cfg.Limits.Total, Observe: d.observe,
			Panicked: d.panicked,
		})
	}
	if err != nil {
		if closing := g.close(); closing != nil {
			err = errors.Join(err, closing)
		}
		return nil, err
	}
	return g, nil
}

// panicked puts a filter's panic in the log: the record has its value, and only the stack tells
// where it comes from.
func (d *deps) panicked(filter string, p *chain.PanicError) {
	d.log.Error("filter panicked", "filter", filter, "value", fmt.Sprint(p.Value), "stack", string(p.Stack))
}

// instances makes the enabled filters, in the order of the list of kinds.
func (d *deps) instances(cfg *config.Config, g *generation) ([]chain.Instance, error) {
	byKind := map[string][]string{}
	for _, name := range cfg.FilterNames() {
		if f := cfg.Filters[name]; f.Enabled {
			byKind[f.Kind] = append(byKind[f.Kind], name)
		}
	}
	var list []chain.Instance
	var faults config.Faults
	for _, kind := range d.order {
		for _, name := range byKind[kind.Name] {
			f, err := kind.New(d.env(name, cfg))
			if err != nil {
				faults = append(faults, cfg.Fault("filters."+name, err))
				continue
			}
			if c, ok := f.(io.Closer); ok {
				g.closers = append(g.closers, c)
			}
			if l, ok := f.(dnsbl.Lists); ok {
				g.keepers = append(g.keepers, l)
			}
			if l, ok := f.(filters.LimitKeeper); ok {
				g.limits = append(g.limits, l)
			}
			if l, ok := f.(filters.Greylister); ok {
				g.greylist = &greylist{name: name, asked: l, limit: cfg.Limits.Filter}
				continue
			}
			list = append(list, chain.Instance{Name: name, Kind: kind, Filter: f})
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return list, nil
}

func (d *deps) env(name string, cfg *config.Config) filters.Env {
	return filters.Env{
		Name:       name,
		Config:     cfg.Filters[name].Config,
		Resolver:   d.resolver,
		Log:        d.log.With("filter", name),
		AuthservID: authservID(cfg),
		Trusted:    cfg.Networks.Trusted,
		Relays:     cfg.Networks.Relays,
		Now:        d.now,
		Limits:     d.limits,
		KV:         d.kv,
		Learned:    d.learned,
	}
}

// speakers are the filters that report the symbols by which some policy refuses at RCPT: only they
// are waited for there. It is nil where a symbol is nobody's, since its name is made at run time.
func (d *deps) speakers(cfg *config.Config, policies scoring.Set) map[string]bool {
	owners := map[string][]string{}
	for name, f := range cfg.Filters {
		for _, s := range docs(d.kinds[f.Kind], f) {
			owners[s.Name] = append(owners[s.Name], name)
		}
	}
	speakers := map[string]bool{}
	for _, symbol := range policies.EarlySymbols() {
		if len(owners[symbol]) == 0 {
			return nil
		}
		for _, name := range owners[symbol] {
			speakers[name] = true
		}
	}
	return speakers
}

// awaited tells whether a filter is waited for at RCPT.
func (g *generation) awaited(filter string) bool { return g.speaks == nil || g.speaks[filter] }

func authservID(cfg *config.Config) string {
	if cfg.AuthservID != "" {
		return cfg.AuthservID
	}
	return hostname(cfg)
}

// hold takes part in the generation; it fails when it is already closed.
func (g *generation) hold() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.retired && g.holders == 0 {
		return false
	}
	g.holders++
	return true
}

// release ends what hold began.
func (g *generation) release() error {
	g.mu.Lock()
	g.holders--
	last := g.retired && g.holders == 0
	g.mu.Unlock()
	if last {
		return g.close()
	}
	return nil
}

// retire says that the generation was replaced.
func (g *generation) retire() error {
	g.mu.Lock()
	g.retired = true
	last := g.holders == 0
	g.mu.Unlock()
	if last {
		return g.close()
	}
	return nil
}

func (g *generation) close() error {
	var errs []error
	for _, c := range g.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
