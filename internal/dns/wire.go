package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// udpSize is the datagram we say we take: it crosses every usual link in one
// piece, so that no fragment can be forged or lost (RFC 9715 section 3.1, the flag day of 2020).
const udpSize = 1232

// wire asks one server. It tries once; its caller bounds the time by the
// context. Every exchange has a socket of its own, connected: the kernel picks a random
// source port and lets in datagrams of the server's address and port only (RFC 5452
// section 9.1 and 9.2).
type wire struct {
	addr string // host:port
}

var buffers = sync.Pool{New: func() any { return new([4096]byte) }}

// Lookup implements Resolver.
func (w *wire) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	m, err := w.exchange(ctx, name, t, true)
	if err == nil && m.Rcode == dns.RcodeFormatError {
		// RFC 6891 section 7: a server that knows no EDNS answers FORMERR.
		m, err = w.exchange(ctx, name, t, false)
	}
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: server %s: %w", t, name, w.addr, err)
	}
	ans, err := interpret(m, name, t)
	if err != nil {
		return ans, fmt.Errorf("%s %s: server %s: %w", t, name, w.addr, err)
	}
	return ans, nil
}

// exchange sends the question by UDP, and by TCP where the answer is cut off.
func (w *wire) exchange(ctx context.Context, name string, t Type, edns bool) (*dns.Msg, error) {
	q := new(dns.Msg)
	q.Id = dns.Id() // from crypto/rand
	q.RecursionDesired = true
	q.AuthenticatedData = true // RFC 6840 section 5.7: we understand AD in the answer
	q.Question = []dns.Question{{Name: name + ".", Qtype: uint16(t), Qclass: dns.ClassINET}}
	if edns {
		q.SetEdns0(udpSize, false)
	}
	packet, err := q.Pack()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrName, err)
	}
	m, err := w.talk(ctx, "udp", packet, q)
	if errors.Is(err, errTruncated) {
		m, err = w.talk(ctx, "tcp", packet, q) // RFC 7766 section 5
	}
	return m, err
}

// talk opens a connection, sends the packet and waits for the answer. An error
// wraps ErrTimeout, ErrServfail or errTruncated.
func (w *wire) talk(ctx context.Context, network string, packet []byte, q *dns.Msg) (*dns.Msg, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, w.addr)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	ask := datagram
	if network == "tcp" {
		ask = stream
	}
	m, err := ask(conn, packet, q)
	if err != nil {
		return nil, failure(ctx, err)
	}
	return m, nil
}

// failure sorts the errors of a connection.
func failure(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errTruncated), errors.Is(err, ErrServfail):
		return err
	case ctx.Err() != nil:
		return ErrTimeout
	}
	return fmt.Errorf("%w: %w", ErrServfail, err)
}

// errTruncated says that the answer must be fetched by TCP.
var errTruncated = errors.New("answer truncated")

// datagram waits for the one datagram that answers the question. Others may
// be forged or late: they are passed over, for as long as the context lasts.
func datagram(conn net.Conn, packet []byte, q *dns.Msg) (*dns.Msg, error) {
	if _, err := conn.Write(packet); err != nil {
		return nil, err
	}
	buf := buffers.Get().(*[4096]byte)
	defer buffers.Put(buf)
	for {
		n, err := conn.Read(buf[:])
		if err != nil {
			return nil, err
		}
		m, err := match(buf[:n], q)
		if errors.Is(err, errForeign) {
			continue
		}
		return m, err
	}
}

// stream does the same by TCP, where two bytes of length go before a packet
// (RFC 1035 section 4.2.2).
func stream(conn net.Conn, packet []byte, q *dns.Msg) (*dns.Msg, error) {
	framed := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(packet)), uint16(len(packet)))
	if _, err := conn.Write(append(framed, packet...)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	reply := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, reply); err != nil {
		return nil, err
	}
	m, err := match(reply, q)
	if errors.Is(err, errTruncated) || errors.Is(err, errForeign) {
		return nil, malformed(err)
	}
	return m, err
}
