package embedded

import (
	"context"
	"database/sql"
	"maps"
	"strings"

	"github.com/postern-mail/postern/state"
)

type limits struct{ db *DB }

var _ state.LimitsList = limits{}

const sqlLevel = "INSERT INTO level (key, tat) VALUES (?, ?) ON CONFLICT DO UPDATE SET tat = excluded.tat"

// Take implements state.Limits.
func (l limits) Take(ctx context.Context, takes ...state.Take) (state.Taken, error) {
	if err := state.CheckTakes(takes...); err != nil {
		return state.Taken{}, err
	}
	var out state.Taken
	err := l.db.write.do(ctx, false, func(w *writer) error {
		tats, err := levels(takes, func(key string, tat *int64) error {
			_, err := w.get("SELECT tat FROM level WHERE key = ?", []any{key}, tat)
			return err
		})
		if err != nil {
			return err
		}
		now := state.Micros(l.db.now())
		before := maps.Clone(tats)
		out = state.Settle(takes, tats, now, false)
		for key, tat := range tats {
			if tat > now || before[key] > now { // all of it given back is written too
				if _, err := w.exec(sqlLevel, key, tat); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return answered(&out, err)
}

// Peek implements state.Limits.
func (l limits) Peek(ctx context.Context, takes ...state.Take) (state.Taken, error) {
	if err := state.CheckTakes(takes...); err != nil {
		return state.Taken{}, err
	}
	tats, err := levels(takes, func(key string, tat *int64) error {
		err := l.db.read.QueryRowContext(ctx, "SELECT tat FROM level WHERE key = ?", key).Scan(tat)
		if err == sql.ErrNoRows {
			return nil
		}
		return l.db.fault(err)
	})
	if err != nil {
		return state.Taken{}, err
	}
	return state.Settle(takes, tats, state.Micros(l.db.now()), true), nil
}

func levels(takes []state.Take, load func(key string, tat *int64) error) (map[string]int64, error) {
	tats := make(map[string]int64, len(takes))
	for _, t := range takes {
		var tat int64
		if err := load(t.Key, &tat); err != nil {
			return nil, err
		}
		tats[t.Key] = tat
	}
	return tats, nil
}

// Reset implements state.LimitsList.
func (l limits) Reset(ctx context.Context, keys ...string) (int, error) {
	return l.db.change(ctx, "DELETE FROM level WHERE key IN (SELECT value FROM json_each(?)) RETURNING tat > ?", list(keys), state.Micros(l.db.now()))
}

// Restore implements state.LimitsList.
func (l limits) Restore(ctx context.Context, levels ...state.Level) error {
	return l.db.write.do(ctx, true, func(w *writer) error {
		for _, v := range levels {
			if _, err := w.exec(sqlLevel, v.Key, v.TAT); err != nil {
				return err
			}
		}
		return nil
	})
}

// List implements state.LimitsList. The cursor is the last key.
func (l limits) List(ctx context.Context, prefix, cursor string, limit int) ([]state.Level, string, error) {
	limit = max(limit, 1)
	rows, err := l.db.read.QueryContext(ctx,
		"SELECT key, tat FROM level WHERE key > ? AND key >= ? AND substr(key, 1, length(?)) = ? AND tat > ? ORDER BY key LIMIT ?",
		cursor, prefix, prefix, prefix, state.Micros(l.db.now()), limit)
	if err != nil {
		return nil, "", l.db.fault(err)
	}
	defer rows.Close()
	var out []state.Level
	for rows.Next() {
		var v state.Level
		if err := rows.Scan(&v.Key, &v.TAT); err != nil {
			return nil, "", l.db.fault(err)
		}
		out = append(out, v)
	}
	next := ""
	if len(out) == limit {
		next = out[limit-1].Key
	}
	return out, next, l.db.fault(rows.Err())
}

// change runs a deletion that returns for each row whether it was still alive,
// and tells how many were.
func (db *DB) change(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	err := db.write.do(ctx, true, func(w *writer) error {
		n = 0
		s, err := w.stmt(query)
		if err != nil {
			return err
		}
		rows, err := s.Query(args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var alive bool
			if err := rows.Scan(&alive); err != nil {
				return err
			}
			if alive {
				n++
			}
		}
		return rows.Err()
	})
	return answered(&n, err)
}

// fault gives an error of reading its place, and ErrClosed after Close.
func (db *DB) fault(err error) error {
	if err != nil && strings.Contains(err.Error(), "database is closed") {
		return state.ErrClosed
	}
	return err
}
