package lists

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/rules/match"
)

// holder answers for one list. It is immutable.
type holder interface {
	has(value string) bool
	len() int
}

// builder collects the entries of a list.
type builder interface {
	add(entry string) error
	done() (holder, error)
}

func newBuilder(kind string) (builder, error) {
	switch kind {
	case "addresses":
		return &addresses{words{form: address, all: map[string]struct{}{}}}, nil
	case "domains":
		return &domains{words{form: domain, all: map[string]struct{}{}}}, nil
	case "digests":
		return &words{form: digest, all: map[string]struct{}{}}, nil
	case "networks":
		return &networks{all: map[netip.Prefix]struct{}{}}, nil
	case "patterns":
		return &patterns{}, nil
	}
	return nil, fmt.Errorf("%q is no kind of list", kind)
}

func tooMany(n int) error {
	if n >= MaxEntries {
		return fmt.Errorf("more than %d entries", MaxEntries)
	}
	return nil
}

// words is a list of words in one form.
type words struct {
	form func(string) (string, error)
	all  map[string]struct{}
}

func (w *words) add(entry string) error {
	word, err := w.form(entry)
	if err != nil {
		return err
	}
	w.all[word] = struct{}{}
	return tooMany(len(w.all))
}

func (w *words) done() (holder, error) { return w, nil }

func (w *words) len() int { return len(w.all) }

func (w *words) has(value string) bool {
	word, err := w.form(value)
	if err != nil {
		return false
	}
	_, ok := w.all[word]
	return ok
}

// addresses is a list of mail addresses.
type addresses struct{ words }

// add takes one address. What would be several, or has a name, is taken for a
// local part otherwise.
func (a *addresses) add(entry string) error {
	if !strings.HasPrefix(entry, `"`) && strings.ContainsAny(entry, " \t,;<>") {
		return fmt.Errorf("%q is no address by itself", entry)
	}
	return a.words.add(entry)
}

// address is a mail address to compare by: all in lower case, though the local
// part's case could matter (RFC 5321 section 2.4), because it does nowhere;
// the domain in A-labels.
func address(s string) (string, error) {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 {
		return "", fmt.Errorf("%q is no address", s)
	}
	d, ok := mail.ASCIIDomain(s[at+1:])
	if !ok {
		return "", fmt.Errorf("%q is no address", s)
	}
	return strings.ToLower(s[:at]) + "@" + d, nil
}

func domain(s string) (string, error) {
	d, ok := mail.ASCIIDomain(strings.TrimPrefix(s, "."))
	if below, star := strings.CutPrefix(s, "*."); !ok && star {
		return "", fmt.Errorf("%q is no domain: %q stands for all below it, too", s, below)
	}
	if !ok {
		return "", fmt.Errorf("%q is no domain", s)
	}
	return d, nil
}

func digest(s string) (string, error) {
	if b, err := hex.DecodeString(s); err != nil || len(b) != 32 {
		return "", fmt.Errorf("%q is no SHA-256 digest in hexadecimal", s)
	}
	return strings.ToLower(s), nil
}

// domains holds domains and all below them.
type domains struct{ words }

func (d *domains) done() (holder, error) { return d, nil }

// has tells whether a domain, or the domain of an address, or one above it is
// listed.
func (d *domains) has(value string) bool {
	name, err := domain(value[strings.LastIndexByte(value, '@')+1:])
	if err != nil {
		return false
	}
	for {
		if _, ok := d.all[name]; ok {
			return true
		}
		_, above, ok := strings.Cut(name, ".")
		if !ok {
			return false
		}
		name = above
	}
}

// networks holds networks, looked up by each length of prefix there is.
type networks struct {
	all     map[netip.Prefix]struct{}
	lengths [2][129]bool // by family
}

func family(ip netip.Addr) int {
	if ip.Is4() {
		return 0
	}
	return 1
}

func (n *networks) add(entry string) error {
	p, err := netip.ParsePrefix(entry)
	if err != nil {
		ip, err := netip.ParseAddr(entry)
		if err != nil || ip.Zone() != "" {
			return fmt.Errorf("%q is no network", entry)
		}
		p = netip.PrefixFrom(ip, ip.BitLen())
	}
	if p.Addr().Is4In6() {
		return fmt.Errorf("%q is an IPv4 network written as IPv6", entry)
	}
	if p.Masked() != p {
		return fmt.Errorf("%q has bits beyond its length, did you mean %q?", entry, p.Masked())
	}
	n.all[p] = struct{}{}
	n.lengths[family(p.Addr())][p.Bits()] = true
	return tooMany(len(n.all))
}

func (n *networks) done() (holder, error) { return n, nil }

func (n *networks) len() int { return len(n.all) }

func (n *networks) has(value string) bool {
	ip, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	for bits := range ip.BitLen() + 1 {
		if !n.lengths[family(ip)][bits] {
			continue
		}
		if p, err := ip.Prefix(bits); err == nil {
			if _, ok := n.all[p]; ok {
				return true
			}
		}
	}
	return false
}

// patterns holds regular expressions that find something in a value.
type patterns struct {
	exprs []string
	set   *match.Set
}

// maxValue bounds the values that expressions are run on.
const maxValue = 8 << 10

func (p *patterns) add(entry string) error {
	if entry == "" {
		return errors.New("an empty expression is found in everything")
	}
	if err := match.Check(entry); err != nil {
		return err
	}
	p.exprs = append(p.exprs, entry)
	return nil
}

func (p *patterns) done() (holder, error) {
	var err error
	p.set, err = match.Compile(p.exprs)
	return p, err
}

func (p *patterns) len() int { return len(p.exprs) }

func (p *patterns) has(value string) bool {
	hits, err := p.set.Match(context.Background(), value[:min(len(value), maxValue)])
	return err == nil && hits.Any()
}
