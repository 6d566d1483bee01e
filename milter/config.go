package milter

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// Config is one listener. Zero fields take the default named beside them.
type Config struct {
	Name    string // names the listener in sessions and logs
	Profile string // what it is for: "inbound" or "outbound"
	Addr    string // unix:PATH or tcp:HOST:PORT

	Mode     os.FileMode // of a unix socket; 0660
	SpoolDir string      // where large bodies go; the system's folder for temporary files

	MaxConns   int   // connections at once, further ones are closed; 4096
	MaxHeader  int   // bytes of header kept; 1 MiB
	MaxFields  int   // header fields kept; 10,000
	MaxMemory  int64 // bytes of a body kept in memory, a larger one is spooled; 4 MiB
	MaxMessage int64 // bytes of a body kept at all; 128 MiB

	// Idle is how long the MTA may be silent between packets. It is long because a client
	// may be, all the while it sends its message: 2 h, as in libmilter.
	Idle     time.Duration
	Packet   time.Duration // from the first byte of a packet to its last; 60 s
	Write    time.Duration // for sending a reply; 30 s
	Progress time.Duration // between signs of life while a message is judged; 5 s
	Drain    time.Duration // for messages under way when Serve is told to end; 30 s
}

func (c Config) withDefaults() Config {
	c.Mode = cmp.Or(c.Mode, 0o660)
	c.MaxConns = cmp.Or(c.MaxConns, 4096)
	c.MaxHeader = cmp.Or(c.MaxHeader, 1<<20)
	c.MaxFields = cmp.Or(c.MaxFields, 10_000)
	c.MaxMemory = cmp.Or(c.MaxMemory, 4<<20)
	c.MaxMessage = cmp.Or(c.MaxMessage, 128<<20)
	c.Idle = cmp.Or(c.Idle, 2*time.Hour)
	c.Packet = cmp.Or(c.Packet, time.Minute)
	c.Write = cmp.Or(c.Write, 30*time.Second)
	c.Progress = cmp.Or(c.Progress, 5*time.Second)
	c.Drain = cmp.Or(c.Drain, 30*time.Second)
	return c
}

// check names the first value that no listener can have.
func (c Config) check() error {
	if _, _, err := splitAddr(c.Addr); err != nil {
		return err
	}
	for _, l := range []struct {
		name  string
		value int64
	}{
		{"MaxConns", int64(c.MaxConns)}, {"MaxHeader", int64(c.MaxHeader)}, {"MaxFields", int64(c.MaxFields)},
		{"MaxMemory", c.MaxMemory}, {"MaxMessage", c.MaxMessage},
		{"Idle", int64(c.Idle)}, {"Packet", int64(c.Packet)}, {"Write", int64(c.Write)},
		{"Progress", int64(c.Progress)}, {"Drain", int64(c.Drain)},
	} {
		if l.value < 0 {
			return fmt.Errorf("milter: %s %d is negative", l.name, l.value)
		}
	}
	return nil
}

// splitAddr takes unix:PATH and tcp:HOST:PORT apart for net.Listen.
func splitAddr(addr string) (network, address string, err error) {
	network, address, _ = strings.Cut(addr, ":")
	switch {
	case network == "unix" && address != "":
		return network, address, nil
	case network == "tcp":
		if _, _, err := net.SplitHostPort(address); err != nil {
			return "", "", fmt.Errorf("milter: address %q: %w", addr, err)
		}
		return network, address, nil
	}
	return "", "", fmt.Errorf("milter: address %q is neither unix:PATH nor tcp:HOST:PORT", addr)
}
