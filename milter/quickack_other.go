//go:build !linux

package milter

import "net"

// quickAck has nothing to do where the kernel has no TCP_QUICKACK.
func quickAck(net.Conn) func() { return nil }
