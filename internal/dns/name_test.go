package dns

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestNormalTakesOnlyHostLikeNames(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	long := strings.Repeat(label63+".", 3) + strings.Repeat("b", 61) // 253
	tests := []struct{ name, in, want string }{
		{"plain", "example.org", "example.org"},
		{"final dot and capitals", "WWW.Example.ORG.", "www.example.org"},
		{"underscores", "_dmarc.example.org", "_dmarc.example.org"},
		{"one label", "org", "org"},
		{"a label of 63", label63 + ".org", label63 + ".org"},
		{"a name of 253", long, long},
		{"empty", "", ""},
		{"the root", ".", ""},
		{"two final dots", "example.org..", ""},
		{"an empty label", "a..org", ""},
		{"a leading dot", ".example.org", ""},
		{"a label of 64", label63 + "a.org", ""},
		{"a name of 254", long + "b", ""},
		{"a space", "exa mple.org", ""},
		{"an escape", `a\.b.org`, ""},
		{"a NUL", "a\x00.org", ""},
		{"8-bit bytes", "b\xfccher.example.org", ""},
		{"a slash", "0/25.2.0.192.in-addr.arpa", ""},
		{"a colon", "2001:db8::1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := normal(tt.in)
			if got != tt.want || (err != nil) != (tt.want == "") || (err != nil && !errors.Is(err, ErrName)) {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
			if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("the error is not safe to print: %q", err)
			}
		})
	}
	if _, err := normal(strings.Repeat("x", 1<<20)); len(err.Error()) > 200 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

func TestReverseNames(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"192.0.2.1", "1.2.0.192.in-addr.arpa"},
		{"::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa"},
		{"2001:db8::1", "1." + strings.Repeat("0.", 23) + "8.b.d.0.1.0.0.2.ip6.arpa"},
	}
	for _, tt := range tests {
		if got := ReverseName(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.addr, got, tt.want)
		}
	}
	if got := ReverseName(netip.Addr{}); got != "" {
		t.Errorf("the zero address: %q", got)
	}
}
