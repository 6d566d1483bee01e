package config

import (
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Secret is a text that prints as stars. Only Reveal gives it away.
type Secret string

// Reveal gives the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String gives stars, or nothing where there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "********"
}

// GoString gives stars for %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// MarshalText gives stars to every encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives stars to slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// URL is a text that may hold a password, which is not printed. Only Reveal gives it away.
type URL string

// Reveal gives the whole URL.
func (u URL) Reveal() string { return string(u) }

// String gives the URL without its password, and stars for what is no URL.
func (u URL) String() string {
	parsed, err := url.Parse(string(u))
	if err != nil {
		return Secret(u).String()
	}
	return parsed.Redacted()
}

// GoString is String for %#v.
func (u URL) GoString() string { return strconv.Quote(u.String()) }

// MarshalText is String, for every encoder.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// LogValue is String, for slog.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// Points is a score, or Off.
type Points float64

// offText is how a file writes Off.
const offText = "off"

// Off is the threshold that no score reaches.
func Off() Points { return Points(math.Inf(1)) }

// IsOff tells whether p is Off.
func (p Points) IsOff() bool { return math.IsInf(float64(p), 1) }

// String gives the number or off.
func (p Points) String() string {
	if p.IsOff() {
		return offText
	}
	return strconv.FormatFloat(float64(p), 'g', -1, 64)
}

// UnmarshalText reads a number or off.
func (p *Points) UnmarshalText(text []byte) error {
	if string(text) == offText {
		*p = Off()
		return nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return fmt.Errorf("%q is neither a number nor off", text)
	}
	*p = Points(f)
	return nil
}

// Size is a number of bytes. KB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB of 1024.
type Size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9},
	{"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}, {"B", 1},
}

// String gives the size in the largest unit that fits evenly.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return "0B"
}

// UnmarshalText reads a whole number with a unit, upper or lower case; nothing needs none.
func (s *Size) UnmarshalText(text []byte) error {
	if string(text) == "0" {
		*s = 0
		return nil
	}
	for _, u := range sizeUnits {
		head, ok := cutSuffixFold(string(text), u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(head), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
			return fmt.Errorf("%q is not a size such as 25MB or 128KiB", text)
		}
		*s = Size(n * u.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size such as 25MB or 128KiB", text)
}

func cutSuffixFold(s, suffix string) (string, bool) {
	at := len(s) - len(suffix)
	if at < 0 || !strings.EqualFold(s[at:], suffix) {
		return s, false
	}
	return s[:at], true
}

// parseDuration reads a duration such as 300ms, 5s, 2h or 35d: the notation of
// Go, and days by themselves.
func parseDuration(text string) (time.Duration, error) {
	if head, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(head); err == nil && n >= 0 && n < 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration such as 500ms, 5s, 2h or 30d", text)
	}
	return d, nil
}

// durationText is the shortest notation that parseDuration reads back.
func durationText(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
