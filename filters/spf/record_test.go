package spf

import (
	"strings"
	"testing"
)

func TestRecordSyntax(t *testing.T) {
	good := []string{
		"v=spf1",
		"V=SPF1 -ALL",
		"v=spf1  a   mx ",
		"v=spf1 a:example.org/24//64 mx//64 a/0",
		"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:::ffff:192.0.2.1",
		"v=spf1 ptr ptr:example.org.",
		"v=spf1 exists:%{l1r-}.%{d2}._spf.%{o}",
		"v=spf1 include:%{d} redirect=_spf.%{ir}.example.org",
		"v=spf1 exp=%{S}.%%%_%-.example.org x-y.z_1=any:%{h}/thing",
		"v=spf1 a:foo:bar/baz.example.org",
		"v=spf1 a:example.1a",
	}
	for _, txt := range good {
		if _, err := parseRecord(txt); err != nil {
			t.Errorf("%q: %v", txt, err)
		}
	}
	bad := []string{
		"", "v=spf10", "v=spf2 a", " v=spf1",
		"v=spf1 oops", "v=spf1 -", "v=spf1 --all", "v=spf1 all.", "v=spf1 all:x", "v=spf1 all/8",
		"v=spf1 include", "v=spf1 include:", "v=spf1 include:org", "v=spf1 include:example.org/24",
		"v=spf1 a:", "v=spf1 a:/24", "v=spf1 a/", "v=spf1 a//", "v=spf1 a/24/64", "v=spf1 a///64", "v=spf1 a//64/24",
		"v=spf1 a/33", "v=spf1 a//129", "v=spf1 a/024", "v=spf1 a/+4", "v=spf1 a/99999999999999999999",
		"v=spf1 a:192.0.2.1", "v=spf1 a:example.-org", "v=spf1 a:example.org-",
		"v=spf1 ip4", "v=spf1 ip4:", "v=spf1 ip4:192.0.2", "v=spf1 ip4:192.0.2.1/33", "v=spf1 ip4:192.0.2.01", "v=spf1 ip4:2001:db8::1",
		"v=spf1 ip6:192.0.2.1", "v=spf1 ip6:fe80::1%eth0", "v=spf1 ip6:2001:db8::/129", "v=spf1 ip4:192.0.2.1//32",
		"v=spf1 ptr/24", "v=spf1 exists", "v=spf1 exists:",
		"v=spf1 redirect=", "v=spf1 redirect=a.example.org redirect=a.example.org", "v=spf1 exp=", "v=spf1 -redirect=example.org",
		"v=spf1 =x", "v=spf1 1x=y", "v=spf1 x=%{q}", "v=spf1 x=%",
		"v=spf1 a:%{d", "v=spf1 a:%{}", "v=spf1 a:%{d0}", "v=spf1 a:%{dd}", "v=spf1 a:%{d2x}", "v=spf1 a:%{t}", "v=spf1 a:%{d}org",
		"v=spf1\ta", "v=spf1 a\x00", "v=spf1 a:\xffx.example.org", "v=spf1 x=\x7f",
		"v=spf1" + strings.Repeat(" ", maxRecord),
	}
	for _, txt := range bad {
		if r, err := parseRecord(txt); err == nil {
			t.Errorf("%q: no error, got %+v", txt, r)
		}
	}
}

func TestMacros(t *testing.T) {
	// The examples of RFC 7208 section 7.4.
	e := evaluation{id: identity{local: "strong-bad", domain: "email.example.com"}}
	tests := []struct{ text, want string }{
		{"%{s}", "strong-bad@email.example.com"},
		{"%{o}", "email.example.com"},
		{"%{d}", "email.example.com"},
		{"%{d4}", "email.example.com"},
		{"%{d3}", "email.example.com"},
		{"%{d2}", "example.com"},
		{"%{d1}", "com"},
		{"%{dr}", "com.example.email"},
		{"%{d2r}", "example.email"},
		{"%{l}", "strong-bad"},
		{"%{l-}", "strong.bad"},
		{"%{lr}", "strong-bad"},
		{"%{lr-}", "bad.strong"},
		{"%{l1r-}", "strong"},
		{"%{S}", "strong-bad%40email.example.com"},
		{"a%%b%_c%-d", "a%b c%20d"},
	}
	for _, tt := range tests {
		m, err := parseMacros(tt.text, false)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		got, ok := m.expand(func(c byte) string { return e.macro(c, "email.example.com") })
		if !ok || got != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.text, got, ok, tt.want)
		}
	}
}
