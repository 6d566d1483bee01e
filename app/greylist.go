package app

import (
	"context"
	"fmt"
	"time"

	"github.com/postern-mail/postern/chain"
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

// greylist is the step after judging: only what the verdict would greylist is asked about, so that
// all other mail costs no look-up.
type greylist struct {
	name  string
	asked filters.Greylister
	limit time.Duration
}

// decide adds to the evidence whether the message has to wait, and that this was asked. A
// greylister that fails lets it pass, and the record says so.
func (g *greylist) decide(ctx context.Context, m *mail.Message, ev *scoring.Evidence) {
	ctx, cancel := context.WithTimeout(ctx, g.limit)
	defer cancel()
	start := time.Now()
	result, err := g.ask(ctx, m, *ev)
	check := scoring.Check{Name: g.name, Stage: mail.StageData, Status: scoring.StatusOK, Duration: time.Since(start)}
	symbols := result.Symbols
	if err != nil {
		check.Status, check.Err = scoring.StatusError, err.Error()
		if ctx.Err() != nil {
			check.Status = scoring.StatusTimeout
		}
		symbols = []scoring.Symbol{scoring.Found(scoring.GreylistPass, "not known"), scoring.Found(chain.FailureSymbol(g.name, check.Status), check.Err)}
	}
	ev.Symbols = append(ev.Symbols[:len(ev.Symbols):len(ev.Symbols)], symbols...)
	ev.Checks = append(ev.Checks[:len(ev.Checks):len(ev.Checks)], check)
}

func (g *greylist) ask(ctx context.Context, m *mail.Message, ev scoring.Evidence) (r filters.Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return g.asked.Decide(ctx, m, ev)
}
