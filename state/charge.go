package state

import "time"

// Charge is what was taken from a limit on behalf of a message, and when: what
// is to be given back when the message does not come in after all.
type Charge struct {
	Take
	At time.Time
}

// GiveBack works out the takes that undo charges, one for each key. What the
// limit has earned since the first charge of a key is not given back: without the charge that time
// would have been lost to a full limit, so that whoever holds transactions open for
// long cannot save up for a burst.
func GiveBack(charges []Charge, now time.Time) []Take {
	var takes []Take
	var first []time.Time
	at := map[string]int{}
	for _, c := range charges {
		i, seen := at[c.Key]
		if !seen {
			i = len(takes)
			at[c.Key] = i
			takes, first = append(takes, Take{Key: c.Key, Limit: c.Limit}), append(first, c.At)
		}
		takes[i].N -= c.N
		if c.At.Before(first[i]) {
			first[i] = c.At
		}
	}
	for i := range takes {
		l := takes[i].Limit
		earned := float64(max(now.Sub(first[i]), 0)) * float64(l.Count) / float64(l.Period)
		takes[i].N = min(takes[i].N+int64(min(earned, 1<<53)), 0)
	}
	return takes
}
