package filters

import (
	"net/netip"
	"strings"
	"time"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/gcra"
)

// LimitKeeper is a further power of a filter: to read what it keeps in Env.Limits, so that a
// postmaster can look at it. Only the filter knows what its keys mean.
type LimitKeeper interface {
	// ReadLimit tells what a level is about and how it stands at now; ok is false where it is of none of
	// the filter's limits.
	ReadLimit(level state.Level, now time.Time) (l Limit, ok bool)
	// Alerts are the keys in Env.KV under which it remembers that it warned of the level.
	Alerts(level state.Level) []string
}

// Limit is one limit as it stands for somebody.
type Limit struct {
	Name   string      // of the limit
	By     []string    // what it is kept by
	Who    []string    // the value of each, in lower case; text from strangers
	Count  string      // what is counted
	Burst  int64       // how much at once
	Result gcra.Result // how it stands
}

// WaitKeeper is a further power of a Greylister: to read what it keeps in Env.KV.
type WaitKeeper interface {
	// Waiting is how the keys begin under which it keeps who waits.
	Waiting() string
	// ReadWait tells what an item is about; ok is false where it is none of the filter's.
	ReadWait(item state.Item) (w Wait, ok bool)
	// Release is the item in place of one that waits: the next attempt passes.
	Release(item state.Item) state.Item
}

// Wait is somebody whose mail waits or has waited. All texts are in lower case and
// from strangers; what is not part of the key is "".
type Wait struct {
	Domain  string // vouched for by authentication
	Network string // where nothing vouches
	Content bool   // it is about one content, whoever brings it
	From    string
	Rcpt    string
	First   time.Time     // first attempt; zero when it has waited
	Left    time.Duration // how long it still has to wait; 0: the next attempt passes
	Known   bool          // it has waited, and is let in at once
}

// Fits tells whether the wait has to do with a domain, a mail address, or an IP address.
func (w Wait) Fits(who string) bool {
	who = state.Parts(state.Key("x", who))[1]
	if ip, err := netip.ParseAddr(who); err == nil {
		p, err := netip.ParsePrefix(w.Network)
		return err == nil && p.Contains(ip.Unmap())
	}
	_, fromAt, _ := strings.Cut(w.From, "@")
	return who != "" && (who == w.Domain || who == w.Network || who == w.From || who == w.Rcpt || who == fromAt)
}
