package ratelimit

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/state"
)

// ask is one limit that is asked about one message.
type ask struct {
	limit *Limit
	key   string
	who   string // for the reader; may hold text from the client
	n     int64
	take  bool // else only look
}

// maxWho bounds what is shown of whom a limit is kept for, in bytes.
const maxWho = 200

// asks are the questions to one limit: one for each of its recipients, if it is kept by
// recipient. There are none where the limit does not hold, or where what it is kept by is not known.
// More than a burst never fits, so that is what a large message takes: it
// passes while nothing is in use.
func (f *filter) asks(l *Limit, m *mail.Message, n int64, take bool) []ask {
	if !f.holds(l, m.Session) {
		return nil
	}
	rcpts := []string{""}
	if slices.ContainsFunc(l.By, byRcpt) {
		rcpts = m.Envelope.Rcpts
	}
	var asks []ask
	seen := map[string]bool{}
	for _, rcpt := range rcpts {
		parts, ok := f.parts(l, m, rcpt)
		if !ok {
			continue
		}
		a := ask{limit: l, key: state.Key(namespace, append([]string{l.Name}, parts...)...), who: strings.Join(parts, " "), n: min(n, l.gcra().Burst), take: take}
		if len(a.who) > maxWho {
			a.who = strings.ToValidUTF8(a.who[:maxWho], "")
		}
		if !seen[a.key] { // two recipients of one domain make one message to that domain
			seen[a.key] = true
			asks = append(asks, a)
		}
	}
	return asks
}

func byRcpt(part string) bool { return part == "rcpt" || part == "rcpt_domain" }

// holds tells whether a limit is meant for this session: one by user for users, another
// for strangers, unless it is for all. What a relay hands us is not the relay's doing, so limits by
// client, network or HELO are not for relays.
func (f *filter) holds(l *Limit, s *mail.Session) bool {
	if slices.Contains(l.By, "user") {
		return s.AuthUser != ""
	}
	ofClient := slices.ContainsFunc(l.By, func(part string) bool { return part == "client" || part == "network" || part == "helo" })
	if ofClient && in(f.relays, s.ClientIP) {
		return false
	}
	return l.All || !s.Local && s.AuthUser == "" && !in(f.trusted, s.ClientIP)
}

func in(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parts are the values by which the limit is kept; ok is false when one is not
// known. The null sender is nobody: all bounces of the world are his.
func (f *filter) parts(l *Limit, m *mail.Message, rcpt string) (parts []string, ok bool) {
	for _, by := range l.By {
		v := part(by, m, rcpt)
		if v == "" {
			return nil, false
		}
		parts = append(parts, v)
	}
	return parts, true
}

func part(by string, m *mail.Message, rcpt string) string {
	switch s := m.Session; by {
	case "client":
		return network(s.ClientIP, 32, 64)
	case "network":
		return network(s.ClientIP, 24, 48)
	case "helo":
		return s.Helo
	case "user":
		return s.AuthUser
	case "sender":
		return m.Envelope.From
	case "sender_domain":
		return domain(m.Envelope.From)
	case "rcpt":
		return rcpt
	case "rcpt_domain":
		return domain(rcpt)
	}
	return ""
}

// network is the address, cut to so many bits: one customer has a whole IPv6 /64 to change
// addresses in.
func network(a netip.Addr, v4, v6 int) string {
	bits := v4
	if a.Is6() {
		bits = v6
	}
	p, err := a.Prefix(bits)
	switch {
	case err != nil || !p.IsValid():
		return ""
	case p.IsSingleIP():
		return a.String()
	}
	return p.String()
}

// domain is the domain of an address as domains are compared, or as it stands where
// it is none, such as an address literal.
func domain(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return ""
	}
	if d, ok := mail.ASCIIDomain(address[at+1:]); ok {
		return d
	}
	return address[at+1:]
}

// announced is what SIZE= at MAIL FROM says (RFC 1870 section 5), 0 where it says nothing.
func announced(args []string) int64 {
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		if !strings.EqualFold(name, "SIZE") {
			continue
		}
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 {
			return n
		}
	}
	return 0
}
