package dnstest

import (
	"encoding/binary"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// keepAsked and keepNames bound what a server remembers of its questions.
const (
	keepAsked = 10_000
	keepNames = 100_000
)

// ServeDNS implements dns.Handler.
func (s *Server) ServeDNS(w dns.ResponseWriter, req *dns.Msg) {
	udp := w.LocalAddr().Network() == "udp"
	q := req.Question[0]
	m, f, ok := s.reply(req, fold(q.Name), dns.TypeToString[q.Qtype], udp)
	if !ok || !s.wait(f) {
		return
	}
	if f.Raw != nil {
		_, _ = w.Write(append(binary.BigEndian.AppendUint16(nil, req.Id), f.Raw...))
		return
	}
	f.spoil(m, udp)
	_ = w.WriteMsg(m) // the client may be gone: that is its affair
}

// reply counts the question and makes the honest answer to it; ok is false
// where there shall be none.
func (s *Server) reply(req *dns.Msg, name, typ string, udp bool) (*dns.Msg, Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(name, typ, udp)
	f, o := s.faultOf(name), s.zone.walk(name, typ)
	if f.Drop || o.rcode == "TIMEOUT" {
		return nil, f, false
	}
	m := new(dns.Msg).SetReply(req)
	m.RecursionAvailable, m.AuthenticatedData = true, o.node.AD
	m.Rcode = dns.StringToRcode[o.rcode] // "" is NOERROR
	for _, a := range o.aliases {
		m.Answer = append(m.Answer, &dns.CNAME{Hdr: header(a.owner, dns.TypeCNAME, a.node.ttl()), Target: dns.Fqdn(a.node.CNAME)})
	}
	if o.rcode == "" {
		m.Answer = append(m.Answer, o.node.records(o.owner, typ)...)
	}
	if len(m.Answer) == len(o.aliases) && s.negative > 0 && (o.rcode == "" || o.rcode == "NXDOMAIN") {
		m.Ns = append(m.Ns, soa(o.owner, s.negative))
	}
	size := dns.MaxMsgSize
	if opt := req.IsEdns0(); opt != nil {
		m.SetEdns0(1232, false)
		size = int(max(opt.UDPSize(), dns.MinMsgSize))
	} else if udp {
		size = dns.MinMsgSize
	}
	if udp {
		m.Truncate(size)
	}
	return m, f, true
}

func (s *Server) note(name, typ string, udp bool) {
	if len(s.asked) == keepAsked {
		s.asked = append(s.asked[:0], s.asked[keepAsked/2:]...)
	}
	s.asked = append(s.asked, typ+" "+name)
	if len(s.counts) < keepNames {
		s.counts[name]++
	}
	if !udp {
		s.tcp++
	}
}

// records are those of the node that a question for the type brings.
func (n Node) records(owner, typ string) []dns.RR {
	var rrs []dns.RR
	h := func(t uint16) dns.RR_Header { return header(owner, t, n.ttl()) }
	switch typ {
	case "A":
		for _, a := range n.A {
			rrs = append(rrs, &dns.A{Hdr: h(dns.TypeA), A: net.ParseIP(a)})
		}
	case "AAAA":
		for _, a := range n.AAAA {
			rrs = append(rrs, &dns.AAAA{Hdr: h(dns.TypeAAAA), AAAA: net.ParseIP(a)})
		}
	case "TXT":
		for _, chunks := range n.txt() {
			rrs = append(rrs, &dns.TXT{Hdr: h(dns.TypeTXT), Txt: escaped(chunks)})
		}
	case "MX":
		for _, mx := range n.MX {
			rrs = append(rrs, &dns.MX{Hdr: h(dns.TypeMX), Preference: mx.Pref, Mx: dns.Fqdn(mx.Host)})
		}
	case "PTR":
		for _, p := range n.PTR {
			rrs = append(rrs, &dns.PTR{Hdr: h(dns.TypePTR), Ptr: dns.Fqdn(p)})
		}
	case "CNAME":
		if n.CNAME != "" {
			rrs = append(rrs, &dns.CNAME{Hdr: h(dns.TypeCNAME), Target: dns.Fqdn(n.CNAME)})
		}
	}
	return rrs
}

// escaped makes the strings of a TXT record, each 255 bytes at most (RFC 1035
// section 3.3); the library wants a backslash doubled and writes other bytes as they are.
func escaped(chunks []string) []string {
	var out []string
	for _, c := range chunks {
		for len(c) > 255 {
			out = append(out, strings.ReplaceAll(c[:255], `\`, `\\`))
			c = c[255:]
		}
		out = append(out, strings.ReplaceAll(c, `\`, `\\`))
	}
	return out
}

func header(owner string, t uint16, ttl time.Duration) dns.RR_Header {
	return dns.RR_Header{Name: dns.Fqdn(owner), Rrtype: t, Class: dns.ClassINET, Ttl: uint32(ttl / time.Second)}
}

// soa is the record that says how long an absence lasts (RFC 2308 section 3).
// Its owner is the parent of the name, which is as good as any ancestor.
func soa(name string, ttl time.Duration) dns.RR {
	above, _ := parent(name)
	return &dns.SOA{
		Hdr: header(above, dns.TypeSOA, ttl), Ns: "ns.example.org.", Mbox: "hostmaster.example.org.",
		Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: uint32(ttl / time.Second),
	}
}
