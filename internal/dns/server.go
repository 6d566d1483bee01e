package dns

import (
	"context"
	"sync"
	"time"
)

// unhealthy is after how many failures in a row a server is shown as failing.
const unhealthy = 3

// server is one server with its standing in the pool.
type server struct {
	addr string
	next Resolver // its wire

	mu     sync.Mutex
	last   bool      // to be tried after the others
	probed time.Time // when it was put last, or last probed
	streak int       // failures in a row
	asked  uint64
	failed uint64
}

// try asks the server, for a while at most.
func (s *server) try(ctx context.Context, d time.Duration, name string, t Type) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	ans, err := s.next.Lookup(ctx, name, t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if IsTemporary(err) {
		s.failed++
		s.streak++
	} else {
		s.streak = 0
	}
	return ans, err
}

// standing tells whether the server is to be tried last, and whether it is to be
// probed; who is told so must do it.
func (s *server) standing(now time.Time) (last, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last && now.Sub(s.probed) >= recheck {
		s.probed, due = now, true
	}
	return s.last, due
}

func (s *server) promote() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = false
}

func (s *server) demote(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.probed = true, now
}

func (s *server) stats() ServerStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return ServerStats{Addr: s.addr, Healthy: s.streak < unhealthy, Last: s.last, Asked: s.asked, Failed: s.failed}
}
