package lists

import (
	"slices"

	"github.com/postern-mail/postern/scoring"
)

// What allow and deny lists report.
const (
	Allow           = "LIST_ALLOW"
	Unauthenticated = "LIST_ALLOW_UNAUTHENTICATED" // the list would let it in, but nobody vouches for the sender
	Deny            = "LIST_DENY"
)

// Entries are the places of these symbols in the score table.
func Entries() map[string]scoring.Entry {
	return map[string]scoring.Entry{Allow: {Group: "lists", Score: -10}, Unauthenticated: {Group: "lists"}, Deny: {Group: "lists", Score: 15}}
}

// Question is what allow and deny lists are asked about.
type Question struct {
	Author       string   // address of the From field, where it is one and nobody can read another
	Authors      []string // every address that a reader could take for the author's
	AuthorIsReal bool     // the author's domain is authenticated: aligned SPF or DKIM passes
	Sender       string   // envelope sender
	SenderIsReal bool     // SPF passes for the sender's domain
	Client       string   // address of the client
	Digests      []string // SHA-256 of attachments, in hexadecimal
}

// Ask tells what the allow and deny lists say, with the list's name as detail.
// Each symbol is reported once a list.
func (s *Set) Ask(q Question) []scoring.Symbol {
	var out []scoring.Symbol
	for _, name := range s.Names() {
		c := s.lists[name].config
		if c.Use == "rules" || !slices.ContainsFunc(q.values(c), func(v string) bool { return s.Has(name, v) }) {
			continue
		}
		symbol := Deny
		if c.Use == "allow" {
			if symbol = Allow; !q.real(c.Of) && !c.Unauthenticated {
				symbol = Unauthenticated
			}
		}
		out = append(out, scoring.Found(symbol, name))
	}
	return out
}

// values are what a list is asked about. A second author brings nobody in, and
// does not keep anybody out of a deny list.
func (q Question) values(c Config) []string {
	switch c.Of {
	case "author":
		if c.Use == "deny" {
			return q.Authors
		}
		return []string{q.Author}
	case "sender":
		return []string{q.Sender}
	case "client":
		return []string{q.Client}
	}
	return q.Digests
}

// real tells whether what a list is asked about can be trusted. A client's
// address cannot be forged, nor can a digest.
func (q Question) real(of string) bool {
	switch of {
	case "author":
		return q.AuthorIsReal
	case "sender":
		return q.SenderIsReal
	}
	return true
}
