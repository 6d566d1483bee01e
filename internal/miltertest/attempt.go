package miltertest

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// Attempt sends one message with one recipient over a connection of its own and gives what the
// filter answered in the end: to the message, or to a recipient that it refused. Unlike a Client's methods it
// may be called from any goroutine: a filter that breaks off is an error.
func Attempt(addr net.Addr, client string, m Message) (r Result, err error) {
	conn, err := net.DialTimeout(addr.Network(), addr.String(), patience)
	if err != nil {
		return r, err
	}
	defer conn.Close()
	a := attempt{Client: newClient(nil, conn)}
	a.say('O', "\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff", 0)
	if a.err == nil && !a.learn(a.last) {
		a.err = fmt.Errorf("odd answer to negotiation: %q", a.last)
	}
	a.say('C', "client.example.net\x00"+"4\x61\xa8"+client+"\x00", 1<<12)
	a.say('H', "client.example.net\x00", 1<<13)
	a.say('M', "<"+m.From+">\x00", 1<<14)
	a.say('R', "<"+m.Rcpts[0]+">\x00", 1<<15)
	if a.err != nil || a.last.Code != 'c' {
		return Result{Final: a.last}, a.err
	}
	for _, f := range m.Header {
		a.say('L', f[0]+"\x00"+f[1]+"\x00", 1<<7)
	}
	a.say('N', "", 1<<18)
	a.say('B', m.Body, 1<<19)
	a.say('E', "", 0)
	for a.err == nil && strings.ContainsRune("phimq", rune(a.last.Code)) {
		if a.last.Code != 'p' {
			r.Edits = append(r.Edits, a.last)
		}
		a.last, a.err = a.ReadPacket()
	}
	r.Final = a.last
	return r, a.err
}

// attempt is a conversation that goes on until its first error.
type attempt struct {
	*Client
	last Packet
	err  error
}

// say sends a command and reads its reply; where none comes it is 'c'.
func (a *attempt) say(cmd byte, data string, silent uint32) {
	if a.err != nil {
		return
	}
	a.SetWriteDeadline(time.Now().Add(patience))
	if _, a.err = a.Write(Frame(cmd, data)); a.err != nil {
		return
	}
	if a.last = (Packet{Code: 'c'}); a.Protocol&silent == 0 {
		a.last, a.err = a.ReadPacket()
	}
}
