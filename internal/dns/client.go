package dns

import (
	"context"
	"fmt"
	"time"
)

// Options say how a Client works. The zero Options are sound.
type Options struct {
	Servers     []string         // see ParseServer; tried in this order. None: those of ResolvConf
	ResolvConf  string           // default /etc/resolv.conf
	Timeout     time.Duration    // of a whole question, tries and aliases included; default 2 s
	Attempts    int              // how often a question is sent, over all servers; default 2, or one each for 3 servers
	CacheSize   int              // bytes; default 32 MiB
	MaxInFlight int              // questions under way at once; default 256
	Now         func() time.Time // for lifetimes and breakers; default time.Now
}

func (o Options) withDefaults() Options {
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&o.Attempts, 2)
	o.Attempts = min(o.Attempts, 8)
	set(&o.CacheSize, 32<<20)
	set(&o.MaxInFlight, 256)
	if o.ResolvConf == "" {
		o.ResolvConf = "/etc/resolv.conf"
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Client is the resolver that all filters share. It is safe for several
// goroutines.
type Client struct {
	bg       *background
	outcomes outcomes

	cache   *cache
	budget  *budget
	flight  *flight
	breaker *breaker
	limit   *limit
	pool    *pool
}

var _ Resolver = (*Client)(nil)

// New makes a client. It sends nothing yet. The caller ends it with Close.
func New(o Options) (*Client, error) {
	o = o.withDefaults()
	servers, err := serverList(o.Servers, o.ResolvConf)
	if err != nil {
		return nil, err
	}
	st, err := newStore(o.CacheSize, o.Now)
	if err != nil {
		return nil, err
	}
	c := &Client{bg: newBackground()}
	c.pool = &pool{attempts: o.Attempts, timeout: o.Timeout, now: o.Now, bg: c.bg}
	for _, ap := range servers {
		c.pool.servers = append(c.pool.servers, &server{addr: ap.String(), next: &wire{addr: ap.String()}})
	}
	c.limit = &limit{next: c.pool, slots: make(chan struct{}, o.MaxInFlight)}
	c.breaker = &breaker{next: c.limit, timeout: o.Timeout, now: o.Now, bg: c.bg, zones: map[string]*zone{}}
	c.flight = &flight{next: &keeper{store: st, next: c.breaker}, timeout: o.Timeout, bg: c.bg, calls: map[question]*call{}}
	c.budget = &budget{next: c.flight}
	c.cache = &cache{store: st, next: c.budget}
	return c, nil
}

// Lookup implements Resolver. It takes Options.Timeout at most, whatever ctx
// allows.
func (c *Client) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	n, err := normal(name)
	if err != nil {
		c.outcomes.count(err)
		return Answer{}, fmt.Errorf("%s: %w", t, err)
	}
	ans, err := c.cache.Lookup(ctx, n, t)
	c.outcomes.count(err)
	return ans, err
}

// DeclareZone is what the function DeclareZone calls.
func (c *Client) DeclareZone(zone string) error {
	z, err := normal(zone)
	if err != nil {
		return err
	}
	c.breaker.declare(z)
	return nil
}

// Close ends all questions under way, which then fail, and waits for them.
func (c *Client) Close() {
	c.bg.close()
	c.cache.entries.StopAllGoroutines()
}
