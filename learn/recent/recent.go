// Package recent keeps, for a while, what judged messages were made of, so that
// they can be learned by the id of their verdict when nobody has the message
// itself at hand.
//
// Of a message the digest and the hashes of its tokens are kept: no text, no
// address. They are in a folder of this machine, in two files: the one that
// grows, and the one before it. When the first has half of what may be kept, it takes
// the place of the second. So the whole is bounded in count and bytes,
// a message costs one write, and what is kept survives the end of the process.
package recent

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
	"sync"

	"github.com/postern-mail/postern/learn"
)

// Message is what is kept of one.
type Message struct {
	ID     string // of its verdict
	Digest learn.Digest
	Tokens []uint64
}

// The names of the files in the folder.
const (
	current  = "recent.db"
	previous = "recent.db.1"
)

// The form of a message: magic, length of the id, number of tokens (uint32
// each), id, digest, tokens (uint64 each), CRC-32C of all before. All numbers
// are little-endian.
const (
	magic     = 0x31726370
	headSize  = 12
	maxID     = 64
	maxTokens = 1 << 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Ring is the writing end. It is safe for concurrent use; one process has one.
type Ring struct {
	mu    sync.Mutex
	dir   string
	file  *os.File
	bytes int64 // in the current file
	count int
	most  Limits
}

// Limits bounds what is kept.
type Limits struct {
	Bytes int64
	Count int
}

// Open opens the ring of a folder. What a crash left half written is cut off.
func Open(dir string, most Limits) (*Ring, error) {
	f, err := os.OpenFile(filepath.Join(dir, current), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("recent: %w", err)
	}
	r := &Ring{dir: dir, file: f, most: most}
	if r.bytes, r.count, _, err = scan(f, ""); err == nil {
		err = f.Truncate(r.bytes)
	}
	if err == nil {
		_, err = f.Seek(r.bytes, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("recent: %w", err), f.Close())
	}
	return r, nil
}

// Add keeps a message; with a longer id or more tokens than any has it is an
// error. It is found when Add returns.
func (r *Ring) Add(m Message) error {
	if len(m.ID) == 0 || len(m.ID) > maxID || len(m.Tokens) > maxTokens {
		return fmt.Errorf("recent: %q with %d tokens is no message", m.ID, len(m.Tokens))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b := encode(m)
	if r.bytes+int64(len(b)) > r.most.Bytes/2 || r.count >= r.most.Count/2 {
		if err := r.turn(); err != nil {
			return fmt.Errorf("recent: %w", err)
		}
	}
	if _, err := r.file.WriteAt(b, r.bytes); err != nil {
		return fmt.Errorf("recent: %w", err)
	}
	r.bytes += int64(len(b))
	r.count++
	return nil
}

// turn begins a new file; under mu.
func (r *Ring) turn() error {
	path := filepath.Join(r.dir, current)
	if err := os.Rename(path, filepath.Join(r.dir, previous)); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = r.file.Close()
	r.file, r.bytes, r.count = f, 0, 0
	return err
}

// Close ends the writing.
func (r *Ring) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.file.Close()
}

// Remove takes everything away that a ring kept in the folder.
func Remove(dir string) error {
	var errs []error
	for _, name := range []string{current, previous} {
		if err := os.Remove(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Find looks for a message by the id of its verdict. It may be called in
// another process than the ring's.
func Find(dir, id string) (m Message, ok bool, err error) {
	if id == "" {
		return m, false, nil
	}
	for _, name := range []string{current, previous} { // in this order, what moves meanwhile is met
		f, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return m, false, fmt.Errorf("recent: %w", err)
		}
		_, _, found, err := scan(f, id)
		if err = errors.Join(err, f.Close()); err != nil {
			return m, false, fmt.Errorf("recent: %w", err)
		}
		if found != nil {
			return *found, true, nil
		}
	}
	return m, false, nil
}

// scan reads messages up to the first that is not whole. It tells where that
// begins, how many are before it, and the last of them with the id.
func scan(f io.Reader, id string) (size int64, count int, found *Message, err error) {
	in := bufio.NewReaderSize(f, 1<<16)
	for {
		b, err := next(in)
		if b == nil || err != nil {
			return size, count, found, err
		}
		size += int64(len(b))
		count++
		if m := decode(b); id != "" && m.ID == id {
			found = &m
		}
	}
}

// next reads one message; nil at the end and at one that is not whole.
func next(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(headSize)
	if err != nil || binary.LittleEndian.Uint32(head) != magic {
		return nil, real(err)
	}
	id, n := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[8:])
	if id == 0 || id > maxID || n > maxTokens {
		return nil, nil
	}
	b := make([]byte, size(int(id), int(n)))
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, real(err)
	}
	end := len(b) - 4
	if crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return nil, nil
	}
	return b, nil
}

// real is nil for the errors that say that the file ends.
func real(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func size(id, n int) int { return headSize + id + len(learn.Digest{}) + 8*n + 4 }

func encode(m Message) []byte {
	b := make([]byte, 0, size(len(m.ID), len(m.Tokens)))
	b = binary.LittleEndian.AppendUint32(b, magic)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.ID)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.Tokens)))
	b = append(b, m.ID...)
	b = append(b, m.Digest[:]...)
	for _, t := range m.Tokens {
		b = binary.LittleEndian.AppendUint64(b, t)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decode reads what encode wrote, and next found to be whole.
func decode(b []byte) (m Message) {
	id, n := int(binary.LittleEndian.Uint32(b[4:])), int(binary.LittleEndian.Uint32(b[8:]))
	m.ID = string(b[headSize : headSize+id])
	rest := b[headSize+id:]
	rest = rest[copy(m.Digest[:], rest):]
	m.Tokens = make([]uint64, n)
	for i := range m.Tokens {
		m.Tokens[i] = binary.LittleEndian.Uint64(rest[8*i:])
	}
	return m
}
