package learn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/learn/linear"
)

// The cache of a model:
//
//	magic
//	position: number, mark                 uint64, uint32
//	changes that were not trained yet, and how many of them took something back    uint32 each
//	counts                                 length as uint64, see appendTable
//	domains: their number                  uint32
//	of each: its name and its counts       length as uint64 each
//	weights                                see linear
//	CRC-32C of all before                  uint32
//
// All numbers are little-endian. It is written whole beside the old one and renamed. What is not in it
// the store has; so a cache that is lost or damaged costs a training.
const magic = "postern model 1\n"

// maxCache bounds the file, in bytes.
const maxCache = 4 << 30

// save writes the cache.
func (m *Model) save() error {
	if m.opts.Cache == "" {
		return nil
	}
	return writeFile(m.opts.Cache, m.append(nil))
}

func (m *Model) append(out []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	j := m.judge.Load()
	out = append(out, magic...)
	out = binary.LittleEndian.AppendUint64(out, m.at.N)
	out = binary.LittleEndian.AppendUint32(out, m.at.Mark)
	out = binary.LittleEndian.AppendUint32(out, uint32(m.since))
	out = binary.LittleEndian.AppendUint32(out, uint32(m.forgot))
	out = appendPiece(out, appendTable(nil, j.Counts))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(j.Domains)))
	for name, counts := range j.Domains {
		out = appendPiece(appendPiece(out, []byte(name)), appendTable(nil, counts))
	}
	out = j.Weights.Append(out)
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
}

func appendPiece(out, piece []byte) []byte {
	return append(binary.LittleEndian.AppendUint64(out, uint64(len(piece))), piece...)
}

// takePiece undoes appendPiece.
func takePiece(data []byte) (piece, rest []byte, err error) {
	if len(data) < 8 || binary.LittleEndian.Uint64(data) > uint64(len(data)-8) {
		return nil, nil, errDamaged
	}
	n := 8 + binary.LittleEndian.Uint64(data)
	return data[8:n], data[n:], nil
}

// writeFile writes a file whole.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close(), giveAway(f.Name())); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("learn: %w", err)
	}
	return nil
}

// giveAway gives a file that root made to the owner of its folder, whom the service runs as.
func giveAway(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		return os.Chown(path, int(owner.Uid), int(owner.Gid))
	}
	return nil
}

// restore takes the cache, and tells whether there was a sound one.
func (m *Model) restore() bool {
	if m.opts.Cache == "" {
		return false
	}
	info, err := os.Stat(m.opts.Cache)
	var data []byte
	if err == nil && info.Size() <= maxCache {
		data, err = os.ReadFile(m.opts.Cache)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err == nil {
		err = m.parse(data)
	}
	if err != nil {
		m.opts.Log.Warn("the cache of what was learned is of no use", "file", m.opts.Cache, "err", err)
	}
	return err == nil
}

func (m *Model) parse(data []byte) error {
	n := len(data) - 4
	if !bytes.HasPrefix(data, []byte(magic)) || n < len(magic)+20 || crc32.Checksum(data[:n], castagnoli) != binary.LittleEndian.Uint32(data[n:]) {
		return errDamaged
	}
	data = data[len(magic):n]
	at := lessons.Position{N: binary.LittleEndian.Uint64(data), Mark: binary.LittleEndian.Uint32(data[8:])}
	since, forgot := binary.LittleEndian.Uint32(data[12:]), binary.LittleEndian.Uint32(data[16:])
	next := Judge{Domains: map[string]*bayes.Table{}}
	data, err := parseCounts(&next, data[20:])
	if err != nil {
		return err
	}
	if next.Weights, err = linear.Parse(data); err != nil {
		return err
	}
	m.judge.Store(&next)
	m.at, m.since, m.forgot = at, int(since), int(forgot)
	return nil
}

// parseCounts reads the counts of all and of the domains. It gives what comes after them.
func parseCounts(j *Judge, data []byte) ([]byte, error) {
	piece, data, err := takePiece(data)
	if err != nil {
		return nil, err
	}
	if j.Counts, err = parseTable(piece); err != nil || len(data) < 4 {
		return nil, errors.Join(err, errDamaged)
	}
	n := binary.LittleEndian.Uint32(data)
	data = data[4:]
	for range n {
		var name []byte
		if name, data, err = takePiece(data); err == nil {
			piece, data, err = takePiece(data)
		}
		if err != nil {
			return nil, err
		}
		if j.Domains[string(name)], err = parseTable(piece); err != nil {
			return nil, err
		}
	}
	return data, nil
}
