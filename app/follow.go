package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/verdicts"
)

// follower prints records as they arrive.
type follower struct {
	from   verdicts.Lasting
	query  verdicts.Query
	cursor string
	seen   map[string]bool // printed before it began to follow
	print  func(*verdicts.Record) error
	errOut io.Writer
	away   bool
}

const (
	followPage  = 100
	followPause = 500 * time.Millisecond
)

func (f *follower) begin(ctx context.Context) (err error) {
	_, f.cursor, err = f.from.Follow(ctx, "", 0)
	return err
}

// run goes on until ctx ends. A state that is away for a while is waited for.
func (f *follower) run(ctx context.Context) error {
	tick := time.NewTicker(followPause)
	defer tick.Stop()
	for {
		n, err := f.step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, state.ErrAway):
			if !f.away {
				fmt.Fprintln(f.errOut, "postern: waiting:", err)
			}
			f.away = true
		case err != nil:
			return err
		default:
			f.away = false
		}
		if n == followPage {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// step prints the next records and tells how many were read.
func (f *follower) step(ctx context.Context) (int, error) {
	rs, next, err := f.from.Follow(ctx, f.cursor, followPage)
	if err != nil {
		return 0, err
	}
	f.cursor = next
	for _, r := range rs {
		if f.seen[r.ID] || !f.query.Fits(r) {
			continue
		}
		if err := f.print(r); err != nil {
			return 0, err
		}
	}
	return len(rs), nil
}
