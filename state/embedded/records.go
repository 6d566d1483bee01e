package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/postern-mail/postern/verdicts"
)

// records is the verdict store.
type records struct{ db *DB }

var _ verdicts.Lasting = records{}

// hourName is one count of one hour.
type hourName struct {
	start int64 // hours since 1970
	name  string
}

// importBatch is how many imported records share a write.
const importBatch = 64

// stored is a record made ready outside of the writer.
type stored struct {
	r     *verdicts.Record
	seq   int64
	data  []byte
	terms string
}

func pack(r *verdicts.Record) (s stored, err error) {
	if err := verdicts.CheckID(r); err != nil {
		return s, err
	}
	s.r, s.terms = r, list(r.Terms())
	s.seq, _ = verdicts.IDNumber(r.ID)
	s.data, err = verdicts.Encode(r)
	return s, err
}

// Add implements verdicts.Store.
func (v records) Add(ctx context.Context, r *verdicts.Record) error {
	s, err := pack(r)
	if err != nil {
		return err
	}
	counts := r.Counts()
	return v.db.write.do(ctx, true, func(w *writer) error {
		added, err := w.put(s)
		if added {
			start := verdicts.HourOf(r.Time).Unix() / 3600
			for name, n := range counts {
				w.hours[hourName{start, name}] += n
			}
		}
		return err
	})
}

// Import implements verdicts.Lasting.
func (v records) Import(ctx context.Context, rs ...*verdicts.Record) error {
	for some := range slices.Chunk(rs, importBatch) {
		var ready []stored
		for _, r := range some {
			s, err := pack(r)
			if err != nil {
				return err
			}
			ready = append(ready, s)
		}
		err := v.db.write.do(ctx, true, func(w *writer) error {
			for _, s := range ready {
				if _, err := w.put(s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// put keeps a record unless it is there. Two ids may come to the same number:
// the later one takes the next that is free.
func (w *writer) put(s stored) (added bool, err error) {
	for {
		var id string
		taken, err := w.get("SELECT id FROM verdict WHERE seq = ?", []any{s.seq}, &id)
		if err != nil || taken && id == s.r.ID {
			return false, err
		}
		if !taken {
			break
		}
		s.seq++
	}
	n, err := w.changed("INSERT OR IGNORE INTO verdict (seq, id, arrived, data) VALUES (?, ?, (SELECT coalesce(max(arrived), 0) + 1 FROM verdict), ?)", s.seq, s.r.ID, s.data)
	if err != nil || n == 0 {
		return false, err
	}
	chunk, err := w.chunkFor(s.seq)
	if err != nil {
		return false, err
	}
	_, err = w.exec("INSERT OR IGNORE INTO term (chunk, term, seq) SELECT ?, value, ? FROM json_each(?)", chunk, s.seq, s.terms)
	return err == nil, err
}

// putHours adds what the batch counted.
func (w *writer) putHours() error {
	for h, n := range w.hours {
		if _, err := w.exec("INSERT INTO hour (start, name, n) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n", h.start, h.name, n); err != nil {
			return err
		}
	}
	return nil
}

// Get implements verdicts.Store.
func (v records) Get(ctx context.Context, id string) (*verdicts.Record, error) {
	var data []byte
	err := v.db.read.QueryRowContext(ctx, "SELECT data FROM verdict WHERE id = ?", id).Scan(&data)
	if err == sql.ErrNoRows {
		return nil, verdicts.ErrNotFound
	}
	if err != nil {
		return nil, v.db.fault(err)
	}
	return verdicts.Decode(data)
}

// Follow implements verdicts.Lasting. The cursor is the number of arrival.
func (v records) Follow(ctx context.Context, cursor string, limit int) ([]*verdicts.Record, string, error) {
	if cursor == "" {
		var last int64
		err := v.db.read.QueryRowContext(ctx, "SELECT coalesce(max(arrived), 0) FROM verdict").Scan(&last)
		return nil, strconv.FormatInt(last, 10), v.db.fault(err)
	}
	after, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil {
		return nil, "", fmt.Errorf("verdicts: cursor %.40q", cursor)
	}
	rows, err := v.db.read.QueryContext(ctx, "SELECT data, arrived FROM verdict WHERE arrived > ? ORDER BY arrived LIMIT ?", after, max(limit, 1))
	if err != nil {
		return nil, cursor, v.db.fault(err)
	}
	defer rows.Close()
	var out []*verdicts.Record
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&data, &after); err != nil {
			return nil, cursor, err
		}
		r, err := verdicts.Decode(data)
		if err != nil {
			return nil, cursor, err
		}
		out = append(out, r)
	}
	return out, strconv.FormatInt(after, 10), v.db.fault(rows.Err())
}

// Hours implements verdicts.Lasting.
func (v records) Hours(ctx context.Context, since, until time.Time) ([]verdicts.Hour, error) {
	rows, err := v.db.read.QueryContext(ctx, "SELECT start, name, n FROM hour WHERE start >= ? AND start < ? ORDER BY start", hourAfter(since), hourAfter(until))
	if err != nil {
		return nil, v.db.fault(err)
	}
	defer rows.Close()
	var out []verdicts.Hour
	for rows.Next() {
		var h hourName
		var n int64
		if err := rows.Scan(&h.start, &h.name, &n); err != nil {
			return nil, err
		}
		start := time.Unix(h.start*3600, 0).UTC()
		if len(out) == 0 || !out[len(out)-1].Start.Equal(start) {
			out = append(out, verdicts.Hour{Start: start, Counts: map[string]int64{}})
		}
		out[len(out)-1].Counts[h.name] = n
	}
	return out, v.db.fault(rows.Err())
}

// hourAfter is the first hour that begins at that time or after it.
func hourAfter(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return (at.Unix() + 3599) / 3600
}

// PutHours implements verdicts.Lasting.
func (v records) PutHours(ctx context.Context, hours ...verdicts.Hour) error {
	return v.db.write.do(ctx, true, func(w *writer) error {
		for _, h := range hours {
			start := h.Start.Unix() / 3600
			if _, err := w.exec("DELETE FROM hour WHERE start = ?", start); err != nil {
				return err
			}
			for name, n := range h.Counts {
				if _, err := w.exec("INSERT INTO hour (start, name, n) VALUES (?, ?, ?)", start, name, n); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
