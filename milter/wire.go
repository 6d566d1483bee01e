package milter

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"
)

// maxEnvelope bounds the memory of one envelope.
const maxEnvelope = 16 << 20

// wire is the connection as go-milter sees it. Read gives it whole commands, one after
// the other, checked in length, time and order; the data packets between them (macros,
// header fields, body chunks), for which go-milter has no good place, end
// here. Write gathers the packets of one answer, which leave together.
//
// It is used by the goroutine of its session; drain and Close may come from others.
type wire struct {
	net.Conn
	srv *Server
	in  *bufio.Reader

	state state
	terms terms
	busy  atomic.Bool // a transaction is under way
	begun time.Time   // when the transaction began

	frame  []byte // the last command as it came
	feed   []byte // what of frame go-milter has yet to read
	out    []byte // what is to be sent before the next packet is awaited
	opened bool   // the answer to OPTNEG is yet to be written
	err    error  // why the session ended

	macros    macros
	args      []string // of MAIL and RCPT
	envelope  int      // bytes of the envelope so far
	header    header
	body      body
	truncated string

	renew func() // the SMTP client is gone, another may come
	done  func() // the connection is over
}

// Read gives go-milter the next command. After an error it says io.EOF, at
// which go-milter ends without a word: the one line about it is ours.
func (w *wire) Read(p []byte) (int, error) {
	for len(w.feed) == 0 {
		if err := w.next(); err != nil {
			w.err = err
			return 0, io.EOF
		}
	}
	n := copy(p, w.feed)
	w.feed = w.feed[n:]
	return n, nil
}

// Write gathers an answer. It never fails: flush finds out, before the next command.
func (w *wire) Write(p []byte) (int, error) {
	if w.opened {
		// go-milter says version 2 and does not look at the offer.
		w.opened = false
		w.out = w.terms.append(w.out)
		return len(p), nil
	}
	w.out = append(w.out, p...)
	return len(p), nil
}

// Close ends the session, once; go-milter calls it.
func (w *wire) Close() error {
	w.done()
	return w.Conn.Close()
}

// flush sends what was gathered.
func (w *wire) flush() error {
	if len(w.out) == 0 {
		return nil
	}
	err := w.send(w.out)
	w.out = w.out[:0]
	return err
}

func (w *wire) send(p []byte) error {
	if err := w.SetWriteDeadline(time.Now().Add(w.srv.cfg.Write)); err != nil {
		return err
	}
	_, err := w.Conn.Write(p)
	return err
}

// next takes one packet: a command is left in feed, data is kept.
func (w *wire) next() error {
	if err := w.flush(); err != nil {
		return err
	}
	w.busy.Store(w.state.inMessage()) // only now: the answer is out
	if w.state == stateClient && w.srv.isDraining() {
		return net.ErrClosed
	}
	size, cmd, err := w.await()
	if err != nil {
		return err
	}
	if w.state, err = w.state.next(cmd); err != nil {
		return err
	}
	if cmd == cmdBody {
		return w.takeBody(size - 1)
	}
	if err := w.readFrame(size); err != nil {
		return err
	}
	return w.take(cmd, w.frame[headSize:])
}

// take sorts one packet in.
func (w *wire) take(cmd byte, data []byte) error {
	switch cmd {
	case cmdMacro:
		w.macros.set(data)
		return nil
	case cmdHeader:
		w.takeHeader(data)
		return nil
	case cmdUnknown:
		w.reply()
		return nil
	case cmdQuitNC:
		w.renew()
		w.drop()
		w.macros = macros{}
		return nil
	case cmdQuit:
		return io.EOF
	case cmdOptNeg:
		return w.agree(data)
	case cmdConnect:
		return w.takeConnect(data)
	case cmdMail:
		w.drop()
		w.macros.settle()
		w.begin()
		return w.takeArgs(data)
	case cmdRcpt:
		return w.takeArgs(data)
	case cmdAbort, cmdHelo:
		w.drop()
		w.macros.reset()
	case cmdEOM:
		// The last chunk may come with the end of the message.
		w.keepBody(data)
	}
	w.feed = w.frame
	return nil
}

// reply says "go on" to a packet that go-milter does not see.
func (w *wire) reply() { w.out = append(w.out, 0, 0, 0, 1, 'c') }

func (w *wire) agree(offer []byte) (err error) {
	if w.terms, err = negotiate(offer, w.srv.handler.Answers()); err != nil {
		return err
	}
	w.srv.nameMissing(w.terms)
	w.opened, w.feed = true, w.frame
	return nil
}

// takeConnect checks a connect packet, which is a name, a family, a port of two bytes
// and an address, and takes from the address what go-milter cannot read: the prefix "IPv6:" of
// RFC 5321 section 4.1.3 and a zone.
func (w *wire) takeConnect(data []byte) error {
	name, rest, ok := bytes.Cut(data, []byte{0})
	if !ok || len(rest) == 0 {
		return violation("connect packet is malformed")
	}
	if family := rest[0]; family == '4' || family == '6' {
		if len(rest) < 4 {
			return violation("connect packet is malformed")
		}
		address, _, _ := strings.Cut(string(rest[3:]), "\x00")
		if len(address) > 5 && strings.EqualFold(address[:5], "IPv6:") {
			address = address[5:]
		}
		address, _, _ = strings.Cut(address, "%")
		at := headSize + len(name) + 4
		w.frame = append(append(w.frame[:at], address...), 0)
		binary.BigEndian.PutUint32(w.frame, uint32(len(w.frame)-4))
	}
	w.feed = w.frame
	return nil
}

// takeArgs keeps the address and the parameters of MAIL or RCPT, of which
// go-milter hands on the first only.
func (w *wire) takeArgs(data []byte) error {
	if w.envelope += len(data) + fieldCost; w.envelope > maxEnvelope {
		return violation("envelope is too large")
	}
	w.args = strings.Split(string(bytes.TrimSuffix(data, []byte{0})), "\x00")
	w.args[0] = unbracket(w.args[0])
	w.feed = w.frame
	return nil
}

// unbracket takes one pair of angle brackets from the ends of an address.
func unbracket(s string) string {
	if len(s) >= 2 && s[0] == '<' && s[len(s)-1] == '>' {
		return s[1 : len(s)-1]
	}
	return s
}
