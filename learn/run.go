package learn

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/postern-mail/postern/learn/bayes"
)

// How often things are looked after.
const (
	followEvery = time.Second      // what other machines learned acts here after that
	settleTime  = time.Hour        // changes wait to be trained so long at the most
	patience    = time.Minute      // how long a store may be away before a warning says so
	rest        = 10 * time.Second // after something went wrong
)

// Run follows the store, trains the linear model, and retrains it when a tenth of the
// sample has changed or an hour after the last change; it tidies the store, and once an hour takes the
// counts anew, so that no mistake lasts. It ends with ctx, and writes the cache. A store that is
// away is asked again; judging goes on meanwhile.
func (m *Model) Run(ctx context.Context) {
	m.mu.Lock()
	m.running = true
	m.mu.Unlock()
	var wg sync.WaitGroup
	wg.Go(func() { m.keep(ctx) })
	ticks := time.NewTicker(followEvery)
	defer ticks.Stop()
	for ctx.Err() == nil {
		if err := m.catchUp(ctx); ctx.Err() == nil {
			m.answered(err)
		}
		if m.due() {
			m.want()
		}
		select {
		case <-ctx.Done():
		case <-ticks.C:
		}
	}
	wg.Wait()
	m.mu.Lock()
	m.running = false
	m.mu.Unlock()
	if err := m.save(); err != nil {
		m.opts.Log.Warn("the cache of what was learned was not written", "err", err)
	}
}

// want wakes the keeper.
func (m *Model) want() {
	select {
	case m.wanted <- struct{}{}:
	default:
	}
}

// answered notes whether the store answers, and tells the log when that changes.
func (m *Model) answered(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil && m.away == nil {
		m.opts.Log.Warn("the store of what was learned is away; judging goes on", "err", err)
	}
	if err == nil && m.away != nil {
		m.opts.Log.Info("the store of what was learned is back")
	}
	if m.away = err; err == nil {
		m.heard = time.Now()
	}
}

// Lag is how long ago the store was last heard of: what was learned elsewhere since acts here when it
// is back.
func (m *Model) Lag() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Since(m.heard)
}

// dueAt is how many changes are worth a training, and a tenth of the sample.
func dueAt(seen bayes.Count, samples int) int {
	return 4 + (min(int(seen.Ham), samples)+min(int(seen.Spam), samples))/10
}

// due tells whether there is something for the keeper.
func (m *Model) due() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.store.due(m.at) || m.since >= dueAt(m.judge.Load().Counts.Messages(), m.store.limits.Samples)
}

// keep tidies and trains when it is due, and everything once an hour.
func (m *Model) keep(ctx context.Context) {
	ticks := time.NewTicker(settleTime)
	defer ticks.Stop()
	for all := m.unlearned(); ; {
		if err := m.work(ctx, all); err != nil && ctx.Err() == nil {
			m.opts.Log.Warn("what was learned was not looked after", "err", err)
			pause(ctx, rest)
		}
		select {
		case <-ctx.Done():
			return
		case <-m.wanted:
			all = false
		case <-ticks.C:
			all = true
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// Ready trains the linear model if it lacks much of what was learned: for who judges without Run.
func (m *Model) Ready(ctx context.Context) error {
	m.mu.Lock()
	due := m.since >= dueAt(m.judge.Load().Counts.Messages(), m.store.limits.Samples)
	m.mu.Unlock()
	if !due {
		return nil
	}
	if err := m.Retrain(ctx); err != nil {
		return err
	}
	return m.save()
}

// unlearned tells whether there are changes that no training has seen.
func (m *Model) unlearned() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.since > 0
}

// work is one turn of the keeper. What does not succeed is due still.
func (m *Model) work(ctx context.Context, all bool) error {
	m.mu.Lock()
	away, tidy := m.away != nil, m.store.due(m.at)
	train := m.since >= dueAt(m.judge.Load().Counts.Messages(), m.store.limits.Samples) || all && m.since > 0
	m.mu.Unlock()
	if away {
		return nil
	}
	if tidy || all {
		if err := m.store.Tidy(ctx); err != nil {
			return fmt.Errorf("learn: %w", err)
		}
	}
	if all {
		if err := m.reconcile(ctx); err != nil {
			return fmt.Errorf("learn: %w", err)
		}
	}
	if !train {
		return nil
	}
	if err := m.Retrain(ctx); err != nil {
		return err
	}
	return m.save()
}

// reconcile puts counts that were loaded anew in the place of those that were kept up to date
// change by change. They are the same; if not, the log says so.
func (m *Model) reconcile(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	table, at, err := m.store.Load(ctx)
	if err != nil {
		return err
	}
	j := m.judge.Load()
	if at == m.at && !table.Equal(j.Counts) {
		m.opts.Log.Warn("the counts were not those of the store, and are now")
	}
	next := *j
	next.Counts = table
	m.judge.Store(&next)
	m.since += int(at.N - min(m.at.N, at.N))
	m.at = at
	return nil
}
