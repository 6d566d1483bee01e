package app

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// described are the names and labels of all metrics of ours, exposed already or not.
func described(r *prometheus.Registry) map[string]string {
	ch := make(chan *prometheus.Desc)
	go func() { r.Describe(ch); close(ch) }()
	form := regexp.MustCompile(`fqName: "([^"]*)".*variableLabels: \{([^}]*)\}`)
	names := map[string]string{}
	for d := range ch {
		m := form.FindStringSubmatch(d.String())
		if strings.HasPrefix(m[1], "postern_") {
			names[m[1]] = m[2]
		}
	}
	return names
}

func TestMetricNamesFollowTheConvention(t *testing.T) {
	s := newSite(t)
	// Durations in seconds, sizes in bytes, counters end in _total: what follows is either
	// a counter, or names its unit, or is a plain number of things.
	name := regexp.MustCompile(`^postern(_[a-z]+)+$`)
	families, err := s.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counters := map[string]bool{}
	for _, f := range families {
		counters[f.GetName()] = f.GetType().String() == "COUNTER"
	}
	for n, labels := range described(s.metrics.registry) {
		if !name.MatchString(n) {
			t.Errorf("%s: not in the form postern_part_what_unit", n)
		}
		if is, seen := counters[n]; seen && is != strings.HasSuffix(n, "_total") {
			t.Errorf("%s: a counter ends in _total and nothing else does", n)
		}
		if strings.Contains(n, "duration") && !strings.HasSuffix(n, "_seconds") || strings.Contains(n, "memory") && !strings.HasSuffix(n, "_bytes") {
			t.Errorf("%s: the unit is missing", n)
		}
		for _, l := range strings.FieldsFunc(labels, func(c rune) bool { return c == ',' }) {
			if !slices.Contains([]string{"action", "mode", "listener", "symbol", "filter", "status", "result", "server", "reason", "list", "class", "way"}, l) {
				t.Errorf("%s: the label %s is new: is it bounded?", n, l)
			}
		}
	}
}

func TestASymbolCountsOnceAMessage(t *testing.T) {
	s := newSite(t)
	s.metrics.verdict(&verdicts.Record{Action: scoring.Accept, Symbols: []verdicts.Symbol{{Name: "A", Score: 3}, {Name: "B", Score: 2}, {Name: "A", Score: 1}}}, 0)
	if n := value(t, s.App, "postern_symbols_total"); n != 2 {
		t.Errorf("%v", n)
	}
}
