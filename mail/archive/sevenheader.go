package archive

import "slices"

// The methods that are known.
const (
	sevenCopy    = 0x00
	sevenLZMA2   = 0x21
	sevenLZMA    = 0x030101
	sevenDeflate = 0x040108
	sevenBzip2   = 0x040202
	sevenAES     = 0x06f10701
)

// sevenFilters change program code in place: Delta, BCJ for the processors.
var sevenFilters = map[uint64]bool{
	0x03: true, 0x04: true, 0x05: true, 0x06: true, 0x07: true, 0x08: true, 0x09: true, 0x0a: true, 0x0b: true,
	0x03030103: true, 0x03030205: true, 0x03030401: true, 0x03030501: true, 0x03030701: true, 0x03030805: true,
}

// sevenStreams is where the content lies and how it is packed.
type sevenStreams struct{ folders []sevenFolder }

// sevenFolder is a group of files packed together.
type sevenFolder struct {
	coders  []sevenCoder
	streams int      // packed streams it reads
	outs    int      // unpacked streams its coders make
	offset  uint64   // of the first packed stream
	packed  uint64   // bytes of that
	size    uint64   // bytes unpacked
	parts   []uint64 // sizes of the files
	bound   []uint64 // unpacked streams that another coder reads
	summed  bool     // its checksum is told
}

type sevenCoder struct {
	method uint64
	props  []byte
}

// sevenHeader reads a header. Every count is checked against the bytes that are
// left before anything is made of it.
type sevenHeader struct{ cursor }

// number reads a number whose first byte tells by its leading ones how many
// bytes follow.
func (h *sevenHeader) number() uint64 {
	first := h.u8()
	mask := byte(0x80)
	var v uint64
	for i := range 8 {
		if first&mask == 0 {
			return v | uint64(first&(mask-1))<<(8*i)
		}
		v |= uint64(h.u8()) << (8 * i)
		mask >>= 1
	}
	return v
}

// sevenCoders is how many streams a folder's coders make, at most; 7-Zip takes 32.
const sevenCoders = 32

// sevenMax is how many of anything a header may count: some structures are
// larger here than there.
const sevenMax = 1 << 17

// count reads a number of things of which each takes bytes of the header.
func (h *sevenHeader) count() int {
	n := h.number()
	if n > uint64(len(h.b)) || n > sevenMax {
		h.short, h.b = true, nil
		return 0
	}
	return int(n)
}

// expect reads a mark.
func (h *sevenHeader) expect(mark byte) {
	if h.u8() != mark {
		h.short, h.b = true, nil
	}
}

// bits reads n bits, the highest first.
func (h *sevenHeader) bits(n int) []bool {
	b := h.take(uint64(n+7) / 8)
	v := make([]bool, n)
	for i := range v {
		v[i] = b != nil && b[i/8]&(0x80>>(i%8)) != 0
	}
	return v
}

// digests reads over the checksums of n things, and tells which have one.
func (h *sevenHeader) digests(n int) []bool {
	var told []bool
	if h.u8() != 0 {
		told = slices.Repeat([]bool{true}, n)
	} else {
		told = h.bits(n)
	}
	for _, b := range told {
		if b {
			h.take(4)
		}
	}
	return told
}

// archive reads a header that is not packed.
func (h *sevenHeader) archive() (s sevenStreams, files []sevenFile) {
	for !h.short {
		switch h.u8() {
		case 0x00:
			return s, files
		case 0x02: // archive properties
			for id := h.u8(); id != 0 && !h.short; id = h.u8() {
				h.take(h.number())
			}
		case 0x03: // additional streams, which hold nothing of ours
			h.streams()
		case 0x04:
			s = h.streams()
		case 0x05:
			files = h.files()
		default:
			h.short = true
		}
	}
	return s, files
}

// streams reads where content lies.
func (h *sevenHeader) streams() (s sevenStreams) {
	var offset uint64
	var sizes []uint64
	for !h.short {
		switch h.u8() {
		case 0x00:
			s.place(offset, sizes)
			return s
		case 0x06:
			offset, sizes = h.packInfo()
		case 0x07:
			s.folders = h.folders()
		case 0x08:
			h.parts(s.folders)
		default:
			h.short = true
		}
	}
	return s
}

// place tells each folder where its streams lie.
func (s sevenStreams) place(offset uint64, sizes []uint64) {
	for i := range s.folders {
		f := &s.folders[i]
		f.offset = offset
		for k := range min(f.streams, len(sizes)) {
			if k == 0 {
				f.packed = sizes[0]
			}
			offset += sizes[k]
		}
		sizes = sizes[min(f.streams, len(sizes)):]
		if f.parts == nil {
			f.parts = []uint64{f.size}
		}
	}
}

// packInfo reads the sizes of the packed streams.
func (h *sevenHeader) packInfo() (offset uint64, sizes []uint64) {
	offset = h.number()
	n := h.count()
	for !h.short {
		switch h.u8() {
		case 0x00:
			return offset, sizes
		case 0x09:
			for i := 0; i < n && !h.short; i++ {
				sizes = append(sizes, h.number())
			}
		case 0x0a:
			h.digests(n)
		default:
			h.short = true
		}
	}
	return offset, sizes
}

// files reads the names and what sort of file each is.
func (h *sevenHeader) files() []sevenFile {
	n := h.count()
	files := make([]sevenFile, n)
	var empty []int
	for !h.short {
		id := h.number()
		if id == 0 {
			return files
		}
		p := sevenHeader{cursor{b: h.take(h.number())}}
		switch id {
		case 0x0e:
			for i, b := range p.bits(n) {
				if files[i].empty, files[i].dir = b, b; b {
					empty = append(empty, i)
				}
			}
		case 0x0f: // which of those are files after all
			for k, b := range p.bits(len(empty)) {
				files[empty[k]].dir = !b
			}
		case 0x11:
			p.names(files)
		}
		h.short = h.short || p.short
	}
	return files
}

// names reads the names, UTF-16 with a NUL after each.
func (h *sevenHeader) names(files []sevenFile) {
	h.expect(0)
	for i := range files {
		end := 0
		for end+1 < len(h.b) && (h.b[end] != 0 || h.b[end+1] != 0) {
			end += 2
		}
		files[i].name = decodeUTF16(h.take(uint64(end)))
		h.take(2)
	}
}
