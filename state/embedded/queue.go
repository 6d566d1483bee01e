package embedded

import (
	"context"

	"github.com/postern-mail/postern/verdicts"
)

// Oldest gives up to n of the oldest verdict records, oldest first: for whoever uses the
// file as a queue for another store.
func (db *DB) Oldest(ctx context.Context, n int) ([]*verdicts.Record, error) {
	rows, err := db.read.QueryContext(ctx, "SELECT data FROM verdict ORDER BY seq LIMIT ?", n)
	if err != nil {
		return nil, db.fault(err)
	}
	defer rows.Close()
	var out []*verdicts.Record
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&data); err != nil {
			return nil, db.fault(err)
		}
		r, err := verdicts.Decode(data)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, db.fault(rows.Err())
}

// Remove forgets verdict records; one that is not there is no error.
func (db *DB) Remove(ctx context.Context, ids ...string) error {
	return db.write.do(ctx, true, func(w *writer) error {
		for _, id := range ids {
			var o row
			there, err := w.get("SELECT seq, data FROM verdict WHERE id = ?", []any{id}, &o.seq, &o.data)
			if err != nil {
				return err
			}
			if !there {
				continue
			}
			if err := w.forget(o); err != nil {
				return err
			}
		}
		return nil
	})
}

// Records implements state.Counted.
func (db *DB) Records(ctx context.Context) (int, error) { return db.count(ctx, "verdict") }
