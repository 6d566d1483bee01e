package dmarc

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Policy is what a domain owner asks for mail that fails (RFC 9989 section 4.7).
type Policy string

// The policies.
const (
	PolicyNone       Policy = "none"
	PolicyQuarantine Policy = "quarantine"
	PolicyReject     Policy = "reject"
)

// Record is a DMARC Policy Record (RFC 9989 section 4.7), as far as a receiver
// that sends no reports needs it. The old tags pct, rf and ri are unknown to
// RFC 9989 and ignored.
type Record struct {
	Policy      Policy // p: for the domain itself
	Subdomains  Policy // sp: for domains below it, "" where it says nothing
	Nonexistent Policy // np: for domains below it that do not exist, "" where it says nothing
	StrictDKIM  bool   // adkim=s
	StrictSPF   bool   // aspf=s
	PSD         string // psd: y, n or u
	Testing     bool   // t=y: the policy one step lower is asked for
}

// Why a text is no record to go by.
var (
	ErrNotRecord = errors.New("dmarc: not a DMARC record")
	ErrRepeated  = errors.New("dmarc: a tag is repeated")
	ErrNoPolicy  = errors.New("dmarc: no valid policy and nobody to report to")
)

// maxRecord bounds what is read of a record, in bytes.
const maxRecord = 8 << 10

// ParseRecord reads a TXT record. ErrNotRecord says that it is none at all;
// with the other errors the record is one, whose psd tag counts and whose
// policy does not. A tag whose value is not valid is as if it were not there,
// unless it is a policy (RFC 9989 sections 4.7 and 4.10.1). The time is linear
// in len(txt).
func ParseRecord(txt string) (Record, error) {
	r := Record{PSD: "u"}
	if len(txt) > maxRecord {
		return r, ErrNotRecord
	}
	version, rest, _ := strings.Cut(txt, ";")
	if !isVersion(version) {
		return r, ErrNotRecord
	}
	tags, repeated := splitTags(rest)
	r.StrictDKIM = strings.EqualFold(tags["adkim"], "s")
	r.StrictSPF = strings.EqualFold(tags["aspf"], "s")
	r.Testing = strings.EqualFold(tags["t"], "y")
	if psd := strings.ToLower(tags["psd"]); psd == "y" || psd == "n" {
		r.PSD = psd
	}
	if repeated {
		return r, ErrRepeated
	}
	return r, r.policies(tags)
}

// isVersion: RFC 9989 section 4.8: the tag is first, its value case-sensitive.
func isVersion(s string) bool {
	name, value, ok := strings.Cut(s, "=")
	return ok && strings.EqualFold(trim(name), "v") && trim(value) == "DMARC1"
}

// splitTags reads a tag list. What is no tag is left out. Names are lower
// case; RFC 6376 section 3.2, to which RFC 9989 section 4.7 points, forbids one
// to be repeated.
func splitTags(s string) (tags map[string]string, repeated bool) {
	tags = make(map[string]string)
	for tag := range strings.SplitSeq(s, ";") {
		name, value, ok := strings.Cut(tag, "=")
		if name = strings.ToLower(trim(name)); !ok || name == "" {
			continue
		}
		if _, there := tags[name]; there || name == "v" {
			repeated = true
		}
		tags[name] = trim(value)
	}
	return tags, repeated
}

// policies: RFC 9989 section 4.10.1: a missing or invalid p, or an invalid sp
// or np, makes the record one with "p=none" where there is somebody to report
// to, and otherwise no record to go by.
func (r *Record) policies(tags map[string]string) error {
	var okP, okSP, okNP bool
	r.Policy, okP = parsePolicy(tags["p"])
	r.Subdomains, okSP = parsePolicy(tags["sp"])
	r.Nonexistent, okNP = parsePolicy(tags["np"])
	_, hasSP := tags["sp"]
	_, hasNP := tags["np"]
	if okP && (okSP || !hasSP) && (okNP || !hasNP) {
		return nil
	}
	r.Policy, r.Subdomains, r.Nonexistent = PolicyNone, "", ""
	if !slices.ContainsFunc(strings.Split(tags["rua"], ","), isReportURI) {
		return ErrNoPolicy
	}
	return nil
}

func parsePolicy(s string) (Policy, bool) {
	switch p := Policy(strings.ToLower(s)); p {
	case PolicyNone, PolicyQuarantine, PolicyReject:
		return p, true
	}
	return "", false
}

// isReportURI tells whether s is a URI to report to: a mailto: with an
// address, or another scheme. The old size limit after "!" is allowed and
// means nothing.
func isReportURI(s string) bool {
	s, limit, limited := strings.Cut(trim(s), "!")
	if limited && !isSize(limit) {
		return false
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || strings.ContainsAny(s, " \t<>\"\\") {
		return false
	}
	if strings.EqualFold(scheme, "mailto") {
		at := strings.IndexByte(rest, '@')
		return at > 0 && at < len(rest)-1
	}
	return true
}

// isSize: RFC 7489 section 6.4, digits and a unit.
func isSize(s string) bool {
	if n := len(s); n > 0 && strings.IndexByte("kmgtKMGT", s[n-1]) >= 0 {
		s = s[:n-1]
	}
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

func trim(s string) string { return strings.Trim(s, " \t") }
