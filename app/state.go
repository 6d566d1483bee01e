package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/embedded"
	"github.com/postern-mail/postern/state/memory"
	"github.com/postern-mail/postern/verdicts"
)

const (
	stateFile = "state.db" // in state.dir
	// memoryKeys is how many values, and how many limits, are kept in memory in place of a file.
	memoryKeys = 200_000
	// giveBackLimit is how long a giving back may take; nobody waits for its answer but the session.
	giveBackLimit = time.Second
)

// openState opens what lasts. Without a folder, or with one that cannot be used, verdicts, limits
// and greylist are kept in memory, and the log says so: mail is filtered all the same.
func (a *App) openState(cfg *config.Config) {
	err := errors.New("state.dir is not set")
	if dir := cfg.State.Dir; dir != "" {
		if _, err = os.Stat(dir); err == nil {
			var db *embedded.DB
			if db, err = embedded.Open(embedded.Options{Path: filepath.Join(dir, stateFile), Now: a.now}); err == nil {
				a.state, a.store, a.limits, a.kv = db, db.Verdicts(), db.Limits(), db.KV()
				return
			}
		}
	}
	a.log.Warn("verdicts, limits and greylist are kept in memory and do not outlast this process", "err", err)
	m := memory.New(memoryKeys, a.now)
	a.store, a.limits, a.kv = verdicts.NewRing(ringSize), m.Limits(), m.KV()
}

// closeState closes what filters ask; nobody asks any more.
func (a *App) closeState() error {
	a.client.Close()
	if a.state == nil {
		return nil
	}
	return a.state.Close()
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
