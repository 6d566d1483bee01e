package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

type api struct {
	store    verdicts.Store
	health   *Health
	log      *slog.Logger
	hostname string
	tables   []func() Table
}

// page is the answer to a query.
type page struct {
	Verdicts []*verdicts.Record `json:"verdicts"`
	Next     string             `json:"next"` // cursor, "" on the last page
}

func (a api) list(w http.ResponseWriter, r *http.Request) {
	q, err := ParseQuery(r.URL.Query())
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	records, next, err := a.store.Query(r.Context(), q)
	if err != nil {
		a.log.Error("verdicts could not be read", "err", err)
		fail(w, http.StatusInternalServerError, "the verdicts could not be read")
		return
	}
	if records == nil {
		records = []*verdicts.Record{}
	}
	answer(w, http.StatusOK, page{records, next})
}

func (a api) show(w http.ResponseWriter, r *http.Request) {
	record, err := a.store.Get(r.Context(), r.PathValue("id"))
	switch {
	case errors.Is(err, verdicts.ErrNotFound):
		fail(w, http.StatusNotFound, "no verdict of that id is kept")
	case err != nil:
		a.log.Error("verdict could not be read", "err", err)
		fail(w, http.StatusInternalServerError, "the verdict could not be read")
	default:
		answer(w, http.StatusOK, record)
	}
}

type status struct {
	Status string      `json:"status"` // ok, degraded or blocked
	Wrong  []Condition `json:"wrong"`
}

func (a api) status() status {
	wrong, blocked := a.health.Conditions()
	s := status{"ok", wrong}
	if len(wrong) > 0 {
		s.Status = "degraded"
	}
	if blocked {
		s.Status = "blocked"
	}
	return s
}

func (a api) healthz(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, a.status()) }

func (a api) readyz(w http.ResponseWriter, _ *http.Request) {
	s, code := a.status(), http.StatusOK
	if s.Status == "blocked" {
		code = http.StatusServiceUnavailable
	}
	answer(w, code, s)
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.Encode(v) // the client is gone when this fails: nobody to tell
}

func fail(w http.ResponseWriter, code int, text string) {
	answer(w, code, map[string]string{"error": text})
}

// queryKeys are the parameters of GET /api/v1/verdicts.
var queryKeys = []string{"action", "since", "until", "from", "rcpt", "ip", "symbol", "queue_id", "message_id", "min_score", "q", "limit", "cursor"}

// ParseQuery reads the parameters of a query for verdicts. A parameter that is
// not known, given twice or has no sense is an error that names it. Times are
// RFC 3339, seconds since 1970, or how long ago: 90m, 2h, 3d.
func ParseQuery(v url.Values) (verdicts.Query, error) {
	for key, values := range v {
		if !slices.Contains(queryKeys, key) {
			return verdicts.Query{}, fmt.Errorf("%q is no parameter, use some of %v", key, queryKeys)
		}
		if len(values) > 1 {
			return verdicts.Query{}, fmt.Errorf("%s is given twice", key)
		}
	}
	q := verdicts.Query{
		From: v.Get("from"), Rcpt: v.Get("rcpt"), Symbol: v.Get("symbol"),
		QueueID: v.Get("queue_id"), Message: v.Get("message_id"), Text: v.Get("q"), Cursor: v.Get("cursor"),
	}
	var errs []error
	note := func(key string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	var err error
	if s := v.Get("action"); s != "" {
		q.Action, err = scoring.ParseAction(s)
		note("action", err)
	}
	q.Since, err = parseTime(v.Get("since"))
	note("since", err)
	q.Until, err = parseTime(v.Get("until"))
	note("until", err)
	if s := v.Get("ip"); s != "" {
		ip, err := netip.ParseAddr(s)
		note("ip", err)
		q.IP = ip.Unmap().String() // the one form in which records have it
	}
	if s := v.Get("min_score"); s != "" {
		f, err := strconv.ParseFloat(s, 64)
		if err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
			err = fmt.Errorf("%q is no score", s)
		}
		note("min_score", err)
		q.MinScore = &f
	}
	if s := v.Get("limit"); s != "" {
		q.Limit, err = strconv.Atoi(s)
		if err == nil && (q.Limit < 1 || q.Limit > verdicts.MaxLimit) {
			err = fmt.Errorf("%d is not in 1..%d", q.Limit, verdicts.MaxLimit)
		}
		note("limit", err)
	}
	return q, errors.Join(errs...)
}

func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return ParseTime(s, time.Now())
}

// ParseTime reads a time: RFC 3339, seconds since 1970, or how long before now: 90m, 2h, 3d.
func ParseTime(s string, now time.Time) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), nil
	}
	if ago, ok := parseAgo(s); ok {
		return now.Add(-ago), nil
	}
	return time.Parse(time.RFC3339, s)
}

// parseAgo reads a duration, in days too.
func parseAgo(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err == nil
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}
