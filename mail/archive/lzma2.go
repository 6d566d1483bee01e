package archive

import "io"

// lzma2Reader decodes LZMA2: chunks of LZMA or of plain bytes, each with its
// two sizes before it.
type lzma2Reader struct {
	lzmaReader
	src   []byte
	pos   int
	ready bool // a chunk has set the properties
}

func newLZMA2(src []byte) *lzma2Reader { return &lzma2Reader{src: src} }

func (r *lzma2Reader) work() int64 { return int64(r.pos) + r.reset }

// Read decodes as much as is asked for.
func (r *lzma2Reader) Read(b []byte) (int, error) {
	for r.err == nil && len(r.out)-r.shown < len(b) {
		if r.left > 0 {
			r.decode(len(b))
			continue
		}
		r.chunk()
	}
	n := copy(b, r.out[r.shown:])
	r.shown += n
	if n == 0 && len(b) > 0 {
		return 0, r.err
	}
	return n, nil
}

// chunk begins the next chunk; a plain one it takes whole.
func (r *lzma2Reader) chunk() {
	c := cursorAt(r.src, uint64(r.pos))
	control := c.u8()
	switch {
	case c.short:
		r.err = io.ErrUnexpectedEOF
	case control == 0:
		r.pos++
		r.err = io.EOF
	case control > 2 && control < 0x80:
		r.err = errLZMA
	case control < 0x80:
		size := uint64(c.u8())<<8 | uint64(c.u8())
		plain := c.take(size + 1)
		if c.short {
			r.err = io.ErrUnexpectedEOF
			return
		}
		if control == 1 {
			r.base = len(r.out)
		}
		r.out = append(grow(r.out, len(plain)), plain...)
		r.pos = len(r.src) - len(c.b)
	default:
		r.packedChunk(control, &c)
	}
}

// packedChunk begins a chunk of LZMA. Bits 5 and 6 tell what is reset before
// it: nothing, the state, that with new properties, or the dictionary too.
func (r *lzma2Reader) packedChunk(control byte, c *cursor) {
	size := int64(control&0x1f)<<16 | int64(c.u8())<<8 | int64(c.u8())
	packed := uint64(c.u8())<<8 | uint64(c.u8())
	what := control >> 5 & 3
	if what >= 2 {
		if b := c.u8(); !r.setProps(b) || r.lc+r.lp > 4 {
			r.err = errLZMA
			return
		}
		r.ready = true
	}
	src := c.take(packed + 1)
	switch {
	case c.short:
		r.err = io.ErrUnexpectedEOF
	case !r.ready:
		r.err = errLZMA
	default:
		if what == 3 {
			r.base = len(r.out)
		}
		if what >= 1 {
			r.resetState()
		}
		r.err = r.in.start(src)
		r.left = size + 1
		r.pos = len(r.src) - len(c.b)
	}
}
