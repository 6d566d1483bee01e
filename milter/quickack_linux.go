package milter

import (
	"net"
	"syscall"
)

// quickAck returns a function that makes the kernel acknowledge at once what
// comes next, or nil where there is nothing to do. Postfix writes small packets without
// TCP_NODELAY: when we have nothing to answer, Nagle's algorithm on its side
// would wait for our delayed ACK, 40 ms. The kernel leaves the mode again by
// itself, so it is set before each read.
func quickAck(c net.Conn) func() {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	set := func(fd uintptr) {
		// Without it mail is slower, and that is all.
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	}
	return func() { _ = raw.Control(set) }
}
