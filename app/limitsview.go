package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/state"
)

// maxShown bounds what is kept in memory of a list.
const maxShown = 1000

// limitUse is a limit in use.
type limitUse struct {
	filters.Limit
	level state.Level
}

// isOf tells whether the limit is kept by somebody, whatever else it is kept by.
func (u limitUse) isOf(who string) bool {
	return slices.Contains(u.Who, state.Parts(state.Key("x", who))[1])
}

// limitsView reads the limits by what the configured filters know of them.
type limitsView struct {
	store   state.Store
	keepers []filters.LimitKeeper
	now     time.Time
}

// withLimits opens the state and builds the filters, who alone know what their keys mean.
func (p *program) withLimits(f func(context.Context, *limitsView) error) error {
	return p.withKeepers(func(ctx context.Context, s state.Store, g *generation) error {
		return f(ctx, &limitsView{store: s, keepers: g.limits, now: time.Now()})
	})
}

// withKeepers opens the state and builds the configured filters without asking anybody.
func (p *program) withKeepers(f func(context.Context, state.Store, *generation) error) error {
	s, cfg, err := p.openState()
	if err != nil {
		return err
	}
	_, d, err := p.offline()
	if err == nil {
		var g *generation
		if g, err = d.build(cfg); err == nil {
			err = errors.Join(f(context.Background(), s, g), g.close())
		}
	}
	return errors.Join(err, s.Close())
}

// listPage is how many entries are read at once.
const listPage = 1000

// each gives all limits in use that a configured limit is about, perhaps one of them twice.
func (l *limitsView) each(ctx context.Context, f func(limitUse) error) error {
	for cursor := ""; ; {
		levels, next, err := l.store.Limits().List(ctx, "", cursor, listPage)
		if err != nil {
			return err
		}
		for _, level := range levels {
			for _, k := range l.keepers {
				if limit, ok := k.ReadLimit(level, l.now); ok {
					if err := f(limitUse{limit, level}); err != nil {
						return err
					}
					break
				}
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

// find gives the n fullest limits that fit.
func (l *limitsView) find(ctx context.Context, n int, fits func(limitUse) bool) ([]limitUse, error) {
	var found []limitUse
	cut := func() {
		slices.SortFunc(found, func(a, b limitUse) int {
			return cmp.Or(cmp.Compare(b.Result.Level, a.Result.Level), cmp.Compare(a.level.Key, b.level.Key))
		})
		found = slices.CompactFunc(found, func(a, b limitUse) bool { return a.level.Key == b.level.Key })
		found = found[:min(len(found), n)]
	}
	err := l.each(ctx, func(u limitUse) error {
		if fits(u) {
			found = append(found, u)
		}
		if len(found) >= n+maxShown {
			cut()
		}
		return nil
	})
	cut()
	return found, err
}

// reset forgets a level, and that it was warned of.
func (l *limitsView) reset(ctx context.Context, level state.Level) error {
	if _, err := l.store.Limits().Reset(ctx, level.Key); err != nil {
		return err
	}
	for _, k := range l.keepers {
		if keys := k.Alerts(level); len(keys) > 0 {
			if _, err := l.store.KV().Delete(ctx, keys...); err != nil {
				return err
			}
		}
	}
	return nil
}
