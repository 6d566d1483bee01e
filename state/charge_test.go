package state

import (
	"testing"
	"time"

	"github.com/postern-mail/postern/state/gcra"
)

func TestGiveBack(t *testing.T) {
	hourly := gcra.Limit{Count: 60, Period: time.Hour, Burst: 10}
	start := time.Unix(1_800_000_000, 0)
	charge := func(key string, n int64, after time.Duration) Charge {
		return Charge{Take{Key: key, Limit: hourly, N: n}, start.Add(after)}
	}
	for _, c := range []struct {
		name    string
		charges []Charge
		after   time.Duration
		want    map[string]int64
	}{
		{"nothing was taken", nil, 0, nil},
		{"at once all of it", []Charge{charge("a", 3, 0)}, 0, map[string]int64{"a": -3}},
		{"several of one key go together", []Charge{charge("a", 1, 0), charge("b", 1, 0), charge("a", 2, time.Second)}, 2 * time.Second, map[string]int64{"a": -3, "b": -1}},
		{"less by what was earned since the first", []Charge{charge("a", 2, time.Minute), charge("a", 3, 0)}, 150 * time.Second, map[string]int64{"a": -3}},
		{"nothing after long", []Charge{charge("a", 3, 0)}, time.Hour, map[string]int64{"a": 0}},
		{"a clock that was set back", []Charge{charge("a", 3, time.Hour)}, 0, map[string]int64{"a": -3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := GiveBack(c.charges, start.Add(c.after))
			if len(got) != len(c.want) {
				t.Fatalf("%+v", got)
			}
			for _, take := range got {
				if take.N != c.want[take.Key] || take.Limit != hourly {
					t.Errorf("%+v, want %d", take, c.want[take.Key])
				}
			}
		})
	}
}
