package archive

import (
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"errors"
	"io"
	"slices"
	"unicode/utf16"
)

// sevenHeaders is how often a header may be packed into another.
const sevenHeaders = 4

// sevenFile is a file of a 7z archive.
type sevenFile struct {
	name  string
	empty bool // no content: a folder, or a file of no bytes
	dir   bool
	link  bool
}

// readSevenZip reads a 7z archive (7zFormat.txt of the LZMA SDK): the header at its
// end, which is packed as a rule, and content where the method is one of ours.
func readSevenZip(p *place, data []byte) {
	c := cursor{b: data}
	c.take(12)
	offset, size := c.u64(), c.u64()
	c.u32()
	if c.short || offset > uint64(len(c.b)) || size > uint64(len(c.b))-offset {
		p.broken("the header lies beyond the end")
		return
	}
	packed := data[32:]
	header := packed[offset : offset+size]
	for range sevenHeaders {
		if !p.paid(int64(len(header)) / 64) {
			return
		}
		h := sevenHeader{cursor: cursor{b: header}}
		switch h.u8() {
		case 0x01:
			s, files := h.archive()
			if h.short {
				p.broken("the header ends early")
				return
			}
			p.sevenFiles(packed, s, files)
			return
		case 0x17:
			s := h.streams()
			if h.short || len(s.folders) == 0 {
				p.broken("the header ends early")
				return
			}
			var err error
			if header, err = p.sevenUnpack(packed, s); err != nil {
				p.sevenTrouble(err)
				return
			}
		default:
			if len(header) > 0 {
				p.broken("no header where it should be")
			}
			return
		}
	}
	p.broken("the header is packed again and again")
}

var (
	errPassword = errors.New("encrypted")
	errMethod   = errors.New("unknown method")
)

// sevenTrouble says why a header could not be unpacked.
func (p *place) sevenTrouble(err error) {
	switch {
	case errors.Is(err, errPassword):
		p.found(Encrypted, "the names too")
	case errors.Is(err, errMethod):
		p.found(Unread, "a header packed by a method we do not have")
	case !errors.Is(err, errLimit):
		p.broken("header: %s", plain(err))
	}
}

// sevenUnpack unpacks the first folder, which holds a header.
func (p *place) sevenUnpack(packed []byte, s sevenStreams) ([]byte, error) {
	c, err := p.sevenFolder(packed, s.folders[0])
	if err != nil {
		return nil, err
	}
	want := s.folders[0].size
	limited := &content{r: io.LimitReader(c.r, int64(min(want, 1<<62))), weight: c.weight, work: c.work}
	b, err := p.unpack(p.path, limited, nil, -1)
	if err == io.EOF {
		err = nil
	}
	if err == nil && uint64(len(b)) < want {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// sevenFolder opens a folder, which is a chain of coders over packed streams.
func (p *place) sevenFolder(area []byte, f sevenFolder) (*content, error) {
	if slices.ContainsFunc(f.coders, func(c sevenCoder) bool { return c.method == sevenAES }) {
		return nil, errPassword
	}
	// Of filters that only reorder program code we know that a program stays
	// one; they are not undone. BCJ2 has four streams and is left alone.
	coders := slices.DeleteFunc(slices.Clone(f.coders), func(c sevenCoder) bool { return sevenFilters[c.method] })
	if len(coders) != 1 || f.streams != 1 {
		return nil, errMethod
	}
	if f.offset > uint64(len(area)) {
		return nil, io.ErrUnexpectedEOF
	}
	in := area[f.offset:]
	in = in[:min(f.packed, uint64(len(in)))]
	src := bytes.NewReader(in)
	props := coders[0].props
	switch coders[0].method {
	case sevenCopy:
		return packed(src, src, inflateWeight), nil
	case sevenDeflate:
		return packed(flate.NewReader(src), src, inflateWeight), nil
	case sevenBzip2:
		if !p.paid(bzip2Cost) {
			return nil, errLimit
		}
		return packed(bzip2.NewReader(src), src, bzip2Weight), nil
	case sevenLZMA2:
		return p.lzma(newLZMA2(in)), nil
	case sevenLZMA:
		if len(props) < 5 {
			return nil, errLZMA
		}
		r, err := newLZMA(props, in, int64(min(f.size, 1<<62)))
		if err != nil {
			return nil, err
		}
		return p.lzma(r), nil
	}
	return nil, errMethod
}

// sevenFiles shows the files, whose contents follow one another in the folders.
func (p *place) sevenFiles(packed []byte, s sevenStreams, files []sevenFile) {
	g := &sevenContents{place: p, packed: packed, streams: s}
	for _, f := range files {
		e := inside(p.path, candidates(f.name))
		e.Dir = f.dir
		if f.empty {
			e.Size = 0
			if !p.visit(e, nil, nil) {
				return
			}
			continue
		}
		c := g.next(&e)
		if !p.visit(e, c, nil) {
			return
		}
		if c != nil && g.folder != nil {
			if err := p.skip(p.path, c); err != io.EOF {
				g.folder = nil // the rest of the folder cannot be had
			}
		}
	}
}

// sevenContents hands out the contents in order.
type sevenContents struct {
	*place
	packed  []byte
	streams sevenStreams
	index   int      // of the folder
	part    int      // of the content in it
	folder  *content // the open folder, nil where it cannot be read
	err     error    // why
}

// next gives the content of the next file, nil where it cannot be had, and
// tells its size.
func (g *sevenContents) next(e *Entry) *content {
	for g.index < len(g.streams.folders) && g.part >= len(g.streams.folders[g.index].parts) {
		g.index, g.part = g.index+1, 0
	}
	if g.index >= len(g.streams.folders) {
		return nil
	}
	f := g.streams.folders[g.index]
	if g.part == 0 {
		g.folder, g.err = g.sevenFolder(g.packed, f)
	}
	size := f.parts[g.part]
	g.part++
	e.Size = int64(min(size, 1<<62))
	switch {
	case errors.Is(g.err, errPassword):
		e.Encrypted = true
		g.find(e.Path, Encrypted, "the content")
	case errors.Is(g.err, errMethod):
		g.found(Unread, "content packed by a method we do not have")
	case g.err != nil && !errors.Is(g.err, errLimit):
		g.find(e.Path, Broken, "content: %s", plain(g.err))
	}
	if g.folder == nil {
		return nil
	}
	c := &content{r: io.LimitReader(g.folder.r, e.Size), weight: g.folder.weight, work: g.folder.work}
	if g.part > 1 {
		c.paid = c.worked() // for the files before
	}
	return c
}

// decodeUTF16 reads little-endian UTF-16.
func decodeUTF16(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return string(utf16.Decode(u))
}
