// Package rules is the language in which a postmaster says what mail is like.
//
// A rule file is YAML. Each rule names a symbol, a condition over the message
// (when), what it weighs, and examples that it must and must not match.
// Conditions are typed and compiled when the rules are loaded; what has no
// bound in time or memory is refused there. Patterns on text fields are looked
// for together, in one pass over each field (package match), and a condition
// reads their verdicts. Rules may read the symbols of filters and of each
// other; they are ordered by that, and circles are errors.
//
// A rule reports a symbol; its score, its group and the action that it may
// demand go to the policy. So does the shadow: rules that are counted and
// shown, never added.
package rules

import (
	"maps"
	"slices"
	"time"

	"github.com/postern-mail/postern/scoring"
)

// Bounds on a set and on what is read of a message.
const (
	MaxRules  = 20_000
	maxItems  = 1000    // elements of a list field: URLs, headers, attachments
	maxHeader = 8 << 10 // bytes of one header value
	maxText   = 1 << 20 // bytes of one text field
	maxMemory = 100_000 // values that one evaluation may make
)

// Set is a loaded set of rules. It is immutable and safe for several
// goroutines.
type Set struct {
	rules    []*Rule // in the order of evaluation
	caps     map[string]float64
	uses     map[string]bool
	patterns []*patterns
	seats    []seat         // by slot
	names    map[string]int // numbers of the symbols that conditions read
	lengths  []field        // by number, those whose length conditions read
	shadows  bool           // there are rules in the shadow
	lists    Lists
	warnings Faults
}

// seat is where the verdict of a pattern is found.
type seat struct{ field, pattern int }

// Rules returns the rules in the order of their evaluation. They must not be
// changed.
func (s *Set) Rules() []*Rule { return slices.Clone(s.rules) }

// Warnings tells what is odd about the rules, though they can be used.
func (s *Set) Warnings() Faults { return slices.Clone(s.warnings) }

// Uses tells whether any rule reads a field of Facts, named as in conditions
// by its first word ("text", "urls"). What no rule reads need not be computed.
// Words, and those in disguise, count as reading the text, the lines made of headers, URLs and
// attachments as reading these.
func (s *Set) Uses(field string) bool {
	switch field {
	case "text":
		return s.uses[field] || s.uses["words"] || s.uses["disguised"]
	case "headers":
		return s.uses[field] || s.uses["header_lines"] || s.uses["header"] || s.uses["header_all"]
	case "urls":
		return s.uses[field] || s.uses["url_lines"]
	case "attachments":
		return s.uses[field] || s.uses["attachment_lines"]
	}
	return s.uses[field]
}

// Entries are the rules' places in the score table.
func (s *Set) Entries() map[string]scoring.Entry {
	out := make(map[string]scoring.Entry, len(s.rules))
	for _, r := range s.rules {
		out[r.Symbol] = scoring.Entry{Group: r.Group, Score: r.Score}
	}
	return out
}

// Caps are the caps that rule files set on groups.
func (s *Set) Caps() map[string]float64 { return maps.Clone(s.caps) }

// Actions are the actions that rules demand.
func (s *Set) Actions() map[string]scoring.Action {
	out := map[string]scoring.Action{}
	for _, r := range s.rules {
		if r.Force != nil {
			out[r.Symbol] = r.Force.Action
		}
	}
	return out
}

// Shadow are the rules that never act at a time: those that say so and those
// that have expired. A rule that expires later, while the policy stands, is
// reported with factor 0 from then on.
func (s *Set) Shadow(now time.Time) map[string]bool {
	out := map[string]bool{}
	for _, r := range s.rules {
		if r.inShadow(now) {
			out[r.Symbol] = true
		}
	}
	return out
}

func (r *Rule) inShadow(now time.Time) bool { return r.Shadow || r.expiredAt(now) }

// expiredAt tells whether the rule's last day is over, by UTC.
func (r *Rule) expiredAt(now time.Time) bool {
	return !r.Expires.IsZero() && !now.Before(r.Expires.AddDate(0, 0, 1))
}

func clip(s string, n int) string { return s[:min(len(s), n)] }
