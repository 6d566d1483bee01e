// Package dnsbl asks DNS lists about a message: the addresses it came through,
// the domains it names, the mailboxes it comes from.
//
// A DNS list (RFC 5782) is a zone in which what is listed exists: 192.0.2.1 is on
// list.example.org when 1.2.0.192.list.example.org has an A record. The address
// in the record, out of 127.0.0.0/8, says why. An IPv6 address is put as 32
// nibbles, a domain as it is, a mailbox as its hash. Lists that know good senders
// (DNSWL) work the same way.
//
// Lists answer in the same form when they mean something else: that the resolver is
// refused, or has asked too much. They die, and their domains are bought by others
// who answer for every name. So only a code that the zone maps counts, every
// zone is probed by the test points of RFC 5782 section 5 and by a name that nobody can
// have listed, and one that is not well is not asked for messages until it is.
package dnsbl

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
)

// The groups of symbols, and the most points that each adds.
const (
	groupIP     = "dnsbl" // lists of addresses
	groupDomain = "uribl" // lists of domains and mailboxes

	capIP     = 10
	capDomain = 12.5
)

// Kind describes the filter. It runs on the whole message, and asks early about
// whatever is known before.
var Kind = filters.Kind{
	Name:          "dnsbl",
	Summary:       "asks DNS lists about addresses, domains and mailboxes",
	Stage:         mail.StageData,
	After:         []string{"dkim"},
	Symbols:       kindSymbols(),
	ConfigSymbols: configSymbols,
	Caps:          map[string]float64{groupIP: capIP, groupDomain: capDomain},
	Config:        func() any { return defaults() },
	New:           newKind,
}

// Lists is what the filter tells about its zones. It is safe for several goroutines.
type Lists interface {
	// Health is the state of every zone that is asked, in the order of the configuration.
	Health() []ZoneHealth
	// Probed waits until every zone was probed once, or ctx ended.
	Probed(ctx context.Context) error
	// CheckOne asks every zone that is about such things about one address, domain or
	// mailbox, within ctx. The error says that target is none of these.
	CheckOne(ctx context.Context, target string) ([]Hit, error)
}

var (
	_ filters.Filter = (*filter)(nil)
	_ filters.Early  = (*filter)(nil)
	_ io.Closer      = (*filter)(nil)
	_ Lists          = (*filter)(nil)
)

// filter is safe for several goroutines: besides the health of its zones it holds
// what it was made with.
type filter struct {
	resolver dns.Resolver
	log      *slog.Logger
	now      func() time.Time
	trusted  []netip.Prefix
	relays   []netip.Prefix
	zones    []*zone
	limits   limits
	pace     pace
	urlHosts func(*mail.Message) []string // of the whole message

	stop    context.CancelFunc
	watches sync.WaitGroup
}

func newKind(env filters.Env) (filters.Filter, error) {
	f, err := newFilter(env, defaultPace)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// newFilter makes the filter and starts to watch its zones.
func newFilter(env filters.Env, p pace) (*filter, error) {
	cfg, _ := env.Config.(*Config)
	if cfg == nil {
		cfg = defaults()
	}
	zones, err := cfg.zones()
	if err != nil {
		return nil, err
	}
	f := &filter{
		resolver: env.Resolver, log: env.Log, now: env.Now, trusted: env.Trusted, relays: env.Relays,
		zones: zones, limits: limits{names: cfg.MaxNames, hops: cfg.MaxHops}, pace: p,
	}
	f.urlHosts = func(m *mail.Message) []string { return m.URLs().Hosts() }
	if f.pace.every == 0 {
		f.pace.every = cfg.ProbeEvery
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.now == nil {
		f.now = time.Now
	}
	for _, z := range zones {
		if err := dns.DeclareZone(f.resolver, z.shown); err != nil {
			return nil, errors.New("zone of " + z.name + ": not a domain name")
		}
	}
	var ctx context.Context
	ctx, f.stop = context.WithCancel(context.Background())
	for _, z := range zones {
		f.watches.Go(func() { f.watch(ctx, z) })
	}
	return f, nil
}

// Close implements io.Closer: it ends the probes and waits for them.
func (f *filter) Close() error {
	f.stop()
	f.watches.Wait()
	return nil
}

// Check asks about everything the message names, all at once, and reports what is listed.
// A zone that is not well, or could not be asked, is among the checks of the result.
// It never returns an error.
func (f *filter) Check(ctx context.Context, msg *mail.Message) (filters.Result, error) {
	return f.askAll(ctx, f.subjects(msg, verified(msg))), nil
}

// Early implements filters.Early: it asks about what is known so far. It asks for every domain that a
// DKIM signature names, whether or not it will verify, so that the answers are there
// when Check knows which do.
func (f *filter) Early(ctx context.Context, msg *mail.Message) (filters.Result, error) {
	return f.askAll(ctx, f.subjects(msg, msg.Header.Signers())), nil
}
