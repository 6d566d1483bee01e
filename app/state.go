package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/backend"
	"github.com/postern-mail/postern/state/memory"
	"github.com/postern-mail/postern/verdicts"
)

const (
	// memoryKeys is how many values, and how many limits, are kept in memory in place of a file.
	memoryKeys = 200_000
	// giveBackLimit is how long a giving back may take; nobody waits for its answer but the session.
	giveBackLimit = time.Second
)

// stateConfig is what the sections state and redis say.
func stateConfig(cfg *config.Config) backend.Config {
	s, r := cfg.State, cfg.Redis
	c := backend.Config{
		Dir:       s.Dir,
		Retention: verdicts.Retention(s.Retention),
		Redis: backend.Redis{
			URL: r.URL.Reveal(), Master: r.Master, Cluster: r.Cluster, Username: r.Username, Password: r.Password.Reveal(),
			SentinelUsername: r.SentinelUsername, SentinelPassword: r.SentinelPassword.Reveal(),
			Prefix: r.Prefix, Timeout: r.Timeout, Waiting: r.Waiting, TLS: backend.TLS(r.TLS),
		},
	}
	for _, u := range r.URLs {
		c.Redis.URLs = append(c.Redis.URLs, u.Reveal())
	}
	return c
}

// checkState says what of the section redis makes no sense.
func checkState(cfg *config.Config) error {
	if err := stateConfig(cfg).Check(); err != nil {
		return config.Faults{cfg.Fault("redis", err)}
	}
	return nil
}

// openState opens what lasts. Without a folder, or with one that cannot be used, verdicts, limits
// and greylist are kept in memory, and the log says so: mail is filtered all the same. With Redis
// only what waits for it needs a folder.
func (a *App) openState(cfg *config.Config) error {
	if err := checkState(cfg); err != nil {
		return err
	}
	c := stateConfig(cfg)
	var err error
	if a.sets, err = c.Sets(); err != nil {
		return err
	}
	s, err := backend.Open(c, a.stateChanged)
	if err != nil && c.Shared() {
		a.warnFleeting(c.Dir, "verdicts that wait for Redis", err)
		if a.scratch, err = os.MkdirTemp("", "postern-"); err != nil {
			return err
		}
		c.Dir = a.scratch
		if s, err = backend.Open(c, a.stateChanged); err != nil {
			return errors.Join(err, os.RemoveAll(a.scratch))
		}
	}
	if err != nil {
		a.warnFleeting(c.Dir, "verdicts, limits and greylist are kept in memory and", err)
		m := memory.New(memoryKeys, a.now)
		a.store, a.limits, a.kv = verdicts.NewRing(ringSize), m.Limits(), m.KV()
		return nil
	}
	a.state, a.store, a.limits, a.kv = s, s.Verdicts(), s.Limits(), s.KV()
	return nil
}

// warnFleeting says what is kept in memory only. That is a fault where a folder
// was named, and the health endpoint goes on saying so.
func (a *App) warnFleeting(dir, what string, err error) {
	a.log.Warn(what+" do not outlast this process", "err", err)
	if dir != "" {
		a.fleeting = fmt.Sprintf("%s do not outlast this process: %v; make the folder, owned by the daemon, and start again", what, err)
	}
}

// stateChanged tells the log that the shared store went away or came back.
func (a *App) stateChanged(s state.Status) {
	if s.Degraded {
		a.log.Warn("the shared state is away: this machine goes on by itself", "state", s.Kind, "reason", s.Reason)
		return
	}
	a.log.Info("the shared state is back", "state", s.Kind, slog.Int("waiting", s.Waiting), slog.Int64("lost", s.Lost))
}

// stateStatus is how the state does, zero when it is in memory.
func (a *App) stateStatus() state.Status {
	if a.state == nil {
		return state.Status{}
	}
	return a.state.Status()
}

// stateConditions tells that the state is not as it should be. Mail is judged all the same.
func (a *App) stateConditions() []admin.Condition {
	var wrong []admin.Condition
	if a.fleeting != "" {
		wrong = append(wrong, admin.Condition{Name: "state", Detail: a.fleeting})
	}
	s := a.stateStatus()
	if !s.Degraded {
		return wrong
	}
	what := "this machine goes on by itself"
	if s.Kind == "embedded" {
		what = "what is decided may be lost"
	}
	return append(wrong, admin.Condition{Name: "state", Detail: fmt.Sprintf("%s is away since %s: %s; %s, %d verdicts wait, %d are lost",
		s.Kind, s.Since.UTC().Format(time.RFC3339), s.Reason, what, s.Waiting, s.Lost)})
}

// closeState closes what filters ask; nobody asks any more.
func (a *App) closeState() error {
	a.client.Close()
	var err error
	if a.sets != nil {
		err = a.sets.Close()
	}
	if a.state == nil {
		return err
	}
	err = errors.Join(err, a.state.Close())
	if a.scratch != "" {
		err = errors.Join(err, os.RemoveAll(a.scratch))
	}
	return err
}

// giveBack returns to limits what was taken for mail that does not come in now. Should that
// fail, the mail is counted twice when it comes again, which the log tells.
func (a *App) giveBack(charges []state.Charge) {
	takes := state.GiveBack(charges, a.now())
	if len(takes) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), giveBackLimit)
	defer cancel()
	if _, err := a.limits.Take(ctx, takes...); err != nil {
		a.log.Warn("limits not given back", "err", err)
	}
}

// openVerdicts is openState for a command that looks at verdicts. While Redis is away, what this machine
// has decided since is there to look at, and standard error says so.
func (p *program) openVerdicts() (state.Store, error) {
	s, cfg, err := p.openState()
	if !errors.Is(err, state.ErrAway) {
		return s, err
	}
	queue, qerr := stateConfig(cfg).Queue()
	if qerr != nil {
		return nil, err
	}
	fmt.Fprintf(p.errOut, "postern: only verdicts that wait on this machine: %v\n", err)
	return queue, nil
}

func (p *program) loadState() (*config.Config, error) {
	cfg, err := p.load()
	if err == nil {
		err = checkState(cfg)
	}
	return cfg, err
}

// openState opens the state that the configuration names, for a command that works on it beside the
// daemon. Whoever calls it closes it.
func (p *program) openState() (state.Store, *config.Config, error) {
	cfg, err := p.loadState()
	if err != nil {
		return nil, nil, err
	}
	s, err := backend.Look(context.Background(), stateConfig(cfg))
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w; run this as root or as the user that postern runs as", err)
	}
	if errors.Is(err, backend.ErrNoFolder) {
		err = fmt.Errorf("%w; without it the daemon keeps its state in memory, which no command reaches: "+
			"make the folder, give it to the user that postern runs as, and restart", err)
	}
	return s, cfg, err
}
