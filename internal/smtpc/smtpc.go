// Package smtpc is a small SMTP client for tests and the demonstration: every
// command and reply is in the caller's hands, XCLIENT included.
package smtpc

import (
	"context"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"
)

// Client is one SMTP session. It is used from one goroutine.
type Client struct {
	conn net.Conn
	text *textproto.Conn
}

// Reply is what the server said, lines joined by a space.
type Reply struct {
	Code int
	Text string
}

// OK tells whether the reply is positive.
func (r Reply) OK() bool { return r.Code >= 200 && r.Code < 400 }

// String is the reply as one line.
func (r Reply) String() string { return fmt.Sprintf("%d %s", r.Code, r.Text) }

// Dial connects and reads the greeting. No single reply may take longer than
// ctx allows; without a deadline in ctx, a minute.
func Dial(ctx context.Context, addr string) (*Client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &Client{conn: conn, text: textproto.NewConn(conn)}
	if _, err := c.read(); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Close drops the connection without QUIT.
func (c *Client) Close() error { return c.text.Close() }

func (c *Client) read() (Reply, error) {
	if err := c.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return Reply{}, err
	}
	code, text, err := c.text.ReadResponse(0)
	if _, refused := err.(*textproto.Error); refused {
		err = nil
	}
	return Reply{code, strings.ReplaceAll(text, "\n", " ")}, err
}

// Cmd sends one line and gives the reply, be it a refusal. An error says that
// the connection is broken.
func (c *Client) Cmd(format string, args ...any) (Reply, error) {
	if err := c.text.PrintfLine(format, args...); err != nil {
		return Reply{}, err
	}
	return c.read()
}

// XClient makes the server see another client (Postfix's XCLIENT), and greets
// again. name "" is a client without a name.
func (c *Client) XClient(addr, name string) error {
	if strings.Contains(addr, ":") {
		addr = "IPV6:" + addr
	}
	if name == "" {
		name = "[UNAVAILABLE]"
	}
	for _, line := range []string{"EHLO xclient.example.org", "XCLIENT ADDR=" + addr + " NAME=" + name} {
		if r, err := c.Cmd("%s", line); err != nil {
			return err
		} else if !r.OK() {
			return fmt.Errorf("%s: %s", line, r)
		}
	}
	return nil
}

// Data sends the message, line ends CRLF, dots doubled, and gives the reply to
// its end.
func (c *Client) Data(message []byte) (Reply, error) {
	if r, err := c.Cmd("DATA"); err != nil || r.Code != 354 {
		return r, err
	}
	w := c.text.DotWriter()
	if _, err := w.Write(message); err != nil {
		return Reply{}, err
	}
	if err := w.Close(); err != nil {
		return Reply{}, err
	}
	return c.read()
}

// Envelope is one transaction to be sent.
type Envelope struct {
	From  string
	Rcpts []string
	Args  string // ESMTP parameters of MAIL FROM, "" for none
}

// Outcome is what the server said to one transaction.
type Outcome struct {
	Mail  Reply
	Rcpts []Reply
	Data  Reply // the last reply of the transaction
}

// Send makes one transaction. HELO was given before.
func (c *Client) Send(e Envelope, message []byte) (Outcome, error) {
	var o Outcome
	var err error
	if o.Mail, err = c.Cmd("%s", strings.TrimSpace("MAIL FROM:<"+e.From+"> "+e.Args)); err != nil || !o.Mail.OK() {
		o.Data = o.Mail
		return o, err
	}
	taken := 0
	for _, rcpt := range e.Rcpts {
		r, err := c.Cmd("RCPT TO:<%s>", rcpt)
		if err != nil {
			return o, err
		}
		o.Rcpts = append(o.Rcpts, r)
		if r.OK() {
			taken++
		}
		o.Data = r
	}
	if taken == 0 {
		return o, nil
	}
	o.Data, err = c.Data(message)
	return o, err
}
