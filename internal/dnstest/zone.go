// Package dnstest plays the domain name system in tests: a Zone is the data,
// Resolver answers from it without a network.
package dnstest

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/postern-mail/postern/internal/dns"
)

// Zone maps a name (lower case, no final dot) to what it holds. A name that is
// there without the type asked for has no data; a name that is not there, and
// has none below it, does not exist. It decodes from the JSON of the
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
	Rcode     string            // NXDOMAIN, SERVFAIL or TIMEOUT for every type
	Rcodes    map[string]string // the same by type: {"TXT": "TIMEOUT"}
}

// MX is one mail exchanger of a Node.
type MX struct {
	Pref uint16
	Host string
}

var typeNames = map[dns.Type]string{dns.TypeA: "A", dns.TypeAAAA: "AAAA", dns.TypeTXT: "TXT", dns.TypeMX: "MX", dns.TypePTR: "PTR"}

// Resolver answers from a Zone and keeps count. TTL is that of every answer,
// 5 minutes when 0. A name marked TIMEOUT waits until the context ends, or
// answers at once when Impatient is set.
type Resolver struct {
	Zone      Zone
	TTL       time.Duration
	Impatient bool

	mu    sync.Mutex
	asked []string
}

// Asked lists the questions so far, as "TYPE name".
func (r *Resolver) Asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

// Lookup implements dns.Resolver.
func (r *Resolver) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	r.mu.Lock()
	r.asked = append(r.asked, typeNames[t]+" "+name)
	r.mu.Unlock()
	ans := dns.Answer{TTL: r.TTL}
	if ans.TTL == 0 {
		ans.TTL = 5 * time.Minute
	}
	question := name
	for range 8 {
		n, ok := r.Zone[name]
		if !ok {
			if r.Zone.hasBelow(name) {
				return ans, fmt.Errorf("%s %s: %w", typeNames[t], question, dns.ErrNoData)
			}
			return ans, fmt.Errorf("%s %s: %w", typeNames[t], question, dns.ErrNotFound)
		}
		if err := r.failure(ctx, n, t); err != nil {
			return ans, fmt.Errorf("%s %s: %w", typeNames[t], question, err)
		}
		if n.CNAME != "" {
			name = strings.ToLower(strings.TrimSuffix(n.CNAME, "."))
			continue
		}
		if n.fill(&ans, t) {
			return ans, nil
		}
		return ans, fmt.Errorf("%s %s: %w", typeNames[t], question, dns.ErrNoData)
	}
	return ans, fmt.Errorf("%s %s: %w: alias loop", typeNames[t], question, dns.ErrServfail)
}

func (z Zone) hasBelow(name string) bool {
	for n := range z {
		if strings.HasSuffix(n, "."+name) {
			return true
		}
	}
	return false
}

func (r *Resolver) failure(ctx context.Context, n Node, t dns.Type) error {
	rcode := n.Rcode
	if byType, ok := n.Rcodes[typeNames[t]]; ok {
		rcode = byType
	}
	switch rcode {
	case "":
		return nil
	case "NXDOMAIN":
		return dns.ErrNotFound
	case "TIMEOUT":
		if !r.Impatient {
			<-ctx.Done()
		}
		return dns.ErrTimeout
	default:
		return dns.ErrServfail
	}
}

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
		ans.TXT = append(ans.TXT, n.TXT...)
		for _, chunks := range n.TXTChunks {
			ans.TXT = append(ans.TXT, strings.Join(chunks, ""))
		}
		return len(ans.TXT) > 0
	case dns.TypeMX:
		for _, mx := range n.MX {
			ans.MX = append(ans.MX, dns.MX{Pref: mx.Pref, Host: strings.ToLower(strings.TrimSuffix(mx.Host, "."))})
		}
		return len(ans.MX) > 0
	case dns.TypePTR:
		for _, p := range n.PTR {
			ans.PTR = append(ans.PTR, strings.ToLower(strings.TrimSuffix(p, ".")))
		}
		return len(ans.PTR) > 0
	}
	return false
}
