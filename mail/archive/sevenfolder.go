package archive

import "slices"

// folders reads the coders of each folder.
func (h *sevenHeader) folders() []sevenFolder {
	h.expect(0x0b)
	n := h.count()
	h.expect(0) // not in an additional stream
	var folders []sevenFolder
	for i := 0; i < n && !h.short; i++ {
		folders = append(folders, h.folder())
	}
	h.expect(0x0c)
	for i := range folders {
		f := &folders[i]
		for k := 0; k < f.outs && !h.short; k++ {
			// The last one that no other coder reads is what comes out.
			if size := h.number(); !slices.Contains(f.bound, uint64(k)) {
				f.size = size
			}
		}
	}
	for !h.short {
		switch h.u8() {
		case 0x00:
			return folders
		case 0x0a:
			for i, b := range h.digests(len(folders)) {
				folders[i].summed = b
			}
		default:
			h.short = true
		}
	}
	return folders
}

// folder reads one folder's coders and how they are bound.
func (h *sevenHeader) folder() sevenFolder {
	var f sevenFolder
	ins := 0
	for n := min(h.count(), sevenCoders+1); n > 0 && !h.short; n-- {
		flags := h.u8()
		var c sevenCoder
		for _, b := range h.take(uint64(flags & 0x0f)) {
			c.method = c.method<<8 | uint64(b)
		}
		in, out := 1, 1
		if flags&0x10 != 0 {
			in, out = h.count(), h.count()
		}
		if flags&0x20 != 0 {
			c.props = h.take(h.number())
		}
		ins, f.outs = ins+in, f.outs+out
		f.coders = append(f.coders, c)
	}
	for i := 1; i < f.outs && i < sevenCoders && !h.short; i++ {
		h.number()
		f.bound = append(f.bound, h.number())
	}
	f.streams = ins - max(f.outs-1, 0)
	if f.streams < 1 || f.outs > sevenCoders || f.streams > len(h.b) {
		h.short = true
		return f
	}
	for i := 0; f.streams > 1 && i < f.streams; i++ {
		h.number()
	}
	return f
}

// parts reads how the content of each folder is divided into files.
func (h *sevenHeader) parts(folders []sevenFolder) {
	counts := make([]int, len(folders))
	for i := range counts {
		counts[i] = 1
	}
	id := h.u8()
	if id == 0x0d {
		for i := range counts {
			counts[i] = h.count()
		}
		id = h.u8()
	}
	sums := 0 // checksums to come: a folder of one file may have told it already
	for i, n := range counts {
		f := &folders[i]
		f.parts = []uint64{}
		left := f.size
		for k := 0; k < n-1 && id == 0x09 && !h.short; k++ {
			size := h.number()
			f.parts = append(f.parts, size)
			left -= min(left, size)
		}
		if n > 0 {
			f.parts = append(f.parts, left)
		}
		if n != 1 || !f.summed {
			sums += n
		}
	}
	if id == 0x09 {
		id = h.u8()
	}
	for ; id != 0 && !h.short; id = h.u8() {
		if id != 0x0a || sums > len(h.b) {
			h.short = true
			return
		}
		h.digests(sums)
	}
}
