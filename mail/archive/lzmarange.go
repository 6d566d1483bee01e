package archive

import "io"

// probHalf is the probability of one half, in units of 1/2048.
const probHalf = 1024

// rangeDecoder turns bytes into bits of known probability.
type rangeDecoder struct {
	src   []byte
	pos   int
	rng   uint32
	code  uint32
	short bool // it was asked for more bytes than there are
}

// start takes the first five bytes of a stream.
func (d *rangeDecoder) start(src []byte) error {
	*d = rangeDecoder{src: src, rng: 0xffffffff}
	if len(src) < 5 {
		return io.ErrUnexpectedEOF
	}
	if src[0] != 0 {
		return errLZMA
	}
	for _, b := range src[1:5] {
		d.code = d.code<<8 | uint32(b)
	}
	d.pos = 5
	return nil
}

func (d *rangeDecoder) normalize() {
	if d.rng >= 1<<24 {
		return
	}
	d.rng <<= 8
	d.code <<= 8
	if d.pos < len(d.src) {
		d.code |= uint32(d.src[d.pos])
		d.pos++
	} else {
		d.short = true
	}
}

// bit decodes a bit and moves its probability.
func (d *rangeDecoder) bit(p *uint16) uint32 {
	bound := d.rng >> 11 * uint32(*p)
	var b uint32
	if d.code < bound {
		d.rng = bound
		*p += (2048 - *p) >> 5
	} else {
		d.rng -= bound
		d.code -= bound
		*p -= *p >> 5
		b = 1
	}
	d.normalize()
	return b
}

// direct decodes bits of probability one half.
func (d *rangeDecoder) direct(n uint) uint32 {
	var v uint32
	for range n {
		d.rng >>= 1
		v <<= 1
		if d.code >= d.rng {
			d.code -= d.rng
			v |= 1
		}
		d.normalize()
	}
	return v
}

// tree decodes n bits, the highest first.
func (d *rangeDecoder) tree(probs []uint16, n uint) uint32 {
	m := uint32(1)
	for range n {
		m = m<<1 | d.bit(&probs[m])
	}
	return m - 1<<n
}

// reverse decodes n bits, the lowest first.
func (d *rangeDecoder) reverse(probs []uint16, n uint) uint32 {
	m, v := uint32(1), uint32(0)
	for i := range n {
		b := d.bit(&probs[m])
		m = m<<1 | b
		v |= b << i
	}
	return v
}
