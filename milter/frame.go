package milter

import (
	"encoding/binary"
	"io"
	"slices"
	"time"
)

// maxPacket bounds a packet. Postfix sends at most 65,535 bytes of body in one, and a
// header field of header_size_limit, 100 KiB as shipped.
const maxPacket = 1 << 20

// await waits for the head of a packet and checks it before anything is
// allocated. Deadlines are set only for what is not here yet.
func (w *wire) await() (size int, cmd byte, err error) {
	if w.in.Buffered() == 0 {
		if err := w.within(w.srv.cfg.Idle); err != nil {
			return 0, 0, err
		}
		if _, err := w.in.Peek(1); err != nil {
			return 0, 0, err
		}
	}
	begun := w.in.Buffered() < headSize
	if begun {
		if err := w.within(w.srv.cfg.Packet); err != nil {
			return 0, 0, err
		}
	}
	head, err := w.in.Peek(headSize)
	if err != nil {
		return 0, 0, cut(err)
	}
	n := binary.BigEndian.Uint32(head)
	if n == 0 || n > maxPacket {
		return 0, 0, violation("packet length is out of bounds")
	}
	size, cmd = int(n), head[4]
	if !begun && w.in.Buffered() < 4+size {
		err = w.within(w.srv.cfg.Packet)
	}
	return size, cmd, err
}

// headSize is the length of a packet and its command.
const headSize = 5

func (w *wire) within(d time.Duration) error { return w.SetReadDeadline(time.Now().Add(d)) }

// cut tells a packet that ends early from a connection that ends.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// keepFrame is how large a buffer a connection keeps between commands.
const keepFrame = 128 << 10

func (w *wire) readFrame(size int) error {
	if cap(w.frame) > keepFrame {
		w.frame = nil
	}
	w.frame = slices.Grow(w.frame[:0], size+4)[:size+4]
	_, err := io.ReadFull(w.in, w.frame)
	return cut(err)
}
