package spf

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"

	"github.com/postern-mail/postern/internal/dns"
)

// maxNames bounds the reverse names that are looked at (RFC 7208 section
// 4.6.4): the rest are ignored.
const maxNames = 10

// lookup asks, and says why there is no answer in the words which the library
// understands: surely absent, or not to be had now.
func (e *evaluation) lookup(name string, t dns.Type) (dns.Answer, error) {
	if name == nowhere || name == "" {
		return dns.Answer{}, absent(name, dns.ErrName)
	}
	ans, err := e.resolver.Lookup(e.ctx, name, t)
	switch {
	case err == nil:
		return ans, nil
	case dns.IsNone(err), errors.Is(err, dns.ErrName):
		return ans, absent(name, err)
	}
	e.cut = e.cut || e.ctx.Err() != nil
	return ans, &net.DNSError{Err: err.Error(), Name: name, IsTemporary: true, UnwrapErr: err}
}

func absent(name string, err error) error {
	return &net.DNSError{Err: err.Error(), Name: name, IsNotFound: true, UnwrapErr: err}
}

// addresses asks for A or AAAA, as the client's family is (RFC 7208 section 5).
func (e *evaluation) addresses(name string) ([]netip.Addr, error) {
	t := dns.TypeA
	if e.client.Is6() {
		t = dns.TypeAAAA
	}
	ans, err := e.lookup(name, t)
	return ans.Addrs, err
}

// LookupIPAddr serves a, mx and ptr; and exists, whose target is marked: it
// wants A records whatever the client's family (RFC 7208 section 5.7).
func (e *evaluation) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	var addrs []netip.Addr
	var err error
	if target, exists := strings.CutSuffix(name, mark); exists {
		var ans dns.Answer
		ans, err = e.lookup(target, dns.TypeA)
		addrs = ans.Addrs
	} else {
		addrs, err = e.addresses(name)
	}
	list := make([]net.IPAddr, len(addrs))
	for i, a := range addrs {
		list[i].IP = a.AsSlice()
	}
	return list, err
}

// LookupMX serves mx.
func (e *evaluation) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	ans, err := e.lookup(name, dns.TypeMX)
	list := make([]*net.MX, len(ans.MX))
	for i, mx := range ans.MX {
		list[i] = &net.MX{Host: strings.TrimSuffix(mx.Host, "."), Pref: mx.Pref}
	}
	return list, err
}

// LookupAddr serves ptr; the address is always the client's.
func (e *evaluation) LookupAddr(context.Context, string) ([]string, error) {
	ans, err := e.lookup(e.reverseName(), dns.TypePTR)
	return ans.PTR, err
}

// reverseName is where the client's names are (RFC 7208 section 7.4 writes it
// as a macro).
func (e *evaluation) reverseName() string {
	i := piece{letter: 'i', reverse: true, delims: "."}
	return i.apply(e.macro('i', "")) + "." + e.macro('v', "") + ".arpa"
}

// validated are the client's names that lead back to it (RFC 7208 section 5.5).
func (e *evaluation) validated() []string {
	if e.reversed {
		return e.names
	}
	e.reversed = true
	names, _ := e.LookupAddr(e.ctx, "") // on an error there is none
	for _, name := range names[:min(len(names), maxNames)] {
		addrs, _ := e.addresses(name) // on an error the name is skipped
		for _, a := range addrs {
			if a == e.client {
				e.names = append(e.names, name)
				break
			}
		}
	}
	return e.names
}

// nameFor picks the name for the macro p (RFC 7208 section 7.3): the domain
// itself, else one below it, else any, else "unknown".
func (e *evaluation) nameFor(domain string) string {
	best, rank := "unknown", 0
	for _, name := range e.validated() {
		switch {
		case strings.EqualFold(name, domain):
			return name
		case rank < 2 && strings.HasSuffix(strings.ToLower(name), "."+strings.ToLower(domain)):
			best, rank = name, 2
		case rank < 1:
			best, rank = name, 1
		}
	}
	return best
}
