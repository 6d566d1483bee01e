// Package redis keeps the state of any number of machines in one Redis:
// standalone, under Sentinel, or a Cluster.
//
// What goes together lies together. All keys that one call touches share a hash tag,
// so a call is one command, one script or one transaction on one
// node, in one round trip: values by their namespace, all limits under one
// tag, verdict records by the hour they were made in. Scripts go by EVALSHA
// and are sent whole only to a server that does not know them. Nothing scans but the
// List methods, page by page. Every key has a lifetime.
//
//	<prefix>k:{namespace}:rest   value
//	<prefix>l:{l}:key            limit: arrival time, until it lies in the past
//	<prefix>s:{name}             log, a stream
//	<prefix>v:{hour}:r:id        verdict record
//	<prefix>v:{hour}:n           ids of the hour in order of arrival, 18 bytes each
//	<prefix>v:{hour}:i:chunk     index of 1024 arrivals: term -> positions, 2 bytes each
//	<prefix>v:{hour}:c           roll-up
//
// Each round trip has at most Options.Timeout, retries included: what Redis
// says while it fails over (READONLY, MOVED, LOADING ...) is tried again
// within it. What did not work out is state.ErrAway.
package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/gcra"
	"github.com/postern-mail/postern/verdicts"
)

// DefaultTimeout is how long one call may take.
const DefaultTimeout = 250 * time.Millisecond

// bulkTimeout is for what no message waits for.
const bulkTimeout = 5 * time.Second

// Options say where Redis is and how it is spoken to.
type Options struct {
	Addrs    []string // host:port, or the path of a unix socket; several: a Cluster, or with Master the Sentinels
	Master   string   // name that the Sentinels give the master
	Cluster  bool     // a Cluster even if there is one address only
	DB       int      // not with a Cluster
	Username string
	Password string

	SentinelUsername string
	SentinelPassword string

	TLS       *tls.Config
	Prefix    string        // of every key; no braces
	Timeout   time.Duration // of one call; 0: DefaultTimeout
	Retention verdicts.Retention
	Now       func() time.Time // for what is kept by the hour; nil: time.Now. Limits go by the clock of Redis.
	Sweep     time.Duration    // pause between sweeps; 0: ten minutes, negative: only by Sweep
}

// Store is the state in Redis. It is safe for several goroutines.
type Store struct {
	opts    Options
	client  redis.UniversalClient
	closed  atomic.Bool
	since   time.Time
	stop    context.CancelFunc
	sweeper sync.WaitGroup
}

var (
	_ state.Store  = (*Store)(nil)
	_ state.Prober = (*Store)(nil)
)

// Check says what makes no sense.
func (o Options) Check() error {
	switch {
	case len(o.Addrs) == 0:
		return errors.New("redis: no address")
	case strings.ContainsAny(o.Prefix, "{}"):
		return fmt.Errorf("redis: prefix %q has braces, which have a meaning in a Cluster", o.Prefix)
	case o.DB != 0 && o.cluster():
		return fmt.Errorf("redis: database %d in a Cluster, which has only one", o.DB)
	}
	return nil
}

// Open makes the store. It asks nobody: whether Redis is there, Probe tells.
func Open(o Options) (*Store, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sweep == 0 {
		o.Sweep = 10 * time.Minute
	}
	o.Retention = o.Retention.WithDefaults()
	quiet.Do(func() { redis.SetLogger(silence{}) })
	s := &Store{opts: o, client: redis.NewUniversalClient(universal(o)), since: o.Now()}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if o.Sweep > 0 {
		s.sweeper.Go(func() { s.sweepNowAndThen(ctx) })
	}
	return s, nil
}

// silence is the library's log: it writes a line for every connection that could not be made. We
// tell once, by Status.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

var quiet sync.Once

func (o Options) cluster() bool { return o.Master == "" && (o.Cluster || len(o.Addrs) > 1) }

// universal are the client's options. All time-outs are within one call's, and
// the pauses between attempts short enough that several fit.
func universal(o Options) *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs: o.Addrs, MasterName: o.Master, IsClusterMode: o.cluster(), DB: o.DB,
		Username: o.Username, Password: o.Password, SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword,
		TLSConfig: o.TLS, ClientName: "postern", DisableIdentity: true,
		ContextTimeoutEnabled: true, DialTimeout: o.Timeout, ReadTimeout: bulkTimeout, WriteTimeout: bulkTimeout, PoolTimeout: o.Timeout,
		MaxRetries: 5, MinRetryBackoff: 5 * time.Millisecond, MaxRetryBackoff: 40 * time.Millisecond, MaxRedirects: 5,
		DialerRetries: 1, PoolSize: 32, MinIdleConns: 2, ConnMaxIdleTime: 5 * time.Minute,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// call runs one round trip within the time of a call.
func (s *Store) call(ctx context.Context, f func(context.Context) error) error {
	return s.within(ctx, s.opts.Timeout, f)
}

func (s *Store) within(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	if s.closed.Load() {
		return state.ErrClosed
	}
	inner, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return s.fault(ctx, f(inner))
}

// fault sorts what can go wrong: the caller gave up, the request was at fault,
// or Redis is away, which is everything else.
func (s *Store) fault(ctx context.Context, err error) error {
	var reply redis.Error
	switch {
	case err == nil, errors.Is(err, redis.Nil):
		return nil
	case s.closed.Load():
		return state.ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &reply) && faulty(reply.Error()):
		return fmt.Errorf("redis: %w", err)
	}
	return fmt.Errorf("%w: redis: %w", state.ErrAway, err)
}

// faulty tells whether a reply is about the request and not about the state of
// the server, or what it lets us do: Redis 7.0 says ERR too when a script may not.
func faulty(reply string) bool {
	code, text, _ := strings.Cut(reply, " ")
	return code == "WRONGTYPE" || code == "ERR" && !strings.HasPrefix(text, "The user executing the script")
}

// key puts the parts of a key together.
func (s *Store) key(parts ...string) string { return s.opts.Prefix + strings.Join(parts, "") }

// probe is a limit that nobody is held to: a script that writes.
var probe = state.Take{Key: "probe", Limit: gcra.Limit{Count: 1, Period: time.Millisecond, Burst: 1}, N: 1}

// Probe implements state.Prober: writes, since a Redis that is read-only or
// full reads well, and one of them by a script. Of a Cluster every master must answer: with one of them
// away, every call in so many would wait in vain.
func (s *Store) Probe(ctx context.Context) error {
	err := s.call(ctx, func(ctx context.Context) error {
		return s.client.Set(ctx, s.key("k:{probe}:", "probe"), "1", time.Minute).Err()
	})
	if err == nil {
		_, err = s.Limits().Take(ctx, probe)
	}
	cluster, ok := s.client.(*redis.ClusterClient)
	if err != nil || !ok {
		return err
	}
	return s.call(ctx, func(ctx context.Context) error {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return c.Ping(ctx).Err() })
	})
}

// Identity names the process or processes that hold the data: another answer
// than before means that Redis was restarted or another server was promoted, and may
// lack what was answered last.
func (s *Store) Identity(ctx context.Context) (string, error) {
	var ids []string
	err := s.call(ctx, func(ctx context.Context) error {
		masters, err := s.masters(ctx)
		for _, m := range masters {
			if err != nil {
				return err
			}
			var info string
			info, err = m.Info(ctx, "server").Result()
			_, id, _ := strings.Cut(info, "run_id:")
			id, _, _ = strings.Cut(id, "\r")
			ids = append(ids, id)
		}
		return err
	})
	slices.Sort(ids)
	return strings.Join(ids, " "), err
}

// Status implements state.Store. Whether Redis answers only its caller knows.
func (s *Store) Status() state.Status { return state.Status{Kind: "redis", Since: s.since} }

// KV implements state.Store.
func (s *Store) KV() state.KVList { return kv{s} }

// Counters implements state.Store.
func (s *Store) Counters() state.Counters { return kv{s} }

// Limits implements state.Store.
func (s *Store) Limits() state.LimitsList { return limits{s} }

// Logs implements state.Store.
func (s *Store) Logs() state.Logs { return logs{s} }

// Verdicts implements state.Store.
func (s *Store) Verdicts() verdicts.Lasting { return records{s} }

// Close implements state.Store.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.stop()
	s.sweeper.Wait()
	return s.client.Close()
}
