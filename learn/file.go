package learn

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/postern-mail/postern/learn/bayes"
)

// The file of a Memory store:
//
//	magic
//	position, ham, spam                        uint64 each
//	tokens: their number, then token, ham, spam    uint64, uint64, uint32, uint32
//	records: their number, then each (see record)
//	CRC-32C of all before                      uint32
//
// All numbers are little-endian. A file is written whole beside the old one
// and renamed, so that there is always one that is whole.
const magic = "postern learned 1\n"

// The bounds on what a file may claim, so that a damaged one cannot ask for
// all memory.
const (
	maxFileTokens  = 1 << 28
	maxFileRecords = 1 << 26
	maxFileString  = 1 << 12
	maxFileSample  = 1 << 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged says that a file is not what Save wrote.
var errDamaged = errors.New("file is damaged")

// Save writes the store to a file, atomically.
func (m *Memory) Save(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("learn: %w", err)
		}
	}()
	if err = m.write(f); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// write writes the file's content.
func (m *Memory) write(w io.Writer) error {
	m.mu.Lock()
	table, at := m.table.Clone(), m.at
	all := m.list(func(Record) bool { return true })
	m.mu.Unlock()

	sum := crc32.New(castagnoli)
	e := encoder{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16)}
	e.w.WriteString(magic)
	seen := table.Messages()
	e.number(uint64(at))
	e.number(uint64(seen.Ham))
	e.number(uint64(seen.Spam))
	e.number(uint64(table.Len()))
	for token, c := range table.All() {
		e.number(token)
		e.number(uint64(c.Ham)<<32 | uint64(c.Spam))
	}
	e.number(uint64(len(all)))
	for _, r := range all {
		e.record(r)
	}
	if err := e.w.Flush(); err != nil { // it remembers the first error
		return err
	}
	return binary.Write(w, binary.LittleEndian, sum.Sum32())
}

type encoder struct{ w *bufio.Writer }

func (e encoder) number(n uint64) {
	e.w.Write(binary.LittleEndian.AppendUint64(e.w.AvailableBuffer(), n))
}

func (e encoder) text(s string) {
	s = s[:min(len(s), maxFileString)]
	e.number(uint64(len(s)))
	e.w.WriteString(s)
}

func (e encoder) record(r Record) {
	e.w.Write(r.Digest[:])
	flags := uint64(r.Class)
	if r.Auto {
		flags |= 1 << 8
	}
	if r.Tokens != nil {
		flags |= 1 << 9
	}
	e.number(flags)
	e.number(uint64(r.When.UnixNano()))
	e.text(r.Who)
	e.text(r.Source)
	e.number(uint64(len(r.Tokens)))
	for _, t := range r.Tokens {
		e.number(t)
	}
}

// OpenFile reads a store from a file that Save wrote; one that is not there is
// an empty store.
func OpenFile(path string, limits Limits) (*Memory, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return NewMemory(limits), nil
	}
	if err != nil {
		return nil, fmt.Errorf("learn: %w", err)
	}
	defer f.Close()
	m, err := readMemory(f, limits)
	if err != nil {
		return nil, fmt.Errorf("learn: %q: %w", path, err)
	}
	return m, nil
}

// readMemory reads a file's content.
func readMemory(r io.Reader, limits Limits) (*Memory, error) {
	sum := crc32.New(castagnoli)
	d := decoder{r: bufio.NewReaderSize(r, 1<<16), sum: sum}
	if string(d.bytes(len(magic))) != magic {
		return nil, errDamaged
	}
	m := NewMemory(limits)
	m.at = Position(d.number(1 << 63))
	m.table.SetMessages(bayes.Count{Ham: uint32(d.number(1<<32 - 1)), Spam: uint32(d.number(1<<32 - 1))})
	for n := d.number(maxFileTokens); n > 0 && d.err == nil; n-- {
		token, c := d.number(1<<64-1), d.number(1<<64-1)
		if token != 0 {
			m.table.Set(token, bayes.Count{Ham: uint32(c >> 32), Spam: uint32(c)})
		}
	}
	for n := d.number(maxFileRecords); n > 0 && d.err == nil; n-- {
		if rec := d.record(); d.err == nil {
			m.replace(m.records[rec.Digest], rec)
		}
	}
	want := sum.Sum32()
	if got := binary.LittleEndian.Uint32(d.bytes(4)); d.err != nil || got != want {
		return nil, errDamaged
	}
	return m, nil
}

// decoder reads what encoder wrote. After an error it returns zeros.
type decoder struct {
	r   *bufio.Reader
	sum io.Writer
	buf [maxFileString]byte
	err error
}

func (d *decoder) bytes(n int) []byte {
	b := d.buf[:n]
	if d.err == nil {
		_, d.err = io.ReadFull(d.r, b)
	}
	if d.err != nil {
		clear(b)
	}
	d.sum.Write(b)
	return b
}

// number reads a number; one beyond the greatest that makes sense is damage.
func (d *decoder) number(greatest uint64) uint64 {
	n := binary.LittleEndian.Uint64(d.bytes(8))
	if n > greatest {
		d.err = errDamaged
		return 0
	}
	return n
}

func (d *decoder) text() string { return string(d.bytes(int(d.number(maxFileString)))) }

func (d *decoder) record() (r Record) {
	copy(r.Digest[:], d.bytes(len(r.Digest)))
	flags := d.number(1<<10 - 1)
	r.Class, r.Auto = bayes.Class(flags), flags&(1<<8) != 0
	if r.Class != bayes.Ham && r.Class != bayes.Spam {
		d.err = errDamaged
		return r
	}
	r.When = time.Unix(0, int64(d.number(1<<64-1))).UTC()
	r.Who, r.Source = d.text(), d.text()
	n := d.number(maxFileSample)
	if flags&(1<<9) != 0 {
		r.Tokens = make([]uint64, 0, min(n, 1<<12))
	}
	for ; n > 0 && d.err == nil; n-- {
		r.Tokens = append(r.Tokens, d.number(1<<64-1))
	}
	return r
}
