package state

import (
	"slices"
	"strings"
	"testing"
)

func TestKeysHoldNothingThatHasAMeaning(t *testing.T) {
	for _, c := range []struct {
		name string
		key  string
		want string
	}{
		{"parts are joined in lower case", Key("greylist", "192.0.2.0/24", "A@Example.org"), "greylist:192.0.2.0/24:a@example.org"},
		{"what separates and what matches is escaped", Key("a", "x:y", "{*?[]}", "%"), "a:x%3Ay:%7B%2A%3F%5B%5D%7D:%25"},
		{"control characters and what is no ASCII are escaped", Key("a", "\r\n\x00 é\xff"), "a:%0D%0A%00%20%C3%A9%EF%BF%BD"},
		{"an empty part keeps its place", Key("a", "", "b"), "a::b"},
	} {
		if c.key != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.key, c.want)
		}
	}
	long := strings.Repeat("x", 5000)
	a, b := Key("a", long+"1"), Key("a", long+"2")
	if len(a) > 160 || a == b {
		t.Errorf("%d bytes, %q and %q", len(a), a, b)
	}
	if many := Key("a", strings.Split(strings.Repeat("host.example.org ", 100), " ")...); len(many) > MaxKey || CheckKeys(many) != nil {
		t.Errorf("%q", many)
	}
}

func FuzzKey(f *testing.F) {
	f.Add("192.0.2.1", "a@example.org")
	f.Add("{}*?[]\\", ":%\r\n\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		key := Key("ns", a, b)
		if err := CheckKeys(key); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(key[3:], "{}*?[]\\ \r\n\x00") {
			t.Errorf("%q", key)
		}
		la, lb := strings.ToLower(a), strings.ToLower(b)
		if got, short := Parts(key), len(a) < 30 && len(b) < 30; short && !slices.Equal(got, []string{"ns", la, lb}) {
			t.Errorf("parts %q of %q", got, key)
		}
		if la != lb && Key("ns", a) == Key("ns", b) {
			t.Errorf("%q and %q share a key", a, b)
		}
	})
}
