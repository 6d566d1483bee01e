package dnsbl

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/internal/dns"
)

// State is how a zone is.
type State string

// The states. Only a zone that is OK is asked about messages.
const (
	Unchecked State = "unchecked"  // not probed yet
	OK        State = "ok"         // the test points are as they must be
	Refused   State = "refused"    // the list does not want this resolver, or this question
	OverQuota State = "over quota" // the list has answered enough
	Dead      State = "dead"       // no answers, or the test point is gone
	Lying     State = "lying"      // it lists what nobody can have listed
)

// condition is a state with what to say about it.
type condition struct {
	state  State
	reason string // in plain words; "" when all is well
	remedy string // what the postmaster can do
}

// health is the changing part of a zone.
type health struct {
	ready  chan struct{} // closed after the first probe
	kicked chan struct{} // holds a wish for a probe

	mu      sync.Mutex
	now     condition
	since   time.Time // of the state
	checked time.Time // of the last probe

	asked, hits, failed atomic.Uint64 // questions about messages, not about test points
	streak              atomic.Int64  // listings in a row
}

func (h *health) init() {
	h.ready, h.kicked = make(chan struct{}), make(chan struct{}, 1)
	h.now = condition{state: Unchecked, reason: "not probed yet"}
}

func (h *health) condition() condition {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// await is the condition of the zone, once it has been probed or ctx ended.
func (h *health) await(ctx context.Context) condition {
	select {
	case <-h.ready:
	default:
		select {
		case <-h.ready:
		case <-ctx.Done():
		}
	}
	return h.condition()
}

// kick asks for a probe soon.
func (h *health) kick() {
	select {
	case h.kicked <- struct{}{}:
	default:
	}
}

// settle takes note of what a probe found and tells of a change in the log. Nothing
// else changes a state: the answer about a message may be an old one out of a cache.
func (f *filter) settle(z *zone, c condition) {
	now := f.now()
	z.mu.Lock()
	old := z.now.state
	z.now, z.checked = c, now
	if old != c.state {
		z.since = now
	}
	z.mu.Unlock()
	switch {
	case old == c.state:
	case c.state != OK:
		f.log.Warn("DNS list is not asked", "list", z.name, "zone", z.shown, "state", string(c.state), "reason", c.reason, "remedy", c.remedy)
	case old != Unchecked:
		f.log.Info("DNS list is asked again", "list", z.name, "zone", z.shown)
	}
}

// pace is how often a zone is probed.
type pace struct {
	every time.Duration // while it is well
	gap   time.Duration // after an odd answer, at the soonest since the last probe
	retry time.Duration // while it is not well; the wait doubles
	most  time.Duration // up to this
	again time.Duration // after a resolver that skipped the question
}

var defaultPace = pace{gap: 10 * time.Second, retry: time.Minute, most: 10 * time.Minute, again: 5 * time.Second}

// watch probes a zone until ctx ends.
func (f *filter) watch(ctx context.Context, z *zone) {
	wait := f.pace.retry
	for first := true; ; first = false {
		c := f.probe(ctx, z)
		if ctx.Err() != nil {
			return
		}
		f.settle(z, c)
		if first {
			close(z.ready)
		}
		next := f.pace.every
		if c.state == OK {
			wait = f.pace.retry
		} else {
			next, wait = wait, min(2*wait, f.pace.most)
		}
		if !f.pause(ctx, z, next) {
			return
		}
	}
}

// pause waits for d, or until somebody wishes a probe; false when ctx ended.
func (f *filter) pause(ctx context.Context, z *zone, d time.Duration) bool {
	least, most := time.NewTimer(min(d, f.pace.gap)), time.NewTimer(d)
	defer least.Stop()
	defer most.Stop()
	select {
	case <-least.C:
	case <-ctx.Done():
		return false
	}
	select {
	case <-most.C:
	case <-z.kicked:
	case <-ctx.Done():
		return false
	}
	return true
}

// point is the answer about one test point.
type point struct {
	addrs []netip.Addr
	err   error
}

// probe asks for what is listed, for what is not, and for names made up just now, which no
// cache holds and no list can have.
func (f *filter) probe(ctx context.Context, z *zone) condition {
	made := z.madeUp()
	c := f.points(ctx, z, made)
	if c.reason == skipped {
		// Our own question made the resolver try the zone again; the answer counts next time.
		t := time.NewTimer(f.pace.again)
		defer t.Stop()
		select {
		case <-t.C:
			c = f.points(ctx, z, made)
		case <-ctx.Done():
		}
	}
	return c
}

func (f *filter) points(ctx context.Context, z *zone, made []string) condition {
	labels := append([]string{z.listed, z.unlisted}, made...)
	got := make([]point, len(labels))
	var wg sync.WaitGroup
	for i, label := range labels {
		if label == "" {
			continue
		}
		wg.Go(func() {
			ans, err := f.resolver.Lookup(ctx, label+"."+z.domain, dns.TypeA)
			got[i] = point{ans.Addrs, err}
		})
	}
	wg.Wait()
	return z.diagnose(got[0], got[1:])
}

// diagnose makes a condition of the answers about the test points: the one that must be listed, and those
// that must not.
func (z *zone) diagnose(listed point, unlisted []point) condition {
	all := append([]point{listed}, unlisted...)
	for _, p := range all {
		if c, bad := z.complaint(p.addrs); bad {
			return c
		}
	}
	for _, p := range unlisted {
		if len(p.addrs) > 0 {
			return lying("lists what nobody can have listed")
		}
	}
	for _, p := range all {
		if p.err != nil && !dns.IsNone(p.err) {
			return z.silent(p.err)
		}
	}
	if z.listed != "" && len(listed.addrs) == 0 {
		return condition{Dead, "does not list its test point: it was shut down or emptied, or the resolver hides it",
			"look at the list's site; turn it off (enabled: false) if it is gone"}
	}
	return condition{state: OK}
}

func lying(reason string) condition {
	return condition{Lying, reason, "the list may be gone and its domain in other hands: look at its site, turn it off (enabled: false); or the resolver makes up answers"}
}

// complaint tells whether answers are none about a listing, and what they say about the zone.
func (z *zone) complaint(addrs []netip.Addr) (condition, bool) {
	for _, a := range addrs {
		switch {
		case !a.Is4() || a.As4()[0] != 127:
			return lying("answers " + a.String() + ", which is outside 127.0.0.0/8"), true
		case isError(a):
			return z.refusal(a), true
		}
	}
	for _, p := range z.blocked {
		if i := slices.IndexFunc(addrs, p.matches); i >= 0 {
			return condition{Refused, "refuses this resolver (" + addrs[i].String() + "): a public one, or it has asked too much", z.ownResolver()}, true
		}
	}
	return condition{}, false
}

// refusal reads a code out of 127.255.255.0/24.
func (z *zone) refusal(a netip.Addr) condition {
	switch a.As4()[3] {
	case 252:
		return condition{Refused, "says that the zone's name is misspelt (" + a.String() + ")", "correct zone"}
	case 254:
		return condition{Refused, "refuses public and open resolvers (" + a.String() + ")", z.ownResolver()}
	case 255:
		return condition{OverQuota, "has answered enough questions of this resolver (" + a.String() + ")", z.ownResolver()}
	}
	return condition{Refused, "answers with the error code " + a.String(), z.ownResolver()}
}

// ownResolver is the remedy against refusals.
func (z *zone) ownResolver() string {
	switch {
	case z.key != "":
		return "check the key and what it is good for (spamhaus.dqs_key)"
	case strings.HasSuffix(z.domain, ".spamhaus.org"):
		return "run a recursive resolver on this machine and name it in dns.servers, or set spamhaus.dqs_key"
	}
	return "run a recursive resolver on this machine and name it in dns.servers, or ask the list for access"
}

// skipped is the reason when the resolver did not ask at all.
const skipped = "has not answered, and is not asked for a while"

// silent makes a condition of a question without an answer. The error itself is not shown: it names
// the question, and that may hold the key.
func (z *zone) silent(err error) condition {
	c := condition{state: Dead, remedy: "see whether other names resolve (dns.servers); if so, the list is down"}
	switch {
	case errors.Is(err, dns.ErrSilent):
		c.reason = skipped
	case errors.Is(err, dns.ErrTimeout):
		c.reason = "did not answer in time"
	default:
		c.reason = "its name servers fail"
		if z.key != "" {
			c.remedy = z.ownResolver()
		}
	}
	return c
}
