package app

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/postern-mail/postern/internal/config"
)

type serveCmd struct{}

// Run implements the subcommand.
func (serveCmd) Run(p *program) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	log := NewLog(p.errOut, cfg.Log)
	limitMemory(int64(cfg.Limits.Memory))
	for _, w := range cfg.Warnings() {
		log.Warn(w.String())
	}
	a, err := New(Options{Kinds: p.kinds, Load: p.load, Log: log})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	go a.reloadOn(ctx, p.path, hup)
	log.Info("started", "version", Version(), "config", p.path)
	err = a.Run(ctx)
	log.Info("stopped")
	return err
}

// reloadOn reloads at each SIGHUP and whenever the configuration's folder
// changes, until ctx ends. Reload itself says what became of it.
func (a *App) reloadOn(ctx context.Context, path string, hup <-chan os.Signal) {
	changed := make(chan struct{}, 1)
	if path != "" {
		w, err := config.NewWatcher(path, func() []string { return []string{a.current.Load().cfg.RuleFiles.Dir} })
		if err != nil {
			a.log.Warn("changes of the configuration are not noticed, send SIGHUP after a change", "err", err)
		} else {
			go w.Run(ctx, func() {
				select {
				case changed <- struct{}{}:
				default:
				}
			})
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
		case <-changed:
		}
		a.Reload()
	}
}

// limitMemory asks the runtime to collect harder before the process takes more than three
// times what messages may take: one part for them, the others for what is made of them and for the
// rest. It is a wish, not a bound; GOMEMLIMIT in the environment is stronger.
func limitMemory(messages int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(3 * messages)
	}
}
