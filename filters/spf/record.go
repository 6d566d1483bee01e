package spf

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// record is one SPF record, its syntax checked to the end (RFC 7208 section
// 4.6: errors anywhere in the record must be found before it is evaluated).
type record struct {
	terms    []term    // the mechanisms, in order
	redirect macroText // nil when absent
	exp      macroText // nil when absent
}

// term is one directive: a mechanism with its qualifier.
type term struct {
	qualifier byte         // + - ~ ?
	name      string       // all, include, a, mx, ptr, ip4, ip6, exists
	domain    macroText    // nil: the record's own domain
	prefix    netip.Prefix // ip4 and ip6
	bits4     int          // a and mx: how much of the address must match
	bits6     int
}

const (
	version = "v=spf1"
	// maxRecord bounds a record in bytes. RFC 7208 section 3.4 asks for no
	// more than 512 in the whole answer; what is in use goes to about 2000.
	maxRecord = 4096
)

// isRecord tells whether a TXT record is an SPF record (RFC 7208 section 4.5).
func isRecord(txt string) bool {
	n := len(version)
	return len(txt) >= n && strings.EqualFold(txt[:n], version) && (len(txt) == n || txt[n] == ' ')
}

// parseRecord reads a whole record by the grammar of RFC 7208 section 12. The
// error names the term that breaks it.
func parseRecord(txt string) (record, error) {
	var r record
	if len(txt) > maxRecord {
		return r, fmt.Errorf("record of %d bytes, %d are read", len(txt), maxRecord)
	}
	if !isRecord(txt) {
		return r, errors.New("not an SPF record")
	}
	for s := range strings.SplitSeq(txt[len(version):], " ") {
		if s == "" {
			continue
		}
		if err := r.add(s); err != nil {
			return r, fmt.Errorf("term %.80q: %w", s, err)
		}
	}
	return r, nil
}

// add reads one term. RFC 7208 section 4.6.1: "=" right after the name, before
// any ":" or "/", makes it a modifier.
func (r *record) add(s string) error {
	if i := strings.IndexAny(s, ":/="); i >= 0 && s[i] == '=' {
		return r.addModifier(s[:i], s[i+1:])
	}
	t, err := parseTerm(s)
	r.terms = append(r.terms, t)
	return err
}

func (r *record) addModifier(name, value string) error {
	var known *macroText
	switch strings.ToLower(name) {
	case "redirect":
		known = &r.redirect
	case "exp":
		known = &r.exp
	default:
		if !isModifierName(name) {
			return errors.New("not a modifier's name")
		}
		_, err := parseMacros(value, false)
		return err
	}
	if *known != nil { // RFC 7208 section 6: once at the most
		return errors.New("a second time")
	}
	var err error
	*known, err = parseDomain(value)
	return err
}

// isModifierName: ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ).
func isModifierName(s string) bool {
	for i := range len(s) {
		if !isAlpha(s[i]) && (i == 0 || !isDigit(s[i]) && strings.IndexByte("-_.", s[i]) < 0) {
			return false
		}
	}
	return s != ""
}

// parseTerm reads [ qualifier ] mechanism (RFC 7208 section 4.6.2 and 5).
func parseTerm(s string) (term, error) {
	t := term{qualifier: '+', bits4: 32, bits6: 128}
	if strings.IndexByte("+-~?", s[0]) >= 0 {
		t.qualifier, s = s[0], s[1:]
	}
	name, arg := s, ""
	if i := strings.IndexAny(s, ":/"); i >= 0 {
		name, arg = s[:i], s[i:] // the argument keeps its ":" or "/"
	}
	t.name = strings.ToLower(name)
	return t, t.parseArg(arg)
}

func (t *term) parseArg(arg string) (err error) {
	switch t.name {
	case "all":
		if arg != "" {
			return errors.New("takes no argument")
		}
		return nil
	case "ip4", "ip6":
		t.prefix, err = parseNetwork(strings.TrimPrefix(arg, ":"), t.name == "ip4")
		return err
	case "a", "mx":
		if arg, err = t.parseBits(arg); err != nil {
			return err
		}
	case "include", "exists":
		if arg == "" {
			return errors.New("needs a domain")
		}
	case "ptr":
	default:
		return errors.New("no such mechanism")
	}
	if arg == "" {
		return nil
	}
	if arg[0] != ':' {
		return errors.New("no prefix length here")
	}
	t.domain, err = parseDomain(arg[1:])
	return err
}

// parseBits takes [ "/" ip4 ] [ "//" ip6 ] off the end of the argument of a
// and mx (RFC 7208 section 5.6). A domain cannot end in "/" and digits, so the
// end decides.
func (t *term) parseBits(arg string) (rest string, err error) {
	rest = strings.TrimRight(arg, "0123456789")
	if before, ok := strings.CutSuffix(rest, "//"); ok {
		if t.bits6, err = parseLength(arg[len(rest):], 128); err != nil {
			return "", err
		}
		arg = before
		rest = strings.TrimRight(arg, "0123456789")
	}
	if before, ok := strings.CutSuffix(rest, "/"); ok {
		t.bits4, err = parseLength(arg[len(rest):], 32)
		return before, err
	}
	return arg, nil
}

// parseLength: "0" or digits that do not start with 0, up to limit.
func parseLength(s string, limit int) (int, error) {
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil || int(n) > limit || len(s) > 1 && s[0] == '0' {
		return 0, fmt.Errorf("prefix length %.20q", s)
	}
	return int(n), nil
}

func parseNetwork(s string, v4 bool) (netip.Prefix, error) {
	addr, length, sized := strings.Cut(s, "/")
	ip, err := netip.ParseAddr(addr)
	if err != nil || ip.Is4() != v4 || ip.Zone() != "" {
		return netip.Prefix{}, errors.New("not an address of that family")
	}
	bits := ip.BitLen()
	if sized {
		if bits, err = parseLength(length, bits); err != nil {
			return netip.Prefix{}, err
		}
	}
	return netip.PrefixFrom(ip, bits).Masked(), nil
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
