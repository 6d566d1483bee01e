package embedded

import (
	"context"
	"fmt"
	"strconv"

	"github.com/postern-mail/postern/state"
)

type logs struct{ db *DB }

var _ state.Logs = logs{}

// Append implements state.Logs.
func (l logs) Append(ctx context.Context, log state.Log, entries ...[]byte) error {
	if err := state.CheckLog(log, entries...); err != nil {
		return err
	}
	return l.db.write.do(ctx, true, func(w *writer) error {
		var last, ends int64
		if _, err := w.get("SELECT last, ends FROM log WHERE name = ?", []any{log.Name}, &last, &ends); err != nil {
			return err
		}
		old := last + int64(len(entries)) - int64(log.Max) // entries up to this one go
		if ends <= millis(l.db.now()) {
			old = max(old, last)
		}
		for _, e := range entries {
			last++
			if _, err := w.exec("INSERT INTO entry (name, n, data) VALUES (?, ?, ?)", log.Name, last, notNil(e)); err != nil {
				return err
			}
		}
		if _, err := w.exec("DELETE FROM entry WHERE name = ? AND n <= ?", log.Name, old); err != nil {
			return err
		}
		_, err := w.exec("INSERT INTO log (name, last, ends) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last, ends = excluded.ends",
			log.Name, last, millis(l.db.now().Add(log.Lifetime)))
		return err
	})
}

// Read implements state.Logs.
func (l logs) Read(ctx context.Context, name, after string, limit int) ([]state.Entry, error) {
	var from int64
	if after != "" {
		var err error
		if from, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, fmt.Errorf("%w: cursor %.40q", state.ErrKey, after)
		}
	}
	rows, err := l.db.read.QueryContext(ctx,
		"SELECT n, data FROM entry JOIN log USING (name) WHERE name = ? AND n > ? AND ends > ? ORDER BY n LIMIT ?",
		name, from, millis(l.db.now()), max(limit, 1))
	if err != nil {
		return nil, l.db.fault(err)
	}
	defer rows.Close()
	var out []state.Entry
	for rows.Next() {
		var n int64
		var data []byte
		if err := rows.Scan(&n, &data); err != nil {
			return nil, l.db.fault(err)
		}
		out = append(out, state.Entry{Cursor: strconv.FormatInt(n, 10), Data: notNil(data)})
	}
	return out, l.db.fault(rows.Err())
}

// End implements state.Logs. A log keeps its numbering while the file lives,
// so a cursor stays good when all entries were forgotten.
func (l logs) End(ctx context.Context, name string) (string, error) {
	rows, err := l.db.read.QueryContext(ctx, "SELECT last FROM log WHERE name = ? AND ends > ?", name, millis(l.db.now()))
	if err != nil {
		return "", l.db.fault(err)
	}
	defer rows.Close()
	end := ""
	for rows.Next() {
		var last int64
		if err := rows.Scan(&last); err != nil {
			return "", l.db.fault(err)
		}
		end = strconv.FormatInt(last, 10)
	}
	return end, l.db.fault(rows.Err())
}
