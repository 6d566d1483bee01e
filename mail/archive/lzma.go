package archive

import (
	"errors"
	"io"
)

// The LZMA decoder is ours because those at hand allocate what the sender
// asks for: up to 4 GiB of dictionary, or fresh tables every few bytes. Here
// the output is the dictionary, so memory is what was unpacked, and what a
// reset costs is told as work. The format is that of "LZMA specification.7z"
// in the LZMA SDK.

// worker is a reader that tells how many bytes' worth of work it has done
// beside its output.
type worker interface {
	io.Reader
	work() int64
}

// lzmaLongest is the length of the longest match.
const lzmaLongest = 273

var errLZMA = errors.New("lzma: damaged data")

// lzmaReader decodes LZMA: the stream of a file, or the chunks of LZMA2.
type lzmaReader struct {
	in    rangeDecoder
	out   []byte
	base  int   // where in out the dictionary begins
	shown int   // bytes of out that were read from here
	left  int64 // bytes still to come, -1 until the end mark
	reset int64 // bytes of tables that were reset
	err   error

	lc, lp, pb uint
	state      uint
	reps       [4]uint32
	literal    []uint16
	match      [12 << 4]uint16
	rep        [12]uint16
	repG0      [12]uint16
	repG1      [12]uint16
	repG2      [12]uint16
	rep0Long   [12 << 4]uint16
	slots      [4 << 6]uint16
	special    [128]uint16
	align      [16]uint16
	matchLen   lengthDecoder
	repLen     lengthDecoder
}

// lengthDecoder holds the tables of match lengths.
type lengthDecoder struct {
	choice, choice2 uint16
	low, mid        [16 << 3]uint16
	high            [256]uint16
}

// newLZMA makes a reader of a stream with the five bytes of properties that stand
// before it; size is that of the output, -1 where an end mark tells.
func newLZMA(props, src []byte, size int64) (*lzmaReader, error) {
	r := &lzmaReader{left: size}
	if size < 0 {
		r.left = -1
	}
	if !r.setProps(props[0]) {
		return nil, errors.New("lzma: impossible properties")
	}
	return r, r.in.start(src)
}

// setProps takes the byte (pb*5+lp)*9+lc.
func (r *lzmaReader) setProps(b byte) bool {
	if b >= 9*5*5 {
		return false
	}
	r.lc, r.lp, r.pb = uint(b%9), uint(b/9%5), uint(b/45)
	return true
}

// resetState puts all probabilities to one half.
func (r *lzmaReader) resetState() {
	n := 0x300 << (r.lc + r.lp)
	if len(r.literal) != n {
		r.literal = make([]uint16, n)
	}
	r.reset += int64(2*n) / 16 // setting costs less than decoding
	tables := [][]uint16{
		r.literal, r.match[:], r.rep[:], r.repG0[:], r.repG1[:], r.repG2[:], r.rep0Long[:], r.slots[:], r.special[:], r.align[:],
	}
	for _, t := range tables {
		half(t)
	}
	for _, l := range []*lengthDecoder{&r.matchLen, &r.repLen} {
		l.choice, l.choice2 = probHalf, probHalf
		half(l.low[:])
		half(l.mid[:])
		half(l.high[:])
	}
	r.state, r.reps = 0, [4]uint32{}
}

func half(t []uint16) {
	for i := range t {
		t[i] = probHalf
	}
}

// position is how much the dictionary holds.
func (r *lzmaReader) position() uint { return uint(len(r.out) - r.base) }

func (r *lzmaReader) work() int64 { return int64(r.in.pos) + r.reset }

// Read decodes as much as is asked for.
func (r *lzmaReader) Read(b []byte) (int, error) {
	r.decode(len(b))
	n := copy(b, r.out[r.shown:])
	r.shown += n
	if n > 0 || len(b) == 0 {
		return n, nil
	}
	if r.err == nil {
		r.err = io.EOF
	}
	return 0, r.err
}

// decode goes on until n bytes wait to be read, or no more come.
func (r *lzmaReader) decode(n int) {
	if r.literal == nil { // not before: a reader that nobody reads should cost nothing
		r.resetState()
	}
	r.out = grow(r.out, n+lzmaLongest)
	for r.err == nil && r.left != 0 && len(r.out)-r.shown < n {
		r.symbol()
		if r.in.short {
			r.err = io.ErrUnexpectedEOF
		}
	}
}

// symbol decodes one literal or match.
func (r *lzmaReader) symbol() {
	pos := r.position() & (1<<r.pb - 1)
	if r.in.bit(&r.match[r.state<<4+pos]) == 0 {
		r.putLiteral()
		return
	}
	var length uint32
	if r.in.bit(&r.rep[r.state]) != 0 {
		short := false
		if short = r.repeat(pos); short {
			length = 1
		} else {
			length = r.repLen.decode(&r.in, pos) + 2
			r.state = pick(r.state < 7, 8, 11)
		}
	} else {
		r.reps[3], r.reps[2], r.reps[1] = r.reps[2], r.reps[1], r.reps[0]
		length = r.matchLen.decode(&r.in, pos) + 2
		r.state = pick(r.state < 7, 7, 10)
		r.reps[0] = r.distance(length)
		if r.reps[0] == 0xffffffff {
			r.err = io.EOF // the end mark
			if r.left > 0 {
				r.err = errLZMA
			}
			return
		}
	}
	r.copyMatch(length)
}

func pick(first bool, a, b uint) uint {
	if first {
		return a
	}
	return b
}

// repeat chooses one of the last four distances; true: for a single byte.
func (r *lzmaReader) repeat(pos uint) (short bool) {
	if r.in.bit(&r.repG0[r.state]) == 0 {
		if r.in.bit(&r.rep0Long[r.state<<4+pos]) == 0 {
			r.state = pick(r.state < 7, 9, 11)
			return true
		}
		return false
	}
	var d uint32
	if r.in.bit(&r.repG1[r.state]) == 0 {
		d = r.reps[1]
	} else {
		if r.in.bit(&r.repG2[r.state]) == 0 {
			d = r.reps[2]
		} else {
			d, r.reps[3] = r.reps[3], r.reps[2]
		}
		r.reps[2] = r.reps[1]
	}
	r.reps[1], r.reps[0] = r.reps[0], d
	return false
}

// putLiteral decodes one byte.
func (r *lzmaReader) putLiteral() {
	var before byte
	if r.position() > 0 {
		before = r.out[len(r.out)-1]
	}
	context := (r.position()&(1<<r.lp-1))<<r.lc + uint(before)>>(8-r.lc)
	probs := r.literal[0x300*context:][:0x300]
	symbol := uint32(1)
	if r.state >= 7 {
		if uint64(r.reps[0]) >= uint64(r.position()) {
			r.err = errLZMA
			return
		}
		match := uint32(r.out[len(r.out)-1-int(r.reps[0])])
		for symbol < 0x100 {
			m := match >> 7 & 1
			match <<= 1
			b := r.in.bit(&probs[(1+m)<<8+symbol])
			symbol = symbol<<1 | b
			if m != b {
				break
			}
		}
	}
	for symbol < 0x100 {
		symbol = symbol<<1 | r.in.bit(&probs[symbol])
	}
	r.out = append(r.out, byte(symbol))
	if r.left > 0 {
		r.left--
	}
	switch {
	case r.state < 4:
		r.state = 0
	case r.state < 10:
		r.state -= 3
	default:
		r.state -= 6
	}
}

// distance decodes how far back a match lies.
func (r *lzmaReader) distance(length uint32) uint32 {
	group := min(length-2, 3)
	slot := r.in.tree(r.slots[group<<6:][:64], 6)
	if slot < 4 {
		return slot
	}
	bits := uint(slot>>1 - 1)
	d := (2 | slot&1) << bits
	if slot < 14 {
		return d + r.in.reverse(r.special[d-slot:], bits)
	}
	return d + r.in.direct(bits-4)<<4 + r.in.reverse(r.align[:], 4)
}

// copyMatch repeats bytes that were put out before.
func (r *lzmaReader) copyMatch(length uint32) {
	d := uint64(r.reps[0]) + 1
	if d > uint64(r.position()) || r.left >= 0 && int64(length) > r.left {
		r.err = errLZMA
		return
	}
	from := len(r.out) - int(d)
	for i := range int(length) { // it may reach into itself
		r.out = append(r.out, r.out[from+i])
	}
	if r.left > 0 {
		r.left -= int64(length)
	}
}

func (l *lengthDecoder) decode(in *rangeDecoder, pos uint) uint32 {
	if in.bit(&l.choice) == 0 {
		return in.tree(l.low[pos<<3:][:8], 3)
	}
	if in.bit(&l.choice2) == 0 {
		return 8 + in.tree(l.mid[pos<<3:][:8], 3)
	}
	return 16 + in.tree(l.high[:], 8)
}

// grow makes room for n bytes more. It doubles, so that all the copying of a
// large buffer costs no more than its last size; append grows such ones by a quarter.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(make([]byte, 0, 2*cap(b)+n), b...)
}
