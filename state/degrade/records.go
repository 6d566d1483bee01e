package degrade

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/postern-mail/postern/verdicts"
)

// records is the verdict store.
type records struct{ s *Store }

var _ verdicts.Lasting = records{}

// errFull says that a record is lost.
var errFull = errors.New("state: queue of waiting verdicts is full")

// Add implements verdicts.Store. When it returns nil, the record is in the
// shared store or on this machine's disk.
func (v records) Add(ctx context.Context, r *verdicts.Record) error {
	asked, err := v.s.ask(func() error { return v.s.shared.Verdicts().Add(ctx, r) })
	if asked {
		if err == nil {
			v.s.recent.add(r)
		}
		return err
	}
	v.s.filling.RLock()
	defer v.s.filling.RUnlock()
	if v.s.waiting.Add(1) > int64(v.s.opts.Waiting) {
		v.s.waiting.Add(-1)
		v.s.lost.Add(1)
		return fmt.Errorf("%w: %d records", errFull, v.s.opts.Waiting)
	}
	if err := v.s.queue.Verdicts().Import(ctx, r); err != nil {
		v.s.waiting.Add(-1)
		v.s.lost.Add(1)
		return err
	}
	v.s.nudge()
	return nil
}

// Import implements verdicts.Lasting.
func (v records) Import(ctx context.Context, rs ...*verdicts.Record) error {
	return v.s.must(func() error { return v.s.shared.Verdicts().Import(ctx, rs...) })
}

// Get implements verdicts.Store. A record that waits is found on the machine
// that decided it.
func (v records) Get(ctx context.Context, id string) (r *verdicts.Record, err error) {
	asked, err := v.s.ask(func() (err error) { r, err = v.s.shared.Verdicts().Get(ctx, id); return err })
	if !asked || v.s.waiting.Load() > 0 && errors.Is(err, verdicts.ErrNotFound) {
		return v.s.queue.Verdicts().Get(ctx, id)
	}
	return r, err
}

// Query implements verdicts.Store. While the store is away it is about what
// this machine has decided since.
func (v records) Query(ctx context.Context, q verdicts.Query) (rs []*verdicts.Record, next string, err error) {
	asked, err := v.s.ask(func() (err error) { rs, next, err = v.s.shared.Verdicts().Query(ctx, q); return err })
	if !asked {
		return v.s.queue.Verdicts().Query(ctx, q)
	}
	return rs, next, err
}

// Follow implements verdicts.Lasting. While the store is away nothing comes;
// what was decided meanwhile comes afterwards.
func (v records) Follow(ctx context.Context, cursor string, limit int) (rs []*verdicts.Record, next string, err error) {
	err = v.s.must(func() (err error) { rs, next, err = v.s.shared.Verdicts().Follow(ctx, cursor, limit); return err })
	if err != nil {
		return nil, cursor, err
	}
	return rs, next, nil
}

// Hours implements verdicts.Lasting.
func (v records) Hours(ctx context.Context, since, until time.Time) (hs []verdicts.Hour, err error) {
	err = v.s.must(func() (err error) { hs, err = v.s.shared.Verdicts().Hours(ctx, since, until); return err })
	return hs, err
}

// PutHours implements verdicts.Lasting.
func (v records) PutHours(ctx context.Context, hours ...verdicts.Hour) error {
	return v.s.must(func() error { return v.s.shared.Verdicts().PutHours(ctx, hours...) })
}

// Sweep implements verdicts.Lasting.
func (v records) Sweep(ctx context.Context) (n int, err error) {
	err = v.s.must(func() (err error) { n, err = v.s.shared.Verdicts().Sweep(ctx); return err })
	return n, err
}
