package embedded

import (
	"context"
	"time"

	"github.com/postern-mail/postern/verdicts"
)

// sweepStep is how many rows one write removes, so that others get their turn
// in between.
const sweepStep = 200

func (db *DB) sweepNowAndThen(ctx context.Context) {
	tick := time.NewTicker(db.opts.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			// What goes wrong is in the status already, as a write.
			_, _ = records{db}.Sweep(ctx)
		}
	}
}

// Sweep implements verdicts.Lasting, and forgets values, limits and logs that
// are past their lifetime too.
func (v records) Sweep(ctx context.Context) (int, error) {
	if err := v.db.sweepKeys(ctx); err != nil {
		return 0, err
	}
	kept, err := v.db.count(ctx, "verdict")
	if err != nil {
		return 0, err
	}
	total := 0
	for {
		n, err := v.sweepSome(ctx, kept-total-v.db.opts.Retention.Records)
		total += n
		if err != nil || n < sweepStep {
			return total, err
		}
	}
}

// sweepSome removes the oldest records: those past their age, and over of them
// in any case. Their terms are those of the record itself, so nothing is searched for.
func (v records) sweepSome(ctx context.Context, over int) (int, error) {
	var removed int
	before := number(v.db.now().Add(-v.db.opts.Retention.Age))
	err := v.db.write.do(ctx, true, func(w *writer) error {
		old, err := w.oldest(before, over)
		if err != nil {
			return err
		}
		for _, o := range old {
			if err := w.forget(o); err != nil {
				return err
			}
		}
		removed = len(old)
		return nil
	})
	return answered(&removed, err)
}

type row struct {
	seq  int64
	data []byte
}

// oldest gives the oldest records: over of them, or all before that number.
func (w *writer) oldest(before int64, over int) ([]row, error) {
	s, err := w.stmt("SELECT seq, data FROM verdict ORDER BY seq LIMIT ?")
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(sweepStep)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		var o row
		if err := rows.Scan(&o.seq, &o.data); err != nil {
			return nil, err
		}
		if o.seq >= before && len(out) >= over {
			break
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// forget removes a record and its terms. A record that cannot be read goes
// alone; what is left of its terms leads nowhere.
func (w *writer) forget(o row) error {
	chunk, err := w.leaveChunk(o.seq)
	if err != nil {
		return err
	}
	if r, err := verdicts.Decode(o.data); err == nil {
		if _, err := w.exec("DELETE FROM term WHERE chunk = ? AND seq = ? AND term IN (SELECT value FROM json_each(?))", chunk, o.seq, list(r.Terms())); err != nil {
			return err
		}
	}
	_, err = w.exec("DELETE FROM verdict WHERE seq = ?", o.seq)
	return err
}

// sweepKeys forgets what is past its lifetime, and what is too much.
func (db *DB) sweepKeys(ctx context.Context) error {
	now := db.now()
	hours := now.Add(-db.opts.Retention.Hours).Unix() / 3600
	for _, s := range []struct {
		query string
		bound int64
	}{
		{"DELETE FROM value WHERE key IN (SELECT key FROM value WHERE ends <= ? LIMIT ?)", millis(now)},
		{"DELETE FROM level WHERE key IN (SELECT key FROM level WHERE tat <= ? LIMIT ?)", now.UnixMicro()},
		{"DELETE FROM entry WHERE (name, n) IN (SELECT name, n FROM entry JOIN log USING (name) WHERE ends <= ? LIMIT ?)", millis(now)},
		{"DELETE FROM hour WHERE (start, name) IN (SELECT start, name FROM hour WHERE start < ? LIMIT ?)", hours},
	} {
		if err := db.repeat(ctx, s.query, s.bound); err != nil {
			return err
		}
	}
	if err := db.trim(ctx, "value", "ends"); err != nil {
		return err
	}
	return db.trim(ctx, "level", "tat")
}

// repeat runs a deletion until it finds less than a full step.
func (db *DB) repeat(ctx context.Context, query string, bound int64) error {
	for {
		n, err := db.remove(ctx, query, bound, sweepStep)
		if err != nil || n < sweepStep {
			return err
		}
	}
}

// trim removes the rows of a table that end first until there are MaxKeys.
func (db *DB) trim(ctx context.Context, table, ends string) error {
	n, err := db.count(ctx, table)
	for over := n - db.opts.MaxKeys; err == nil && over > 0; over -= sweepStep {
		_, err = db.remove(ctx, "DELETE FROM "+table+" WHERE key IN (SELECT key FROM "+table+" ORDER BY "+ends+" LIMIT ?)", min(over, sweepStep))
	}
	return err
}

func (db *DB) remove(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	err := db.write.do(ctx, false, func(w *writer) (err error) {
		n, err = w.changed(query, args...)
		return err
	})
	return answered(&n, err)
}

func (db *DB) count(ctx context.Context, table string) (n int, err error) {
	err = db.read.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n)
	return n, db.fault(err)
}
