package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// le appends numbers, little-endian, by their size.
func le(b []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		default:
			b, _ = binary.Append(b, binary.LittleEndian, v)
		}
	}
	return b
}

// file is a name and what is in it.
type file struct {
	name string
	data string
}

// zipOf makes an honest ZIP.
func zipOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		e, err := w.Create(f.name)
		if err == nil {
			_, err = e.Write([]byte(f.data))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rawFile is an entry of a ZIP whose headers lie as wanted.
type rawFile struct {
	local, central string // names; "-" leaves that header out
	flags          uint16
	method         uint16
	localMethod    int // -1: as method
	size           uint32
	extra          string
	data           string
	at             int // offset told in the directory, -1: the true one
}

func raw(name, data string) rawFile {
	return rawFile{local: name, central: name, localMethod: -1, size: uint32(len(data)), data: data, at: -1}
}

// rawZip makes a ZIP from raw entries.
func rawZip(files ...rawFile) []byte {
	var b, dir []byte
	n := 0
	for _, f := range files {
		method, at := f.method, len(b)
		if f.localMethod >= 0 {
			method = uint16(f.localMethod)
		}
		if f.at >= 0 {
			at = f.at
		}
		if f.local != "-" {
			b = le(b, zipLocal, uint16(20), f.flags, method, uint32(0), uint32(0), uint32(len(f.data)), f.size,
				uint16(len(f.local)), uint16(len(f.extra)), f.local, f.extra, f.data)
		}
		if f.central != "-" {
			n++
			dir = le(dir, zipCentral, uint16(20), uint16(20), f.flags, f.method, uint32(0), uint32(0), uint32(len(f.data)), f.size,
				uint16(len(f.central)), uint16(len(f.extra)), uint16(0), uint16(0), uint16(0), uint32(0), uint32(at), f.central, f.extra)
		}
	}
	start := len(b)
	b = append(b, dir...)
	return le(b, zipEnd, uint16(0), uint16(0), uint16(n), uint16(n), uint32(len(dir)), uint32(start), uint16(0))
}

// gzipOf packs data under a remembered name.
func gzipOf(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarOf makes a TAR of headers; the content of each is as many "x" as it says.
func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(strings.Repeat("x", int(h.Size)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// node is an entry of a compound file.
type node struct {
	name  string
	class string
	data  string // of a stream
	kids  []node // of a storage, nil for a stream
}

// cfbOf makes a compound file of 512-byte sectors, its streams all in those.
func cfbOf(class string, nodes ...node) []byte {
	c := &cfbMaker{}
	c.entry(node{name: "Root Entry", class: class}, cfbRoot, none, 0)
	c.link(0, nodes)
	for len(c.dir)%512 != 0 {
		c.dir = append(c.dir, make([]byte, 128)...)
	}
	dir := c.add(c.dir)
	at := len(c.body) / 512
	fats := (at + 127) / 127
	for range fats {
		c.fat = append(c.fat, 0xfffffffd)
	}
	for len(c.fat)%128 != 0 {
		c.fat = append(c.fat, none)
	}
	h := le(nil, cfbMagic, make([]byte, 16), uint16(0x3e), uint16(3), uint16(0xfffe), uint16(9), uint16(6), make([]byte, 6),
		uint32(0), uint32(fats), dir, uint32(0), uint32(0), uint32(0xfffffffe), uint32(0), uint32(0xfffffffe), uint32(0))
	for i := range 109 {
		if i < fats {
			h = le(h, uint32(at+i))
		} else {
			h = le(h, uint32(none))
		}
	}
	return le(append(h, c.body...), c.fat)
}

const none = 0xffffffff

type cfbMaker struct {
	dir, body []byte
	fat       []uint32
}

// add puts data into sectors and gives the first.
func (c *cfbMaker) add(data []byte) uint32 {
	if len(data) == 0 {
		return 0xfffffffe
	}
	first := uint32(len(c.body) / 512)
	c.body = append(c.body, data...)
	for len(c.body)%512 != 0 {
		c.body = append(c.body, 0)
	}
	for i := first + 1; int(i) < len(c.body)/512; i++ {
		c.fat = append(c.fat, i)
	}
	c.fat = append(c.fat, 0xfffffffe)
	return first
}

func (c *cfbMaker) entry(n node, kind byte, start uint32, size int) int {
	name := utf16.Encode([]rune(n.name))
	d := le(nil, name)
	d = append(d, make([]byte, 64-len(d))...)
	d = le(d, uint16(2*len(name)+2), kind, byte(1), uint32(none), uint32(none), uint32(none), []byte(n.class), make([]byte, 16-len(n.class)),
		make([]byte, 20), start, uint64(size))
	c.dir = append(c.dir, d...)
	return len(c.dir)/128 - 1
}

// link adds the nodes below a parent, each the right sibling of the one before.
func (c *cfbMaker) link(parent int, nodes []node) {
	at := parent*128 + 76
	for _, n := range nodes {
		var i int
		if n.kids != nil {
			i = c.entry(n, cfbStorage, 0, 0)
		} else {
			i = c.entry(n, cfbStream, c.add([]byte(n.data)), len(n.data))
		}
		binary.LittleEndian.PutUint32(c.dir[at:], uint32(i))
		at = i*128 + 72
		c.link(i, n.kids)
	}
}

// ole10 makes the stream of a packaged file.
func ole10(label, name, path, data string) string {
	b := le(nil, uint16(2), label, "\x00", name, "\x00", uint32(0x00030000), uint32(len(path)+1), path, "\x00", uint32(len(data)), data)
	return string(le(nil, uint32(len(b)), b))
}

// peProgram is the least that looks like a Windows program.
var peProgram = string(le(nil, "MZ", make([]byte, 58), uint32(64), "PE\x00\x00", make([]byte, 64)))
