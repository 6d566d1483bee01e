package archive

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// zipHeader is a local header (APPNOTE.TXT 4.3.7).
type zipHeader struct {
	name      []byte
	unicode   []byte
	flags     uint16
	method    uint16
	encrypted bool
	size      uint64
	packed    uint64
	start     int // of the header
	content   int // where the content begins
}

// localAt reads the local header to which a directory points: counted from the
// archive's first byte, or from the data's.
func (z *zipReader) localAt(offset uint64, base int) (zipHeader, bool) {
	if offset > uint64(len(z.data)) {
		return zipHeader{}, false
	}
	if h, ok := z.local(int(offset) + base); ok {
		return h, true
	}
	return z.local(int(offset))
}

// local reads the local header at an offset.
func (z *zipReader) local(start int) (zipHeader, bool) {
	if !zipSigned(z.data, start, zipLocal) || start+zipLocalSize > len(z.data) {
		return zipHeader{}, false
	}
	h := zipHeader{start: start}
	c := cursor{b: z.data[start+6:]}
	h.flags, h.method = c.u16(), c.u16()
	c.take(8)
	h.packed, h.size = uint64(c.u32()), uint64(c.u32())
	nameLen, extraLen := uint64(c.u16()), uint64(c.u16())
	h.name = c.take(nameLen)
	extra := c.take(extraLen)
	// Many records may point here, so a long extra field is paid for.
	if c.short || !z.paid(int64(len(extra))>>12) {
		return zipHeader{}, false
	}
	x := readExtra(extra, h.name, &h.size, &h.packed)
	h.unicode = x.name
	h.encrypted = h.flags&1 != 0 || x.aes || h.method == zipAES
	h.content = len(z.data) - len(c.b)
	return h, true
}

// scan looks for local headers that no directory told of, where no told
// content lies. listed: there is a directory, so that each of these is a thing
// that only some readers see.
func (z *zipReader) scan(listed bool) {
	told := slices.DeleteFunc(slices.Clone(z.files), func(f zipFile) bool { return f.start < 0 })
	slices.SortFunc(told, func(a, b zipFile) int { return cmp.Compare(a.start, b.start) })
	from := 0
	for _, f := range told {
		if f.start > from {
			z.scanGap(from, f.start, listed)
		}
		from = max(from, f.end)
	}
	z.scanGap(from, len(z.data), listed)
}

// scanGap looks for local headers between two offsets.
func (z *zipReader) scanGap(from, to int, listed bool) {
	for !z.full && from < to {
		i := bytes.Index(z.data[from:to], []byte(zipLocal))
		if i < 0 || !z.paid(1) {
			return
		}
		from += i + 4
		h, ok := z.local(from - 4)
		if !ok || h.content > to || !plausible(h) {
			continue
		}
		f := z.hidden(h, to)
		if listed {
			z.found(Name, "%s is in no directory", quote(f.names[0]))
		}
		if !z.add(f) {
			return
		}
		from = max(from, f.end)
	}
}

// plausible tells a header from four bytes that happen to look like one.
func plausible(h zipHeader) bool {
	return (h.method <= 20 || h.method >= 93 && h.method <= zipAES) && len(h.name) > 0 && h.name[0] >= ' '
}

// hidden makes an entry of a header alone. The content reaches to the next
// record where the size stands after it (bit 3), or is a lie.
func (z *zipReader) hidden(h zipHeader, to int) zipFile {
	f := zipFile{
		names: z.names(h.name, nil, h.unicode), method: h.method, encrypted: h.encrypted,
		size: int64(min(h.size, 1<<62)), start: h.start, end: h.content,
	}
	end := to
	if h.packed > 0 && h.packed <= uint64(to-h.content) {
		end = h.content + int(h.packed)
		if rest := z.data[end:to]; len(rest) < 2 || string(rest[:2]) == "PK" {
			f.end = end // it is true, so what lies within is content
		}
	}
	if h.flags&8 != 0 && h.packed == 0 {
		f.size = -1
		if h.method == zipStored {
			end = h.content
			if z.paid(int64(to-h.content) >> 16) {
				end = zipDescriptor(z.data, h.content, to)
			}
		}
	}
	f.content = z.data[h.content:end]
	return f
}

// zipDescriptor finds the end of stored content whose size follows it
// (APPNOTE.TXT 4.3.9): the descriptor that tells just that size.
func zipDescriptor(data []byte, from, to int) int {
	for i := from; i < to; {
		j := bytes.Index(data[i:to], []byte("PK\x07\x08"))
		if j < 0 {
			break
		}
		i += j
		if i+12 <= to && uint64(binary.LittleEndian.Uint32(data[i+8:])) == uint64(i-from) {
			return i
		}
		i += 4
	}
	return to
}
