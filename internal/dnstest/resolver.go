package dnstest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/postern-mail/postern/internal/dns"
)

// Resolver answers from a Zone and keeps count. TTL is that of every answer;
// 0 takes that of the node. A name marked TIMEOUT waits until the context ends, or
// answers at once when Impatient is set.
type Resolver struct {
	Zone      Zone
	TTL       time.Duration
	Impatient bool

	mu    sync.Mutex
	asked []string
}

var _ dns.Resolver = (*Resolver)(nil)

// Asked lists the questions so far, as "TYPE name".
func (r *Resolver) Asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

// Lookup implements dns.Resolver.
func (r *Resolver) Lookup(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	r.mu.Lock()
	r.asked = append(r.asked, t.String()+" "+fold(name))
	r.mu.Unlock()
	o := r.Zone.walk(name, t.String())
	ans := dns.Answer{TTL: o.node.ttl(), AD: o.node.AD}
	if r.TTL != 0 {
		ans.TTL = r.TTL
	}
	err := r.failure(ctx, o.rcode)
	if err == nil && !o.node.fill(&ans, t) {
		err = dns.ErrNoData
	}
	if err != nil {
		return ans, fmt.Errorf("%s %s: %w", t, fold(name), err)
	}
	return ans, nil
}

func (r *Resolver) failure(ctx context.Context, rcode string) error {
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
