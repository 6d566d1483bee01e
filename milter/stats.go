package milter

import "sync/atomic"

// Stats are the figures of one listener, for the metrics. All but Open count
// up from the start.
type Stats struct {
	Open         int   // connections now
	Accepted     int64 // connections
	Refused      int64 // connections beyond the limit
	Violations   int64 // sessions broken off because the other side broke the protocol
	AcceptErrors int64
	Messages     int64 // ends of message
	Spooled      int64 // bodies that went to disk
}

type counters struct {
	accepted, refused, violations, acceptErrors, messages, spooled atomic.Int64
}

// Stats tells the figures of now.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	open := len(s.wires)
	s.mu.Unlock()
	return Stats{
		Open:         open,
		Accepted:     s.stats.accepted.Load(),
		Refused:      s.stats.refused.Load(),
		Violations:   s.stats.violations.Load(),
		AcceptErrors: s.stats.acceptErrors.Load(),
		Messages:     s.stats.messages.Load(),
		Spooled:      s.stats.spooled.Load(),
	}
}
