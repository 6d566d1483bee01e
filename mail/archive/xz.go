package archive

import (
	"errors"
	"io"
)

// xzReader decodes the blocks of an XZ file (The .xz File Format 1.2.1). The branch filters
// of programs are not undone: what a file is shows without.
type xzReader struct {
	src   []byte
	pos   int
	check uint64 // size of the check after each block
	block *lzma2Reader
	done  int64 // work of the blocks before
	err   error
}

// xzChecks are the sizes of the checks (section 2.1.1.2).
var xzChecks = [16]uint64{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}

// xzMagic begins an XZ file.
const xzMagic = "\xfd7zXZ\x00"

var errXZ = errors.New("xz: damaged header")

func newXZ(src []byte) *xzReader {
	r := &xzReader{src: src, pos: 12}
	if len(src) < 12 || string(src[:6]) != xzMagic {
		r.err = errXZ
		return r
	}
	r.check = xzChecks[src[7]&15]
	return r
}

func (r *xzReader) work() int64 {
	if r.block == nil {
		return r.done
	}
	return r.done + r.block.work()
}

// Read decodes as much as is asked for, of one block at a time.
func (r *xzReader) Read(b []byte) (int, error) {
	for r.err == nil {
		if r.block == nil {
			r.header()
			continue
		}
		n, err := r.block.Read(b)
		if n > 0 || err == nil {
			return n, nil
		}
		if err != io.EOF {
			r.err = err
			break
		}
		r.end()
	}
	return 0, r.err
}

// header reads the header of a block (section 3.1), or the index, which ends them.
func (r *xzReader) header() {
	c := cursorAt(r.src, uint64(r.pos))
	size := c.u8()
	if size == 0 && !c.short {
		r.err = io.EOF
		return
	}
	h := cursor{b: c.take(uint64(size)*4 + 3)}
	flags := h.u8()
	if flags&0x40 != 0 {
		h.varint()
	}
	if flags&0x80 != 0 {
		h.varint()
	}
	var id uint64
	for range flags&3 + 1 {
		id = h.varint()
		h.take(h.varint())
	}
	switch {
	case c.short:
		r.err = io.ErrUnexpectedEOF
	case h.short || id != 0x21: // the last filter is LZMA2
		r.err = errXZ
	default:
		r.pos = len(r.src) - len(c.b)
		r.block = newLZMA2(c.b)
	}
}

// end goes over the padding and the check after a block.
func (r *xzReader) end() {
	n := r.block.pos
	r.done += r.block.work() + 64
	r.pos += (n+3)&^3 + int(r.check)
	r.block = nil
}
