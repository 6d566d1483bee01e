package text

import (
	"strings"
	"testing"
)

func TestDisguised(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain words are not", "Buy the pills. You'll be glad, we think (really)!", ""},
		{"digits for letters", "V1agra and 0rder", "viagra\nvlagra\norder\n"},
		{"signs for letters", "buy Xan@x|", "xanax\n"},
		{"signs between letters", "V-!^C.o^P'R,o.F^E,N", "vicoprofen\nvlcoprofen\n"},
		{"slashes that make letters", `\/ali/\gra`, "valiagra\n"},
		{"a small l among capitals", "REFlNANCE NOW", "refinance\n"},
		{"a capital I among small letters", "shouId stilI I", "should\nstill\n"},
		{"doubled vowels", "Viiagra xanaax", "viagra\nxanax\n"},
		{"doubled consonants that words have", "missing letters of applause", ""},
		{"letters apart", "get f r e e now", "free\n"},
		{"Cyrillic in a Latin word", "p\u0430ypal", "paypal\n"},
		{"Greek that looks like nothing", "V\u03bcagr\u03b4", "v?agr?\n"},
		{"marks on letters are spelling", "gr\u00e1tis f\u00fcr Caf\u00e9", ""},
		{"Greek and Russian words are words", "\u03b1\u03b2\u03b3\u03b4 \u0440\u0430\u0441", ""},
		{"addresses are left alone", "a1@example.org https://example.org/a1b www.h3llo.example", ""},
		{"Chinese is left alone", "代开发票", ""},
		{"signs around words", "``With {Windows /will/ Microsoft[2] order=6) //should Office# girl's", ""},
		{"mostly numbers", "HE1-10 853-6161 5/31-6/1 50mA", "hei\nhel\nsoma\n"},
		{"numbers are too short", "42 12.5% $5", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Disguised(c.in); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func FuzzDisguised(f *testing.F) {
	f.Add("V1@gra f r e e \\/ REFlNANCE p\u0430ypal \xff")
	f.Fuzz(func(t *testing.T, s string) {
		out := Disguised(s)
		if len(out) > maxDisguises+3*maxDisguise+len(s) || strings.Trim(out, "abcdefghijklmnopqrstuvwxyz?\n") != "" {
			t.Errorf("%q", out)
		}
	})
}

func BenchmarkDisguised(b *testing.B) {
	s := strings.Repeat(strings.Repeat("The quick brown fox (a small one) jumps over the lazy dog's back. ", 10)+"mp3 v1agra ", 29)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Disguised(s)
	}
}
