package app

import (
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
)

// Sections are the parts of the configuration that belong to filters.
func Sections(kinds []filters.Kind) []config.Section {
	var list []config.Section
	for _, k := range kinds {
		s := config.Section{Kind: k.Name, Summary: k.Summary, OptIn: k.OptIn, New: k.Config}
		for _, d := range k.Symbols {
			s.Symbols = append(s.Symbols, config.Symbol{Name: d.Name, Group: d.Group, Score: d.Score, Meaning: d.Meaning})
		}
		list = append(list, s)
	}
	return list
}

// ownSymbols are those that no filter reports: a part of the message was not
// seen, a check could not be made.
func ownSymbols() []config.Symbol {
	return append(reportSymbols(), []config.Symbol{
		{Name: truncatedSymbol, Group: failureGroup, Score: truncatedScore, Meaning: "The message was too large to be looked at as a whole."},
		{Name: unspooledSymbol, Group: failureGroup, Meaning: "The message could not be kept while it was looked at; it is asked for again (tempfail)."},
		{Name: "*_ERROR", Group: failureGroup, Meaning: "A filter could not make its check, or was skipped."},
		{Name: "*_TIMEOUT", Group: failureGroup, Meaning: "A filter did not end in time."},
	}...)
}
