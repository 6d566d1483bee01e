package archive

import "encoding/binary"

// cursor reads little-endian records from bytes. Past the end it gives
// zeros and notes that it went there.
type cursor struct {
	b     []byte
	short bool
}

// take gives the next n bytes, nil where there are not so many.
func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.short, c.b = true, nil
		return nil
	}
	t := c.b[:n:n]
	c.b = c.b[n:]
	return t
}

func (c *cursor) u8() uint8 {
	if t := c.take(1); t != nil {
		return t[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if t := c.take(2); t != nil {
		return binary.LittleEndian.Uint16(t)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if t := c.take(4); t != nil {
		return binary.LittleEndian.Uint32(t)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if t := c.take(8); t != nil {
		return binary.LittleEndian.Uint64(t)
	}
	return 0
}

// varint reads a number of 7 bits a byte, lowest first, as RAR 5 and XZ have it.
func (c *cursor) varint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b := c.u8()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	c.short = true
	return 0
}

// text reads bytes up to a NUL, which it drops.
func (c *cursor) text() string {
	for i, b := range c.b {
		if b == 0 {
			s := string(c.b[:i])
			c.b = c.b[i+1:]
			return s
		}
	}
	c.short, c.b = true, nil
	return ""
}

// cursorAt gives a cursor on b from an offset on; one that is out of range reads as
// short.
func cursorAt(b []byte, off uint64) cursor {
	if off > uint64(len(b)) {
		return cursor{short: true}
	}
	return cursor{b: b[off:]}
}
