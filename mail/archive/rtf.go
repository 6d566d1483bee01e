package archive

import (
	"bytes"
	"encoding/hex"
)

// rtfWords are the control words that carry or fetch something (RTF 1.9.1).
var rtfWords = map[string]struct{ symbol, what string }{
	"objdata":   {OfficeEmbeddedObject, "an embedded object"},
	"objemb":    {OfficeEmbeddedObject, "an embedded object"},
	"objocx":    {OfficeEmbeddedObject, "a control"},
	"objautlnk": {OfficeEmbeddedObject, "a linked object"},
	"objupdate": {OfficeEmbeddedObject, "an object that loads when opened"},
	"ddeauto":   {OfficeDDE, "a DDE field"},
}

// readRTF reads control words in one pass, and the objects, which stand in
// hexadecimal digits.
func readRTF(p *place, data []byte) {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		n := 1
		for i+n < len(data) && n <= 32 && data[i+n]|0x20 >= 'a' && data[i+n]|0x20 <= 'z' {
			n++
		}
		word := string(bytes.ToLower(data[i+1 : i+n]))
		i += max(n-1, min(1, len(data)-1-i)) // "\\" and "\{" are two characters
		if w, ok := rtfWords[word]; ok {
			p.found(w.symbol, "%s", w.what)
		}
		switch word {
		case "template":
			if target := rtfTarget(data[min(i+1, len(data)):]); remote(target) {
				p.found(OfficeExternalTemplate, "template from %s", quote(target))
			}
		case "objdata":
			digits, n := rtfDigits(data[min(i+1, len(data)):])
			i += n
			if !p.spend(p.path, int64(n)) || !p.rtfObject(digits) {
				return
			}
		}
	}
}

// rtfTarget reads text up to the end of its group.
func rtfTarget(b []byte) string {
	b = b[:min(len(b), maxName)]
	if i := bytes.IndexByte(b, '}'); i >= 0 {
		b = b[:i]
	}
	return string(bytes.ReplaceAll(bytes.TrimSpace(b), []byte(`\\`), []byte(`\`)))
}

// rtfDigits gathers the hexadecimal digits up to the end of a group, and
// tells how far that is. Word passes over anything between the digits, groups and
// control words too, so we do.
func rtfDigits(b []byte) (digits []byte, n int) {
	depth := 1
	for ; n < len(b); n++ {
		switch c := b[n]; {
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return digits, n
			}
		case c == '\\':
			for n+1 < len(b) && (b[n+1]|0x20 >= 'a' && b[n+1]|0x20 <= 'z' || b[n+1] >= '0' && b[n+1] <= '9' || b[n+1] == '-') {
				n++
			}
		case depth == 1 && nibble(c) >= 0:
			digits = append(digits, c)
		}
	}
	return digits, n
}

// rtfObject decodes an object and looks into it; false ends the file.
func (p *place) rtfObject(digits []byte) bool {
	raw := make([]byte, len(digits)/2)
	if _, err := hex.Decode(raw, digits[:len(digits)&^1]); err != nil {
		return true
	}
	if bytes.Contains(bytes.ToLower(raw[:min(len(raw), 64)]), []byte("equation.")) {
		p.found(OfficeEmbeddedObject, "an equation object")
	}
	// [MS-OLEDS] 2.2.5: version, format, class, topic and item names, size, data.
	c := cursor{b: raw}
	c.take(8)
	for range 3 {
		c.take(uint64(c.u32()))
	}
	data := c.take(uint64(c.u32()))
	if i := bytes.Index(raw, []byte(cfbMagic)); c.short && i >= 0 {
		data = raw[i:] // the sizes are lies, but Word finds it
	}
	e := inside(p.path, []string{""})
	e.Size = int64(len(data))
	return p.visit(e, memory(data), nil)
}
