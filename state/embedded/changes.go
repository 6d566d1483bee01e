package embedded

import (
	"context"

	"github.com/postern-mail/postern/learn/lessons"
)

// Changes implements lessons.Store.
func (v learned) Changes(ctx context.Context, after lessons.Position, limit int) ([]lessons.Change, error) {
	tx, err := v.db.read.BeginTx(ctx, nil) // all of one moment
	if err != nil {
		return nil, v.db.fault(err)
	}
	defer tx.Rollback()
	var end, snapshot lessons.Position
	err = tx.QueryRowContext(ctx, "SELECT n, mark, snapshot_n, snapshot_mark FROM learned").Scan(&end.N, &end.Mark, &snapshot.N, &snapshot.Mark)
	if err != nil || end == after {
		return nil, v.db.fault(err)
	}
	rows, err := tx.QueryContext(ctx, "SELECT n, mark, name, was, taken, class, sample, note FROM lesson_change WHERE n >= ? ORDER BY n LIMIT ?", after.N, limit+1)
	if err != nil {
		return nil, v.db.fault(err)
	}
	defer rows.Close()
	var from []lessons.Change
	for rows.Next() {
		var c lessons.Change
		err := rows.Scan(&c.At.N, &c.At.Mark, (*blobText)(&c.New.Name), &c.Old.Class, &c.Old.Sample, &c.New.Class, &c.New.Sample, &c.Note)
		if err != nil {
			return nil, v.db.fault(err)
		}
		c.Old.Name = c.New.Name
		from = append(from, c)
	}
	if err := rows.Err(); err != nil {
		return nil, v.db.fault(err)
	}
	return lessons.Following(after, snapshot, end, from)
}

// Note implements lessons.Store.
func (v learned) Note(ctx context.Context, after lessons.Position, note []byte) (at lessons.Position, err error) {
	err = v.db.write.do(ctx, true, func(w *writer) (err error) {
		var end lessons.Position
		if _, err := w.get(sqlEnd, nil, &end.N, &end.Mark); err != nil {
			return err
		}
		if end != after {
			return lessons.ErrMoved
		}
		_, at, err = w.change(lessons.Change{Note: note})
		return err
	})
	return answered(&at, err)
}

// each runs a write once for every name, some at a time so that others get their turn.
func (v learned) each(ctx context.Context, names []string, query string) error {
	for len(names) > 0 {
		n := min(sweepStep, len(names))
		err := v.db.write.do(ctx, false, func(w *writer) error {
			for _, name := range names[:n] {
				if _, err := w.exec(query, []byte(name)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		names = names[n:]
	}
	return nil
}

// Release implements lessons.Store.
func (v learned) Release(ctx context.Context, names ...string) error {
	return v.each(ctx, names, "DELETE FROM sample WHERE name = ?")
}

// Remove implements lessons.Store.
func (v learned) Remove(ctx context.Context, names ...string) error {
	return v.each(ctx, names, "DELETE FROM lesson WHERE name = ? AND name NOT IN (SELECT name FROM sample)")
}

// Import implements lessons.Store.
func (v learned) Import(ctx context.Context, ls ...lessons.Lesson) error {
	for _, l := range ls {
		if err := lessons.Check(l); err != nil {
			return err
		}
	}
	return v.db.write.do(ctx, true, func(w *writer) error {
		for _, l := range ls {
			if err := w.keepLesson(l); err != nil {
				return err
			}
		}
		return nil
	})
}

// Snapshot implements lessons.Store.
func (v learned) Snapshot(ctx context.Context) (at lessons.Position, chunks [][]byte, err error) {
	tx, err := v.db.read.BeginTx(ctx, nil)
	if err != nil {
		return at, nil, v.db.fault(err)
	}
	defer tx.Rollback()
	if err := tx.QueryRowContext(ctx, "SELECT snapshot_n, snapshot_mark FROM learned").Scan(&at.N, &at.Mark); err != nil {
		return at, nil, v.db.fault(err)
	}
	rows, err := tx.QueryContext(ctx, "SELECT data FROM lesson_snapshot ORDER BY n")
	if err != nil {
		return at, nil, v.db.fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c []byte
		if err := rows.Scan(&c); err != nil {
			return at, nil, v.db.fault(err)
		}
		chunks = append(chunks, c)
	}
	return at, chunks, v.db.fault(rows.Err())
}

// PutSnapshot implements lessons.Store.
func (v learned) PutSnapshot(ctx context.Context, was, at lessons.Position, chunks [][]byte, keep int) error {
	if err := lessons.CheckSnapshot(at, chunks); err != nil {
		return err
	}
	return v.db.write.do(ctx, true, func(w *writer) error {
		if _, err := w.exec("UPDATE learned SET n = ?, mark = ? WHERE n = 0", at.N, at.Mark); err != nil {
			return err
		}
		n, err := w.changed("UPDATE learned SET snapshot_n = ?, snapshot_mark = ? WHERE snapshot_n = ? AND snapshot_mark = ? AND n >= ?",
			at.N, at.Mark, was.N, was.Mark, at.N)
		if err == nil && n == 0 {
			err = lessons.ErrMoved
		}
		if err == nil {
			_, err = w.exec("DELETE FROM lesson_snapshot")
		}
		for i, c := range chunks {
			if err == nil {
				_, err = w.exec("INSERT INTO lesson_snapshot (n, data) VALUES (?, ?)", i, c)
			}
		}
		if err == nil {
			_, err = w.exec("DELETE FROM lesson_change WHERE n + ? < ?", keep, at.N)
		}
		return err
	})
}

// Stats implements lessons.Store. Nothing in a file has a lifetime.
func (v learned) Stats(ctx context.Context) (s lessons.Stats, err error) {
	err = v.db.read.QueryRowContext(ctx, `SELECT n, mark, snapshot_n, snapshot_mark, (SELECT count(*) FROM lesson),
		(SELECT count(*) FROM sample WHERE class = 1), (SELECT count(*) FROM sample WHERE class = 2) FROM learned`).
		Scan(&s.End.N, &s.End.Mark, &s.Snapshot.N, &s.Snapshot.Mark, &s.Lessons, &s.Kept[1], &s.Kept[2])
	return s, v.db.fault(err)
}
