package archive

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// The sizes of the fixed parts of the records.
const (
	zipLocalSize   = 30
	zipCentralSize = 46
	zipEndSize     = 22
	zipTail        = zipEndSize + 1<<16 // the end record and the longest comment
	zipMaxEnds     = 4                  // end records that are followed
)

// zipDirectory is a central directory as an end record tells it.
type zipDirectory struct {
	start int // of the directory, in the data
	base  int // what offsets count from: the size of what stands before the archive
	at    int // of the end record
	end   int // of that and its comment
	count uint64
}

// zipEnds finds the end records from the last on, those with a directory to
// show for it.
func zipEnds(data []byte) []zipDirectory {
	var ends []zipDirectory
	tail := max(0, len(data)-zipTail)
	for to := len(data); len(ends) < zipMaxEnds; {
		i := bytes.LastIndex(data[tail:to], []byte(zipEnd))
		if i < 0 {
			break
		}
		to = tail + i
		if d, ok := zipEndAt(data, to); ok {
			ends = append(ends, d)
		}
	}
	return ends
}

// zipEndAt reads the end record at an offset (APPNOTE.TXT 4.3.16), and that of
// ZIP64 before it (4.3.14, 4.3.15).
func zipEndAt(data []byte, at int) (zipDirectory, bool) {
	if at+zipEndSize > len(data) {
		return zipDirectory{}, false
	}
	c := cursor{b: data[at+4:]}
	c.take(6)
	count, size, offset := uint64(c.u16()), uint64(c.u32()), uint64(c.u32())
	end := at + zipEndSize + int(c.u16())
	before := at // what the directory ends at
	if l := at - 20; l >= 0 && string(data[l:l+4]) == "PK\x06\x07" {
		record := l - 56
		if told := binary.LittleEndian.Uint64(data[l+8:]); record < 0 || string(data[record:record+4]) != "PK\x06\x06" {
			record = int(min(told, uint64(len(data))))
		}
		if record+56 <= len(data) && string(data[record:record+4]) == "PK\x06\x06" {
			r := cursor{b: data[record+32:]}
			count, size, offset = r.u64(), r.u64(), r.u64()
			before = record
		}
	}
	d := zipDirectory{at: at, end: end, count: count}
	if count == 0 && size == 0 {
		d.start = before
		return d, true
	}
	// Most readers count back from the end record; some trust the offset.
	if size <= uint64(before) && zipSigned(data, before-int(size), zipCentral) {
		d.start = before - int(size)
		if offset <= uint64(d.start) {
			d.base = d.start - int(offset)
		}
		return d, true
	}
	if offset < uint64(len(data)) && zipSigned(data, int(offset), zipCentral) {
		d.start = int(offset)
		return d, true
	}
	return d, false
}

func zipSigned(data []byte, at int, signature string) bool {
	return at >= 0 && at+4 <= len(data) && string(data[at:at+4]) == signature
}

// zipStart finds a ZIP by its end and tells where its first entry begins; exact: only one whose
// end is the data's end.
func zipStart(data []byte, exact bool) (start int, ok bool) {
	for _, d := range zipEnds(data) {
		if d.count == 0 || exact && d.end != len(data) {
			continue
		}
		c := cursorAt(data, uint64(d.start)+42)
		first := uint64(d.base) + uint64(c.u32())
		if first > uint64(d.start) {
			first = uint64(d.base)
		}
		return int(first), true
	}
	return 0, false
}

// directory reads a central directory (APPNOTE.TXT 4.3.12).
func (z *zipReader) directory(d zipDirectory, second bool) {
	if second {
		z.found(Polyglot, "more than one central directory")
	}
	var count uint64
	c := cursorAt(z.data[:d.at], uint64(d.start))
	for bytes.HasPrefix(c.b, []byte(zipCentral)) {
		f, ok := z.central(&c, d.base)
		if !ok {
			z.broken("the central directory ends early")
			return
		}
		if count++; !z.add(f) {
			return
		}
	}
	if count != d.count && count != d.count&0xffff {
		z.broken("%d entries in the directory, %d announced", count, d.count)
	}
	if !second && d.end < len(z.data) && len(bytes.Trim(z.data[d.end:], "\x00\r\n ")) > 0 {
		z.broken("%d bytes after the end record", len(z.data)-d.end)
	}
}

// central reads one record of the central directory.
func (z *zipReader) central(c *cursor, base int) (zipFile, bool) {
	c.take(4)
	system := c.u16() >> 8
	c.take(2)
	flags, method := c.u16(), c.u16()
	c.take(8)
	packed, size := uint64(c.u32()), uint64(c.u32())
	nameLen, extraLen, commentLen := uint64(c.u16()), uint64(c.u16()), uint64(c.u16())
	c.take(4)
	mode := c.u32() >> 16
	offset := uint64(c.u32())
	name, extra := c.take(nameLen), c.take(extraLen)
	c.take(commentLen)
	if c.short {
		return zipFile{}, false
	}
	x := readExtra(extra, name, &size, &packed, &offset)
	f := zipFile{method: method, size: int64(min(size, 1<<62)), start: -1, encrypted: flags&1 != 0 || x.aes}
	// Made on Unix or macOS, the upper half holds the mode: 0120000 is a link.
	f.link = (system == 3 || system == 19) && mode&0xf000 == 0xa000
	var local []byte
	if h, ok := z.localAt(offset, base); ok {
		local = h.name
		f.start, f.encrypted = h.start, f.encrypted || h.encrypted
		f.end = h.content + int(min(packed, uint64(len(z.data)-h.content)))
		f.content = z.data[h.content:f.end]
		if uint64(len(f.content)) < packed {
			z.broken("%s ends early", quote(string(name)))
		}
		if h.method != method {
			z.found(Name, "%s is packed by method %d or %d", quote(string(name)), method, h.method)
		}
	} else {
		z.broken("%s has no local header", quote(string(name)))
	}
	f.encrypted = f.encrypted || method == zipAES
	f.names = z.names(name, local, x.name)
	return f, true
}

// zipExtra is what the extra fields tell.
type zipExtra struct {
	name []byte // of the Unicode path field
	aes  bool
}

// readExtra reads the extra fields (APPNOTE.TXT 4.5): ZIP64 sizes (4.5.3), the
// Unicode path (4.6.9) and WinZip's AES.
func readExtra(extra, name []byte, sizes ...*uint64) zipExtra {
	var x zipExtra
	for c := (cursor{b: extra}); len(c.b) >= 4; {
		id := c.u16()
		field := cursor{b: c.take(uint64(c.u16()))}
		switch id {
		case 0x0001:
			for _, s := range sizes {
				if *s == 0xffffffff {
					*s = field.u64()
				}
			}
		case 0x7075:
			// It holds the checksum of the name it replaces, and counts only while that fits.
			if field.u8() == 1 && field.u32() == crc32.ChecksumIEEE(name) {
				x.name = field.b
			}
		case 0x9901:
			x.aes = true
		}
	}
	return x
}
