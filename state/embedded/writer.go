package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/postern-mail/postern/state"
)

// maxBatch bounds how many writes one transaction takes, so that none waits long.
const maxBatch = 256

// writer is the only one who writes: a goroutine with a connection of its own.
type writer struct {
	db     *sql.DB
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	full   bool // synchronous is FULL now
	hours  map[hourName]int64
	chunk  int64 // chunkSize
	report func(error)

	mu     sync.RWMutex
	closed bool
	jobs   chan *job
	ended  chan struct{}
}

// job is one write. A job that fails leaves no trace; the others go on.
type job struct {
	run     func(w *writer) error
	durable bool // survives loss of power
	done    chan error
	err     error
}

func openWriter(path string, report func(error)) (*writer, error) {
	db, err := sql.Open("sqlite", dsn(path, "synchronous(full)")+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err == nil {
		err = migrate(ctx, conn)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{
		db: db, conn: conn, stmts: map[string]*sql.Stmt{}, full: true, hours: map[hourName]int64{}, chunk: chunkSize, report: report,
		jobs: make(chan *job, maxBatch), ended: make(chan struct{}),
	}
	go w.work()
	return w, nil
}

// do hands in a write and waits until it is committed. When ctx ends first,
// whether it will be is open.
func (w *writer) do(ctx context.Context, durable bool, run func(*writer) error) error {
	j := &job{run: run, durable: durable, done: make(chan error, 1)}
	if err := w.send(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) send(ctx context.Context, j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return state.ErrClosed
	}
	select {
	case w.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) work() {
	defer close(w.ended)
	for j := range w.jobs {
		batch := w.gather(j)
		err := w.commit(batch)
		w.report(err)
		for _, j := range batch {
			j.done <- errors.Join(j.err, err)
		}
	}
}

// gather takes what waits by now.
func (w *writer) gather(first *job) []*job {
	batch := []*job{first}
	for len(batch) < maxBatch {
		select {
		case j, open := <-w.jobs:
			if !open {
				return batch
			}
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// commit runs the jobs in one transaction, each in a savepoint of its own.
func (w *writer) commit(batch []*job) error {
	durable := false
	for _, j := range batch {
		durable = durable || j.durable
	}
	if err := w.synchronous(durable); err != nil {
		return err
	}
	if _, err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	clear(w.hours)
	for _, j := range batch {
		if err := w.one(j); err != nil {
			return errors.Join(err, w.rollback())
		}
	}
	if err := w.putHours(); err != nil {
		return errors.Join(err, w.rollback())
	}
	if _, err := w.exec("COMMIT"); err != nil {
		return errors.Join(err, w.rollback())
	}
	return nil
}

// one runs a job; the error is of the transaction, that of the job is kept in it.
func (w *writer) one(j *job) error {
	if _, err := w.exec("SAVEPOINT job"); err != nil {
		return err
	}
	if j.err = j.run(w); j.err != nil {
		if _, err := w.exec("ROLLBACK TO job"); err != nil {
			return err
		}
	}
	_, err := w.exec("RELEASE job")
	return err
}

// rollback ends a transaction that went wrong. SQLite has ended it by itself
// after some errors, such as a full disk; that is no error then.
func (w *writer) rollback() error {
	_, _ = w.exec("ROLLBACK")
	return nil
}

func (w *writer) synchronous(full bool) error {
	if full == w.full {
		return nil
	}
	mode := "NORMAL"
	if full {
		mode = "FULL"
	}
	if _, err := w.exec("PRAGMA synchronous = " + mode); err != nil {
		return err
	}
	w.full = full
	return nil
}

// stmt gives the prepared form of a query.
func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if s := w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("%.60q: %w", query, err)
	}
	w.stmts[query] = s
	return s, nil
}

func (w *writer) exec(query string, args ...any) (sql.Result, error) {
	s, err := w.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args...)
}

// get reads one row inside the transaction; ok=false when there is none.
func (w *writer) get(query string, args []any, into ...any) (ok bool, err error) {
	s, err := w.stmt(query)
	if err != nil {
		return false, err
	}
	err = s.QueryRow(args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// changed tells how many rows a write changed.
func (w *writer) changed(query string, args ...any) (int, error) {
	res, err := w.exec(query, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// close commits what was handed in and closes the file.
func (w *writer) close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	close(w.jobs)
	w.mu.Unlock()
	<-w.ended
	return errors.Join(w.conn.Close(), w.db.Close())
}
