// Package dnstest plays the domain name system in tests and demonstrations: a
// Zone is the data, Resolver answers from it without a network, and Server
// answers from it by UDP and TCP on the loopback interface, with faults that
// can be set while it runs.
package dnstest

import (
	"net/netip"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/dns"
)

// Zone maps a name (lower case, no final dot) to what it holds. A name that is
// there without the type asked for has no data; a name that is not there, and
// has none below it, does not exist. "*.example.org" stands for all names below
// example.org that do not exist otherwise (RFC 4592). It decodes from the JSON of the
// conformance suites.
type Zone map[string]Node

// Node is what one name holds.
type Node struct {
	A         []string
	AAAA      []string
	TXT       []string   // each string one record
	TXTChunks [][]string `json:"TXT_CHUNKS"` // each list the strings of one record
	MX        []MX
	PTR       []string
	CNAME     string
	Rcode     string            // NXDOMAIN, SERVFAIL, REFUSED or TIMEOUT for every type
	Rcodes    map[string]string // the same by type: {"TXT": "TIMEOUT"}
	TTL       time.Duration     `json:"-"` // how long its records may be kept; 0 is 5 minutes
	AD        bool              `json:"-"` // the answer claims to be validated by DNSSEC
}

// MX is one mail exchanger of a Node.
type MX struct {
	Pref uint16
	Host string
}

// defaultTTL is that of a node without one.
const defaultTTL = 5 * time.Minute

func (n Node) ttl() time.Duration {
	if n.TTL == 0 {
		return defaultTTL
	}
	return n.TTL
}

// txt lists the strings of each TXT record.
func (n Node) txt() [][]string {
	var records [][]string
	for _, s := range n.TXT {
		records = append(records, []string{s})
	}
	return append(records, n.TXTChunks...)
}

// fill puts the records of the type into the answer and tells whether there are any.
func (n Node) fill(ans *dns.Answer, t dns.Type) bool {
	switch t {
	case dns.TypeA, dns.TypeAAAA:
		list := n.A
		if t == dns.TypeAAAA {
			list = n.AAAA
		}
		for _, a := range list {
			ans.Addrs = append(ans.Addrs, netip.MustParseAddr(a))
		}
		return len(ans.Addrs) > 0
	case dns.TypeTXT:
		for _, chunks := range n.txt() {
			ans.TXT = append(ans.TXT, strings.Join(chunks, ""))
		}
		return len(ans.TXT) > 0
	case dns.TypeMX:
		for _, mx := range n.MX {
			ans.MX = append(ans.MX, dns.MX{Pref: mx.Pref, Host: fold(mx.Host)})
		}
		return len(ans.MX) > 0
	case dns.TypePTR:
		for _, p := range n.PTR {
			ans.PTR = append(ans.PTR, fold(p))
		}
		return len(ans.PTR) > 0
	}
	return false
}
