package dnstest

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Server answers from a Zone by UDP and TCP at one port of 127.0.0.1. It is safe for several
// goroutines.
type Server struct {
	Addr string // "127.0.0.1:port"

	mu       sync.Mutex
	zone     Zone
	faults   map[string]Fault
	negative time.Duration
	asked    []string
	counts   map[string]int
	tcp      int

	done chan struct{} // closed by Close
	udp  *dns.Server
	str  *dns.Server
	runs sync.WaitGroup
	once sync.Once
}

// Serve starts a server for the length of a test.
func Serve(t testing.TB, zone Zone) *Server {
	t.Helper()
	s, err := Listen(zone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Listen starts a server at a free port. The caller ends it with Close.
func Listen(zone Zone) (*Server, error) {
	pc, ln, err := listenBoth()
	if err != nil {
		return nil, fmt.Errorf("dns test server: %w", err)
	}
	s := &Server{
		Addr: pc.LocalAddr().String(), zone: maps.Clone(zone), faults: map[string]Fault{},
		negative: time.Minute, counts: map[string]int{}, done: make(chan struct{}),
	}
	if s.zone == nil {
		s.zone = Zone{}
	}
	s.udp = &dns.Server{PacketConn: pc, Handler: s}
	s.str = &dns.Server{Listener: ln, Handler: s}
	for _, srv := range []*dns.Server{s.udp, s.str} {
		started := make(chan struct{})
		srv.NotifyStartedFunc = func() { close(started) }
		s.runs.Go(func() { _ = srv.ActivateAndServe() })
		<-started
	}
	return s, nil
}

// listenBoth finds a port that is free for UDP and TCP.
func listenBoth() (net.PacketConn, net.Listener, error) {
	var last error
	for range 16 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		pc, err := net.ListenPacket("udp", ln.Addr().String())
		if err == nil {
			return pc, ln, nil
		}
		last = errors.Join(err, ln.Close())
	}
	return nil, nil, last
}

// Close ends the server and waits for its goroutines. It may be called again.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.done)
		_ = s.udp.Shutdown()
		_ = s.str.Shutdown()
		s.runs.Wait()
	})
}

// Set changes what a name holds.
func (s *Server) Set(name string, n Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zone[fold(name)] = n
}

// Remove takes a name out of the zone.
func (s *Server) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.zone, fold(name))
}

// Negative sets how long the absence of a name or type may be kept; it is 1
// minute at first. 0 sends no SOA record, so that nothing is said about it.
func (s *Server) Negative(ttl time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.negative = ttl
}

// Asked lists the last questions, 10,000 at most, as "TYPE name", the repeated ones included.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Count tells how often a name was asked for, whatever the type, by UDP and TCP.
func (s *Server) Count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[fold(name)]
}

// TCP tells how many questions came by TCP.
func (s *Server) TCP() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tcp
}
