package archive

// The blocks of version 5, and their flags.
const (
	rar5Main       = 1
	rar5File       = 2
	rar5Encryption = 4
	rar5End        = 5

	rar5Extra = 0x1 // of any block: an extra area, content
	rar5Data  = 0x2
	rar5Split = 0x18

	rar5Dir     = 0x1 // of a file
	rar5Time    = 0x2
	rar5Sum     = 0x4
	rar5Unknown = 0x8 // size not known

	rar5ExtraEncryption = 1 // records of a file's extra area
	rar5ExtraLink       = 5
)

// readRAR5 reads the blocks after the signature ("RAR 5.0 archive format").
func readRAR5(p *place, data []byte) {
	for len(data) > 0 && p.paid(1) {
		c := cursor{b: data}
		c.u32()
		h := cursor{b: c.take(c.varint())}
		kind, flags := h.varint(), h.varint()
		var extraSize, length uint64
		if flags&rar5Extra != 0 {
			extraSize = h.varint()
		}
		if flags&rar5Data != 0 {
			length = h.varint()
		}
		if c.short || h.short || extraSize > uint64(len(h.b)) {
			p.broken("a RAR header")
			return
		}
		extra := h.b[uint64(len(h.b))-extraSize:]
		h.b = h.b[:uint64(len(h.b))-extraSize]
		content := c.b[:min(length, uint64(len(c.b)))]
		if uint64(len(content)) < length {
			p.broken("content ends early")
		}
		data = c.b[len(content):]
		switch kind {
		case rar5Encryption:
			p.found(Encrypted, "the names too")
			return
		case rar5File:
			f := rar5Header(&h, extra)
			f.content, f.split = content, flags&rar5Split != 0
			if h.short {
				p.broken("a RAR file header")
				return
			}
			if !p.rarFile(f) {
				return
			}
		case rar5End:
			return
		}
	}
}

// rar5Header reads a file header after the fields of all blocks.
func rar5Header(h *cursor, extra []byte) rarFile {
	flags, size := h.varint(), h.varint()
	h.varint() // attributes
	if flags&rar5Time != 0 {
		h.u32()
	}
	if flags&rar5Sum != 0 {
		h.u32()
	}
	method := h.varint() >> 7 & 7
	h.varint() // system
	name := h.take(h.varint())
	f := rarFile{names: candidates(string(name)), size: int64(min(size, 1<<62)), dir: flags&rar5Dir != 0, stored: method == 0}
	if flags&rar5Unknown != 0 {
		f.size = -1
	}
	for x := (cursor{b: extra}); len(x.b) > 0 && !x.short; {
		record := cursor{b: x.take(x.varint())}
		switch record.varint() {
		case rar5ExtraEncryption:
			f.encrypted = true
		case rar5ExtraLink:
			record.varint() // what sort of link
			record.varint() // flags
			f.link = string(record.take(record.varint()))
		}
	}
	return f
}
