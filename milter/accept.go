package milter

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"time"

	gm "github.com/emersion/go-milter"
)

// Listen opens the socket, so that the MTA can connect from now on. A unix
// socket that a dead process left behind is replaced.
func (s *Server) Listen() error {
	network, address, err := splitAddr(s.cfg.Addr)
	if err != nil {
		return err
	}
	if network == "unix" {
		removeStale(address)
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return fmt.Errorf("milter: listener %q: %w", s.cfg.Name, err)
	}
	if network == "unix" {
		if err := os.Chmod(address, s.cfg.Mode); err != nil {
			l.Close()
			return fmt.Errorf("milter: listener %q: %w", s.cfg.Name, err)
		}
	}
	s.listener = l
	return nil
}

// removeStale removes a socket at which nobody answers. Where it cannot, the listen that
// follows says why.
func removeStale(path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return
	}
	os.Remove(path)
}

// The pauses after an accept that failed: for want of file descriptors, say.
const (
	firstPause = 5 * time.Millisecond
	maxPause   = time.Second
)

// accept takes connections until the listener is closed. Running out of file
// descriptors or memory does not end it.
func (s *Server) accept(ctx, base context.Context) error {
	var pause time.Duration
	for {
		conn, err := s.listener.Accept()
		if err == nil {
			pause = 0
			s.start(base, conn)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if pause == 0 {
			s.log.Error("connections cannot be accepted", "error", err)
		}
		s.stats.acceptErrors.Add(1)
		pause = min(max(2*pause, firstPause), maxPause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// start runs a connection's session in a goroutine of go-milter. The gm.Server is
// this connection's own, so that its session stays the same from first to last.
func (s *Server) start(base context.Context, conn net.Conn) {
	s.stats.accepted.Add(1)
	w := &wire{Conn: conn, srv: s, in: bufio.NewReaderSize(source(conn), readBuffer)}
	if !s.register(w) {
		s.stats.refused.Add(1)
		conn.Close()
		return
	}
	sess := &session{srv: s, w: w, base: base}
	w.renew = sess.over
	w.done = func() {
		sess.over()
		w.drop()
		s.leave(w)
	}
	// It returns as soon as the session runs, as a single has no second connection.
	_ = (&gm.Server{NewMilter: func() gm.Milter { return sess }}).Serve(&single{conn: w})
}

// readBuffer holds some commands and fields at once; body chunks pass it by.
const readBuffer = 8 << 10

// tellFull is how often the log says that there are too many connections.
const tellFull = time.Minute

// register counts a connection in, unless there are too many.
func (s *Server) register(w *wire) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wires) >= s.cfg.MaxConns {
		if time.Since(s.toldFull) > tellFull {
			s.toldFull = time.Now()
			s.log.Warn("too many connections", "limit", s.cfg.MaxConns)
		}
		return false
	}
	s.wires[w] = struct{}{}
	s.sessions.Add(1)
	return true
}

// leave counts a connection out, and says in one line what ended it if that
// was not the MTA's wish.
func (s *Server) leave(w *wire) {
	s.mu.Lock()
	delete(s.wires, w)
	s.mu.Unlock()
	defer s.sessions.Done()
	var v violation
	switch {
	case errors.As(w.err, &v):
		s.stats.violations.Add(1)
		s.log.Warn("session broken off", "peer", w.RemoteAddr().String(), "error", w.err)
	case w.err == nil || errors.Is(w.err, io.EOF) || errors.Is(w.err, net.ErrClosed):
	default:
		s.log.Info("session lost", "peer", w.RemoteAddr().String(), "error", w.err)
	}
}

// single is a net.Listener with one connection.
type single struct{ conn net.Conn }

// Accept gives the connection, the first time.
func (l *single) Accept() (net.Conn, error) {
	c := l.conn
	if l.conn = nil; c == nil {
		return nil, net.ErrClosed
	}
	return c, nil
}

// Close has nothing to close.
func (l *single) Close() error { return nil }

// Addr is not known.
func (l *single) Addr() net.Addr { return nil }

// source is what a connection is read from.
func source(c net.Conn) io.Reader {
	quick := quickAck(c)
	if quick == nil {
		return c
	}
	return quickReader{c, quick}
}

// quickReader acknowledges at once what it reads.
type quickReader struct {
	net.Conn
	quick func()
}

// Read reads after asking for an immediate acknowledgement.
func (r quickReader) Read(p []byte) (int, error) {
	r.quick()
	return r.Conn.Read(p)
}
