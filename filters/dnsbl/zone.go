package dnsbl

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dns"
)

// received ends the symbol of a listing that was found in a Received field: others
// wrote it, so it weighs less.
const received = "_RECEIVED"

// zone is one list that is asked, with its health. All but the health never changes.
type zone struct {
	name     string
	domain   string // what questions end in; it may hold a key
	shown    string // the same for people, without the key
	key      string // "" or what no text may hold
	kind     string
	roles    role // what is looked up
	codes    []code
	blocked  []pattern
	prefix   string // of its symbols
	txt      bool
	hash     string
	listed   string // test points as they are asked, "" for none
	unlisted string
	docs     []filters.SymbolDoc

	health
}

// newZone makes a zone of its description; s is the shipped list that it is, if any.
func newZone(spec Zone, s shippedZone, key string) (*zone, error) {
	z := &zone{
		name: spec.Name, domain: strings.ToLower(spec.Zone), kind: cmp.Or(spec.Kind, kindIP), hash: cmp.Or(spec.Hash, "sha1"),
		txt: spec.TXT != nil && *spec.TXT,
	}
	z.health.init()
	z.shown = z.domain
	switch {
	case z.domain == "":
		return nil, fmt.Errorf("no list of this name ships: zone must say where it is asked")
	case s.needs != "" && key == "":
		return nil, fmt.Errorf("needs %s", s.needs)
	case s.dqs != "" && key != "" && spec.Zone == s.Zone.Zone:
		z.shown, z.domain, z.key = s.dqs, key+"."+s.dqs, key
	}
	if !dns.Valid(z.domain) {
		return nil, fmt.Errorf("%q is not a domain name", z.shown)
	}
	if err := z.setLookup(spec.Lookup); err != nil {
		return nil, err
	}
	if err := z.setCodes(spec); err != nil {
		return nil, err
	}
	if err := z.setPoints(spec); err != nil {
		return nil, err
	}
	return z, z.document(spec)
}

// rolesOf says what may be looked up in a list of each kind, and what is by default.
var rolesOf = map[string]struct{ may, preset role }{
	kindIP:     {client | hop, client},
	kindDomain: {helo | rdns | envelope | from | replyTo | dkim | url, helo | rdns | envelope | from | replyTo | dkim | url},
	kindHash:   {envelope | from | replyTo, envelope | from | replyTo},
}

func (z *zone) setLookup(words []string) error {
	k, ok := rolesOf[z.kind]
	if !ok {
		return fmt.Errorf("kind %q is none of ip, domain, hash", z.kind)
	}
	for _, w := range words {
		r := roleOf(w)
		if r&k.may == 0 {
			return fmt.Errorf("lookup %q is nothing for a list of the kind %s", w, z.kind)
		}
		z.roles |= r
	}
	if z.roles == 0 {
		z.roles = k.preset
	}
	return nil
}

func (z *zone) setCodes(spec Zone) error {
	codes := spec.Codes
	if len(codes) == 0 {
		codes = map[string]string{"127.0.0.2": "LISTED"}
	}
	for _, text := range slices.Sorted(maps.Keys(codes)) {
		p, err := parsePattern(text)
		if err != nil {
			return fmt.Errorf("codes: %w", err)
		}
		if suffix := codes[text]; suffix == "" || len(suffix) > 40 || strings.Trim(suffix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			return fmt.Errorf("codes: %q ends no symbol: upper case letters, digits and _, 40 at most", suffix)
		}
		z.codes = append(z.codes, code{p, codes[text]})
	}
	slices.SortStableFunc(z.codes, func(a, b code) int { return cmp.Compare(a.lo, b.lo) })
	for _, text := range spec.Blocked {
		p, err := parsePattern(text)
		if err != nil {
			return fmt.Errorf("blocked: %w", err)
		}
		z.blocked = append(z.blocked, p)
	}
	return nil
}

// setPoints sets the test points. RFC 5782 section 5: lists of addresses have
// 127.0.0.2 and have not 127.0.0.1, lists of domains have TEST and have not INVALID.
func (z *zone) setPoints(spec Zone) error {
	listed, unlisted := spec.Listed, spec.Unlisted
	switch z.kind {
	case kindIP:
		listed, unlisted = cmp.Or(listed, "127.0.0.2"), cmp.Or(unlisted, "127.0.0.1")
	case kindDomain:
		listed, unlisted = cmp.Or(listed, "test"), cmp.Or(unlisted, "invalid")
	}
	for _, p := range []struct {
		to   *string
		text string
	}{{&z.listed, listed}, {&z.unlisted, unlisted}} {
		if p.text == "" || p.text == noPoint {
			continue
		}
		*p.to = strings.ToLower(p.text)
		if z.kind == kindIP {
			a, err := netip.ParseAddr(p.text)
			if err != nil {
				return fmt.Errorf("test point %q is not an address", p.text)
			}
			*p.to = dns.ReverseLabels(a)
		}
		if !dns.Valid(*p.to) {
			return fmt.Errorf("test point %q cannot be asked for", p.text)
		}
	}
	return nil
}

// document names and describes the symbols that the zone can give.
func (z *zone) document(spec Zone) error {
	allow := spec.Allow != nil && *spec.Allow
	z.prefix = symbolPrefix(z.name, z.kind, allow)
	group, what, unscored := groupDomain, "a domain that the message names", 1.0
	switch z.kind {
	case kindIP:
		group, what = groupIP, "the client's address"
	case kindHash:
		what = "a mailbox that the message names"
	}
	if allow {
		unscored = 0
	}
	points := func(suffix string, unscored float64) float64 {
		if score, ok := spec.Scores[suffix]; ok {
			return score
		}
		return unscored
	}
	known := map[string]bool{}
	for _, c := range z.codes {
		if known[c.suffix] {
			continue
		}
		known[c.suffix], known[c.suffix+received] = true, true
		score := points(c.suffix, unscored)
		if z.roles&^hop != 0 {
			z.docs = append(z.docs, filters.SymbolDoc{Name: z.prefix + c.suffix, Group: group, Score: score,
				Meaning: fmt.Sprintf("%s lists %s.", z.shown, what)})
		}
		if z.roles&hop != 0 {
			z.docs = append(z.docs, filters.SymbolDoc{Name: z.prefix + c.suffix + received, Group: group, Score: points(c.suffix+received, score/2),
				Meaning: fmt.Sprintf("%s lists an address in a Received field.", z.shown)})
		}
	}
	for _, suffix := range slices.Sorted(maps.Keys(spec.Scores)) {
		if !known[suffix] {
			return fmt.Errorf("scores: no code is called %q", suffix)
		}
	}
	return nil
}

// symbolPrefix is how the symbols of a list begin.
func symbolPrefix(name, kind string, allow bool) string {
	upper := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	switch {
	case allow && upper == "DNSWL":
		return "DNSWL_"
	case allow:
		return "DNSWL_" + upper + "_"
	case kind == kindDomain:
		return "DBL_" + upper + "_"
	}
	return "RBL_" + upper + "_"
}
