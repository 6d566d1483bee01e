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
)

// learnedFile holds what was learned, in state.dir.
const learnedFile = "learned"

// learnedKind is the kind of filter that asks it.
const learnedKind = "bayes"

// learning is what users' lessons have made of us. It outlives generations.
type learning struct {
	model *learn.Model
	close func() error
}

// openLearning opens what was learned.
func openLearning(ctx context.Context, cfg *config.Config, log *slog.Logger) (*learning, error) {
	limits := learn.DefaultLimits()
	store, closing := learn.NewMemory(limits), func() error { return nil }
	if _, err := os.Stat(cfg.State.Dir); err == nil {
		path := filepath.Join(cfg.State.Dir, learnedFile)
		if store, err = learn.OpenFile(path, limits); err != nil {
			return nil, err
		}
		closing = func() error { return store.Save(path) }
	}
	model, err := learn.Open(ctx, store, limits.Samples, log)
	if err != nil {
		return nil, err
	}
	return &learning{model, closing}, nil
}

// run trains, and follows what is learned, until ctx ends.
func (l *learning) run(ctx context.Context) error {
	l.model.Run(ctx)
	return l.close()
}

// openLearning opens what was learned. Without it mail is filtered all the same, and the log says so.
func (a *App) openLearning(cfg *config.Config) {
	l, err := openLearning(context.Background(), cfg, a.log.With("part", "learning"))
	if err != nil {
		a.log.Error("nothing is known of what was learned", "err", err)
		a.health.Set(admin.Condition{Name: "learning", Detail: err.Error()})
		return
	}
	a.learning, a.learned = l, l.model
	a.openNotes(cfg)
}

// learningConditions tells what a postmaster should know about what was learned.
func (a *App) learningConditions() []admin.Condition {
	if a.learning == nil {
		return nil
	}
	var wrong []admin.Condition
	for _, w := range a.learning.model.Warnings() {
		wrong = append(wrong, admin.Condition{Name: "learning", Detail: w})
	}
	return wrong
}

// openModel opens what was learned, for subcommands. Closing it writes down what was
// learned by it.
func (p *program) openModel(ctx context.Context) (*learn.Model, func() error, error) {
	cfg, err := p.load()
	if err != nil {
		return nil, nil, err
	}
	l, err := openLearning(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	if err := l.model.Retrain(ctx); err != nil {
		return nil, nil, errors.Join(err, l.close())
	}
	return l.model, l.close, nil
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
