package archive

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// oneFile begins a file within a OneNote section: {BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC}
// ([MS-ONESTORE] 2.6.13).
const oneFile = "\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"

// readOneNote finds the files in a OneNote section. Pictures are files there
// too, so only others are called embedded.
func readOneNote(p *place, data []byte) {
	for p.paid(1) {
		i := bytes.Index(data, []byte(oneFile))
		if i < 0 || i+36 > len(data) {
			return
		}
		data = data[i+16:]
		size := binary.LittleEndian.Uint64(data)
		file := data[20:]
		file = file[:min(size, uint64(len(file)))]
		if t := typeOf(file); !strings.HasPrefix(t, "image/") {
			p.found(OfficeEmbeddedObject, "an embedded %s", t)
		}
		e := inside(p.path, []string{""})
		e.Size = int64(len(file))
		if !p.visit(e, memory(file), nil) {
			return
		}
	}
}
