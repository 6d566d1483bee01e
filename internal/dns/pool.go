package dns

import (
	"context"
	"errors"
	"slices"
	"time"
)

// recheck is how long a server that failed stays last before it is probed.
const recheck = 10 * time.Second

// pool asks several servers, one after the other, until one answers.
//
// A server that failed where another answered is tried last from then on; to
// fail together is no fault of either, for a dead zone silences them all. Every
// now and then such a server gets a copy of a question in the background, so
// that its return is noticed and no message waits for it.
type pool struct {
	servers  []*server // in the order of the configuration
	attempts int
	timeout  time.Duration // of a probe
	now      func() time.Time
	bg       *background
}

// Lookup implements Resolver. It uses all the time that ctx has: the tries get
// shares of which each is twice the one before, so that a lost packet costs
// little and a slow answer still finds somebody who waits. A server that says it
// failed is not asked again.
func (p *pool) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	order := p.order(name, t)
	tries := max(p.attempts, min(len(order), 3))
	var failed []*server
	var last error
	for i := 0; i < tries && len(order) > 0 && ctx.Err() == nil; i++ {
		s := order[0]
		ans, err := s.try(ctx, share(ctx, tries-i), name, t)
		if err == nil || IsNone(err) {
			p.beaten(failed, s)
			return ans, err
		}
		failed, last = append(failed, s), err
		order = order[1:]
		if errors.Is(err, ErrTimeout) {
			order = append(order, s)
		}
	}
	if last == nil {
		last = question{name, t}.fail(ErrTimeout)
	}
	return Answer{}, last
}

// share is what the next try gets of the time left, with so many tries to come.
func share(ctx context.Context, tries int) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Hour // no caller of ours comes without a deadline
	}
	return time.Until(deadline) / (1<<tries - 1)
}

// order lists the servers as they are to be tried, those put last behind the
// others, and starts the probes that are due.
func (p *pool) order(name string, t Type) []*server {
	var first, last []*server
	for _, s := range p.servers {
		isLast, due := s.standing(p.now())
		if due {
			p.probe(s, name, t)
		}
		if isLast {
			last = append(last, s)
		} else {
			first = append(first, s)
		}
	}
	return append(first, last...)
}

func (p *pool) probe(s *server, name string, t Type) {
	p.bg.run(func(ctx context.Context) {
		_, err := s.try(ctx, p.timeout, name, t)
		if err == nil || IsNone(err) {
			s.promote()
		} else {
			s.demote(p.now())
		}
	})
}

// beaten puts those last that failed where the winner answered.
func (p *pool) beaten(failed []*server, winner *server) {
	winner.promote()
	for _, s := range slices.DeleteFunc(failed, func(s *server) bool { return s == winner }) {
		s.demote(p.now())
	}
}
