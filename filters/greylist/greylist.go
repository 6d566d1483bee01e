// Package greylist asks senders of doubtful mail to come again later.
//
// RFC 6647: a server that queues mail comes again after a 4yz reply (RFC 5321
// section 4.5.4.1), much of what spreads spam does not, or is listed by then. The price is a
// delay for honest mail, and so only mail whose score asks for it pays: this filter is asked
// after judging, when the verdict is to greylist.
//
// Who has waited is known by the domain that DMARC, SPF or DKIM vouches for, whichever of its
// hosts it comes from (RFC 6647 section 5.1, pools of addresses), else by network, sender and first
// recipient; and the very same content for the same recipient has waited too, from wherever
// it comes.
package greylist

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/memory"
)

// standIn is how many keys are kept in memory where there is no store.
const standIn = 100_000

// Kind describes the filter.
var Kind = filters.Kind{
	Name:    "greylist",
	Summary: "Has doubtful mail from a stranger waited?",
	Stage:   mail.StageData,
	Symbols: []filters.SymbolDoc{
		{Name: scoring.GreylistWait, Group: "greylist", Meaning: "The client is asked to come again later."},
		{Name: scoring.GreylistPass, Group: "greylist", Meaning: "The message would be greylisted, and need not wait (any more)."},
	},
	Config: func() any {
		return &Config{Delay: 5 * time.Minute, Window: 48 * time.Hour, Known: 35 * 24 * time.Hour}
	},
	New: func(env filters.Env) (filters.Filter, error) { return newFilter(env), nil },
}

// Config is the filter's section.
type Config struct {
	Delay  time.Duration `yaml:"delay" min:"1s" max:"6h" doc:"How long a message waits at least."`
	Window time.Duration `yaml:"window" min:"1h" max:"30d" doc:"How long after the first attempt another one counts as the same."`
	Known  time.Duration `yaml:"known" min:"1h" max:"400d" doc:"How long who has waited need not wait again, from the last such message on."`
}

type filter struct {
	cfg     Config
	kv      state.KV
	now     func() time.Time
	trusted []netip.Prefix
}

var _ filters.Greylister = (*filter)(nil)

func newFilter(env filters.Env) *filter {
	f := &filter{cfg: *env.Config.(*Config), kv: env.KV, now: env.Now, trusted: env.Trusted}
	if f.now == nil {
		f.now = time.Now
	}
	if f.kv == nil {
		if env.Log == nil {
			env.Log = slog.New(slog.DiscardHandler)
		}
		env.Log.Info("what has waited is kept in memory and for this process alone")
		f.kv = memory.New(standIn, f.now).KV()
	}
	return f
}

// Check implements filters.Filter. There is nothing to find before the verdict.
func (f *filter) Check(context.Context, *mail.Message) (filters.Result, error) {
	return filters.Result{}, nil
}

// Decide implements filters.Greylister.
func (f *filter) Decide(ctx context.Context, m *mail.Message, ev scoring.Evidence) (filters.Result, error) {
	domain := vouched(ev.Auth)
	if why := f.exempt(m, domain); why != "" {
		return found(scoring.GreylistPass, why), nil
	}
	left, err := f.left(ctx, m, domain)
	if err != nil {
		return filters.Result{}, err
	}
	if left > 0 {
		return found(scoring.GreylistWait, left.Round(time.Second).String()), nil
	}
	return found(scoring.GreylistPass, "has waited"), nil
}

func found(symbol, detail string) filters.Result {
	return filters.Result{Symbols: []scoring.Symbol{scoring.Found(symbol, detail)}}
}

// exempt says why a message never waits, "" when it may have to.
func (f *filter) exempt(m *mail.Message, domain string) string {
	s := m.Session
	switch {
	case s.AuthUser != "":
		return "authenticated user"
	case s.Local:
		return "local"
	case slices.ContainsFunc(f.trusted, func(p netip.Prefix) bool { return p.Contains(s.ClientIP) }):
		return "trusted network"
	case domain != "" && codeIn(m):
		return "a one-time code is of no use later"
	}
	return ""
}

// known is the value of a key that has waited; the value of one that waits is the time of its
// first attempt, in seconds since 1970.
const known = "known"

// left is how long the message still has to wait. A new one is noted, one that has waited is known
// from then on: by who sent it, not by its content.
func (f *filter) left(ctx context.Context, m *mail.Message, domain string) (time.Duration, error) {
	who, content, err := keys(m, domain)
	if err != nil {
		return 0, err
	}
	first := []byte(strconv.FormatInt(m.Now.Unix(), 10))
	before, err := f.kv.Once(ctx, state.Item{Key: who, Value: first, Lifetime: f.cfg.Window}, state.Item{Key: content, Value: first, Lifetime: f.cfg.Window})
	if err != nil {
		return 0, err
	}
	left := f.cfg.Delay
	for _, value := range before {
		if string(value) == known {
			left = 0
		} else if at, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			left = min(left, f.cfg.Delay-m.Now.Sub(time.Unix(at, 0)))
		}
	}
	if left > 0 {
		return left, nil
	}
	return 0, f.kv.Set(ctx, state.Item{Key: who, Value: []byte(known), Lifetime: f.cfg.Known})
}
