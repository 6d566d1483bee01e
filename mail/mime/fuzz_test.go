package mime

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

func FuzzScan(f *testing.F) {
	for _, h := range hostile {
		f.Add([]byte(h.make(3)))
	}
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\r\nContent-Type: multipart/x; boundary=\"b\"c; boundary*0=d\r\n\r\n--a\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n--b\r\n\r\n--a--x\r\r\n--a"))
	f.Add([]byte("Content-Type: application/ms-tnef\r\n\r\n\x78\x9f\x3e\x22\x00\x00\x02\x0f\x80\x06\x00\x03\x00\x00\x00abc\x00\x00"))
	f.Add(append([]byte("Content-Type: application/pkcs7-mime\r\n\r\n"), append(oidData, 0xa0, 0x80, 0x24, 0x80, 4, 3, 'a', 'b', 'c')...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		limits := DefaultLimits()
		limits.Parts, limits.Depth, limits.DecodedBytes = 50, 10, 1<<16
		tree := ScanMessage(raw, limits)
		if tree.Work() > (workFactor+10)*(len(raw)+4096) {
			t.Fatalf("%d bytes looked at for %d", tree.Work(), len(raw))
		}
		if len(tree.All()) > 4*limits.Parts {
			t.Fatalf("%d parts", len(tree.All()))
		}
		for _, f := range tree.Findings() {
			if f.Symbol == "" || bytes.ContainsAny([]byte(f.Detail), "\r\n\x00\x1b") {
				t.Fatalf("finding %q", f)
			}
		}
		for _, p := range tree.All() {
			if p.Size() > len(raw) || p.Found() == "" {
				t.Fatalf("part %s: %d bytes of %d", p.Path, p.Size(), len(raw))
			}
			for _, n := range p.Names {
				if !utf8.ValidString(n) {
					t.Fatalf("name %q", n)
				}
			}
			p.Digest()
			p.Fields()
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"aGVsbG8=", "aGk=aGk=\r\n*&", "a=3D=\r\nb =4 \t\r\n=", "begin 644 x\r\n#0V%T\r\n`\r\nend", "=ybegin x\r\n\x6d=\xcb\r\n=yend", "\x7f\x00\r\r\n~~~"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for c := codecBase64; c <= codecSkipPadding; c++ {
			if d := decode([]codec{c}, b); len(d.bytes) > len(b)+2 {
				t.Fatalf("codec %d: %d bytes of %d", c, len(d.bytes), len(b))
			}
		}
	})
}

func FuzzParseValue(f *testing.F) {
	f.Add("text/plain; charset=us-ascii (Plain text); name*0*=utf-8'en'a%20; name*1=\"b\\\"\" x=y")
	f.Add("multipart/mixed boundary=\"a")
	f.Add("=?utf-8?B?YQ==?= =?x*y?q?_=41?= =?utf-8?Q?")
	f.Fuzz(func(t *testing.T, s string) {
		if base, params := ParseValue(s); len(params) > maxParams || len(base) > 3*len(s) {
			t.Fatalf("%d parameters, base of %d bytes", len(params), len(base))
		}
		if w := DecodeWords(s); !utf8.ValidString(w) {
			t.Fatalf("%q", w)
		}
	})
}
