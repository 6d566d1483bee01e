package mime

// ambiguity is a set of the things about which readers of mail differ.
type ambiguity uint16

const (
	ambFields   ambiguity = 1 << iota // several Content-Type or encoding fields
	ambMany                           // more than two of them
	ambParams                         // several boundaries in one Content-Type
	ambPrefix                         // a line begins with a boundary and goes on
	ambPrefixes                       // such a line fits several boundaries
	ambReused                         // an inner boundary equals an outer one
	ambClosed                         // a delimiter after the closing one
	ambGuess                          // a multipart whose boundary is missing or never comes
	ambCR                             // CR without LF
	ambJunk                           // a line in a header that is no field
	ambBlank                          // a folded line of blanks only
	ambOpen                           // an outer delimiter while an inner multipart is open
)

// reading is one way to read a message. The zero reading is what most readers
// do: first field, first boundary, the whole line compared, innermost boundary
// first, nothing after the close.
type reading struct {
	name    string
	when    ambiguity // it can differ only where one of these was seen
	field   int       // which of several fields: 0 first, -1 last
	param   int       // which of several boundaries: 0 first, -1 last
	all     bool      // every boundary that is given counts
	prefix  bool      // a line need only begin with the boundary (RFC 2046 section 5.1.1 says so)
	longest bool      // of several that fit, the longest, not the innermost
	outer   bool      // of several that are equal, the outermost
	own     bool      // only the innermost open multipart counts
	resume  bool      // a closed multipart goes on at the next delimiter
	guess   bool      // a multipart without boundary takes the first line that looks like one
	cr      bool      // CR alone ends a line
	junk    bool      // lines in a header that are no fields are skipped
	blank   bool      // a line of blanks ends a header
}

// readings are all that are tried, the likeliest first.
var readings = [...]reading{
	{},
	{name: "last-type", when: ambFields | ambParams, field: -1, param: -1},
	{name: "all-boundaries", when: ambFields | ambParams, all: true, resume: true},
	{name: "prefix", when: ambPrefix, prefix: true},
	{name: "after-close", when: ambClosed, resume: true},
	{name: "own-boundary", when: ambOpen, own: true},
	{name: "guessed-boundary", when: ambGuess, guess: true},
	{name: "cr", when: ambCR, cr: true},
	{name: "skip-junk", when: ambJunk, junk: true},
	{name: "outer-boundary", when: ambReused, outer: true},
	{name: "longest-prefix", when: ambPrefixes, prefix: true, longest: true},
	{name: "blank-ends", when: ambBlank, blank: true},
	{name: "second-type", when: ambMany, field: 1},
	{name: "first-type-last-boundary", when: ambParams, param: -1},
	{name: "last-type-first-boundary", when: ambFields, field: -1},
}

// pick chooses one of n.
func (r reading) pick(n int) int {
	if r.field < 0 || r.field >= n {
		return n - 1
	}
	return r.field
}
