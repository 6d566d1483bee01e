// Package embedded keeps the state of one machine in one SQLite file, with
// nothing to install or run beside it.
//
// The file is in WAL mode: readers never wait for the writer, and a process
// that is killed in mid-write leaves a file from which SQLite takes what was
// committed and nothing else. All writes go through one goroutine that
// commits what has gathered meanwhile as one transaction (group commit), and answers after
// the commit. So one fsync serves all the messages that wait for it, and synchronous=FULL
// is affordable: what was answered survives kill -9, and loss of power too. Limits and counters
// are written with synchronous=NORMAL unless they share a transaction with something else:
// they survive kill -9, and a power cut may take the last moments of
// them, which is no harm, while a message with fifty recipients would wait for
// fifty fsyncs otherwise.
package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/verdicts"
)

// Options say where and how.
type Options struct {
	Path      string // of the file; its folder is made if need be
	Retention verdicts.Retention
	Now       func() time.Time // nil: time.Now
	MaxKeys   int              // values kept at most: those that end first go first; 0: DefaultMaxKeys
	Sweep     time.Duration    // pause between sweeps; 0: a minute, negative: only by Sweep
}

// DefaultMaxKeys bounds values and limits each.
const DefaultMaxKeys = 2_000_000

// readers is how many queries run at once.
const readers = 4

// DB is an open file. It is safe for several goroutines; several processes may
// open one file, though only one at a time writes.
type DB struct {
	opts  Options
	read  *sql.DB
	write *writer

	mu     sync.RWMutex
	status state.Status

	stop    context.CancelFunc
	sweeper sync.WaitGroup
}

var _ state.Store = (*DB)(nil)

// Open opens the file, or makes it. The error names what is wrong with it; a
// file that a later version of Postern wrote is refused.
func Open(o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxKeys <= 0 {
		o.MaxKeys = DefaultMaxKeys
	}
	o.Retention = o.Retention.WithDefaults()
	db := &DB{opts: o, status: state.Status{Kind: "embedded", Since: o.Now()}}
	if err := db.open(); err != nil {
		return nil, fmt.Errorf("state file %q: %w", o.Path, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	db.stop = stop
	if o.Sweep == 0 {
		db.opts.Sweep = time.Minute
	}
	if db.opts.Sweep > 0 {
		db.sweeper.Go(func() { db.sweepNowAndThen(ctx) })
	}
	return db, nil
}

func (db *DB) open() error {
	if err := makeFile(db.opts.Path); err != nil {
		return err
	}
	var err error
	if db.write, err = openWriter(db.opts.Path, db.wrote); err != nil {
		return err
	}
	if db.read, err = sql.Open("sqlite", dsn(db.opts.Path, "query_only(true)")); err != nil {
		return errors.Join(err, db.write.close())
	}
	db.read.SetMaxOpenConns(readers)
	db.read.SetMaxIdleConns(readers)
	return nil
}

// makeFile makes the file so that only we can read it: it tells who writes to whom.
// SQLite gives its companions the same mode and owner.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return errors.Join(giveToOwner(f, filepath.Dir(path)), f.Close())
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	// SQLite does not say why it cannot open a file.
	if f, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return err
	}
	return f.Close()
}

// giveToOwner gives a file that root made to the owner of the folder: a command that root runs must not
// shut out the daemon, which runs as somebody else.
func giveToOwner(f *os.File, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() != 0 || !ok {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}

// dsn names the file for the driver. Another process may hold the write lock
// for a moment: five seconds of patience.
func dsn(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{"busy_timeout(5000)", "journal_mode(wal)", "cache_size(-16000)"}, pragmas...)}
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: q.Encode()}).String()
}

// wrote notes how a commit went.
func (db *DB) wrote(err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if (err != nil) != db.status.Degraded {
		db.status.Degraded, db.status.Since = err != nil, db.opts.Now()
	}
	db.status.Reason = ""
	if err != nil {
		db.status.Reason = err.Error()
	}
}

// Status implements state.Store. A file that cannot be written to is degraded.
func (db *DB) Status() state.Status {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.status
}

// KV implements state.Store.
func (db *DB) KV() state.KVList { return kv{db} }

// Counters implements state.Store.
func (db *DB) Counters() state.Counters { return kv{db} }

// Limits implements state.Store.
func (db *DB) Limits() state.LimitsList { return limits{db} }

// Logs implements state.Store.
func (db *DB) Logs() state.Logs { return logs{db} }

// Verdicts implements state.Store.
func (db *DB) Verdicts() verdicts.Lasting { return records{db} }

// Close waits for the writes under way.
func (db *DB) Close() error {
	db.stop()
	db.sweeper.Wait()
	return errors.Join(db.write.close(), db.read.Close())
}

func (db *DB) now() time.Time { return db.opts.Now() }
