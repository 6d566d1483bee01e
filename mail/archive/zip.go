package archive

import (
	"bytes"
	"cmp"
	"compress/bzip2"
	"encoding/binary"
	"slices"
	"strings"
)

// readZip reads a ZIP (APPNOTE.TXT 6.3.10) as every sort of reader does: by
// its central directory, by each of them where there are several, and by the
// local headers, which readers of streams and repair programs follow.
func readZip(p *place, data []byte) {
	z := &zipReader{place: p, data: data}
	ends := zipEnds(data)
	for i, end := range ends {
		// That of a stored ZIP belongs to it.
		if i == 0 || !z.holds(end.at) {
			z.directory(end, i > 0)
		}
	}
	if len(ends) == 0 {
		z.broken("no central directory")
	}
	z.checkSpans()
	z.scan(len(ends) > 0)
	z.checkDuplicates()

	names := make([]string, len(z.files))
	for i, f := range z.files {
		names[i] = f.names[0]
	}
	pack := newPackage(p, names)
	for _, f := range z.files {
		if !z.show(f, pack) {
			break
		}
	}
	pack.finish()
}

// zipReader gathers what is in a ZIP.
type zipReader struct {
	*place
	data  []byte
	files []zipFile
	full  bool // the limit of entries is met
}

// zipFile is one entry, from whichever headers tell of it.
type zipFile struct {
	names     []string
	method    uint16
	encrypted bool
	link      bool
	size      int64  // unpacked, as declared; -1 unknown
	start     int    // of the local header, -1 where there is none
	end       int    // of the content
	content   []byte // packed
}

// The methods that are read (APPNOTE.TXT 4.4.5).
const (
	zipStored   = 0
	zipDeflated = 8
	zipBzip2    = 12
	zipLZMA     = 14
	zipXZ       = 95
	zipAES      = 99 // WinZip: the real method is in an extra field
)

// add takes an entry.
func (z *zipReader) add(f zipFile) bool {
	if len(z.files) >= z.lim.Entries {
		z.full = true
		z.cut(z.path, "holds more than %d entries", z.lim.Entries-1)
		return false
	}
	z.files = append(z.files, f)
	return z.paid(1)
}

// show lists an entry and looks into it; false ends the archive.
func (z *zipReader) show(f zipFile, pack *pack) bool {
	e := inside(z.path, f.names)
	e.Size = f.size
	e.Dir = strings.HasSuffix(f.names[0], "/") || strings.HasSuffix(f.names[0], `\`)
	e.Encrypted = f.encrypted
	if f.encrypted {
		z.find(e.Path, Encrypted, "the content")
		return z.visit(e, nil, nil)
	}
	c := z.unpacker(e.Path, f)
	defer c.close()
	if f.link && c != nil && f.method == zipStored {
		e.Link = shorten(string(c.data[:min(len(c.data), 4*maxName)]), maxName)
	}
	return z.visit(e, c, pack.part(e.Names[0]))
}

// unpacker gives the content of an entry, nil where there is none to be had.
func (z *zipReader) unpacker(path []string, f zipFile) *content {
	switch f.method {
	case zipStored:
		return memory(f.content)
	case zipDeflated:
		return z.inflate(f.content)
	case zipBzip2:
		if !z.paid(bzip2Cost) {
			return nil
		}
		src := bytes.NewReader(f.content)
		return packed(bzip2.NewReader(src), src, bzip2Weight)
	case zipLZMA:
		// APPNOTE.TXT 5.8.8: version, size of the properties, properties.
		if len(f.content) > 9 && binary.LittleEndian.Uint16(f.content[2:]) == 5 {
			if r, err := newLZMA(f.content[4:9], f.content[9:], f.size); err == nil {
				return z.lzma(r)
			}
		}
		z.find(path, Broken, "LZMA properties")
		return nil
	case zipXZ:
		return z.lzma(newXZ(f.content))
	}
	z.find(path, Unread, "packing method %d", f.method)
	return nil
}

// checkSpans notes entries that share bytes: those of a bomb, or of two
// archives in one.
func (z *zipReader) checkSpans() {
	spans := slices.Clone(z.files)
	slices.SortFunc(spans, func(a, b zipFile) int { return cmp.Compare(a.start, b.start) })
	end := 0
	for _, f := range spans {
		if f.start < 0 {
			continue
		}
		if f.start < end {
			z.broken("entries overlap at byte %d", f.start)
			return
		}
		end = max(end, f.end)
	}
}

// checkDuplicates notes names that two entries share on some system.
func (z *zipReader) checkDuplicates() {
	seen := make(map[string]bool, len(z.files))
	for _, f := range z.files {
		n := strings.ToLower(strings.ReplaceAll(f.names[0], `\`, "/"))
		if seen[n] {
			z.found(Name, "two entries named %s", quote(f.names[0]))
		}
		seen[n] = true
	}
}

// holds tells whether an offset lies within an entry.
func (z *zipReader) holds(at int) bool {
	return slices.ContainsFunc(z.files, func(f zipFile) bool { return f.start >= 0 && f.start <= at && at < f.end })
}

// names gives every name that two headers and an extra field tell.
func (z *zipReader) names(central, local, unicode []byte) []string {
	var raw []string
	for _, n := range [][]byte{central, unicode, local} {
		if len(n) > 0 {
			raw = append(raw, string(n))
		}
	}
	names := candidates(raw...)
	if len(local) > 0 && len(central) > 0 && !bytes.Equal(central, local) {
		z.found(Name, "%s is %s to other readers", quote(names[0]), quote(string(local)))
	}
	if len(unicode) > 0 && !bytes.Equal(unicode, central) && isASCII(central) && isASCII(unicode) {
		z.found(Name, "%s is %s to other readers", quote(names[0]), quote(string(unicode)))
	}
	return names
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}
