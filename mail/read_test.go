package mail

import (
	"bytes"
	"io"
	"slices"
	"testing"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		header    Header
		body      string
	}{
		{"CRLF stays", "A: 1\r\nB:2\r\n\r\nx\r\n", Header{{"A", " 1"}, {"B", "2"}}, "x\r\n"},
		{"LF becomes CRLF", "A: 1\nB:2\n\nx\ny", Header{{"A", " 1"}, {"B", "2"}}, "x\r\ny"},
		{"folds stay as they are", "A: 1\n\t2\n 3\n\nx", Header{{"A", " 1\r\n\t2\r\n 3"}}, "x"},
		{"white space before the colon stays visible", "From : a\n\nx", Header{{"From ", " a"}}, "x"},
		{"a line that is no field begins the body", "A: 1\nno field here\nB: 2\n", Header{{"A", " 1"}}, "no field here\r\nB: 2\r\n"},
		{"an mbox line is no field", "From a@example.org Mon Jan 1 00:00:00 2024\nA: 1\n", nil, "From a@example.org Mon Jan 1 00:00:00 2024\r\nA: 1\r\n"},
		{"a header without a body", "A: 1", Header{{"A", " 1"}}, ""},
		{"NUL and 8-bit bytes stay", "A: \x00\xff\n\n\x00", Header{{"A", " \x00\xff"}}, "\x00"},
		{"a bare CR is no line end", "A: 1\rB: 2\n\nx", Header{{"A", " 1\rB: 2"}}, "x"},
		{"nothing at all", "", nil, ""},
		{"a body only", "\nx", nil, "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, b := Read([]byte(c.raw))
			body, err := io.ReadAll(b.Reader())
			if err != nil || !slices.Equal(h, c.header) || string(body) != c.body {
				t.Errorf("got %q %q (%v), want %q %q", h, body, err, c.header, c.body)
			}
		})
	}
}

// FuzzRead shows that no byte is lost: what was read, written again, is the
// message with CRLF line ends.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"A: 1\r\n b\r\n\r\nbody", "A :\n\n", "\r\n", "x\n", "A: 1\r\r\n\n", ":\n", "A: 1\n \n\nz"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, b := Read(raw)
		m := New(Message{Header: h, Body: b})
		out, err := io.ReadAll(m.Reader())
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(out)) != m.Size() {
			t.Fatalf("size %d, read %d bytes", m.Size(), len(out))
		}
		want := crlf(raw)
		if !bytes.HasPrefix(out, h.Bytes()) || !bytes.HasSuffix(want, out[len(h.Bytes())+2:]) {
			t.Fatalf("%q was read as %q", raw, out)
		}
	})
}
