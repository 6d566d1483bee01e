// Package ratelimit holds senders to how much they may send.
//
// A limit is a rate and a burst, kept by the generic cell rate algorithm
// (state/gcra) for each client, network, HELO name, sender, recipient or authenticated user,
// or a pair of them, in messages, recipients or bytes. It exists for the stolen
// password above all: what sends a thousand mails a minute under a user's name is not the
// user. RFC 5321 section 4.5.4.1 has an honest client come again after a 4yz reply, so
// that a limit delays and does not lose.
//
// Recipients are taken at RCPT, messages and bytes at the end of the message. What is
// refused by a limit takes nothing; what was taken for a transaction that is then broken off, or
// refused for now, is given back (filters.Result.Charges). So a client that
// comes again is counted once.
package ratelimit

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/memory"
)

// Alert is the symbol of a limit of which a good share is in use.
const Alert = "RATELIMIT_ALERT"

// namespace of all keys.
const namespace = "ratelimit"

// group of all symbols.
const group = "ratelimit"

// standIn is how many limits are kept in memory where there is no store.
const standIn = 100_000

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "ratelimit",
	Summary: "Does somebody send more than he may?",
	Stage:   mail.StageRcpt,
	Symbols: []filters.SymbolDoc{
		{Name: "RATELIMIT_*", Group: group, Meaning: "A limit is reached; the end of the name is the limit's."},
		{Name: Alert, Group: group, Meaning: "A share of a limit is in use of which the postmaster wants to hear."},
	},
	Config:        func() any { return defaults() },
	ConfigSymbols: func(section any) []filters.SymbolDoc { return section.(*Config).symbols() },
	New:           func(env filters.Env) (filters.Filter, error) { return newFilter(env) },
}

// filter holds its limits; the state of them is in the store.
type filter struct {
	limits  []Limit
	store   state.Limits
	once    state.KV // remembers which alerts were given
	log     *slog.Logger
	hook    *webhook // nil: none
	host    string
	now     func() time.Time
	trusted []netip.Prefix
	relays  []netip.Prefix
}

var _ filters.Late = (*filter)(nil)

func newFilter(env filters.Env) (*filter, error) {
	c := env.Config.(*Config)
	if err := c.check(); err != nil {
		return nil, err
	}
	f := &filter{
		limits: c.Limits, store: env.Limits, once: env.KV, log: env.Log, host: env.AuthservID, now: env.Now,
		trusted: env.Trusted, relays: env.Relays,
	}
	if f.now == nil {
		f.now = time.Now
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.store == nil || f.once == nil {
		f.log.Info("limits are kept in memory and for this process alone")
		m := memory.New(standIn, f.now)
		f.store, f.once = m.Limits(), m.KV()
	}
	if url := c.Alert.Webhook.Reveal(); url != "" {
		f.hook = newWebhook(url, f.log)
	}
	return f, nil
}

// Close implements io.Closer: alerts that wait are delivered, if that is quick.
func (f *filter) Close() error {
	if f.hook != nil {
		f.hook.close()
	}
	return nil
}

// Check implements filters.Filter, for one recipient. It takes from the limits
// of recipients, and looks whether those of messages and bytes have room,
// so that a client hears of them before it sends the message.
func (f *filter) Check(ctx context.Context, m *mail.Message) (filters.Result, error) {
	var asks []ask
	for i := range f.limits {
		l := &f.limits[i]
		n := int64(1)
		if l.Count == countBytes {
			n = max(announced(m.Envelope.FromArgs), 1)
		}
		asks = append(asks, f.asks(l, m, n, l.Count == countRecipients)...)
	}
	return f.ask(ctx, asks)
}

// Late implements filters.Late: it takes from the limits of messages and bytes.
// With several recipients a limit by recipient is asked for each of them.
func (f *filter) Late(ctx context.Context, m *mail.Message) (filters.Result, error) {
	var asks []ask
	for i := range f.limits {
		switch l := &f.limits[i]; l.Count {
		case countMessages:
			asks = append(asks, f.asks(l, m, 1, true)...)
		case countBytes:
			asks = append(asks, f.asks(l, m, m.Size(), true)...)
		}
	}
	return f.ask(ctx, asks)
}

// ask asks those limits that refuse mail in one call, so that what one of them refuses is not
// taken from the others, and each that only reports by itself, so that it stands in nobody's way.
func (f *filter) ask(ctx context.Context, asks []ask) (filters.Result, error) {
	var r filters.Result
	var refusing []ask
	var errs []error
	for _, a := range asks {
		if a.limit.Action == actionTempfail {
			refusing = append(refusing, a)
			continue
		}
		errs = append(errs, f.take(ctx, []ask{a}, &r))
	}
	errs = append(errs, f.take(ctx, refusing, &r))
	return r, errors.Join(errs...)
}

// take asks some limits together and adds to the result what they say.
func (f *filter) take(ctx context.Context, asks []ask, r *filters.Result) error {
	if len(asks) == 0 {
		return nil
	}
	takes := make([]state.Take, len(asks))
	for i, a := range asks {
		takes[i] = state.Take{Key: a.key, Limit: a.limit.gcra()}
		if a.take {
			takes[i].N = a.n
		}
	}
	taken, err := f.store.Take(ctx, takes...)
	if err != nil {
		return err
	}
	if taken.Local {
		r.Checks = append(r.Checks, scoring.Check{Name: "shared", Status: scoring.StatusSkipped, Err: "counted on this machine alone: the shared store is away"})
	}
	for i, a := range asks {
		res := taken.Limits[i]
		if a.take && taken.Allowed && a.n > 0 {
			r.Charges = append(r.Charges, state.Charge{Take: takes[i], At: f.now()})
		}
		if a.take && !res.Allowed || !a.take && res.Remaining < a.n {
			r.Symbols = append(r.Symbols, scoring.Found(a.limit.symbol(), a.limit.kind(), a.who))
		}
		if a.limit.Alert > 0 && (res.Level >= a.limit.Alert || !res.Allowed) {
			r.Symbols = append(r.Symbols, scoring.Found(Alert, a.limit.Name, a.who))
			f.alert(ctx, a, res.Level)
		}
	}
	return nil
}

// alert writes a line to the log, and tells the webhook, once in the time in which a limit is earned anew. A store
// that does not answer makes the line come more often, never not at all.
func (f *filter) alert(ctx context.Context, a ask, level float64) {
	item := state.Item{Key: alertKey(a.key), Value: []byte{'1'}, Lifetime: max(a.limit.Rate.Period, time.Second)}
	if before, err := f.once.Once(ctx, item); err == nil && before[0] != nil {
		return
	}
	f.log.Warn("much of a limit is in use", "limit", a.limit.Name, "kind", a.limit.kind(), "who", a.who, "share", level)
	if f.hook != nil {
		f.hook.tell(alertEvent{"ratelimit_alert", f.now().UTC(), f.host, a.limit.Name, a.limit.kind(), a.who, level})
	}
}
