package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/backend"
)

// modelFile is the cache of what was learned, in state.dir.
const modelFile = "model.cache"

// learnedKind is the kind of filter that asks what was learned.
const learnedKind = "bayes"

// openModel opens what was learned.
func openModel(ctx context.Context, cfg *config.Config, store *learn.Store, log *slog.Logger) *learn.Model {
	o := learn.Options{Log: log.With("part", "learning")}
	if info, err := os.Stat(cfg.State.Dir); err == nil && info.IsDir() {
		o.Cache = filepath.Join(cfg.State.Dir, modelFile)
	}
	return learn.Open(ctx, store, o)
}

// openLearning opens what was learned, which outlives generations.
func (a *App) openLearning(cfg *config.Config) {
	store := learn.InMemory(learn.DefaultLimits())
	if a.state != nil {
		store = learn.NewStore(a.state.Lessons(), learn.DefaultLimits())
	}
	a.learning = openModel(context.Background(), cfg, store, a.log)
	a.learned = a.learning
	a.openNotes(cfg)
}

// learningConditions tells what a postmaster should know about what was learned.
func (a *App) learningConditions() []admin.Condition {
	var wrong []admin.Condition
	for _, w := range a.learning.Warnings() {
		wrong = append(wrong, admin.Condition{Name: "learning", Detail: w})
	}
	return wrong
}

// openModel opens what was learned, for subcommands: it is ready to judge, and what it learns the
// daemon knows within two seconds. The error is of the configuration or the state.
func (p *program) openModel(ctx context.Context) (*learn.Model, func() error, error) {
	s, cfg, err := p.openState()
	if errors.Is(err, state.ErrAway) { // the cache judges, lessons wait on disk
		s, err = backend.Open(stateConfig(cfg), nil)
	}
	if err != nil {
		return nil, nil, err
	}
	m := openModel(ctx, cfg, learn.NewStore(s.Lessons(), learn.DefaultLimits()), slog.New(slog.DiscardHandler))
	if m.Away() == nil {
		err = m.Ready(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return m, s.Close, nil
}

// asksLearned tells whether a filter asks what was learned.
func asksLearned(cfg *config.Config) bool {
	for _, f := range cfg.Filters {
		if f.Enabled && f.Kind == learnedKind {
			return true
		}
	}
	return false
}
