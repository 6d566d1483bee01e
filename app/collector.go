package app

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/filters/dnsbl"
	"github.com/postern-mail/postern/learn"
)

// collector tells the figures that milter, dns, dnsbl and state keep themselves,
// whenever the metrics are asked for.
type collector struct{ app *App }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	milterOpen      = desc("postern_milter_connections", "Connections of the MTA.", "listener")
	milterAccepted  = desc("postern_milter_connections_total", "Connections of the MTA since the start.", "listener")
	milterRefused   = desc("postern_milter_refused_total", "Connections closed because there were too many.", "listener")
	milterViolation = desc("postern_milter_violations_total", "Sessions broken off because the other side broke the protocol.", "listener")
	milterErrors    = desc("postern_milter_accept_errors_total", "Connections that could not be accepted.", "listener")
	milterSpooled   = desc("postern_milter_spooled_total", "Bodies that went to disk.", "listener")
	dnsLookups      = desc("postern_dns_lookups_total", "Look-ups, by result.", "result")
	dnsCached       = desc("postern_dns_cached_total", "Look-ups answered by the cache.")
	dnsStale        = desc("postern_dns_stale_total", "Look-ups answered by what ran out, because the servers failed.")
	dnsSkipped      = desc("postern_dns_skipped_total", "Questions not asked, by reason: silent (zone), busy, budget (of the message).", "reason")
	dnsInFlight     = desc("postern_dns_questions", "Questions under way.")
	dnsHealthy      = desc("postern_dns_servers_healthy", "Servers that answer.")
	dnsServers      = desc("postern_dns_servers", "Servers that are configured.")
	listOK          = desc("postern_dnsbl_list_ok", "1 while the list is well and asked, else 0.", "list")
	listAsked       = desc("postern_dnsbl_asked_total", "Questions about messages to a list.", "list")
	listListed      = desc("postern_dnsbl_listed_total", "Listings found in a list.", "list")
	stateDegraded   = desc("postern_state_degraded", "1 while the state is not as it should be: Redis is away, or the file cannot be written to.")
	stateWaiting    = desc("postern_state_waiting", "Verdicts that wait on disk for Redis.")
	stateLost       = desc("postern_state_lost_total", "Verdicts for which there was no room to wait.")
	learnedMessages = desc("postern_learned_messages", "Messages that were learned, by class (ham, spam).", "class")
	learnedTokens   = desc("postern_learned_tokens", "Tokens that are counted.")
	learnedTrained  = desc("postern_learned_training_timestamp_seconds", "When the linear model was trained last, 0 before the first time.")
	learnedWarnings = desc("postern_learned_warnings", "Warnings about what was learned: it is one-sided, or its newest lessons make it worse.")
	learnedExamples = desc("postern_learned_training_messages", "Messages that it was trained with.")
	learnedWaiting  = desc("postern_learned_waiting", "Lessons that wait on disk for Redis.")
	learnedLag      = desc("postern_learned_lag_seconds", "How long ago it was last known what other machines have learned.")
	listFailed      = desc("postern_dnsbl_failed_total", "Questions that a list did not answer soundly.", "list")
)

// Describe implements prometheus.Collector.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		milterOpen, milterAccepted, milterRefused, milterViolation, milterErrors, milterSpooled,
		dnsLookups, dnsCached, dnsStale, dnsSkipped, dnsInFlight, dnsHealthy, dnsServers,
		stateDegraded, stateWaiting, stateLost, listOK, listAsked, listListed, listFailed,
		learnedMessages, learnedTokens, learnedTrained, learnedExamples, learnedWarnings, learnedLag, learnedWaiting,
	} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, l := range c.app.milters {
		s, name := l.Stats(), l.Name()
		gauge(milterOpen, float64(s.Open), name)
		count(milterAccepted, float64(s.Accepted), name)
		count(milterRefused, float64(s.Refused), name)
		count(milterViolation, float64(s.Violations), name)
		count(milterErrors, float64(s.AcceptErrors), name)
		count(milterSpooled, float64(s.Spooled), name)
	}
	c.dns(count, gauge)
	s := c.app.stateStatus()
	gauge(stateDegraded, map[bool]float64{true: 1}[s.Degraded])
	gauge(stateWaiting, float64(s.Waiting))
	count(stateLost, float64(s.Lost))
	c.learned(gauge)
	for _, z := range c.app.listHealth() {
		ok := 0.0
		if z.State == dnsbl.OK {
			ok = 1
		}
		gauge(listOK, ok, z.Name)
		count(listAsked, float64(z.Asked), z.Name)
		count(listListed, float64(z.Listed), z.Name)
		count(listFailed, float64(z.Failed), z.Name)
	}
}

func (c collector) learned(gauge func(*prometheus.Desc, float64, ...string)) {
	m := c.app.learning
	seen := m.Seen()
	gauge(learnedMessages, float64(seen.Ham), "ham")
	gauge(learnedMessages, float64(seen.Spam), "spam")
	gauge(learnedTokens, float64(m.Tokens()))
	gauge(learnedWarnings, float64(len(m.Warnings())))
	t, when := learn.Training{}, 0.0
	if last, ok := m.LastTraining(); ok {
		t, when = last, float64(last.When.Unix())
	}
	gauge(learnedTrained, when)
	gauge(learnedExamples, float64(t.Examples))
	gauge(learnedLag, m.Lag().Seconds())
	gauge(learnedWaiting, float64(c.app.stateStatus().Lessons))
}

func (c collector) dns(count, gauge func(*prometheus.Desc, float64, ...string)) {
	s := c.app.client.Stats()
	for result, n := range s.Outcomes {
		count(dnsLookups, float64(n), result)
	}
	count(dnsCached, float64(s.Hits))
	count(dnsStale, float64(s.Stale))
	count(dnsSkipped, float64(s.Skipped), "silent")
	count(dnsSkipped, float64(s.Busy), "busy")
	count(dnsSkipped, float64(s.OverBudget), "budget")
	gauge(dnsInFlight, float64(s.InFlight))
	healthy := 0
	for _, server := range s.Servers {
		if server.Healthy {
			healthy++
		}
	}
	gauge(dnsHealthy, float64(healthy))
	gauge(dnsServers, float64(len(s.Servers)))
}

// listHealth is how the DNS lists of the generation in force are.
func (a *App) listHealth() []dnsbl.ZoneHealth {
	g := a.current.Load()
	if g == nil {
		return nil
	}
	var zones []dnsbl.ZoneHealth
	seen := map[string]bool{}
	for _, l := range g.keepers {
		for _, z := range l.Health() {
			if !seen[z.Name] { // of two instances' lists of one name the first is told
				seen[z.Name] = true
				zones = append(zones, z)
			}
		}
	}
	return zones
}

// listConditions tells which DNS lists are not asked, why, and what to do.
func (a *App) listConditions() []admin.Condition {
	var wrong []admin.Condition
	for _, z := range a.listHealth() {
		if z.State == dnsbl.OK || z.State == dnsbl.Unchecked {
			continue
		}
		wrong = append(wrong, admin.Condition{Name: "list " + z.Name, Detail: fmt.Sprintf("%s: %s; %s", z.State, z.Reason, z.Remedy)})
	}
	return wrong
}

// listTable is the part of the admin's first page that shows the DNS lists.
func (a *App) listTable() admin.Table {
	t := admin.Table{Title: "DNS lists", Columns: []string{"list", "zone", "state", "since (UTC)", "asked", "listed", "failed", "why", "what to do"}}
	for _, z := range a.listHealth() {
		t.Rows = append(t.Rows, admin.Row{
			Bad: z.State != dnsbl.OK && z.State != dnsbl.Unchecked,
			Cells: []string{z.Name, z.Zone, string(z.State), z.Since.UTC().Format(time.DateTime), fmt.Sprint(z.Asked), fmt.Sprint(z.Listed),
				fmt.Sprint(z.Failed), z.Reason, z.Remedy},
		})
	}
	if len(t.Rows) == 0 {
		t.Note = "None is asked."
	}
	return t
}
