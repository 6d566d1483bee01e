package linear

import (
	"encoding/binary"
	"errors"
	"math"
)

// ErrDamaged says that weights are not what Append wrote.
var ErrDamaged = errors.New("linear: weights are damaged")

// Append writes the weights that are not zero: their number, the bias, then of each the gap to
// the one before, the weight and its sum of squared gradients.
func (w *Weights) Append(out []byte) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for i := range w.weight {
		if w.grad[i] != 0 {
			n++
		}
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(n))
	out = binary.LittleEndian.AppendUint32(out, w.bias)
	last := 0
	for i := range w.weight {
		if w.grad[i] == 0 {
			continue
		}
		out = binary.AppendUvarint(out, uint64(i-last))
		out = binary.LittleEndian.AppendUint32(out, w.weight[i])
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(w.grad[i]))
		last = i
	}
	return out
}

// Parse reads what Append wrote.
func Parse(data []byte) (*Weights, error) {
	if len(data) < 8 {
		return nil, ErrDamaged
	}
	w := New()
	n := binary.LittleEndian.Uint32(data)
	w.bias = binary.LittleEndian.Uint32(data[4:])
	data = data[8:]
	at := uint64(0)
	for range n {
		gap, size := binary.Uvarint(data)
		if at += gap; size <= 0 || gap >= 1<<Bits || at >= 1<<Bits || len(data) < size+8 {
			return nil, ErrDamaged
		}
		w.weight[at] = binary.LittleEndian.Uint32(data[size:])
		w.grad[at] = math.Float32frombits(binary.LittleEndian.Uint32(data[size+4:]))
		data = data[size+8:]
	}
	return w, nil
}
