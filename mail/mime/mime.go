// Package mime sees what the readers of a mail could see in it.
//
// A mail is a tree of entities: each has a header that names its type and
// encoding (RFC 2045) and a body; the body of a multipart holds further
// entities between lines that begin with two hyphens and the boundary
// (RFC 2046 section 5.1). Much mail breaks these rules, and readers mend it in
// different ways: where one sees a harmless text another sees a program. So
// Scan does not settle for one reading. It reads the message as most readers
// do, notes everything about which they differ, and reads it again for each
// such difference; what only the other readings show is kept too, tagged with
// the reading's name. Every difference is a finding.
//
// A reading is one pass over the bytes, their number is bounded, and so are
// depth, parts, headers, decoded bytes and findings: the cost of a scan is
// linear in the size of the message.
package mime

import (
	"fmt"
	"strconv"
)

// Field is one header field: the name before the colon and everything after
// it, folds included, without the final line end.
type Field struct {
	Name, Value string
}

// Limits bounds a scan. Each limit that is met raises its symbol, so that
// nothing is silently left out.
type Limits struct {
	Depth        int // nesting of multiparts and messages; MIME_LIMIT_DEPTH
	Parts        int // parts, containers included, of the first reading, and again of all others together; MIME_LIMIT_PARTS
	HeaderBytes  int // bytes of one part's header; MIME_LIMIT_HEADER
	HeaderFields int // fields of one part's header; MIME_LIMIT_HEADER
	DecodedBytes int // bytes that all parts together may decode to; MIME_LIMIT_DECODED
	Findings     int // findings kept; MIME_LIMIT_FINDINGS
	Readings     int // readings of one source, the first included; MIME_LIMIT_READINGS
	Names        int // names kept of one part; MIME_LIMIT_NAMES
	Params       int // parameters read of one field; MIME_LIMIT_NAMES
}

// DefaultLimits are bounds that honest mail does not meet.
func DefaultLimits() Limits {
	return Limits{
		Depth: 50, Parts: 1000, HeaderBytes: 64 << 10, HeaderFields: 200,
		DecodedBytes: 64 << 20, Findings: 100, Readings: len(readings), Names: 16, Params: maxParams,
	}
}

// workFactor bounds all passes over a message together, those over decoded
// containers included, as a multiple of its size.
const workFactor = 32

// Finding is something odd about the structure: a symbol and what raised it.
// The detail is printable ASCII.
type Finding struct {
	Symbol string
	Detail string
}

// Tree is a scanned message. It is immutable; what its parts compute on
// demand is computed once. It is safe for any number of readers.
type Tree struct {
	parts    []*Part
	findings []Finding
	limits   Limits

	seen    map[partKey]*Part
	raised  map[Finding]bool
	quota   int // bytes that may still be decoded
	work    int // bytes passed over
	maxWork int
	sources int
	added   int // parts that readings after the first added
}

// Scan reads a message. The body is what follows the header, with CRLF or LF
// line ends; cut says that it is only the beginning of a longer one. The tree
// refers to the body, which must not change afterwards.
func Scan(header []Field, body []byte, cut bool, limits Limits) *Tree {
	t := newTree(limits, len(body))
	if cut {
		t.find("MIME_CUT", "")
	}
	t.scanSource(source{root: header, body: body, cut: cut})
	return t
}

// ScanMessage reads a whole message, header included, from its bytes.
func ScanMessage(raw []byte, limits Limits) *Tree {
	t := newTree(limits, len(raw))
	t.scanSource(source{body: raw, whole: true})
	return t
}

func newTree(limits Limits, size int) *Tree {
	return &Tree{
		limits: limits, quota: limits.DecodedBytes, maxWork: workFactor * (size + 4096),
		seen: map[partKey]*Part{}, raised: map[Finding]bool{},
	}
}

// All returns every part of every reading, containers included, in the order
// in which they begin, the first reading before the others.
func (t *Tree) All() []*Part { return t.parts }

// Parts returns every leaf of every reading: what holds content itself. A
// preamble or epilogue counts when it is more than the usual boilerplate.
func (t *Tree) Parts() []*Part {
	leaves := make([]*Part, 0, len(t.parts))
	for _, p := range t.parts {
		if !p.Container {
			leaves = append(leaves, p)
		}
	}
	return leaves
}

// Attachments returns every part of every reading that a reader would offer as
// a file, a container with a name or a disposition among them: some readers
// save it as it stands.
func (t *Tree) Attachments() []*Part {
	var list []*Part
	for _, p := range t.parts {
		if p.Attachment() {
			list = append(list, p)
		}
	}
	return list
}

// Findings returns what is odd about the structure, each once. What is odd
// about the encoded content of a part is in its Flaws.
func (t *Tree) Findings() []Finding { return t.findings }

// Has tells whether there is a finding with the symbol.
func (t *Tree) Has(symbol string) bool {
	for _, f := range t.findings {
		if f.Symbol == symbol {
			return true
		}
	}
	return false
}

// Work is how many bytes all passes together looked at: the measure by which
// tests show that the cost is linear.
func (t *Tree) Work() int { return t.work }

// find notes a finding once. The detail may hold anything; it is made safe.
func (t *Tree) find(symbol, detail string) {
	f := Finding{symbol, safe(detail)}
	if t.raised[f] {
		return
	}
	if len(t.findings) >= t.limits.Findings {
		f = Finding{Symbol: "MIME_LIMIT_FINDINGS", Detail: strconv.Itoa(t.limits.Findings)}
		if t.raised[f] {
			return
		}
	}
	t.raised[f] = true
	t.findings = append(t.findings, f)
}

// maxDetail bounds the detail of a finding, in bytes before escaping.
const maxDetail = 80

// safe makes text of the mail fit for any log, header or page.
func safe(s string) string {
	if len(s) > maxDetail {
		s = s[:maxDetail]
	}
	q := strconv.QuoteToASCII(s)
	return q[1 : len(q)-1]
}

// limit notes that a limit was met.
func (t *Tree) limit(name string, n int) {
	t.find("MIME_LIMIT_"+name, fmt.Sprint(n))
}

// NewFinding makes a finding; its detail may hold anything and is made safe.
func NewFinding(symbol, detail string) Finding { return Finding{symbol, safe(detail)} }
