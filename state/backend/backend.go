package backend

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/degrade"
	"github.com/postern-mail/postern/state/embedded"
	"github.com/postern-mail/postern/state/redis"
	"github.com/postern-mail/postern/verdicts"
)

// Files in the state folder.
const (
	stateFile = "state.db"
	queueFile = "waiting.db" // verdict records that wait for Redis
)

// Open opens the state. A Redis that is away is no error: the store begins
// degraded. notify is told when that changes; it may be nil.
func Open(c Config, notify func(state.Status)) (state.Store, error) {
	retention := verdicts.Retention{Age: c.State.Retention.Age, Records: c.State.Retention.Records, Hours: c.State.Retention.Hours}
	if !c.Shared() {
		return embedded.Open(embedded.Options{Path: filepath.Join(c.State.Dir, stateFile), Retention: retention})
	}
	o, err := c.Redis.options()
	if err != nil {
		return nil, err
	}
	o.Retention = retention
	shared, err := redis.Open(o)
	if err != nil {
		return nil, err
	}
	queue, err := embedded.Open(embedded.Options{
		Path: filepath.Join(c.State.Dir, queueFile), Sweep: -1,
	})
	if err != nil {
		return nil, errors.Join(err, shared.Close())
	}
	s, err := degrade.New(shared, queue, degrade.Options{Waiting: c.Redis.Waiting, Notify: notify})
	if err != nil {
		return nil, errors.Join(err, shared.Close(), queue.Close())
	}
	return s, nil
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
	o.Username = cmp.Or(r.Username, first.username)
	if o.Password, err = secret(r.Password, r.PasswordFile); err != nil {
		return o, fmt.Errorf("redis.password: %w", err)
	}
	o.Password = cmp.Or(o.Password, first.password)
	o.SentinelUsername = r.SentinelUsername
	if o.SentinelPassword, err = secret(r.SentinelPassword, r.SentinelPasswordFile); err != nil {
		return o, fmt.Errorf("redis.sentinel_password: %w", err)
	}
	if first.tls {
		o.TLS, err = r.TLS.config()
	} else if r.TLS != (TLS{}) {
		err = errors.New("redis.tls: given, but the URL is not rediss://")
	}
	return o, err
}
