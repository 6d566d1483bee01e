package filters

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/scoring"
)

// The bounds on what Note keeps of one symbol.
const (
	maxDetails = 5   // details
	maxDetail  = 200 // bytes of one
)

// Note adds a symbol to the result. Where it is there already it keeps the
// higher factor and gains the detail, so that a symbol is reported once
// however often it was seen. An empty detail is none.
func (r *Result) Note(symbol string, factor float64, detail string) {
	i := slices.IndexFunc(r.Symbols, func(s scoring.Symbol) bool { return s.Name == symbol })
	if i < 0 {
		i = len(r.Symbols)
		r.Symbols = append(r.Symbols, scoring.Symbol{Name: symbol})
	}
	s := &r.Symbols[i]
	s.Factor = max(s.Factor, factor)
	detail = strings.ToValidUTF8(detail[:min(len(detail), maxDetail)], "\uFFFD")
	if detail != "" && len(s.Details) < maxDetails && !slices.Contains(s.Details, detail) {
		s.Details = append(s.Details, detail)
	}
}
