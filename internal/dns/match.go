package dns

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/miekg/dns"
)

// errForeign says that a packet is no answer to our question.
var errForeign = errors.New("not an answer to the question")

// headerSize is that of every DNS message (RFC 1035 section 4.1.1).
const headerSize = 12

// match reads a packet as the answer to q. It must bear the ID, be a response,
// and repeat the question (RFC 5452 section 9.1). The error is errForeign, errTruncated or
// wraps ErrServfail.
func match(packet []byte, q *dns.Msg) (*dns.Msg, error) {
	if len(packet) < headerSize || binary.BigEndian.Uint16(packet) != q.Id || packet[2]&0x80 == 0 {
		return nil, errForeign
	}
	if packet[2]&0x02 != 0 {
		return nil, errTruncated // its records may be cut in two: not read at all
	}
	m := new(dns.Msg)
	if err := m.Unpack(packet); err != nil {
		return nil, malformed(err)
	}
	if bare(m) {
		return m, nil
	}
	if m.Opcode != dns.OpcodeQuery || len(m.Question) != 1 {
		return nil, errForeign
	}
	got, want := m.Question[0], q.Question[0]
	if got.Qtype != want.Qtype || got.Qclass != want.Qclass || !same(got.Name, want.Name) {
		return nil, errForeign
	}
	return m, nil
}

// bare tells whether this is a header with an error code and nothing else: what a
// server says that could not, or would not, read the question.
func bare(m *dns.Msg) bool {
	return len(m.Question) == 0 && len(m.Answer) == 0 && len(m.Ns) == 0 &&
		m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError
}

func malformed(err error) error { return fmt.Errorf("%w: malformed answer: %w", ErrServfail, err) }
