package rdns

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
)

// helo looks at the name in HELO. The finding is empty where all is well.
func (f *filter) helo(ctx context.Context, s *mail.Session) finding {
	if strings.HasPrefix(s.Helo, "[") {
		return literal(s)
	}
	name := fold(s.Helo)
	switch {
	case slices.Contains(f.own, name) && name != "" || s.MTAHost != "" && name == fold(s.MTAHost):
		return found(heloOurs, s.Helo)
	case !isFullName(name):
		return found(heloInvalid, s.Helo)
	case name == fold(s.ClientName):
		return finding{}
	}
	return f.resolve(ctx, name, client(s))
}

// literal looks at an address literal (RFC 5321 section 4.1.3), which a client
// that has no name is to use.
func literal(s *mail.Session) finding {
	inner, ok := strings.CutSuffix(strings.TrimPrefix(s.Helo, "["), "]")
	if len(inner) > len("IPv6:") && strings.EqualFold(inner[:len("IPv6:")], "IPv6:") {
		inner = inner[len("IPv6:"):]
	}
	ip, err := netip.ParseAddr(inner)
	switch {
	case !ok || err != nil || ip.Zone() != "":
		return found(heloInvalid, s.Helo)
	case ip.Unmap() != client(s):
		return found(heloMismatch, s.Helo)
	}
	return found(heloLiteral, s.Helo)
}

// resolve asks whether the name in HELO has the client's address, or any.
func (f *filter) resolve(ctx context.Context, name string, ip netip.Addr) finding {
	ok, err := f.hasAddr(ctx, name, ip)
	switch {
	case ok:
		return finding{}
	case err == nil:
		return found(heloMismatch, name)
	case isBadName(err):
		return found(heloInvalid, name)
	case errors.Is(err, dns.ErrNotFound):
		return found(heloNone, name)
	case !dns.IsNone(err):
		return found(heloTemperror, err.Error())
	}
	other := dns.TypeA // the name has no address of the client's family: has it one of the other?
	if ip.Is4() {
		other = dns.TypeAAAA
	}
	_, err = f.resolver.Lookup(ctx, name, other)
	switch {
	case err == nil:
		return found(heloMismatch, name)
	case dns.IsNone(err):
		return found(heloNone, name)
	}
	return found(heloTemperror, err.Error())
}

// isFullName tells whether this is a domain name with at least two labels and a top
// level that is no number (RFC 3696 section 2): not "localhost", not "DESKTOP-1",
// not a bare address.
func isFullName(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || !dns.Valid(name) || name == "localhost.localdomain" {
		return false
	}
	return strings.Trim(name[dot+1:], "0123456789") != ""
}

func isBadName(err error) bool { return errors.Is(err, dns.ErrName) }

// fold is the form in which names are compared.
func fold(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
