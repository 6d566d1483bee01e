package config

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]Size{
		"0B": 0, "0": 0, "1B": 1, "25MB": 25e6, "128KiB": 128 << 10, "10 gib": 10 << 30, "1TB": 1e12, "8388607TiB": 8388607 << 40,
		"": -1, "5": -1, "MB": -1, "-1MB": -1, "1.5MB": -1, "8388608TiB": -1, "9223372036854775808B": -1, "0x1B": -1,
	} {
		var s Size
		switch err := s.UnmarshalText([]byte(text)); {
		case (err != nil) != (want < 0):
			t.Errorf("%q: %v", text, err)
		case err == nil && s != want:
			t.Errorf("%q: %d, want %d", text, s, want)
		}
	}
}

func TestValuesReadBackWhatTheyPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := Size(rapid.Int64Min(0).Draw(t, "size"))
		var s Size
		if err := s.UnmarshalText([]byte(size.String())); err != nil || s != size {
			t.Errorf("%d prints as %s: %d, %v", int64(size), size, int64(s), err)
		}
		d := time.Duration(rapid.Int64Range(0, int64(30000*time.Hour)).Draw(t, "duration"))
		if got, err := parseDuration(durationText(d)); err != nil || got != d {
			t.Errorf("%d prints as %s: %d, %v", d, durationText(d), got, err)
		}
		points := Points(rapid.Float64().Draw(t, "points"))
		if math.IsInf(float64(points), 0) {
			points = Off()
		}
		var p Points
		if err := p.UnmarshalText([]byte(points.String())); err != nil || p != points {
			t.Errorf("%v prints as %s: %v, %v", float64(points), points, float64(p), err)
		}
	})
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]string{
		"35d": "35d", "24h": "1d", "90m": "1h30m", "120s": "2m", "3600s": "1h", "0": "0s", "1500ms": "1.5s", "-1d": "", "1w": "", "99999d": "", "": "",
	} {
		d, err := parseDuration(text)
		if (err != nil) != (want == "") || err == nil && durationText(d) != want {
			t.Errorf("%q: %s, %v", text, durationText(d), err)
		}
	}
}

func TestAURLIsPrintedWithoutItsPassword(t *testing.T) {
	for text, want := range map[string]string{
		"redis://anna:s3cret@127.0.0.1:6379/1": "redis://anna:xxxxx@127.0.0.1:6379/1",
		"unix:///run/redis.sock?db=2":          "unix:///run/redis.sock?db=2",
		"redis://:s3cret@%zz":                  "********",
		"":                                     "",
	} {
		u := URL(text)
		marshalled, err := u.MarshalText()
		if err != nil || string(marshalled) != want || fmt.Sprint(u) != want || u.LogValue().String() != want || u.Reveal() != text {
			t.Errorf("%s: %s, %s, %v", text, marshalled, u, err)
		}
	}
	path := write(t, map[string]string{"postern.yaml": "redis: {urls: [\"redis://:s3cret@127.0.0.1\"], url: \"redis://:s3cret@127.0.0.1\", password: s3cret}\n"})
	if text := shown(t, mustLoad(t, testOptions(path))); strings.Contains(text, "s3cret") || strings.Count(text, "redis://:xxxxx@127.0.0.1") != 2 {
		t.Error(text)
	}
}

func TestASecretPrintsAsStarsEverywhere(t *testing.T) {
	s := Secret("s3cret")
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "a", s, "b", Admin{Token: s})
	for _, out := range []string{
		fmt.Sprint(s), fmt.Sprintf("%s %v %q %#v", s, s, s, s), fmt.Sprintf("%+v %#v", Admin{Token: s}, Admin{Token: s}), log.String(),
	} {
		if strings.Contains(out, "s3cret") {
			t.Error(out)
		}
	}
	if s.Reveal() != "s3cret" || Secret("").String() != "" {
		t.Error("Reveal or the empty secret")
	}
}

func TestSockets(t *testing.T) {
	for text, want := range map[string]string{
		"unix:/run/a.sock": "unix /run/a.sock", "tcp:127.0.0.1:25": "tcp 127.0.0.1:25", "[::1]:25": "tcp [::1]:25", "*:25": "tcp :25",
		"tcp:mx.example.org:0": "tcp mx.example.org:0",
		"":                     "", "unix:": "", "unix:a": "", "tcp:127.0.0.1": "", "127.0.0.1:http": "", "127.0.0.1:065": "", "a b:25": "", "tcp::1:25": "",
		"unix:/" + strings.Repeat("x", 107): "", "udp:127.0.0.1:25": "",
	} {
		network, addr, err := ParseSocket(text)
		if (err != nil) != (want == "") || err == nil && network+" "+addr != want {
			t.Errorf("%q: %s %s, %v", text, network, addr, err)
		}
	}
	for text, want := range map[string]bool{
		"127.0.0.2:1": true, "[::1]:1": true, "[::ffff:127.0.0.1]:1": true, "localhost:1": true, "unix:/a": true,
		"*:1": false, ":1": false, "192.0.2.1:1": false, "mx.example.org:1": false,
	} {
		if isLocal(text) != want {
			t.Errorf("local %q: %t", text, !want)
		}
	}
}

func TestTheNearestWordIsSuggested(t *testing.T) {
	known := []string{"mode", "listeners", "limits", "log", "dns"}
	for word, want := range map[string]string{
		"mdoe": "mode", "Mode": "mode", "listner": "listeners", "limit": "limits", "zzz": "", "d": "", "": "", strings.Repeat("l", 1000): "",
	} {
		if got, ok := nearest(word, known); got != want || ok != (want != "") {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
