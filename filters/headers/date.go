package headers

import (
	netmail "net/mail"
	"slices"
	"strings"
	"time"
)

// The bounds between which a Date is believed. Clocks go wrong by their time
// zone; queues and moderators keep mail for days.
const (
	future   = 12 * time.Hour
	past     = 7 * 24 * time.Hour
	longPast = 180 * 24 * time.Hour
)

// pastFactor is how much counts what may have lain in a queue.
const pastFactor = 0.5

// The bounds on what is read of a Date.
const (
	maxDate = 200            // bytes
	maxZone = 14 * time.Hour // distance from UTC of any place on earth
)

// date looks at the Date (RFC 5322 section 3.6.1) as of the message's time.
func (c *check) date() {
	if !c.has("date") {
		return
	}
	value := c.first("date")
	t, ok := parseDate(value)
	if !ok {
		c.Note(dateMalformed, 1, value)
		return
	}
	if oddDate(value, t) {
		c.Note(dateOdd, 1, value)
	}
	if c.msg.Now.IsZero() {
		return
	}
	switch ahead := t.Sub(c.msg.Now); {
	case ahead > future:
		c.Note(dateFuture, 1, value)
	case ahead < -longPast:
		c.Note(datePast, 1, value)
	case ahead < -past:
		c.Note(datePast, pastFactor, value)
	}
}

// parseDate reads a date (RFC 5322 sections 3.3 and 4.3).
func parseDate(value string) (time.Time, bool) {
	value = strings.Join(strings.Fields(value[:min(len(value), maxDate)]), " ")
	t, err := netmail.ParseDate(value)
	if err != nil {
		return t, false
	}
	_, offset := t.Zone()
	return t, time.Duration(offset)*time.Second <= maxZone && time.Duration(offset)*time.Second >= -maxZone
}

// oddDate tells whether a date that can be read says what no mail program
// writes: another day of the week than the date's (RFC 5322 section 3.3 forbids
// it), a zone that is none, or something behind the zone that is no comment.
func oddDate(value string, t time.Time) bool {
	words := strings.Fields(value[:min(len(value), maxDate)])
	day := strings.TrimRight(words[0], ",")
	if isAlpha(day[:min(len(day), 3)]) && !strings.EqualFold(day[:min(len(day), 3)], t.Weekday().String()[:3]) {
		return true
	}
	clock := slices.IndexFunc(words, func(w string) bool { return strings.Contains(w, ":") })
	rest := words[clock+1:]
	if len(rest) == 0 {
		return false
	}
	zone, _, _ := strings.Cut(rest[0], "(")
	return isAlpha(zone) && !zones[strings.ToUpper(zone)] || len(rest) > 1 && zone != "" && rest[1][0] != '('
}

// isAlpha tells whether s is ASCII letters, one at least.
func isAlpha(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return s != ""
}

// zones are the names of zones that mail programs write or wrote: those of RFC
// 5322 section 4.3 (of the military ones Z) and what is usual elsewhere.
var zones = func() map[string]bool {
	m := map[string]bool{}
	for _, z := range strings.Fields(`UT UTC GMT Z EST EDT CST CDT MST MDT PST PDT AST ADT NST NDT AKST AKDT HST
		WET WEST BST IST CET CEST MET MEST MEZ MESZ EET EEST MSK MSD SAST EAT WAT CAT TRT
		PKT ICT WIB HKT SGT PHT KST JST AWST ACST ACDT AEST AEDT NZST NZDT BRT BRST ART CLT CLST COT PET VET`) {
		m[z] = true
	}
	return m
}()
