package archive

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"strings"
)

// bzip2Cost is the price of a bzip2 reader, which takes up to 4 MiB.
const bzip2Cost = 900

// readGzip reads a gzip file (RFC 1952): one or more members, one content.
func readGzip(p *place, data []byte) {
	src := bytes.NewReader(data)
	r, err := gzip.NewReader(src)
	if err != nil {
		p.broken("gzip: %s", plain(err))
		return
	}
	// The field is in Latin-1 (RFC 1952 section 2.3.1); the reader has decoded it.
	// RFC 1952 section 2.3.1: the last four bytes tell the size of the last member.
	size := int64(binary.LittleEndian.Uint32(data[len(data)-4:]))
	p.single(packed(r, src, inflateWeight), r.Name, size)
}

// readBzip2 reads a bzip2 file.
func readBzip2(p *place, data []byte) {
	if !p.paid(bzip2Cost) {
		return
	}
	src := bytes.NewReader(data)
	p.single(packed(bzip2.NewReader(src), src, bzip2Weight), "", -1)
}

// readXZ reads an XZ file.
func readXZ(p *place, data []byte) { p.single(p.lzma(newXZ(data)), "", -1) }

// readLZMA reads a file of LZMA alone: properties, size, stream.
func readLZMA(p *place, data []byte) {
	if len(data) < 13 {
		p.broken("lzma: ends early")
		return
	}
	r, err := newLZMA(data[:5], data[13:], int64(binary.LittleEndian.Uint64(data[5:])))
	if err != nil {
		p.broken("%s", plain(err))
		return
	}
	p.single(p.lzma(r), "", max(r.left, -1))
}

// lzma is content that one of our LZMA readers unpacks.
func (w *walker) lzma(r worker) *content {
	return &content{r: r, weight: lzmaWeight, work: r.work}
}

// endings are what packing one file makes of its name.
var endings = []struct{ packed, plain string }{
	{".tgz", ".tar"}, {".tbz2", ".tar"}, {".tbz", ".tar"}, {".txz", ".tar"}, {".tlz", ".tar"}, {".svgz", ".svg"},
	{".gz", ""}, {".bz2", ""}, {".xz", ""}, {".lzma", ""}, {".z", ""},
}

// single shows the one file inside a packed file. It goes by the name it
// remembers, or by that of the packed file without the ending; size is as declared, -1 unknown.
func (p *place) single(c *content, remembered string, size int64) {
	var names []string
	for _, n := range p.entry().Names {
		names = append(names, unpackedName(base(n)))
	}
	if remembered != "" {
		names = append(names, remembered)
	}
	e := inside(p.path, candidates(names...))
	e.Size = size
	if remembered != "" && extension(remembered) != extension(names[0]) {
		p.find(e.Path, Name, "it remembers the name %s", quote(remembered))
	}
	p.visit(e, c, nil)
}

func unpackedName(name string) string {
	for _, e := range endings {
		if n := len(name) - len(e.packed); n > 0 && strings.EqualFold(name[n:], e.packed) {
			return name[:n] + e.plain
		}
	}
	return name
}
