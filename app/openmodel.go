package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/postern-mail/postern/learn"
)

// openModel opens what was learned.
func (p *program) openModel(ctx context.Context) (*learn.Model, func() error, error) {
	cfg, err := p.load()
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(cfg.State.Dir); err != nil {
		return nil, nil, fmt.Errorf("nothing that is learned would last: %w: make the folder, or set state.dir", err)
	}
	path, limits := filepath.Join(cfg.State.Dir, "learned"), learn.DefaultLimits()
	store, err := learn.OpenFile(path, limits)
	if err != nil {
		return nil, nil, err
	}
	m, err := learn.Open(ctx, store, limits.Samples, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	err = m.Retrain(ctx)
	return m, func() error { return errors.Join(store.Save(path)) }, err
}
