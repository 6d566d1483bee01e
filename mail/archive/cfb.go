package archive

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// cfb reads a compound file ([MS-CFB] 3.0): a file system of sectors that are
// chained through a table. Nothing in it is followed further than the file has
// sectors, so a chain that bites its tail ends.
type cfb struct {
	data   []byte
	shift  uint     // of a sector's size: 9 or 12
	mini   uint     // of a mini sector's
	cutoff uint32   // streams below this lie in mini sectors
	fat    []uint32 // sectors that hold the table
	small  []byte   // the mini sectors
	minis  []byte   // their table
	dir    []cfbEntry
}

// cfbEntry is a storage or stream.
type cfbEntry struct {
	name   string
	kind   byte // one of the kinds below
	class  string
	start  uint32
	size   uint64
	parent int // index of the storage it is in, -1 where none holds it
}

const (
	cfbStorage = 1
	cfbStream  = 2
	cfbRoot    = 5

	cfbLast    = 0xfffffffa // sector numbers above are marks
	cfbEntries = 128        // bytes of a directory entry
)

var (
	errSectors = errors.New("impossible sector size")
	errChain   = errors.New("a chain that has no end or leads out of the file")
)

// parseCFB reads the header, the tables and the directory. What can be read is
// there even when an error is returned.
func parseCFB(data []byte) (*cfb, error) {
	if len(data) < 512 {
		return &cfb{}, errSectors
	}
	le := binary.LittleEndian
	f := &cfb{data: data, shift: uint(le.Uint16(data[30:])), mini: uint(le.Uint16(data[32:])), cutoff: le.Uint32(data[56:])}
	if f.shift != 9 && f.shift != 12 || f.mini != 6 {
		return f, errSectors
	}
	err := f.tables()
	raw, e := f.chain(le.Uint32(data[48:]), -1)
	err = cmp.Or(err, e)
	f.directory(raw)
	if len(f.dir) == 0 {
		return f, cmp.Or(err, errChain)
	}
	f.minis, e = f.chain(le.Uint32(data[60:]), -1)
	err = cmp.Or(err, e)
	if f.dir[0].size > 0 {
		f.small, e = f.chain(f.dir[0].start, int64(min(f.dir[0].size, uint64(len(data)))))
		err = cmp.Or(err, e)
	}
	return f, err
}

// sectors is how many there are, the last perhaps cut short.
func (f *cfb) sectors() int { return (len(f.data) - 1) >> f.shift }

// sector gives a sector's bytes; the first comes after the header.
func (f *cfb) sector(n uint32) []byte {
	start := (uint64(n) + 1) << f.shift
	if n >= cfbLast || start >= uint64(len(f.data)) {
		return nil
	}
	return f.data[start:min(start+1<<f.shift, uint64(len(f.data)))]
}

// tables finds the sectors of the table: 109 stand in the header, the others
// in a chain of their own ([MS-CFB] 2.5).
func (f *cfb) tables() error {
	le := binary.LittleEndian
	add := func(list []byte) {
		for ; len(list) >= 4 && len(f.fat) <= f.sectors(); list = list[4:] {
			if n := le.Uint32(list); n < cfbLast {
				f.fat = append(f.fat, n)
			}
		}
	}
	add(f.data[76:512])
	next := le.Uint32(f.data[68:])
	for range f.sectors() {
		s := f.sector(next)
		if len(s) < 1<<f.shift {
			break
		}
		add(s[:len(s)-4])
		next = le.Uint32(s[len(s)-4:])
	}
	if next < cfbLast {
		return errChain
	}
	return nil
}

// after tells the sector that follows in a chain.
func (f *cfb) after(n uint32) uint32 {
	per := uint32(1) << (f.shift - 2)
	if uint64(n/per) >= uint64(len(f.fat)) {
		return cfbLast
	}
	s := f.sector(f.fat[n/per])
	if i := int(n%per) * 4; i+4 <= len(s) {
		return binary.LittleEndian.Uint32(s[i:])
	}
	return cfbLast
}

// chain gathers a chain, up to size bytes; -1: to its end.
func (f *cfb) chain(n uint32, size int64) ([]byte, error) {
	var out []byte
	for left := f.sectors(); n < cfbLast && (size < 0 || int64(len(out)) < size); left-- {
		s := f.sector(n)
		if s == nil || left == 0 {
			return out, errChain
		}
		out = append(out, s...)
		n = f.after(n)
	}
	if size >= 0 {
		if int64(len(out)) < size {
			return out, errChain
		}
		out = out[:size]
	}
	return out, nil
}

// stream gathers a stream, of at most limit bytes.
func (f *cfb) stream(e cfbEntry, limit int64) ([]byte, error) {
	size := int64(min(e.size, uint64(limit), uint64(len(f.data))))
	if e.size >= uint64(f.cutoff) {
		return f.chain(e.start, size)
	}
	var out []byte
	n := e.start
	for left := len(f.small) >> f.mini; int64(len(out)) < size; left-- {
		i := uint64(n) << f.mini
		if left < 0 || i >= uint64(len(f.small)) || uint64(n)*4+4 > uint64(len(f.minis)) {
			return out, errChain
		}
		out = append(out, f.small[i:min(i+1<<f.mini, uint64(len(f.small)))]...)
		n = binary.LittleEndian.Uint32(f.minis[n*4:])
	}
	return out[:size], nil
}

// directory reads all entries ([MS-CFB] 2.6), those too that no storage leads to.
func (f *cfb) directory(raw []byte) {
	le := binary.LittleEndian
	type links struct{ left, right, child uint32 }
	var tree []links
	for ; len(raw) >= cfbEntries; raw = raw[cfbEntries:] {
		d := raw[:cfbEntries]
		n := min(int(le.Uint16(d[64:])), 64)
		e := cfbEntry{name: decodeUTF16(d[:max(n-2, 0)]), kind: d[66], class: string(d[80:96]), start: le.Uint32(d[116:]), size: le.Uint64(d[120:]), parent: -1}
		if f.shift == 9 {
			e.size &= 0xffffffff // [MS-CFB] 2.6.1: the upper half may be rubbish
		}
		f.dir = append(f.dir, e)
		tree = append(tree, links{le.Uint32(d[68:]), le.Uint32(d[72:]), le.Uint32(d[76:])})
	}
	if len(tree) == 0 {
		return
	}
	type step struct {
		entry  uint32
		parent int
	}
	seen := make([]bool, len(tree))
	seen[0] = true
	for todo := []step{{tree[0].child, 0}}; len(todo) > 0; {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if uint64(s.entry) >= uint64(len(tree)) || seen[s.entry] {
			continue
		}
		seen[s.entry] = true
		f.dir[s.entry].parent = s.parent
		l := tree[s.entry]
		todo = append(todo, step{l.left, s.parent}, step{l.right, s.parent}, step{l.child, int(s.entry)})
	}
}

// index finds an entry by its name, -1 where there is none.
func (f *cfb) index(name string, kind byte) int {
	return slices.IndexFunc(f.dir, func(e cfbEntry) bool { return e.kind == kind && strings.EqualFold(e.name, name) })
}
