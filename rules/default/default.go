// Package defaults holds the rules that come with Postern.
//
// They name what spam says and how it is made, in files by theme, and are
// written in the language in which a postmaster writes his own: a rule of his
// with the same symbol takes the place of one of these, a score in the
// configuration outweighs theirs. How they were weighed is told in
// docs/rules.md.
package defaults

import (
	"embed"

	"github.com/postern-mail/postern/rules"
)

//go:embed *.yaml
var folder embed.FS

// Files returns the rule files that ship, each marked as such.
func Files() ([]rules.File, error) { return rules.ReadDir(folder, "default", true) }
