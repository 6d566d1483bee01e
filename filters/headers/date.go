package headers

import (
	netmail "net/mail"
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
