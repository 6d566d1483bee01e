package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/verdicts"
)

// wait is an entry with what it is kept as.
type wait struct {
	filters.Wait
	item state.Item
}

// waitsView reads the greylist by what the configured filter knows of it.
type waitsView struct {
	store  state.Store
	keeper filters.WaitKeeper
}

func (p *program) withWaits(f func(context.Context, *waitsView) error) error {
	return p.withKeepers(func(ctx context.Context, s state.Store, g *generation) error {
		if g.greylist != nil {
			if k, ok := g.greylist.asked.(filters.WaitKeeper); ok {
				return f(ctx, &waitsView{s, k})
			}
		}
		return errors.New("nothing is greylisted: the filter is off (filters.greylist.enabled)")
	})
}

// each gives all entries, perhaps one of them twice.
func (v *waitsView) each(ctx context.Context, f func(wait) error) error {
	for cursor := ""; ; {
		items, next, err := v.store.KV().List(ctx, v.keeper.Waiting(), cursor, listPage)
		if err != nil {
			return err
		}
		for _, item := range items {
			if w, ok := v.keeper.ReadWait(item); ok {
				if err := f(wait{w, item}); err != nil {
					return err
				}
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

// meant tells which entries somebody means: those of the message with that verdict, where there is one,
// else those that fit.
func (v *waitsView) meant(ctx context.Context, who string) (func(wait) bool, error) {
	if strings.ContainsAny(who, "@.:/") {
		return func(w wait) bool { return w.Fits(who) }, nil
	}
	r, err := findVerdict(ctx, v.store.Verdicts(), who)
	if err != nil {
		return nil, err
	}
	if len(r.Envelope.Rcpts) == 0 {
		return nil, fmt.Errorf("verdict %s has no recipient, and so never waited", r.ID)
	}
	// The content waits under sender and first recipient, whichever host or domain it is from.
	key := state.Parts(state.Key("x", r.Envelope.From, r.Envelope.Rcpts[0]))
	return func(w wait) bool { return w.Content && w.From == key[1] && w.Rcpt == key[2] }, nil
}

// text says in one line what an entry is about.
func (w wait) text() string {
	who := "any mail of " + w.Domain
	switch {
	case w.Content:
		who = fmt.Sprintf("one content from <%s> to <%s>", w.From, w.Rcpt)
	case w.Network != "":
		who = fmt.Sprintf("from <%s> to <%s> by way of %s", w.From, w.Rcpt, w.Network)
	}
	return verdicts.Printable(who)
}

// status says how it stands, and until when it is kept.
func (w wait) status() string {
	switch {
	case w.Known:
		return "has waited"
	case w.Left == 0:
		return "may come"
	}
	return "waits " + w.Left.Round(time.Second).String()
}
