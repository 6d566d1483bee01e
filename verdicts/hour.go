package verdicts

import (
	"strconv"
	"time"
)

// Hour is the roll-up of one hour: what charts are drawn from without a look
// at the records. It is kept apart from them and longer.
type Hour struct {
	Start time.Time `json:"start"` // UTC, on the hour
	// Counts are by name: action:X and symbol:X for what was decided and found,
	// latency:X for verdicts that took at most X milliseconds (and more than the
	// step before), latency:inf for the rest, duration_ms for the sum.
	Counts map[string]int64 `json:"counts"`
}

// LatencySteps are the upper bounds of the latency counts, in milliseconds.
var LatencySteps = []float64{1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000}

// HourOf is the hour that a record is counted in.
func HourOf(at time.Time) time.Time { return at.UTC().Truncate(time.Hour) }

// Counts are the names under which a record adds to its hour, and by how much.
func (r *Record) Counts() map[string]int64 {
	counts := map[string]int64{"action:" + string(r.Action): 1, "latency:" + r.latency(): 1}
	if ms := int64(r.DurationMS); ms > 0 {
		counts["duration_ms"] = ms
	}
	for _, s := range r.Symbols {
		counts["symbol:"+s.Name] = 1
	}
	return counts
}

func (r *Record) latency() string {
	for _, step := range LatencySteps {
		if r.DurationMS <= step {
			return strconv.FormatFloat(step, 'f', -1, 64)
		}
	}
	return "inf"
}
