// Package app puts Postern together: it builds everything from a
// configuration, starts it, reloads and drains it. Tests and third-party
// programs start it as cmd/postern does.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/backend"
	"github.com/postern-mail/postern/verdicts"
)

// ringSize is how many verdict records are kept in memory. A record is about 4 KiB.
const ringSize = 5000

// deps is what generations are built from; it outlives them.
type deps struct {
	kinds    map[string]filters.Kind
	order    []filters.Kind
	resolver dns.Resolver
	log      *slog.Logger
	now      func() time.Time
	observe  func(scoring.Check)
	limits   state.Limits // nil outside the daemon
	kv       state.KV     // nil outside the daemon
	learned  filters.Learned
	sets     backend.Sets // nil: sets in Redis are taken as empty
}

// App is a running Postern.
type App struct {
	deps
	load     func() (*config.Config, error)
	current  atomic.Pointer[generation]
	client   *dns.Client
	store    verdicts.Store
	health   *admin.Health
	metrics  *metrics
	budget   *milter.Budget
	state    state.Store // nil: in memory
	fleeting string      // what does not outlast this process though it should; "": nothing
	scratch  string      // folder that is removed at the end; "": none
	learning *learn.Model
	notes    *notebook
	milters  []*milter.Server
	admin    *admin.Server
	reload   sync.Mutex
	over     bool // Run has ended; guarded by reload
}

// Options are what a new App is made from.
type Options struct {
	Kinds []filters.Kind
	// Load reads the configuration anew. It is called at the start and for each reload.
	Load func() (*config.Config, error)
	Log  *slog.Logger
}

// New builds everything and opens the sockets, so that the MTA can connect
// when it returns; Run serves them. The error says what could not be built or opened.
func New(o Options) (*App, error) {
	cfg, err := o.Load()
	if err != nil {
		return nil, err
	}
	a := &App{load: o.Load, health: new(admin.Health), budget: milter.NewBudget(int64(cfg.Limits.Memory))}
	a.deps = newDeps(o.Kinds, o.Log)
	a.health.Ask(a.listConditions)
	a.health.Ask(a.stateConditions)
	a.health.Ask(a.learningConditions)
	a.metrics = newMetrics(a)
	a.observe = a.metrics.check
	if a.client, err = dns.New(dnsOptions(cfg)); err != nil {
		return nil, err
	}
	a.resolver = a.client
	if err := a.openState(cfg); err != nil {
		return nil, errors.Join(err, a.closeState())
	}
	a.openLearning(cfg)
	g, err := a.build(cfg)
	if err != nil {
		return nil, errors.Join(err, a.closeNotes(), a.closeState())
	}
	a.current.Store(g)
	if err := a.listen(cfg); err != nil {
		return nil, errors.Join(err, g.close(), a.closeNotes(), a.closeState())
	}
	return a, nil
}

func newDeps(kinds []filters.Kind, log *slog.Logger) deps {
	d := deps{kinds: map[string]filters.Kind{}, order: kinds, log: log, now: time.Now}
	for _, k := range kinds {
		d.kinds[k.Name] = k
	}
	return d
}

func dnsOptions(cfg *config.Config) dns.Options {
	return dns.Options{Servers: cfg.DNS.Servers, Timeout: cfg.DNS.Timeout}
}

// listen opens all sockets.
func (a *App) listen(cfg *config.Config) error {
	for _, l := range cfg.Listeners {
		addr, err := socket(l.Milter)
		if err != nil {
			return fmt.Errorf("listener %q: %w", l.Name, err)
		}
		s, err := milter.New(milter.Config{
			Name: l.Name, Profile: l.Profile, Addr: addr,
			MaxConns: cfg.Limits.Connections, MaxFields: cfg.Limits.HeaderFields, MaxMessage: int64(cfg.Limits.MessageSize),
			Drain: cfg.Limits.Drain,
		}, a, milter.Deps{Log: a.log, Budget: a.budget, Now: a.now})
		if err != nil {
			return fmt.Errorf("listener %q: %w", l.Name, err)
		}
		if err := s.Listen(); err != nil {
			return fmt.Errorf("listener %q: %w", l.Name, err)
		}
		a.milters = append(a.milters, s)
	}
	if cfg.Admin.Listen == "" {
		return nil
	}
	addr, err := socket(cfg.Admin.Listen)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	a.admin, err = admin.Listen(admin.Config{
		Listen: addr, Token: cfg.Admin.Token.Reveal(),
		Store: a.store, Teacher: a.teacher(), Health: a.health, Metrics: a.metrics.registry, Log: a.log,
		Hostname: hostname(cfg), Tables: []func() admin.Table{a.listTable},
	})
	return err
}

// socket puts the address of a socket, which the configuration may give as HOST:PORT or
// with * as the host, into the one form unix:PATH or tcp:HOST:PORT.
func socket(text string) (string, error) {
	network, addr, err := config.ParseSocket(text)
	return network + ":" + addr, err
}

// MilterAddrs are where the listeners listen, in the order of the configuration.
func (a *App) MilterAddrs() []net.Addr {
	var addrs []net.Addr
	for _, s := range a.milters {
		addrs = append(addrs, s.Addr())
	}
	return addrs
}

// AdminAddr is where the admin endpoint listens, nil when there is none.
func (a *App) AdminAddr() net.Addr {
	if a.admin == nil {
		return nil
	}
	return a.admin.Addr()
}

// Run serves until ctx ends, then drains: messages under way are judged, up to
// limits.drain. The error is the first that made it stop.
func (a *App) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	// The endpoint tells that we drain for as long as we do.
	drained, last := context.WithCancel(context.WithoutCancel(ctx))
	defer last()
	var all, ends sync.WaitGroup
	serve := func(ctx context.Context, all *sync.WaitGroup, f func(context.Context) error) {
		all.Go(func() {
			if err := f(ctx); err != nil {
				stop(err)
			}
		})
	}
	for _, s := range a.milters {
		serve(ctx, &all, s.Serve)
		a.log.Info("listening for the MTA", "addr", s.Addr().String())
	}
	if len(a.milters) == 0 {
		a.health.Set(admin.Condition{Name: "listeners", Detail: "none is configured: no mail is seen", Blocks: true})
	}
	if a.admin != nil {
		serve(drained, &ends, a.admin.Serve)
		a.log.Info("listening for the postmaster", "addr", a.admin.Addr().String())
	}
	all.Go(func() { a.learning.Run(ctx) })
	all.Go(func() { a.tellWarnings(ctx) })
	<-ctx.Done()
	a.health.Set(admin.Condition{Name: "draining", Detail: "the program ends; messages under way are judged", Blocks: true})
	all.Wait()
	last()
	ends.Wait()
	err := errors.Join(a.end(), a.closeNotes(), a.closeState())
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(cause, err)
	}
	return err
}

// end retires the last generation; no reload makes another one after it.
func (a *App) end() error {
	a.reload.Lock()
	defer a.reload.Unlock()
	a.over = true
	return a.current.Load().retire()
}

var errOver = errors.New("app: not running any more")

// Reload reads the configuration and goes over to it when it is sound; if not, the old one
// stays in force, and log, metric and health say so. What needs a restart
// is named in the log.
func (a *App) Reload() error {
	a.reload.Lock()
	defer a.reload.Unlock()
	if a.over {
		return errOver
	}
	cfg, err := a.load()
	var g *generation
	if err == nil {
		g, err = a.build(cfg)
	}
	a.metrics.reloaded(err)
	if err != nil {
		a.health.Set(admin.Condition{Name: "config", Detail: "the configuration on disk is faulty, the one before it is in force: " + err.Error()})
		a.log.Error("configuration not loaded, the one before it stays in force", "err", err)
		return err
	}
	a.health.Clear("config")
	old := a.current.Swap(g)
	for _, key := range needsRestart(old.cfg, cfg) {
		a.log.Warn("this change of the configuration needs a restart", "key", key)
	}
	a.log.Info("configuration loaded", "filters", len(g.chain.Names()), "policies", len(cfg.Policies)+1)
	return old.retire()
}

// hold gives the generation in force, held for the caller.
func (a *App) hold() *generation {
	for {
		if g := a.current.Load(); g.hold() {
			return g
		}
	}
}

// report makes a verdict known: to the store, the metrics and the log.
func (a *App) report(ctx context.Context, r *verdicts.Record, took time.Duration) {
	r.DurationMS = float64(took.Microseconds()) / 1000
	r.Degraded = a.stateStatus().Degraded
	if err := a.store.Add(context.WithoutCancel(ctx), r); err != nil {
		a.log.Error("verdict not stored", "id", r.ID, "err", err)
		a.metrics.unstored.Inc()
	}
	a.metrics.verdict(r, took)
	logVerdict(a.log, r, took)
}

func hostname(cfg *config.Config) string {
	if cfg.Hostname != "" {
		return cfg.Hostname
	}
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}
