package app

import (
	"testing"
	"time"

	"github.com/postern-mail/postern/milter"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

func TestAMessageBetweenGreylistAndQuarantineWaits(t *testing.T) {
	for _, c := range []struct {
		name          string
		score         float64
		mode          string
		first, second scoring.Action // in the record
		replies       int            // of the first attempt: its code, 0 for none
	}{
		{"below the threshold", 3, "enforce", scoring.Accept, scoring.Accept, 0},
		{"above it", 4, "enforce", scoring.Greylist, scoring.Accept, 451},
		{"above mark", 7, "enforce", scoring.Greylist, scoring.Mark, 451},
		{"quarantine goes before", 10, "enforce", scoring.Quarantine, scoring.Quarantine, 0},
		{"observe records only", 7, "observe", scoring.Greylist, scoring.Mark, 0},
		{"mark marks", 7, "mark", scoring.Mark, scoring.Mark, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := office(t, c.mode, "greylist", "{}", verdictKind(c.score, ""))
			start := time.Now()
			for i, want := range []scoring.Action{c.first, c.second} {
				a.now = func() time.Time { return start.Add(time.Duration(i) * 6 * time.Minute) }
				d, accepted, _ := begin(t, a, client, "a@example.net")
				decision := finish(t, a, d, client, accepted, "hello")
				page, _, err := a.store.Query(t.Context(), verdicts.Query{Limit: 1})
				if err != nil || len(page) != 1 || page[0].Action != want {
					t.Fatalf("attempt %d: %v, %v, want %s", i, page, err, want)
				}
				if i == 0 && (decision.Reply.Code != c.replies || (c.replies > 0) != (decision.Action == milter.Tempfail)) {
					t.Errorf("%+v", decision)
				}
			}
		})
	}
}
