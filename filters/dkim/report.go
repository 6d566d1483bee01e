package dkim

import (
	"encoding/base64"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

const (
	symbolPass      = "DKIM_PASS"
	symbolFail      = "DKIM_FAIL"
	symbolNone      = "DKIM_NONE"
	symbolTemperror = "DKIM_TEMPERROR"
	symbolPermerror = "DKIM_PERMERROR"
	symbolWeak      = "DKIM_WEAK"
)

const group = "dkim"

var symbols = []filters.SymbolDoc{
	{Name: symbolPass, Group: group, Score: -0.2, Meaning: "At least one signature verifies and covers the whole body."},
	{Name: symbolFail, Group: group, Score: 1, Meaning: "No signature passes, and one does not fit the message: it was changed on the way, or forged."},
	{Name: symbolNone, Group: group, Score: 0, Meaning: "No signature, or none that counts because its domain is only trying DKIM."},
	{Name: symbolTemperror, Group: group, Score: 0, Meaning: "No signature passes, and the key of one could not be fetched."},
	{Name: symbolPermerror, Group: group, Score: 0, Meaning: "No signature can be used: malformed, expired, or without a usable key."},
	{Name: symbolWeak, Group: group, Score: 0, Meaning: "A signature proves little: part of the body or a second copy of a field is unsigned, or the key or the hash is too weak."},
}

// ranking orders results from the best to the worst; the best speaks for the
// message. A policy result verifies, but is no pass: DKIM_WEAK stands for it.
var ranking = []struct{ value, symbol string }{
	{authres.Pass, symbolPass},
	{authres.Temperror, symbolTemperror},
	{authres.Policy, symbolWeak},
	{authres.Fail, symbolFail},
	{authres.Permerror, symbolPermerror},
}

// report turns the decided signatures into results and symbols. All that were
// not looked at share one result.
func report(sigs []*signature, unchecked int) filters.Result {
	r := filters.Result{Symbols: summary(sigs)}
	for _, s := range sigs {
		r.Auth = append(r.Auth, s.result())
	}
	if unchecked > 0 {
		r.Auth = append(r.Auth, authres.Result{Method: method, Value: tooMany.value, Reason: tooMany.reason})
	}
	return r
}

// result is the signature as one result of RFC 8601 section 2.7.1. A property
// is written only when its value is known to be well-formed.
func (s *signature) result() authres.Result {
	r := authres.Result{Method: method, Value: s.outcome.value, Reason: s.outcome.reason}
	if s.testing {
		r.Reason = inTestMode(r.Reason)
	}
	// RFC 6008: enough of b= to tell signatures of one domain apart, 8 characters.
	b := base64.StdEncoding.EncodeToString(s.sig[:min(6, len(s.sig))])
	for _, p := range []struct{ name, value string }{
		{"d", s.domain}, {"s", s.selector}, {"a", s.algorithm}, {"b", b}, {"i", printable(s.identity)},
	} {
		if p.value != "" {
			r.Props = append(r.Props, authres.Prop{Type: "header", Name: p.name, Value: p.value})
		}
	}
	return r
}

// inTestMode adds to a reason that the key is in test mode (t=y).
func inTestMode(reason string) string {
	if reason == "" {
		return "key in test mode"
	}
	return reason + ", key in test mode"
}

// summary is the symbol of the best result, with the signatures that have it,
// and DKIM_WEAK for the weak ones.
func summary(sigs []*signature) []scoring.Symbol {
	for _, rank := range ranking {
		var found, weak []string
		for _, s := range sigs {
			if s.outcome.weak {
				weak = append(weak, s.detail())
			}
			// RFC 6376 section 3.6.1: a message of a domain that is only trying
			// DKIM is treated as if it were unsigned, even if the signature fails.
			if s.outcome.value == rank.value && !(s.testing && rank.value == authres.Fail) {
				found = append(found, s.detail())
			}
		}
		if found == nil {
			continue
		}
		list := []scoring.Symbol{scoring.Found(rank.symbol, found...)}
		if weak != nil && rank.symbol != symbolWeak {
			list = append(list, scoring.Found(symbolWeak, weak...))
		}
		return list
	}
	return []scoring.Symbol{scoring.Found(symbolNone)}
}

// detail names the signature for a reader. It is made of checked names and
// fixed words only.
func (s *signature) detail() string {
	d := s.domain + ":" + s.selector
	if s.outcome.reason != "" {
		d += ": " + s.outcome.reason
	}
	return d
}

// printable returns s when it is short printable ASCII, else "".
func printable(s string) string {
	if len(s) > 320 {
		return ""
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return ""
		}
	}
	return s
}
