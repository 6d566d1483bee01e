package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// metrics are Postern's own. Labels are bounded: names of ours, never an
// address or a domain.
type metrics struct {
	registry *prometheus.Registry
	verdicts *prometheus.CounterVec
	duration *prometheus.HistogramVec
	symbols  *prometheus.CounterVec
	checks   *prometheus.CounterVec
	checkSec *prometheus.HistogramVec
	reloads  *prometheus.CounterVec
	valid    prometheus.Gauge
	unstored prometheus.Counter
	lessons  *prometheus.CounterVec
}

var seconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

func newMetrics(a *App) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_verdicts_total",
			Help: "Messages judged, by what was decided, the mode and the listener."}, []string{"action", "mode", "listener"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "postern_message_duration_seconds", Buckets: seconds,
			Help: "Time from end of message to the verdict."}, []string{"listener"}),
		symbols: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_symbols_total",
			Help: "Messages on which a symbol was found."}, []string{"symbol"}),
		checks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_checks_total",
			Help: "Runs of a filter, by how they ended."}, []string{"filter", "status"}),
		checkSec: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "postern_check_duration_seconds", Buckets: seconds,
			Help: "Time of one run of a filter."}, []string{"filter"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_config_reloads_total",
			Help: "Reloads of the configuration, by result (ok, error)."}, []string{"result"}),
		valid: prometheus.NewGauge(prometheus.GaugeOpts{Name: "postern_config_valid",
			Help: "1 while the configuration on disk is the one in force, 0 when it was faulty."}),
		unstored: prometheus.NewCounter(prometheus.CounterOpts{Name: "postern_verdicts_unstored_total",
			Help: "Verdicts that could not be kept."}),
		lessons: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_lessons_total",
			Help: "Messages that this process was to learn, by way (api, report, auto) and what became of it."}, []string{"way", "result"}),
	}
	m.valid.Set(1)
	memory := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "postern_message_memory_bytes",
		Help: "Memory that messages under way take."}, func() float64 { return float64(a.budget.Used()) })
	m.registry.MustRegister(m.verdicts, m.duration, m.symbols, m.checks, m.checkSec, m.reloads, m.valid, m.unstored, m.lessons, memory, collector{a},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// check is told of every run of a filter.
func (m *metrics) check(c scoring.Check) {
	m.checks.WithLabelValues(c.Name, string(c.Status)).Inc()
	m.checkSec.WithLabelValues(c.Name).Observe(c.Duration.Seconds())
}

func (m *metrics) verdict(r *verdicts.Record, took time.Duration) {
	m.verdicts.WithLabelValues(string(r.Action), string(r.Mode), r.Session.Listener).Inc()
	m.duration.WithLabelValues(r.Session.Listener).Observe(took.Seconds())
	seen := make(map[string]bool, len(r.Symbols))
	for _, s := range r.Symbols {
		if !seen[s.Name] {
			seen[s.Name] = true
			m.symbols.WithLabelValues(s.Name).Inc()
		}
	}
}

// lesson counts a message that was to be learned.
func (m *metrics) lesson(way, result string) { m.lessons.WithLabelValues(way, result).Inc() }

func (m *metrics) reloaded(err error) {
	if err != nil {
		m.reloads.WithLabelValues("error").Inc()
		m.valid.Set(0)
		return
	}
	m.reloads.WithLabelValues("ok").Inc()
	m.valid.Set(1)
}
