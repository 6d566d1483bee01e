package ratelimit

import (
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/state"
)

var _ filters.LimitKeeper = (*filter)(nil)

// ReadLimit implements filters.LimitKeeper.
func (f *filter) ReadLimit(level state.Level, now time.Time) (filters.Limit, bool) {
	parts := state.Parts(level.Key)
	if len(parts) < 3 || parts[0] != namespace {
		return filters.Limit{}, false
	}
	for i := range f.limits {
		l := &f.limits[i]
		if l.Name != parts[1] || len(l.By) != len(parts)-2 {
			continue
		}
		return filters.Limit{
			Name: l.Name, By: l.By, Who: parts[2:], Count: l.Count, Burst: l.gcra().Burst,
			Result: l.gcra().Result(level.TAT, state.Micros(now), 0, true),
		}, true
	}
	return filters.Limit{}, false
}

// Alerts implements filters.LimitKeeper.
func (f *filter) Alerts(level state.Level) []string { return []string{alertKey(level.Key)} }

// alertKey is where it is remembered that a limit was warned of.
func alertKey(key string) string { return state.Key(namespace, "alert", key) }
