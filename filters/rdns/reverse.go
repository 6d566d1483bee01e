package rdns

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

// maxNames is how many names of one address are tried (RFC 7208 section 4.6.4 has the
// same number for the same thing).
const maxNames = 10

// finding is one symbol in the making.
type finding struct {
	name   string // the symbol, "" for none
	factor float64
	detail string
}

func found(name, detail string) finding { return finding{name, 1, detail} }

func (f finding) symbol() scoring.Symbol {
	return scoring.Symbol{Name: f.name, Factor: f.factor, Details: []string{f.detail}}
}

// reverse looks at the name of the client's address. The MTA's is taken where
// it gives one, for it has confirmed it; where it gives none it does not say why,
// and we ask.
func (f *filter) reverse(ctx context.Context, s *mail.Session) finding {
	ip := client(s)
	if name := fold(s.ClientName); name != "" {
		return judge(name, ip)
	}
	ans, err := f.resolver.Lookup(ctx, dns.ReverseName(ip), dns.TypePTR)
	switch {
	case dns.IsNone(err):
		return found(rdnsNone, "no PTR record")
	case err != nil:
		return found(rdnsTemperror, err.Error())
	}
	name, err := f.confirm(ctx, ans.PTR[:min(len(ans.PTR), maxNames)], ip)
	switch {
	case name != "":
		return judge(name, ip)
	case err != nil:
		return found(rdnsTemperror, err.Error())
	}
	return found(rdnsMismatch, strings.Join(ans.PTR[:min(len(ans.PTR), 3)], " "))
}

// confirm finds the first of the names that has the address (RFC 8601 section 3), asking for all at
// once. Where none has it, err tells whether one could not be asked.
func (f *filter) confirm(ctx context.Context, names []string, ip netip.Addr) (string, error) {
	has, errs := make([]bool, len(names)), make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { has[i], errs[i] = f.hasAddr(ctx, name, ip) })
	}
	wg.Wait()
	if i := slices.Index(has, true); i >= 0 {
		return fold(names[i]), nil
	}
	for _, err := range errs {
		if err != nil && !dns.IsNone(err) && !isBadName(err) {
			return "", err
		}
	}
	return "", nil
}

// hasAddr tells whether a name has the address. The error is that of the look-up.
func (f *filter) hasAddr(ctx context.Context, name string, ip netip.Addr) (bool, error) {
	ans, err := f.resolver.Lookup(ctx, name, family(ip))
	return err == nil && slices.Contains(ans.Addrs, ip), err
}

func family(ip netip.Addr) dns.Type {
	if ip.Is4() {
		return dns.TypeA
	}
	return dns.TypeAAAA
}

// judge looks at a confirmed name.
func judge(name string, ip netip.Addr) finding {
	if factor := generic(name, ip); factor > 0 {
		return finding{rdnsGeneric, factor, name}
	}
	return found(rdnsPass, name)
}

// iprev is the typed result (RFC 8601 section 2.7.3). An address without a name is
// permerror there.
func iprev(f finding, ip netip.Addr) authres.Result {
	value := map[string]string{
		rdnsPass: authres.Pass, rdnsGeneric: authres.Pass, rdnsMismatch: authres.Fail,
		rdnsNone: authres.Permerror, rdnsTemperror: authres.Temperror,
	}[f.name]
	return authres.Result{Method: "iprev", Value: value, Props: []authres.Prop{{Type: "policy", Name: "iprev", Value: ip.String()}}}
}
