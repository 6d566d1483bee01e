// Package gcra is the arithmetic of rate limits, apart from where they are kept.
//
// The generic cell rate algorithm (ITU-T I.371, annex A) needs one number for each
// limit: the theoretical arrival time, the moment at which all that was taken has been
// earned back. A taking moves it on by what it costs in time at the
// allowed rate; it is refused when that would put it further ahead of
// now than the burst is worth. No window begins or ends, so there is no edge at
// which twice the limit passes, and a limit nobody uses is no limit kept: a time that
// lies in the past says nothing.
//
// Times are whole microseconds since 1970: exact in the double-precision
// numbers of a Redis script too.
package gcra

import (
	"fmt"
	"math"
	"math/bits"
	"time"
)

// Never is how long to wait for what does not even fit into a full burst.
const Never time.Duration = math.MaxInt64

// maxSpan bounds what one taking may cost: it keeps sums far from overflow.
const maxSpan = 10 * 365 * 24 * time.Hour

// Limit allows Count events in Period, and Burst of them at once.
type Limit struct {
	Count  int64
	Period time.Duration
	Burst  int64
}

// Check tells what is wrong with a limit.
func (l Limit) Check() error {
	switch {
	case l.Count <= 0 || l.Period < time.Microsecond:
		return fmt.Errorf("gcra: rate %d in %v is none", l.Count, l.Period)
	case l.Burst <= 0:
		return fmt.Errorf("gcra: burst %d lets nothing through", l.Burst)
	case l.Tolerance() >= int64(maxSpan/time.Microsecond):
		return fmt.Errorf("gcra: a burst of %d takes years to earn at %d in %v", l.Burst, l.Count, l.Period)
	}
	return nil
}

// Cost is how long n events take at the rate, in microseconds, rounded up. It
// is negative for a negative n, which gives back.
func (l Limit) Cost(n int64) int64 {
	if n < 0 {
		return -l.Cost(-max(n, -math.MaxInt64))
	}
	hi, lo := bits.Mul64(uint64(n), uint64(l.Period/time.Microsecond))
	if hi >= uint64(l.Count) {
		return int64(maxSpan / time.Microsecond)
	}
	quo, rem := bits.Div64(hi, lo, uint64(l.Count))
	if rem > 0 {
		quo++
	}
	return int64(min(quo, uint64(maxSpan/time.Microsecond)))
}

// Tolerance is how far the arrival time may be ahead of now, in microseconds.
func (l Limit) Tolerance() int64 { return l.Cost(l.Burst) }

// Step is one taking. All figures are in microseconds: tat the arrival time
// kept (0 for none), now, cost and tolerance as the limit gives them. next is the arrival
// time afterwards, to be kept if ok; a cost that is not positive always is.
func Step(tat, now, cost, tolerance int64) (next int64, ok bool) {
	next = max(max(tat, now)+cost, now)
	return next, cost <= 0 || next-now <= tolerance
}

// Result is what became of a taking.
type Result struct {
	Allowed   bool          // this limit let it pass
	Remaining int64         // events that would pass now
	Level     float64       // share of the burst in use: 0 unused, 1 exhausted
	Retry     time.Duration // refused: when the same would pass; Never if it is more than a burst
	Reset     time.Duration // when nothing of the limit is in use any more
}

// Result tells how a limit stands whose arrival time is tat. cost and allowed
// are those of the taking.
func (l Limit) Result(tat, now, cost int64, allowed bool) Result {
	tolerance := l.Tolerance()
	used := max(tat-now, 0)
	r := Result{
		Allowed:   allowed,
		Remaining: l.events(max(tolerance-used, 0)),
		Level:     min(float64(used)/float64(max(tolerance, 1)), 1),
		Reset:     time.Duration(used) * time.Microsecond,
	}
	if !allowed {
		r.Retry = Never
		if cost <= tolerance {
			r.Retry = time.Duration(used+cost-tolerance) * time.Microsecond
		}
	}
	return r
}

// events is how many are earned in a span of microseconds.
func (l Limit) events(span int64) int64 {
	hi, lo := bits.Mul64(uint64(span), uint64(l.Count))
	period := uint64(l.Period / time.Microsecond)
	if hi >= period {
		return math.MaxInt64
	}
	quo, _ := bits.Div64(hi, lo, period)
	return int64(min(quo, math.MaxInt64))
}
