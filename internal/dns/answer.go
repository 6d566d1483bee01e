package dns

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// maxAliases is how many aliases are followed within one answer. No standard
// sets a number (RFC 1034 section 3.6.2 wants chains short); others stop between 8 and 16.
const maxAliases = 10

// interpret reads the reply to a question that has been matched with it. The
// error is ErrNotFound, ErrNoData (with the time for which that holds in the answer's TTL) or
// wraps ErrServfail. Its work is linear in the size of the packet.
func interpret(m *dns.Msg, name string, t Type) (Answer, error) {
	if m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
		return Answer{}, fmt.Errorf("%w: %s", ErrServfail, rcode(m.Rcode))
	}
	ans := Answer{AD: m.AuthenticatedData}
	owner, ttl, err := follow(m.Answer, name)
	if err != nil {
		return Answer{}, err
	}
	found := false
	for _, rr := range m.Answer {
		if m.Rcode != dns.RcodeSuccess {
			break // records of a name that does not exist are none
		}
		h := rr.Header()
		if h.Rrtype == uint16(t) && h.Class == dns.ClassINET && same(h.Name, owner) && ans.add(rr) {
			found, ttl = true, min(ttl, lifetime(h.Ttl))
		}
	}
	if found {
		ans.TTL = ttl
		return ans, nil
	}
	absence, told := negative(m.Ns, owner)
	ans.TTL = min(ttl, absence)
	switch {
	case m.Rcode == dns.RcodeNameError:
		// RFC 2308 section 2.1: with aliases it is their target that does not exist.
		return ans, ErrNotFound
	case !told && !m.Authoritative && refers(m.Ns):
		// RFC 2308 section 2.2: name servers without SOA are a referral. We asked for recursion.
		return Answer{}, fmt.Errorf("%w: a referral in place of an answer", ErrServfail)
	}
	return ans, ErrNoData
}

// follow walks the aliases in an answer from name to where they end, with the
// shortest lifetime on the way.
func follow(answer []dns.RR, name string) (owner string, ttl time.Duration, err error) {
	owner, ttl = name, lifetime(1<<31-1)
	for range maxAliases + 1 {
		alias := aliasOf(answer, owner)
		if alias == nil {
			return owner, ttl, nil
		}
		owner, ttl = alias.Target, min(ttl, lifetime(alias.Hdr.Ttl))
	}
	return "", 0, fmt.Errorf("%w: more than %d aliases", ErrServfail, maxAliases)
}

func aliasOf(answer []dns.RR, owner string) *dns.CNAME {
	for _, rr := range answer {
		if c, ok := rr.(*dns.CNAME); ok && c.Hdr.Class == dns.ClassINET && same(c.Hdr.Name, owner) {
			return c
		}
	}
	return nil
}

// add puts the record's content into the answer; false where it holds none.
func (a *Answer) add(rr dns.RR) bool {
	switch rr := rr.(type) {
	case *dns.A:
		addr, ok := netip.AddrFromSlice(rr.A.To4())
		if ok {
			a.Addrs = append(a.Addrs, addr)
		}
		return ok
	case *dns.AAAA:
		addr, ok := netip.AddrFromSlice(rr.AAAA)
		if ok {
			a.Addrs = append(a.Addrs, addr)
		}
		return ok
	case *dns.TXT:
		a.TXT = append(a.TXT, text(rr.Txt))
	case *dns.MX:
		a.MX = append(a.MX, MX{Pref: rr.Preference, Host: target(rr.Mx)})
	case *dns.PTR:
		a.PTR = append(a.PTR, target(rr.Ptr))
	default:
		return false
	}
	return true
}

// text joins the strings of a TXT record (RFC 7208 section 3.3) and undoes the escapes in
// which the library writes them: \DDD for a byte, \" and \\.
func text(parts []string) string {
	s := strings.Join(parts, "")
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			i++
			c = s[i]
			if i+2 < len(s) {
				if n, err := strconv.ParseUint(s[i:i+3], 10, 8); err == nil {
					c, i = byte(n), i+2
				}
			}
		}
		b = append(b, c)
	}
	return string(b)
}

// target is a name out of a record. One with odd bytes keeps the library's
// escapes: it is printable and no question will be made of it.
func target(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// same compares names, final dots apart; case does not count (RFC 4343).
func same(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// lifetime reads a TTL. RFC 2181 section 8: with the top bit set it is 0.
func lifetime(ttl uint32) time.Duration {
	if ttl >= 1<<31 {
		return 0
	}
	return time.Duration(ttl) * time.Second
}

// negative is how long an absence may be kept: the lesser of the TTL and the
// minimum of the SOA record (RFC 2308 section 5). Without one it is 0, told false.
func negative(authority []dns.RR, owner string) (ttl time.Duration, told bool) {
	for _, rr := range authority {
		if soa, ok := rr.(*dns.SOA); ok && dns.IsSubDomain(soa.Hdr.Name, dns.Fqdn(owner)) {
			return min(lifetime(soa.Hdr.Ttl), lifetime(soa.Minttl)), true
		}
	}
	return 0, false
}

func refers(authority []dns.RR) bool {
	for _, rr := range authority {
		if rr.Header().Rrtype == dns.TypeNS {
			return true
		}
	}
	return false
}

func rcode(code int) string {
	if s, ok := dns.RcodeToString[code]; ok {
		return s
	}
	return "rcode " + strconv.Itoa(code)
}
