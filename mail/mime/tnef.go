package mime

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// isTNEF tells whether a part is a winmail.dat (MS-OXTNEF): by type or by the
// signature of its content.
func isTNEF(p *Part) bool {
	if p.Type == "application/ms-tnef" || p.Type == "application/vnd.ms-tnef" {
		return true
	}
	return !p.Is("text") && bytes.HasPrefix(p.begins(), []byte{0x78, 0x9f, 0x3e, 0x22})
}

// Attributes of MS-OXTNEF section 2.1.3.3.2 that name and hold files.
const (
	attAttachRendData = 0x9002 // begins an attachment
	attAttachTitle    = 0x8010
	attAttachData     = 0x800f
	attAttachment     = 0x9005 // further MAPI properties of it
)

// tnef adds the files inside a TNEF. Each attribute is a level, an ID, a
// length, the data and a checksum (MS-OXTNEF section 2.1.3.2).
func (t *Tree) tnef(p *Part) {
	t.find("MIME_TNEF", p.Path)
	b := p.Content()
	t.sources++
	t.work += len(b)
	id, file := t.sources, tnefFile{}
	flush := func() {
		if file.seen {
			q := t.embed(p, b, id, file.data, file.title, "application/octet-stream")
			if long := t.clip(file.long); q != nil && long != "" && long != q.Name() {
				q.Names = append([]string{long}, q.Names...)
			}
		}
	}
	for pos := 6; pos+9 <= len(b); {
		attr := int(binary.LittleEndian.Uint16(b[pos+1:]))
		size := int(binary.LittleEndian.Uint32(b[pos+5:]))
		pos += 9
		if size > len(b)-pos {
			size = len(b) - pos
		}
		data := b[pos : pos+size]
		switch attr {
		case attAttachRendData:
			flush()
			file = tnefFile{}
		case attAttachTitle:
			file.seen, file.title = true, cString(data)
		case attAttachData:
			file.seen, file.data = true, [2]int{pos, pos + size}
		case attAttachment:
			file.long = longName(data)
			file.seen = file.seen || file.long != ""
		}
		pos += size + 2
	}
	flush()
}

type tnefFile struct {
	seen        bool
	title, long string
	data        [2]int
}

func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return DecodeWords(string(b))
}

// longName looks for PidTagAttachLongFilename (0x3707) among MAPI properties:
// type 0x001f (UTF-16) or 0x001e (8-bit), a count of one, a length, the text.
// The properties before it have many shapes; searching for its mark is enough.
func longName(b []byte) string {
	for _, typ := range []byte{0x1f, 0x1e} {
		i := bytes.Index(b, []byte{typ, 0x00, 0x07, 0x37, 1, 0, 0, 0})
		if i < 0 || i+12 > len(b) {
			continue
		}
		n := int(binary.LittleEndian.Uint32(b[i+8:]))
		text := b[i+12:]
		text = text[:min(n, len(text))]
		if typ == 0x1e {
			return cString(text)
		}
		units := make([]uint16, 0, len(text)/2)
		for j := 0; j+1 < len(text); j += 2 {
			u := binary.LittleEndian.Uint16(text[j:])
			if u == 0 {
				break
			}
			units = append(units, u)
		}
		return string(utf16.Decode(units))
	}
	return ""
}
