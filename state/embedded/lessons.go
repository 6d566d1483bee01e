package embedded

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/postern-mail/postern/learn/lessons"
)

// learned is what was learned. Samples have a table of their own, so that
// looking through the lessons does not read them.
type learned struct{ db *DB }

var _ lessons.Store = learned{}

// Lessons implements state.Store.
func (db *DB) Lessons() lessons.Store { return learned{db} }

// Put implements lessons.Store.
func (v learned) Put(ctx context.Context, l lessons.Lesson) (lessons.Step, error) {
	if err := lessons.Check(l); err != nil {
		return lessons.Step{}, err
	}
	var s lessons.Step
	err := v.db.write.do(ctx, true, func(w *writer) (err error) {
		s, err = w.putLesson(l)
		return err
	})
	if err != nil && !errors.Is(err, lessons.ErrSettled) {
		return lessons.Step{}, err
	}
	return s, err
}

func (w *writer) putLesson(l lessons.Lesson) (s lessons.Step, err error) {
	if s.Old, err = w.lesson(l.Name); err != nil || s.Old.Class == l.Class {
		return s, err
	}
	taken := s.Old.Sample
	if s.Old.Class != 0 && taken == nil {
		if taken = l.Sample; taken == nil {
			return s, lessons.ErrSettled
		}
	}
	if err := w.keepLesson(l); err != nil {
		return s, err
	}
	s.Before, s.At, err = w.change(lessons.Change{Old: lessons.Lesson{Class: s.Old.Class, Sample: taken}, New: lessons.Bare(l)})
	return s, err
}

// lesson reads what is known of a message.
func (w *writer) lesson(name string) (l lessons.Lesson, err error) {
	_, err = w.get("SELECT name, lesson.class, about, data FROM lesson LEFT JOIN sample USING (name) WHERE name = ?", []any{[]byte(name)},
		(*blobText)(&l.Name), &l.Class, &l.About, &l.Sample)
	return l, err
}

// blobText reads a name, which is kept as a BLOB.
type blobText string

// Scan implements sql.Scanner.
func (t *blobText) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok {
		return fmt.Errorf("a name is %T", v)
	}
	*t = blobText(b)
	return nil
}

// keepLesson puts a lesson in the place of what was known.
func (w *writer) keepLesson(l lessons.Lesson) error {
	name := []byte(l.Name)
	if _, err := w.exec("DELETE FROM sample WHERE name = ?", name); err != nil {
		return err
	}
	if l.Class == 0 {
		_, err := w.exec("DELETE FROM lesson WHERE name = ?", name)
		return err
	}
	if l.Sample != nil {
		if _, err := w.exec("INSERT INTO sample (name, class, data) VALUES (?, ?, ?)", name, l.Class, l.Sample); err != nil {
			return err
		}
	}
	_, err := w.exec("INSERT INTO lesson (name, class, about) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET class = excluded.class, about = excluded.about",
		name, l.Class, notNil(l.About))
	return err
}

const sqlEnd = "SELECT n, mark FROM learned"

// change appends a change and tells the position before it and its own.
func (w *writer) change(c lessons.Change) (before, at lessons.Position, err error) {
	if _, err := w.get(sqlEnd, nil, &before.N, &before.Mark); err != nil {
		return before, at, err
	}
	at = lessons.Position{N: before.N + 1, Mark: lessons.Mark()}
	_, err = w.exec("INSERT INTO lesson_change (n, mark, name, was, taken, class, sample, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		at.N, at.Mark, []byte(c.New.Name), c.Old.Class, c.Old.Sample, c.New.Class, c.New.Sample, c.Note)
	if err == nil {
		_, err = w.exec("UPDATE learned SET n = ?, mark = ?", at.N, at.Mark)
	}
	return before, at, err
}

// Get implements lessons.Store.
func (v learned) Get(ctx context.Context, name string) (l lessons.Lesson, err error) {
	err = v.db.read.QueryRowContext(ctx, "SELECT name, lesson.class, about, data FROM lesson LEFT JOIN sample USING (name) WHERE name = ?", []byte(name)).
		Scan((*blobText)(&l.Name), &l.Class, &l.About, &l.Sample)
	if errors.Is(err, sql.ErrNoRows) {
		return l, nil
	}
	return l, v.db.fault(err)
}

// List implements lessons.Store. The cursor is the last name in hexadecimal.
func (v learned) List(ctx context.Context, cursor string, limit int) (out []lessons.Listed, next string, err error) {
	next, err = v.page(ctx, "SELECT name, class, about, EXISTS (SELECT 1 FROM sample s WHERE s.name = lesson.name) FROM lesson WHERE name > ? ORDER BY name LIMIT ?",
		cursor, limit, func(scan func(...any) error) (string, error) {
			var l lessons.Listed
			err := scan((*blobText)(&l.Name), &l.Class, &l.About, &l.Kept)
			out = append(out, l)
			return l.Name, err
		})
	return out, next, err
}

// Samples implements lessons.Store.
func (v learned) Samples(ctx context.Context, cursor string, limit int) (out []lessons.Lesson, next string, err error) {
	next, err = v.page(ctx, "SELECT name, lesson.class, about, data FROM sample JOIN lesson USING (name) WHERE name > ? ORDER BY name LIMIT ?",
		cursor, limit, func(scan func(...any) error) (string, error) {
			var l lessons.Lesson
			err := scan((*blobText)(&l.Name), &l.Class, &l.About, &l.Sample)
			out = append(out, l)
			return l.Name, err
		})
	return out, next, err
}

// page reads rows after a cursor; row reads one and tells its name.
func (v learned) page(ctx context.Context, query, cursor string, limit int, row func(func(...any) error) (string, error)) (next string, err error) {
	after, err := hex.DecodeString(cursor)
	if err != nil {
		return "", fmt.Errorf("%w: cursor %.40q", lessons.ErrLesson, cursor)
	}
	rows, err := v.db.read.QueryContext(ctx, query, notNil(after), limit)
	if err != nil {
		return "", v.db.fault(err)
	}
	defer rows.Close()
	n, last := 0, ""
	for ; rows.Next(); n++ {
		if last, err = row(rows.Scan); err != nil {
			return "", v.db.fault(err)
		}
	}
	if n == limit {
		next = hex.EncodeToString([]byte(last))
	}
	return next, v.db.fault(rows.Err())
}
