package learn

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"

	"github.com/postern-mail/postern/learn/linear"
	"github.com/postern-mail/postern/learn/tokens"
)

// A sample is a message's tokens in few bytes. Tokens that Bayes counts are kept
// whole. Of the others, which only the linear model reads, it is enough to keep what the model
// distinguishes: their group and the upper bits of the hash. Either part is sorted,
// and the gaps are written in Rice's code: as hashes are spread evenly, that
// is near to the least that is possible.
//
//	version 1
//	domain                                        length as one byte, text
//	number of counted tokens, of the others       uvarint each
//	gaps of the counted, of the others            bits, each part to a full byte
const sampleVersion = 1

// maxSampleTokens bounds what a sample may claim to hold.
const maxSampleTokens = 1 << 15

// shortBits is the size of a shortened token: the bit that tells pairs from runs
// above those of the weight's index.
const shortBits = 1 + linear.Bits

// errSample says that a sample is not what pack wrote.
var errSample = errors.New("learn: sample is damaged")

// pack makes a sample of a domain's message.
func pack(domain string, list []uint64) []byte {
	domain = domain[:min(len(domain), 255)]
	var whole, short []uint64
	for _, t := range list {
		if Counted(t) {
			whole = append(whole, t)
		} else {
			short = append(short, shorten(t))
		}
	}
	out := append([]byte{sampleVersion, byte(len(domain))}, domain...)
	out = binary.AppendUvarint(out, uint64(len(whole)))
	out = binary.AppendUvarint(out, uint64(len(short)))
	return appendGaps(appendGaps(out, whole, 64), short, shortBits)
}

func shorten(t uint64) uint64 {
	s := t >> (64 - linear.Bits)
	if tokens.GroupOf(t) == tokens.Gram {
		s |= 1 << linear.Bits
	}
	return s
}

// lengthen gives a token that the linear model takes for the one that was shortened.
func lengthen(s uint64) uint64 {
	g := tokens.Pair
	if s>>linear.Bits != 0 {
		g = tokens.Gram
	}
	return s<<(64-linear.Bits) | uint64(g)
}

// unpack gives the domain and the tokens of a sample, those that are counted first, sorted.
func unpack(sample []byte) (domain string, list []uint64, err error) {
	if len(sample) < 2 || sample[0] != sampleVersion || len(sample) < 2+int(sample[1]) {
		return "", nil, errSample
	}
	domain, rest := string(sample[2:2+int(sample[1])]), sample[2+int(sample[1]):]
	whole, a := binary.Uvarint(rest)
	if a <= 0 {
		return "", nil, errSample
	}
	short, b := binary.Uvarint(rest[a:])
	if b <= 0 || whole > maxSampleTokens || short > maxSampleTokens {
		return "", nil, errSample
	}
	list, rest, ok := readGaps(make([]uint64, 0, whole+short), rest[a+b:], int(whole), 64)
	if ok {
		list, _, ok = readGaps(list, rest, int(short), shortBits)
	}
	if !ok {
		return "", nil, errSample
	}
	for i := int(whole); i < len(list); i++ {
		list[i] = lengthen(list[i])
	}
	return domain, list, nil
}

// lowBits is how many bits of a gap are written as they are, when n numbers are spread
// over so many bits.
func lowBits(n int, universe int) int { return max(universe-bits.Len(uint(n)), 0) }

// appendGaps sorts numbers and appends their gaps: what is above the low bits
// as so many ones and a zero, then the low bits.
func appendGaps(out []byte, list []uint64, universe int) []byte {
	list = sorted(list, universe)
	low := lowBits(len(list), universe)
	w := bitWriter{out: out}
	last := uint64(0)
	for _, n := range list {
		gap := n - last
		high := gap >> low
		for ; high >= 16; high -= 16 {
			w.write(1<<16-1, 16)
		}
		w.write(1<<high-1, int(high)+1)
		w.write(gap, low)
		last = n
	}
	return w.end()
}

// sorted sorts numbers that are spread evenly over so many bits: each goes near to its place at once.
func sorted(list []uint64, universe int) []uint64 {
	shift := universe - bits.Len(uint(len(list)))
	if shift < 0 {
		slices.Sort(list)
		return list
	}
	ends := make([]int32, 1<<bits.Len(uint(len(list)))+1)
	for _, n := range list {
		ends[n>>shift+1]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	out := make([]uint64, len(list))
	for _, n := range list {
		out[ends[n>>shift]] = n
		ends[n>>shift]++
	}
	start := int32(0)
	for _, end := range ends[:len(ends)-1] { // each is now where its bucket ends
		if end-start > 1 {
			slices.Sort(out[start:end])
		}
		start = end
	}
	return out
}

// readGaps reads n numbers. It gives what comes after them.
func readGaps(out []uint64, in []byte, n, universe int) (list []uint64, rest []byte, ok bool) {
	low := lowBits(n, universe)
	r := bitReader{in: in}
	last := uint64(0)
	for range n {
		high := r.ones()
		if r.over {
			return nil, nil, false
		}
		last += high<<low | r.read(low)
		if universe < 64 && last>>universe != 0 {
			return nil, nil, false
		}
		out = append(out, last)
	}
	return out, in[r.pos-r.have/8:], !r.over
}

// bitWriter appends bits, the lowest first.
type bitWriter struct {
	out  []byte
	acc  uint64
	have int // bits in acc, less than 8 between writes
}

func (w *bitWriter) write(v uint64, n int) {
	if n > 32 {
		w.write(v&(1<<32-1), 32)
		v, n = v>>32, n-32
	}
	w.acc |= v & (1<<n - 1) << w.have
	for w.have += n; w.have >= 8; w.have -= 8 {
		w.out = append(w.out, byte(w.acc))
		w.acc >>= 8
	}
}

func (w *bitWriter) end() []byte {
	if w.have > 0 {
		w.out = append(w.out, byte(w.acc))
	}
	return w.out
}

// bitReader reads what bitWriter wrote. Beyond the end it reads zeros.
type bitReader struct {
	in   []byte
	pos  int    // bytes taken from in
	acc  uint64 // read from them and not yet given out
	have int    // bits in acc
	over bool
}

// fill takes as many bytes as have room.
func (r *bitReader) fill() {
	for r.have <= 56 && r.pos < len(r.in) {
		r.acc |= uint64(r.in[r.pos]) << r.have
		r.pos++
		r.have += 8
	}
}

// ones reads ones up to a zero, and counts them.
func (r *bitReader) ones() (n uint64) {
	for {
		if r.fill(); r.have == 0 {
			r.over = true
			return 0
		}
		some := min(bits.TrailingZeros64(^r.acc), r.have)
		n += uint64(some)
		if some < r.have {
			r.drop(some + 1)
			return n
		}
		r.drop(some)
	}
}

func (r *bitReader) drop(n int) {
	r.acc >>= n
	r.have -= n
}

func (r *bitReader) read(n int) uint64 {
	if n > 32 {
		v := r.read(32)
		return v | r.read(n-32)<<32
	}
	if r.fill(); r.have < n {
		r.over = true
		return 0
	}
	v := r.acc & (1<<n - 1)
	r.drop(n)
	return v
}
