package archive

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
)

// headSize is how much of each entry is looked at to find its type. A PDF
// may begin within the first 1024 bytes; a TAR tells itself at 257.
const headSize = 4096

// What a KiB of output or input costs in steps, beside inflate's one.
const (
	inflateWeight = 1
	bzip2Weight   = 4
	lzmaWeight    = 6
)

// content is the bytes of an entry: in memory, or to be unpacked.
type content struct {
	data   []byte       // all of it, where r is nil
	r      io.Reader    // else it is unpacked from here
	weight int64        // steps for a KiB
	work   func() int64 // bytes of work that r has done beside its output; nil: not counted
	paid   int64        // of that, what was paid for
	done   func()       // gives back what r holds; nil: nothing to give back
}

// memory is content that lies plainly in the data.
func memory(b []byte) *content { return &content{data: b} }

// packed is content unpacked by r from src.
func packed(r io.Reader, src *bytes.Reader, weight int64) *content {
	size := src.Size()
	return &content{r: r, weight: weight, work: func() int64 { return size - int64(src.Len()) }}
}

// inflate is content in DEFLATE form (RFC 1951). Readers are kept for the
// next entry, for each takes 40 KiB.
func (w *walker) inflate(b []byte) *content {
	src := bytes.NewReader(b)
	var r io.ReadCloser
	if n := len(w.inflaters); n > 0 {
		r, w.inflaters = w.inflaters[n-1], w.inflaters[:n-1]
		_ = r.(flate.Resetter).Reset(src, nil) // never fails
	} else {
		r = flate.NewReader(src)
	}
	c := packed(r, src, inflateWeight)
	c.done = func() { w.inflaters = append(w.inflaters, r) }
	return c
}

// errLimit says that the budget ended before the content did.
var errLimit = errors.New("limit")

// head gives the first bytes of the content, and whether that is all of it.
func (w *walker) head(path []string, c *content) (head []byte, whole bool, err error) {
	if c.r == nil {
		return c.data[:min(len(c.data), headSize)], len(c.data) <= headSize, nil
	}
	c.data, err = w.unpack(path, c, make([]byte, 0, headSize), headSize)
	if err == io.EOF {
		return c.data, true, nil
	}
	return c.data, false, err
}

// rest gives the whole content after head was taken.
func (w *walker) rest(path []string, c *content) ([]byte, error) {
	if c.r == nil {
		// Two entries may share their bytes: looking again is paid for.
		if len(path) > 1 && !w.spend(path, int64(len(c.data))) {
			return nil, errLimit
		}
		return c.data, nil
	}
	data, err := w.unpack(path, c, c.data, -1)
	if err == io.EOF {
		err = nil
	}
	return data, err
}

// skip unpacks and forgets what is left, because the next entry comes after it.
func (w *walker) skip(path []string, c *content) error {
	buf := make([]byte, 0, 32<<10)
	for {
		if _, err := w.unpack(path, c, buf, cap(buf)); err != nil {
			return err
		}
	}
}

// unpack appends to buf until it holds n bytes (-1: to the end), paying as it goes.
func (w *walker) unpack(path []string, c *content, buf []byte, n int) ([]byte, error) {
	for idle := 0; n < 0 || len(buf) < n; {
		if len(buf) == cap(buf) {
			buf = grow(buf, headSize)
		}
		k, err := c.r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+k]
		worked := c.worked()
		cost := (int64(k) + worked - c.paid + 1023) / 1024
		c.paid = worked
		if !w.step(path, cost*c.weight) || !w.spend(path, int64(k)) {
			return buf, errLimit
		}
		if err != nil {
			return buf, err
		}
		if k > 0 {
			idle = 0
		} else if idle++; idle > 100 {
			return buf, io.ErrNoProgress
		}
	}
	return buf, nil
}

func (c *content) worked() int64 {
	if c.work == nil {
		return 0
	}
	return c.work()
}

func (c *content) close() {
	if c != nil && c.done != nil {
		c.done()
	}
}
