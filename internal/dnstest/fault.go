package dnstest

import (
	"time"

	"github.com/miekg/dns"
)

// Fault is how a Server misbehaves for a name. The zero Fault is none.
type Fault struct {
	Rcode         string          // answer this code (SERVFAIL, REFUSED, FORMERR ...) and no records
	Drop          bool            // never answer
	Truncate      bool            // by UDP send the truncation mark and no records; by TCP all
	WrongID       bool            // answer under another ID
	WrongQuestion bool            // answer another question
	Delay         time.Duration   // answer so much later
	Gate          <-chan struct{} // answer when this is closed
	Raw           []byte          // answer these bytes after the ID
}

// Fault sets the fault of a name: "www.example.org" for this name,
// "*.example.org" for all below it, "*" for all. The most exact one holds. The zero Fault removes it.
func (s *Server) Fault(name string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[fold(name)] = f
}

func (s *Server) faultOf(name string) Fault {
	if f, ok := s.faults[name]; ok {
		return f
	}
	for above, ok := parent(name); ok; above, ok = parent(above) {
		if f, ok := s.faults["*."+above]; ok {
			return f
		}
	}
	return s.faults["*"]
}

// wait sits out Delay and Gate; it returns false when the server closes meanwhile.
func (s *Server) wait(f Fault) bool {
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-s.done:
			return false
		}
	}
	if f.Gate != nil {
		select {
		case <-f.Gate:
		case <-s.done:
			return false
		}
	}
	return true
}

// spoil does to an answer what the fault says.
func (f Fault) spoil(m *dns.Msg, udp bool) {
	if code, ok := dns.StringToRcode[f.Rcode]; ok {
		m.Rcode, m.Answer, m.Ns = code, nil, nil
	}
	if f.Truncate && udp {
		m.Truncated, m.Answer, m.Ns = true, nil, nil
	}
	if f.WrongID {
		m.Id ^= 0x5555
	}
	if f.WrongQuestion {
		m.Question[0].Name = "wrong.example.org."
	}
}
