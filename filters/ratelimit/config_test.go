package ratelimit

import (
	"strings"
	"testing"
	"time"
)

func TestRates(t *testing.T) {
	for text, want := range map[string]Rate{
		"100/h": {100, time.Hour, false}, "100MB/h": {100e6, time.Hour, true}, "5/10m": {5, 10 * time.Minute, false},
		"500/d": {500, 24 * time.Hour, false}, "1 KiB / s": {1024, time.Second, true},
	} {
		if got := rate(t, text); got != want || rate(t, got.String()) != want {
			t.Errorf("%s: %+v, shown as %s", text, got, got)
		}
	}
	for _, text := range []string{"", "100", "/h", "100/", "100/y", "0/h", "-1/h", "100/0h", "MB/h", "1e3/h", "100/9999999999d", "100/h/h"} {
		if r := new(Rate); r.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q is read as %s", text, r)
		}
	}
}

func TestTheDefaultsAreSound(t *testing.T) {
	if err := defaults().check(); err != nil {
		t.Error(err)
	}
}

func TestFaultyLimitsAreRefused(t *testing.T) {
	sound := func(change func(*Limit)) []Limit {
		l := Limit{Name: "x", By: []string{"user"}, Count: countMessages, Rate: Rate{1, time.Hour, false}}
		change(&l)
		return []Limit{l}
	}
	for name, limits := range map[string][]Limit{
		"nothing to keep it by":     sound(func(l *Limit) { l.By = nil }),
		"three to keep it by":       sound(func(l *Limit) { l.By = []string{"user", "rcpt", "helo"} }),
		"twice the same":            sound(func(l *Limit) { l.By = []string{"user", "user"} }),
		"bytes by number":           sound(func(l *Limit) { l.Count = countBytes }),
		"messages by size":          sound(func(l *Limit) { l.Rate.Bytes = true }),
		"a burst of centuries":      sound(func(l *Limit) { l.Burst = 1e15 }),
		"a name that is the alerts": sound(func(l *Limit) { l.Name = "alert" }),
		"two of one symbol":         append(sound(func(l *Limit) { l.Name = "a-b" }), sound(func(l *Limit) { l.Name = "a_b" })...),
		"too many":                  make([]Limit, maxLimits+1),
	} {
		if err := (&Config{Limits: limits}).check(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzRate(f *testing.F) {
	for _, s := range []string{"100/h", "100MB/h", "5/10m", "/", "9223372036854775807/s", "1TiB/36500d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r, again Rate
		if r.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(r.String())); err != nil || again != r {
			t.Errorf("%q is shown as %s, which is read as %+v: %v", text, r, again, err)
		}
		_ = (&Limit{Rate: r}).gcra().Check()
	})
}

func FuzzAnnounced(f *testing.F) {
	f.Add("SIZE=100")
	f.Add("size=99999999999999999999")
	f.Fuzz(func(t *testing.T, arg string) {
		if n := announced(strings.Fields(arg)); n < 0 {
			t.Errorf("%d", n)
		}
	})
}
