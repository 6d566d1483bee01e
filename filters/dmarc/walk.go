package dmarc

import (
	"context"
	"errors"
	"strings"

	"github.com/postern-mail/postern/internal/dns"
)

// maxWalk is the most labels that are walked one by one; with the query for
// the whole name it makes eight (RFC 9989 section 4.10).
const maxWalk = 7

// node is what a name of the tree holds.
type node struct {
	domain string
	found  bool // exactly one DMARC record
	many   bool // several, which count as none
	rec    Record
	err    error // the record is one, but its policy does not count
}

// tree asks for DMARC records, each name once. It serves one evaluation.
type tree struct {
	resolver dns.Resolver
	seen     map[string]node
}

// ask looks for the record of one name. An error says that the answer is not
// known; it is not that there is none.
func (t *tree) ask(ctx context.Context, domain string) (node, error) {
	if n, ok := t.seen[domain]; ok {
		return n, nil
	}
	n := node{domain: domain}
	ans, err := t.resolver.Lookup(ctx, "_dmarc."+domain, dns.TypeTXT)
	switch {
	case err == nil:
		n.read(ans.TXT)
	case dns.IsNone(err), errors.Is(err, dns.ErrName): // no such name can hold a record
	default:
		return n, err
	}
	t.seen[domain] = n
	return n, nil
}

// read takes the one record out of the answer. RFC 9989 section 4.10, steps 2
// and 6: other texts do not count, and of several records none does.
func (n *node) read(txt []string) {
	for _, s := range txt {
		rec, err := ParseRecord(s)
		if errors.Is(err, ErrNotRecord) {
			continue
		}
		if n.found || n.many {
			*n = node{domain: n.domain, many: true}
			continue
		}
		n.found, n.rec, n.err = true, rec, err
	}
}

// walk asks from the domain upwards (RFC 9989 section 4.10) and returns the
// names that hold a record, longest first. It ends at a record that says
// whether its name is a public suffix.
func (t *tree) walk(ctx context.Context, domain string) ([]node, error) {
	var found []node
	for name := domain; name != ""; name = above(name, domain) {
		n, err := t.ask(ctx, name)
		if err != nil {
			return nil, err
		}
		if !n.found {
			continue
		}
		found = append(found, n)
		if n.rec.PSD != "u" {
			break
		}
	}
	return found, nil
}

// above is the next name to ask on the way up from start. RFC 9989 section
// 4.10, step 4: from a name of eight labels or more it goes to one of seven.
func above(name, start string) string {
	_, parent, _ := strings.Cut(name, ".")
	if name == start {
		for strings.Count(parent, ".") >= maxWalk {
			_, parent, _ = strings.Cut(parent, ".")
		}
	}
	return parent
}

// organization picks the Organizational Domain of start from the names that a
// walk found (RFC 9989 section 4.10.2).
func organization(start string, found []node) string {
	for _, n := range found {
		switch {
		case n.rec.PSD == "n":
			return n.domain
		case n.rec.PSD == "y" && n.domain != start:
			return childOf(n.domain, start)
		}
	}
	if len(found) == 0 {
		return start
	}
	return found[len(found)-1].domain
}

// childOf is the domain one label below the parent on the way to name.
func childOf(parent, name string) string {
	below := strings.TrimSuffix(name, "."+parent)
	return below[strings.LastIndexByte(below, '.')+1:] + "." + parent
}

// within tells whether the name is the domain or below it.
func within(name, domain string) bool {
	return name == domain || strings.HasSuffix(name, "."+domain)
}
