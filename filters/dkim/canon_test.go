package dkim

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-mail/postern/mail"
)

// recorder is a hash that keeps what is written to it.
type recorder struct {
	hash.Hash
	bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) { return r.Buffer.Write(p) }
func (r *recorder) Reset()                      { r.Buffer.Reset() }

// canonicalBody runs a body through the filter's canonicalization in pieces.
func canonicalBody(c canon, pieces ...string) string {
	r := &recorder{Hash: sha256.New()}
	w := &bodyWriter{canon: c, out: &meter{hash: r}}
	for _, p := range pieces {
		w.write([]byte(p))
	}
	w.close()
	return r.String()
}

func TestBodiesAreCanonicalizedAsRFC6376Says(t *testing.T) {
	tests := []struct{ name, body, simple, relaxed string }{
		{"an empty body", "", "\r\n", ""},
		{"only empty lines", "\r\n\r\n", "\r\n", ""},
		{"only white space", " \t", " \t\r\n", ""},
		{"lines of white space", " \r\n\t\r\n", " \r\n\t\r\n", ""},
		{"the example of section 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
		{"no line end at the end", "a", "a\r\n", "a\r\n"},
		{"empty lines in the middle", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"},
		{"a CR alone is an octet", "a \r\r\nb\r", "a \r\r\nb\r\r\n", "a \r\r\nb\r\r\n"},
		{"an LF alone is an octet", "a \n\n\r\n", "a \n\n\r\n", "a \n\n\r\n"},
		{"8-bit octets and NUL stay", "\xff\x00\xa0 \x85\r\n", "\xff\x00\xa0 \x85\r\n", "\xff\x00\xa0 \x85\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := canonicalBody(simple, tt.body); got != tt.simple {
				t.Errorf("simple: got %q, want %q", got, tt.simple)
			}
			if got := canonicalBody(relaxed, tt.body); got != tt.relaxed {
				t.Errorf("relaxed: got %q, want %q", got, tt.relaxed)
			}
		})
	}
}

func TestCanonicalBodiesDoNotDependOnThePieces(t *testing.T) {
	octets := rapid.SampledFrom([]string{"a", "b", " ", "\t", "\r", "\n", "\r\n", "\r\n\r\n", "  ", " \r\n", "\x00", "\xff"})
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.Map(rapid.SliceOfN(octets, 0, 12), func(s []string) string { return strings.Join(s, "") }), 0, 6).Draw(t, "pieces")
		whole := strings.Join(pieces, "")
		if got, want := canonicalBody(simple, pieces...), plainBody("simple", whole); got != want {
			t.Fatalf("simple: got %q, want %q", got, want)
		}
		if got, want := canonicalBody(relaxed, pieces...), plainBody("relaxed", whole); got != want {
			t.Fatalf("relaxed: got %q, want %q", got, want)
		}
	})
}

func TestManyEmptyLinesAreKeptWhereSomethingFollows(t *testing.T) {
	body := "a" + strings.Repeat("\r\n", 100_000)
	for c, name := range []string{"simple", "relaxed"} {
		if got := canonicalBody(canon(c), body[:70_000], body[70_000:]); got != "a\r\n" {
			t.Errorf("%s: %d bytes at the end", name, len(got))
		}
		if got := canonicalBody(canon(c), body, "b\r\n"); got != body+"b\r\n" {
			t.Errorf("%s: %d bytes in the middle", name, len(got))
		}
	}
}

func TestFieldsAreCanonicalizedAsRFC6376Says(t *testing.T) {
	tests := []struct {
		name            string
		field           mail.Field
		simple, relaxed string
	}{
		{"the example of section 3.4.5", mail.Field{Name: "A", Value: " X"}, "A: X", "a:X"},
		{"folds and white space", mail.Field{Name: "B ", Value: " Y\t\r\n\tZ  "}, "B : Y\t\r\n\tZ  ", "b:Y Z"},
		{"an empty value", mail.Field{Name: "B", Value: " \t"}, "B: \t", "b:"},
		{"a fold at the start", mail.Field{Name: "B", Value: "\r\n x"}, "B:\r\n x", "b:x"},
		{"line ends alone are octets", mail.Field{Name: "B", Value: "x\r\ry\nz"}, "B:x\r\ry\nz", "b:x\r\ry\nz"},
		{"8-bit octets stay", mail.Field{Name: "B\u212A", Value: "\xa0 \u0130"}, "B\u212A:\xa0 \u0130", "b\u212A:\xa0 \u0130"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(simple.appendField(nil, tt.field)); got != tt.simple {
				t.Errorf("simple: got %q, want %q", got, tt.simple)
			}
			if got := string(relaxed.appendField(nil, tt.field)); got != tt.relaxed {
				t.Errorf("relaxed: got %q, want %q", got, tt.relaxed)
			}
		})
	}
}
