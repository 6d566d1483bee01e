// Package miltertest plays the MTA's side of the milter protocol in tests. It
// talks as Postfix does: it sends one command at a time and waits for a reply
// unless the filter negotiated that it gives none.
package miltertest

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// What Postfix 3.7 offers.
const (
	Version  = 6
	Actions  = 0x1ff
	Protocol = 0x1fffff
)

// patience bounds each wait for the filter.
const patience = 30 * time.Second

// Client is one connection to a filter. Its methods end the test when the
// filter breaks off; they belong to the test's goroutine.
type Client struct {
	net.Conn
	t  testing.TB
	in *bufio.Reader

	Version, Actions, Protocol uint32 // as the filter answered
}

// Packet is one packet of the filter.
type Packet struct {
	Code byte
	Data string
}

// Result is what came at the end of a message.
type Result struct {
	Edits    []Packet
	Progress int
	Final    Packet
}

// Message is what Deliver sends. A header field's value begins with the white
// space after the colon, and its folds are bare LF.
type Message struct {
	From   string
	Args   []string
	Rcpts  []string
	Header [][2]string
	Body   string
}

// Dial connects, without negotiation. The connection is closed with the test.
func Dial(t testing.TB, addr net.Addr) *Client {
	t.Helper()
	conn, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return newClient(t, conn)
}

func newClient(t testing.TB, conn net.Conn) *Client {
	return &Client{Conn: conn, t: t, in: bufio.NewReader(conn)}
}

// Open connects, negotiates as Postfix does and tells of a client at 192.0.2.1
// which says "HELO client.example.org".
func Open(t testing.TB, addr net.Addr) *Client {
	t.Helper()
	c := Dial(t, addr)
	c.Negotiate(Version, Actions, Protocol)
	c.Macros('C', "j", "mx.example.org")
	c.Connect("client.example.org", '4', 25000, "192.0.2.1")
	c.Helo("client.example.org")
	return c
}

// Frame makes a packet.
func Frame(cmd byte, data string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)+1))
	return append(append(b, cmd), data...)
}

// Send sends a packet.
func (c *Client) Send(cmd byte, data string) {
	c.t.Helper()
	c.SetWriteDeadline(time.Now().Add(patience))
	if _, err := c.Write(Frame(cmd, data)); err != nil {
		c.t.Fatalf("command %q: %v", cmd, err)
	}
}

// ReadPacket reads a packet; the error is io.EOF when the filter closed the connection.
func (c *Client) ReadPacket() (Packet, error) {
	c.SetReadDeadline(time.Now().Add(patience))
	var head [5]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return Packet{}, err
	}
	data := make([]byte, binary.BigEndian.Uint32(head[:])-1)
	if _, err := io.ReadFull(c.in, data); err != nil {
		return Packet{}, err
	}
	return Packet{head[4], string(data)}, nil
}

// Reply reads a packet that must come.
func (c *Client) Reply() Packet {
	c.t.Helper()
	p, err := c.ReadPacket()
	if err != nil {
		c.t.Fatalf("no reply: %v", err)
	}
	return p
}

// Negotiate offers, and keeps the answer.
func (c *Client) Negotiate(version, actions, protocol uint32) Packet {
	c.t.Helper()
	b := binary.BigEndian.AppendUint32(nil, version)
	b = binary.BigEndian.AppendUint32(b, actions)
	b = binary.BigEndian.AppendUint32(b, protocol)
	c.Send('O', string(b))
	p := c.Reply()
	if !c.learn(p) {
		c.t.Fatalf("odd answer to negotiation: %q", p)
	}
	return p
}

// learn keeps the answer to the negotiation.
func (c *Client) learn(p Packet) bool {
	if p.Code != 'O' || len(p.Data) < 12 {
		return false
	}
	d := []byte(p.Data)
	c.Version, c.Actions, c.Protocol = binary.BigEndian.Uint32(d), binary.BigEndian.Uint32(d[4:]), binary.BigEndian.Uint32(d[8:])
	return true
}

// Macros sends names and values that go with a command.
func (c *Client) Macros(cmd byte, pairs ...string) {
	c.t.Helper()
	c.Send('D', string(cmd)+strings.Join(append(pairs, ""), "\x00"))
}

// step sends a command and reads its reply; where none comes it says 'c'.
func (c *Client) step(cmd byte, silent uint32, data string) Packet {
	c.t.Helper()
	c.Send(cmd, data)
	if c.Protocol&silent != 0 {
		return Packet{Code: 'c'}
	}
	return c.Reply()
}

// Connect tells of an SMTP client. family is '4', '6', 'L' or 'U'.
func (c *Client) Connect(name string, family byte, port uint16, address string) Packet {
	c.t.Helper()
	data := name + "\x00" + string(family)
	if family != 'U' {
		data += string(binary.BigEndian.AppendUint16(nil, port)) + address + "\x00"
	}
	return c.step('C', 1<<12, data)
}

// Helo tells of HELO or EHLO.
func (c *Client) Helo(name string) Packet {
	c.t.Helper()
	return c.step('H', 1<<13, name+"\x00")
}

// Mail tells of MAIL FROM; brackets are the caller's.
func (c *Client) Mail(from string, args ...string) Packet {
	c.t.Helper()
	return c.step('M', 1<<14, strings.Join(append([]string{from}, args...), "\x00")+"\x00")
}

// Rcpt tells of RCPT TO; brackets are the caller's.
func (c *Client) Rcpt(to string, args ...string) Packet {
	c.t.Helper()
	return c.step('R', 1<<15, strings.Join(append([]string{to}, args...), "\x00")+"\x00")
}

// Header sends one field.
func (c *Client) Header(name, value string) Packet {
	c.t.Helper()
	return c.step('L', 1<<7, name+"\x00"+value+"\x00")
}

// EndHeader ends the header.
func (c *Client) EndHeader() Packet {
	c.t.Helper()
	return c.step('N', 1<<18, "")
}

// Body sends a body in chunks as large as Postfix makes them.
func (c *Client) Body(body string) {
	c.t.Helper()
	const chunk = 65535
	for len(body) > 0 {
		n := min(chunk, len(body))
		c.step('B', 1<<19, body[:n])
		body = body[n:]
	}
}

// End ends the message, with the last of the body if there is any, and reads
// what the filter wants.
func (c *Client) End(rest string) Result {
	c.t.Helper()
	c.Send('E', rest)
	return c.Result()
}

// Result reads what the filter answers to the end of a message.
func (c *Client) Result() (r Result) {
	c.t.Helper()
	for {
		switch p := c.Reply(); p.Code {
		case 'p':
			r.Progress++
		case 'h', 'i', 'm', 'q':
			r.Edits = append(r.Edits, p)
		default:
			r.Final = p
			return r
		}
	}
}

// Deliver sends a whole message. Recipients that are refused are left out; a refused
// MAIL is the result.
func (c *Client) Deliver(m Message) Result {
	c.t.Helper()
	if p := c.Mail("<"+m.From+">", m.Args...); p.Code != 'c' {
		return Result{Final: p}
	}
	for _, r := range m.Rcpts {
		c.Rcpt("<" + r + ">")
	}
	for _, f := range m.Header {
		c.Header(f[0], f[1])
	}
	c.EndHeader()
	c.Body(m.Body)
	r := c.End("")
	c.Send('A', "")
	return r
}
