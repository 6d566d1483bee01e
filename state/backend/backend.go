package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/degrade"
	"github.com/postern-mail/postern/state/embedded"
	"github.com/postern-mail/postern/state/redis"
)

// Files in the state folder.
const (
	File      = "state.db"   // the state
	queueFile = "waiting.db" // verdict records that wait for Redis
)

// ErrNoFolder says that state.dir is not set or not there.
var ErrNoFolder = errors.New("no such folder")

// Check says what of a configuration makes no sense; it asks nobody.
func (c Config) Check() error {
	if !c.Shared() {
		return nil
	}
	o, err := c.Redis.options()
	if err != nil {
		return err
	}
	return o.Check()
}

// Open opens the state for a daemon. A Redis that is away is no error: the store begins
// degraded. notify is told when that changes; it may be nil. Without a folder
// it is ErrNoFolder.
func Open(c Config, notify func(state.Status)) (state.Store, error) {
	if err := c.folder(); err != nil {
		return nil, err
	}
	if !c.Shared() {
		return embedded.Open(embedded.Options{Path: filepath.Join(c.Dir, File), Retention: c.Retention})
	}
	shared, err := c.openRedis()
	if err != nil {
		return nil, err
	}
	queue, err := embedded.Open(embedded.Options{Path: filepath.Join(c.Dir, queueFile), Sweep: -1})
	if err != nil {
		return nil, errors.Join(err, shared.Close())
	}
	s, err := degrade.New(shared, queue, degrade.Options{Waiting: c.Redis.Waiting, Notify: notify})
	if err != nil {
		return nil, errors.Join(err, shared.Close(), queue.Close())
	}
	return s, nil
}

// folder demands that the folder is there: a mistyped name is not to become a second state.
func (c Config) folder() error {
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return fmt.Errorf("state.dir %q: %w", c.Dir, ErrNoFolder)
	}
	return nil
}

// Look opens the state for a command, beside the daemon that uses it: nothing is swept, and a Redis
// that is away is an error.
func Look(ctx context.Context, c Config) (state.Store, error) {
	if c.Shared() {
		c.Redis.Timeout = max(c.Redis.Timeout, patience)
		s, err := c.openRedis()
		if err != nil {
			return nil, err
		}
		if err := s.Probe(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return s, nil
	}
	if err := c.folder(); err != nil {
		return nil, err
	}
	return embedded.Open(embedded.Options{Path: filepath.Join(c.Dir, File), Retention: c.Retention, Sweep: -1})
}

// patience is how long a command waits for one answer.
const patience = 5 * time.Second

// Queue opens what waits in the folder for Redis: the verdict records that no daemon has handed
// over yet. Where nothing ever waited it is fs.ErrNotExist.
func (c Config) Queue() (state.Store, error) {
	path := filepath.Join(c.Dir, queueFile)
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return embedded.Open(embedded.Options{Path: path, Sweep: -1})
}

// Sets are sets in Redis that others keep, by their whole keys, such as lists
// that several machines share. Safe for several goroutines.
type Sets interface {
	Entries(ctx context.Context, key string, most int) ([]string, error)
	Size(ctx context.Context, key string) (int, error)
	Close() error
}

// Sets opens the sets. It asks nobody. Without Redis there are none: nil.
func (c Config) Sets() (Sets, error) {
	if !c.Shared() {
		return nil, nil
	}
	o, err := c.Redis.options()
	if err != nil {
		return nil, err
	}
	o.Sweep = -1
	return redis.Open(o)
}

func (c Config) openRedis() (*redis.Store, error) {
	o, err := c.Redis.options()
	if err != nil {
		return nil, err
	}
	o.Retention = c.Retention
	return redis.Open(o)
}

// options gathers what the URLs and the other keys say. All URLs must agree
// but for the host.
func (r Redis) options() (o redis.Options, err error) {
	urls := r.URLs
	if r.URL != "" {
		urls = append([]string{r.URL}, urls...)
	}
	var first place
	for i, text := range urls {
		p, err := parse(text)
		if err != nil {
			return o, err
		}
		if i == 0 {
			first = p
		}
		if p.db != first.db || p.tls != first.tls || p.username != first.username || p.password != first.password {
			return o, errors.New("redis.urls: they differ in more than the host")
		}
		o.Addrs = append(o.Addrs, p.addr)
	}
	o.Master, o.Cluster, o.DB, o.Prefix, o.Timeout = r.Master, r.Cluster, first.db, r.Prefix, r.Timeout
	o.Username, o.Password = cmp.Or(r.Username, first.username), cmp.Or(r.Password, first.password)
	o.SentinelUsername, o.SentinelPassword = r.SentinelUsername, r.SentinelPassword
	if first.tls {
		o.TLS, err = r.TLS.config()
	} else if r.TLS != (TLS{}) {
		err = errors.New("redis.tls: given, but the URL is not rediss://")
	}
	return o, err
}
