package mail

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodeWords(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "Hello = world?", "Hello = world?"},
		{"Q", "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen"},
		{"B", "=?utf-8?B?SMO2?=", "Hö"},
		{"B without padding", "=?utf-8?b?SA?=", "H"},
		{"a language is left out", "=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"},
		{"white space between words goes", "=?utf-8?q?a?= \r\n =?utf-8?q?b?=", "ab"},
		{"white space beside text stays", "x =?utf-8?q?a?= y", "x a y"},
		{"a character over two words", "=?utf-8?b?w7Y=?= =?utf-8?q?=C3?= =?utf-8?q?=B6?=", "öö"},
		{"words of two charsets", "=?iso-8859-1?q?=F6?= =?utf-8?q?=C3=B6?=", "öö"},
		{"Chinese", "=?GB2312?B?xOO6ww==?=", "你好"},
		{"Japanese", "=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"},
		{"spaces within the text", "=?utf-8?q?a b?=", "a b"},
		{"an unknown charset stays", "=?x-nobody?q?a?=", "=?x-nobody?q?a?="},
		{"an unknown encoding stays", "=?utf-8?x?a?=", "=?utf-8?x?a?="},
		{"bad base64 stays", "=?utf-8?b?*?=", "=?utf-8?b?*?="},
		{"a bad hexadecimal pair stays", "=?utf-8?q?=4?=", "=4"},
		{"what does not end stays", "=?utf-8?q?a", "=?utf-8?q?a"},
		{"what is no UTF-8 is replaced", "\xff=?utf-8?q?=FF?=", "\uFFFD\uFFFD"},
		{"an empty word is nothing", "a =?utf-8?q??= b", "a  b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := DecodeWords(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestASCIIDomain(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		ok             bool
	}{
		{"lower case", "Example.ORG", "example.org", true},
		{"a final dot", "example.org.", "example.org", true},
		{"U-labels", "bücher.example", "xn--bcher-kva.example", true},
		{"a full stop of another script", "example。org", "example.org", true},
		{"an underscore", "a_b.example.org", "a_b.example.org", true},
		{"nothing", "", "", false},
		{"a dot", ".", "", false},
		{"an empty label", "a..org", "", false},
		{"a long label", strings.Repeat("a", 64) + ".org", "", false},
		{"a long name", strings.Repeat("a.", 127) + "org", "", false},
		{"an address literal", "[192.0.2.1]", "", false},
		{"a parenthesis", "example.org(a.example.net", "", false},
		{"a NUL", "example.org\x00", "", false},
		{"no UTF-8", "ex\xffmple.org", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := ASCIIDomain(c.in); got != c.want || ok != c.ok {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

func FuzzDecodeWords(f *testing.F) {
	for _, s := range []string{"=?utf-8?q?=C3?= =?utf-8?q?=B6?=", "=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "=?=?a?b?=?=", "=?utf-16le?b?AAA?= \xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := DecodeWords(s)
		if !utf8.ValidString(got) {
			t.Errorf("%q is no UTF-8", got)
		}
		if len(got) > 4*len(s)+16 {
			t.Errorf("%d bytes of %d", len(got), len(s))
		}
	})
}
