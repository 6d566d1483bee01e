package mail

import (
	"bytes"
	"io"
)

// Body is the content after the header, with CRLF line ends, in memory or
// spooled. It is immutable and safe for any number of readers. The zero Body
// is empty.
type Body struct {
	mem  []byte
	file io.ReaderAt
	size int64
}

// BodyBytes makes a body that lives in memory. The slice must not be changed
// afterwards.
func BodyBytes(b []byte) Body { return Body{mem: b, size: int64(len(b))} }

// BodyFile makes a body that is read from r, size bytes long. Its owner keeps
// r open until the message is done with.
func BodyFile(r io.ReaderAt, size int64) Body { return Body{file: r, size: size} }

// Size is the length in bytes.
func (b Body) Size() int64 { return b.size }

// Reader reads the body from its start. Readers are independent of each other.
func (b Body) Reader() io.Reader {
	if b.file != nil {
		return io.NewSectionReader(b.file, 0, b.size)
	}
	return bytes.NewReader(b.mem)
}

// Prefix returns the first n bytes of the body, fewer where it is shorter. The
// slice is read-only: it may be the body itself.
func (b Body) Prefix(n int64) ([]byte, error) {
	n = min(n, b.size)
	if b.file == nil {
		return b.mem[:n:n], nil
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(b.file, 0, n), p); err != nil {
		return nil, err
	}
	return p, nil
}

// Size is the length of the message in bytes: header, empty line and body.
func (m *Message) Size() int64 {
	n := m.Body.Size() + 2
	for _, f := range m.Header {
		n += int64(len(f.Name)+len(f.Value)) + 3
	}
	return n
}
