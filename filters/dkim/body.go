package dkim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"slices"

	"github.com/postern-mail/postern/mail"
)

// pieceSize is how much of the body is canonicalized and hashed at a time, in
// bytes: little enough to stay in the processor's cache, and that one line with
// odd white space does not slow many others down.
const pieceSize = 4 << 10

// meter hashes a stream and notes the hash of certain beginnings of it: so
// that many l= cost one pass.
type meter struct {
	hash  hash.Hash
	size  int64
	marks []int64          // lengths still to be noted, ascending
	sums  map[int64][]byte // by length
}

func (m *meter) write(p []byte) {
	for len(m.marks) > 0 && m.marks[0]-m.size <= int64(len(p)) {
		mark := m.marks[0]
		n := mark - m.size
		m.add(p[:n])
		p = p[n:]
		m.sums[mark] = m.hash.Sum(nil)
		m.marks = m.marks[1:]
	}
	m.add(p)
}

func (m *meter) add(p []byte) {
	m.hash.Write(p)
	m.size += int64(len(p))
}

// bodies holds the hashes of one body in the canonical forms that were asked for.
type bodies [2]*meter // by canon

// matches judges the body hash of a signature. The zero outcome says that it
// is right and covers the whole body.
func (b bodies) matches(s *signature) outcome {
	m := b[s.bodyCanon]
	length := s.length
	if length == noLength {
		length = m.size
	}
	switch {
	case length > m.size:
		// RFC 6376 section 3.5: l= must not be larger than the body.
		return longerThanBody
	case !bytes.Equal(m.sums[length], s.bodyHash):
		return bodyDiffers
	case length < m.size:
		return bodyUncovered
	}
	return outcome{}
}

// hashBodies reads the body once and hashes it once in each canonical form
// that an open signature uses. The error is that of reading, or of ctx.
func hashBodies(ctx context.Context, body mail.Body, sigs []*signature) (bodies, error) {
	var b bodies
	for _, s := range sigs {
		if !s.open() {
			continue
		}
		if b[s.bodyCanon] == nil {
			b[s.bodyCanon] = &meter{hash: sha256.New(), sums: make(map[int64][]byte, 1)}
		}
		if s.length != noLength {
			b[s.bodyCanon].marks = append(b[s.bodyCanon].marks, s.length)
		}
	}
	p := &passes{ctx: ctx}
	for c, m := range b {
		if m != nil {
			slices.Sort(m.marks)
			p.writers = append(p.writers, &bodyWriter{canon: canon(c), out: m})
		}
	}
	if len(p.writers) == 0 {
		return b, nil
	}
	if _, err := io.Copy(p, body.Reader()); err != nil {
		return b, err
	}
	p.close()
	return b, nil
}

// passes hands each piece of the body to all canonicalizations while it is in
// the cache.
type passes struct {
	ctx     context.Context
	writers []*bodyWriter
}

// Write implements io.Writer. It ends early when the context does.
func (p *passes) Write(b []byte) (int, error) {
	for piece := range slices.Chunk(b, pieceSize) {
		if err := p.ctx.Err(); err != nil {
			return 0, err
		}
		for _, w := range p.writers {
			w.write(piece)
		}
	}
	return len(b), nil
}

// close ends the body, and notes the hash of the whole.
func (p *passes) close() {
	for _, w := range p.writers {
		w.close()
		w.out.sums[w.out.size] = w.out.hash.Sum(nil)
	}
}
