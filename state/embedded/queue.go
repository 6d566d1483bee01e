package embedded

import (
	"context"

	"github.com/postern-mail/postern/learn/lessons"
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

// KeepLesson puts a lesson at the end of those that wait. It is false when max of them wait already.
func (db *DB) KeepLesson(ctx context.Context, l lessons.Lesson, max int) (kept bool, err error) {
	if err := lessons.Check(l); err != nil {
		return false, err
	}
	err = db.write.do(ctx, true, func(w *writer) error {
		n := 0
		if _, err := w.get("SELECT count(*) FROM lesson_waiting", nil, &n); err != nil || n >= max {
			return err
		}
		kept = true
		_, err := w.exec("INSERT INTO lesson_waiting (name, class, about, data) VALUES (?, ?, ?, ?)", []byte(l.Name), l.Class, notNil(l.About), l.Sample)
		return err
	})
	return answered(&kept, err)
}

// WaitingLessons gives up to limit of the lessons that wait, in order, and the number of the last of them.
func (db *DB) WaitingLessons(ctx context.Context, limit int) (list []lessons.Lesson, last int64, err error) {
	rows, err := db.read.QueryContext(ctx, "SELECT n, name, class, about, data FROM lesson_waiting ORDER BY n LIMIT ?", limit)
	if err != nil {
		return nil, 0, db.fault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var l lessons.Lesson
		if err := rows.Scan(&last, (*blobText)(&l.Name), &l.Class, &l.About, &l.Sample); err != nil {
			return nil, 0, db.fault(err)
		}
		list = append(list, l)
	}
	return list, last, db.fault(rows.Err())
}

// RemoveLessons forgets those that wait up to a number: they were handed over.
func (db *DB) RemoveLessons(ctx context.Context, last int64) error {
	return db.write.do(ctx, true, func(w *writer) error {
		_, err := w.exec("DELETE FROM lesson_waiting WHERE n <= ?", last)
		return err
	})
}

// CountLessons tells how many wait.
func (db *DB) CountLessons(ctx context.Context) (int, error) { return db.count(ctx, "lesson_waiting") }
