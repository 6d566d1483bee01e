package learn

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"

	"github.com/postern-mail/postern/learn/bayes"
)

// Counts of tokens as they are kept, in pieces of chunkSize:
//
//	version 1
//	messages: ham, spam                    uvarint each
//	tokens: their number, then of each the gap to the one before, ham, spam   uvarint each
//	CRC-32C of all before                  uint32, little-endian
const (
	countsVersion = 1
	chunkSize     = 512 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged says that counts are not what was written.
var errDamaged = errors.New("learn: counts are damaged")

type counted struct {
	token uint64
	bayes.Count
}

// appendTable writes counts.
func appendTable(out []byte, t *bayes.Table) []byte {
	start := len(out)
	list := make([]counted, 0, t.Used())
	for token, c := range t.All() {
		list = append(list, counted{token, c})
	}
	slices.SortFunc(list, func(a, b counted) int { return cmp.Compare(a.token, b.token) })
	seen := t.Messages()
	out = slices.Grow(out, 10*len(list)+64)
	out = append(out, countsVersion)
	for _, n := range []uint64{uint64(seen.Ham), uint64(seen.Spam), uint64(len(list))} {
		out = binary.AppendUvarint(out, n)
	}
	last := uint64(0)
	for _, c := range list {
		out = binary.AppendUvarint(out, c.token-last)
		out = binary.AppendUvarint(out, uint64(c.Ham))
		out = binary.AppendUvarint(out, uint64(c.Spam))
		last = c.token
	}
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out[start:], castagnoli))
}

// writeTable makes the chunks of a snapshot.
func writeTable(t *bayes.Table) [][]byte {
	return slices.Collect(slices.Chunk(appendTable(nil, t), chunkSize))
}

// readTable reads the chunks of a snapshot; none are an empty table.
func readTable(chunks [][]byte) (*bayes.Table, error) {
	if len(chunks) == 0 {
		return bayes.NewTable(0), nil
	}
	return parseTable(bytes.Join(chunks, nil))
}

// parseTable reads what appendTable wrote.
func parseTable(data []byte) (*bayes.Table, error) {
	n := len(data) - 4
	if n < 4 || data[0] != countsVersion || crc32.Checksum(data[:n], castagnoli) != binary.LittleEndian.Uint32(data[n:]) {
		return nil, errDamaged
	}
	r := numbers{in: data[1:n]}
	seen := bayes.Count{Ham: uint32(r.next()), Spam: uint32(r.next())}
	size := r.next()
	if size > uint64(n)/3 { // three bytes a token at least
		return nil, errDamaged
	}
	t := bayes.NewTable(int(size))
	token := uint64(0)
	for range size {
		token += r.next()
		if c := (bayes.Count{Ham: uint32(r.next()), Spam: uint32(r.next())}); token != 0 {
			t.Set(token, c)
		}
	}
	if r.over {
		return nil, errDamaged
	}
	t.SetMessages(seen)
	return t, nil
}

// numbers reads uvarints. Beyond the end they are zero.
type numbers struct {
	in   []byte
	over bool
}

func (r *numbers) next() uint64 {
	v, n := binary.Uvarint(r.in)
	if n <= 0 {
		r.over, r.in = true, nil
		return 0
	}
	r.in = r.in[n:]
	return v
}

// writeDropped writes tokens that expired.
func writeDropped(list []uint64) []byte {
	return appendGaps(binary.AppendUvarint(nil, uint64(len(list))), list, 64)
}

// readDropped reads them.
func readDropped(note []byte) ([]uint64, error) {
	n, size := binary.Uvarint(note)
	if size <= 0 || n > uint64(len(note)) { // a gap takes bits, in a row of so many tokens a byte at least
		return nil, errSample
	}
	list, _, ok := readGaps(make([]uint64, 0, n), note[size:], int(n), 64)
	if !ok {
		return nil, errSample
	}
	return list, nil
}
