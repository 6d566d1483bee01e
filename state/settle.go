package state

import (
	"time"

	"github.com/postern-mail/postern/state/gcra"
)

// Settle works out a Take for a store that has no arithmetic of its own. tats
// holds the arrival times of all keys of the takes, 0 or nothing for none, and
// now is in microseconds; what is to be kept afterwards stands in tats. With
// peek nothing is taken. The state/redis script does the same in Lua.
func Settle(takes []Take, tats map[string]int64, now int64, peek bool) Taken {
	next := make(map[string]int64, len(takes))
	ok := make([]bool, len(takes))
	all := true
	for i, t := range takes {
		tat, seen := next[t.Key]
		if !seen {
			tat = tats[t.Key]
		}
		var to int64
		to, ok[i] = gcra.Step(max(tat, t.Floor), now, t.Limit.Cost(t.N), t.Limit.Tolerance())
		if !ok[i] {
			all, to = false, max(tat, t.Floor, now)
		}
		next[t.Key] = to
	}
	if all && !peek {
		for k, tat := range next {
			tats[k] = tat
		}
	} else {
		for _, t := range takes {
			tats[t.Key] = max(tats[t.Key], t.Floor)
		}
	}
	return Settled(takes, tats, now, ok)
}

// Settled makes the answer to takes: tats is where the limits stand now, ok
// what each of them said.
func Settled(takes []Take, tats map[string]int64, now int64, ok []bool) Taken {
	out := Taken{Allowed: true, Limits: make([]gcra.Result, len(takes)), Levels: make([]Level, len(takes))}
	for i, t := range takes {
		tat := tats[t.Key]
		out.Allowed = out.Allowed && ok[i]
		out.Limits[i] = t.Limit.Result(tat, now, t.Limit.Cost(t.N), ok[i])
		if tat <= now {
			tat = 0
		}
		out.Levels[i] = Level{t.Key, tat}
	}
	return out
}

// Micros is a time as limits count it.
func Micros(t time.Time) int64 { return t.UnixMicro() }
