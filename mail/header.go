package mail

import (
	"bytes"
	"io"
	"strings"
)

// Field is one header field as it came.
type Field struct {
	// Name as it stands before the colon, white space before the colon
	// included ("From " is a trick that must stay visible).
	Name string
	// Value is everything after the colon, as it came: the leading white
	// space, folds as CRLF, without the final CRLF. It may hold NUL and any
	// 8-bit byte.
	Value string
}

// Key is the name to compare with: lower case, white space before the colon
// removed.
func (f Field) Key() string { return strings.ToLower(strings.TrimRight(f.Name, " \t")) }

// Is tells whether the field has the given name, whatever the case.
func (f Field) Is(name string) bool {
	return strings.EqualFold(strings.TrimRight(f.Name, " \t"), name)
}

// Header is the ordered list of the fields, top to bottom.
type Header []Field

// All returns the values of every field with the name, top to bottom.
func (h Header) All(name string) []string {
	var all []string
	for _, f := range h {
		if f.Is(name) {
			all = append(all, f.Value)
		}
	}
	return all
}

// Get returns the value of the topmost field with the name, trimmed of outer
// white space, and whether there is one.
func (h Header) Get(name string) (string, bool) {
	for _, f := range h {
		if f.Is(name) {
			return strings.TrimSpace(f.Value), true
		}
	}
	return "", false
}

// Count tells how many fields have the name.
func (h Header) Count(name string) int {
	n := 0
	for _, f := range h {
		if f.Is(name) {
			n++
		}
	}
	return n
}

// Bytes is the header as bytes with CRLF line ends, without the empty line
// after it. Name, colon and value of each field are as they came.
func (h Header) Bytes() []byte {
	n := 0
	for _, f := range h {
		n += len(f.Name) + len(f.Value) + 3
	}
	b := make([]byte, 0, n)
	for _, f := range h {
		b = append(b, f.Name...)
		b = append(b, ':')
		b = append(b, f.Value...)
		b = append(b, '\r', '\n')
	}
	return b
}

// Reader reads the whole message: header, empty line, body, CRLF line ends.
func (m *Message) Reader() io.Reader {
	return io.MultiReader(bytes.NewReader(m.Header.Bytes()), strings.NewReader("\r\n"), m.Body.Reader())
}
