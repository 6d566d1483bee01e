package archive

import (
	"strings"
	"unicode/utf16"
)

// A RAR is read by its headers (technote of RARLAB). Names, sizes and passwords
// stand there in the clear; content is looked at where it is stored, not packed: the packed form is
// undocumented, and up to version 4 it holds programs for a virtual machine.

// rarFile is what both versions tell of a file.
type rarFile struct {
	names     []string
	link      string
	size      int64
	dir       bool
	encrypted bool
	stored    bool
	split     bool // begins or goes on in another volume
	content   []byte
}

// readRAR reads a RAR of either version.
func readRAR(p *place, data []byte) {
	if strings.HasPrefix(string(data[:min(len(data), 8)]), rarMagic+"\x01\x00") {
		readRAR5(p, data[8:])
		return
	}
	readRAR4(p, data[min(len(data), 7):])
}

// rarFile shows a file; false ends the archive.
func (p *place) rarFile(f rarFile) bool {
	e := inside(p.path, f.names)
	e.Size, e.Dir, e.Link, e.Encrypted = f.size, f.dir, shorten(f.link, maxName), f.encrypted
	var c *content
	switch {
	case f.encrypted:
		p.find(e.Path, Encrypted, "the content")
	case f.dir || f.size == 0:
	case f.stored && !f.split:
		c = memory(f.content)
	default:
		p.found(Unread, "packed RAR content")
	}
	return p.visit(e, c, nil)
}

// The blocks of version 4, and their flags.
const (
	rar4Main    = 0x73
	rar4File    = 0x74
	rar4Service = 0x7a
	rar4End     = 0x7b

	rar4MainEncrypted = 0x0080 // all further headers are
	rar4FileSplit     = 0x0003
	rar4FileEncrypted = 0x0004
	rar4FileDir       = 0x00e0
	rar4FileLarge     = 0x0100
	rar4FileUnicode   = 0x0200
	rar4Long          = 0x8000 // content follows the header
)

// readRAR4 reads the blocks of versions 2.9 to 4.
func readRAR4(p *place, data []byte) {
	for len(data) > 0 && p.paid(1) {
		c := cursor{b: data}
		c.take(2)
		kind, flags, size := c.u8(), c.u16(), uint64(c.u16())
		if c.short || size < 7 || size > uint64(len(data)) {
			p.broken("a RAR header")
			return
		}
		h := cursor{b: data[7:size]}
		var length uint64
		if flags&rar4Long != 0 || kind == rar4File || kind == rar4Service {
			length = uint64(h.u32())
		}
		var f rarFile
		if kind == rar4File || kind == rar4Service {
			f = rar4Header(&h, flags, &length)
			if h.short {
				p.broken("a RAR file header")
				return
			}
		}
		rest := data[size:]
		f.content = rest[:min(length, uint64(len(rest)))]
		if uint64(len(f.content)) < length {
			p.broken("content ends early")
		}
		data = rest[len(f.content):]
		switch {
		case kind == rar4Main && flags&rar4MainEncrypted != 0:
			p.found(Encrypted, "the names too")
			return
		case kind == rar4File && !p.rarFile(f), kind == rar4End:
			return
		}
	}
}

// rar4Header reads a file header after the size of the content.
func rar4Header(h *cursor, flags uint16, length *uint64) rarFile {
	size := uint64(h.u32())
	system := h.u8()
	h.take(8)
	h.u8()
	method := h.u8()
	nameLen := uint64(h.u16())
	mode := h.u32()
	if flags&rar4FileLarge != 0 {
		*length |= uint64(h.u32()) << 32
		size |= uint64(h.u32()) << 32
	}
	name := h.take(nameLen)
	f := rarFile{
		size: int64(min(size, 1<<62)), stored: method == 0x30, split: flags&rar4FileSplit != 0,
		dir: flags&rar4FileDir == rar4FileDir, encrypted: flags&rar4FileEncrypted != 0,
	}
	plain := untilNUL(name)
	if flags&rar4FileUnicode != 0 && len(plain)+1 < len(name) {
		f.names = candidates(rar4Name(plain, name[len(plain)+1:]), plain)
	} else {
		f.names = candidates(string(name))
	}
	if system == 3 && mode&0xf000 == 0xa000 {
		f.link = "?" // the target is the content
	}
	return f
}

// rar4Name decodes a name that is told as differences to its plain form.
func rar4Name(plain string, enc []byte) string {
	c := cursor{b: enc}
	high := uint16(c.u8()) << 8
	var out []uint16
	var flags uint8
	for bits := 0; len(c.b) > 0 && len(out) < maxName; bits = (bits + 1) % 4 {
		if bits == 0 {
			flags = c.u8()
		}
		switch flags >> 6 {
		case 0:
			out = append(out, uint16(c.u8()))
		case 1:
			out = append(out, high|uint16(c.u8()))
		case 2:
			out = append(out, c.u16())
		case 3:
			n := c.u8()
			var add uint8
			var page uint16
			if n&0x80 != 0 {
				add, page = c.u8(), high
			}
			for i := 0; i < int(n&0x7f)+2 && len(out) < len(plain); i++ {
				out = append(out, page|uint16(plain[len(out)]+add))
			}
		}
		flags <<= 2
	}
	return string(utf16.Decode(out))
}
