package mime

import (
	"crypto/sha256"
	"strings"
	"sync"

	"github.com/gabriel-vasile/mimetype"
)

// Role says what a part is in the message.
type Role uint8

// The roles of a part.
const (
	RoleEntity   Role = iota // an entity with its header
	RolePreamble             // text before the first boundary, which readers skip
	RoleEpilogue             // text after the last boundary, which readers skip
	RoleEmbedded             // found inside another part: uuencode, yEnc, TNEF, S/MIME, or an encoding that was not declared
	RoleRest                 // what lies beyond a limit, unparsed
)

// Part is one part of a message in one reading. Its fields are read-only; its
// methods compute on demand, once, and are safe for concurrent use.
type Part struct {
	Path      string // position: "1" is the root, "1.2" its second child
	Reading   string // "" for the first reading, else what the reading does otherwise
	Role      Role
	Parent    *Part // nil for the root
	Container bool  // a multipart or message whose content is in other parts

	Type        string   // media type, lower case, "text/plain" where none is declared
	Declared    []string // the type of each Content-Type field, "" for one that says nothing
	Params      []Param  // parameters of the Content-Type that this reading uses
	Encoding    string   // declared transfer encoding, lower case, "" for none
	Disposition string   // "attachment", "inline", "" or anything else
	Names       []string // every file name that a reader could show, the likeliest first
	ID          string   // Content-ID without brackets
	Charset     string   // declared charset, as declared

	limits   *Limits
	source   int // which buffer src is, for telling parts apart
	src      []byte
	head     [2]int // span of the header; empty for the root, whose header came apart
	body     [2]int // span of the body
	codecs   []codec
	max      int // most raw bytes that are content
	depth    int
	hints    bool // a line looks like the begin of an embedded file
	children int

	content func() decoded
	found   func() string
	digest  func() [sha256.Size]byte
}

type decoded struct {
	bytes []byte
	flaws []Finding
}

// prepare sets up what is computed on demand.
func (p *Part) prepare() {
	p.content = sync.OnceValue(func() decoded {
		raw := p.Raw()
		return decode(p.codecs, raw[:min(len(raw), p.max)])
	})
	p.found = sync.OnceValue(p.sniff)
	p.digest = sync.OnceValue(func() [sha256.Size]byte { return sha256.Sum256(p.Content()) })
}

// Raw is the body as it stands in the message, still encoded.
func (p *Part) Raw() []byte { return p.src[p.body[0]:p.body[1]:p.body[1]] }

// RawHeader is the header as it stands in the message; nil for the root,
// whose header was handed to Scan apart.
func (p *Part) RawHeader() []byte { return p.src[p.head[0]:p.head[1]:p.head[1]] }

// Content is the body decoded by its transfer encoding, as far as the limit
// on decoded bytes goes. It may share memory with the message.
func (p *Part) Content() []byte { return p.content().bytes }

// Flaws are what is odd about the encoded content: junk in base64 and the
// like. It decodes the part.
func (p *Part) Flaws() []Finding { return p.content().flaws }

// Size is the number of decoded bytes.
func (p *Part) Size() int { return len(p.Content()) }

// Digest is the SHA-256 of the decoded content.
func (p *Part) Digest() [sha256.Size]byte { return p.digest() }

// Found is the media type that the first bytes of the decoded content look
// like, without parameters; "application/octet-stream" when they look like
// nothing known.
func (p *Part) Found() string { return p.found() }

// sniffBytes is what mimetype looks at.
const sniffBytes = 3072

func (p *Part) sniff() string {
	raw := p.Raw()
	prefix := raw[:min(len(raw), 2*sniffBytes)]
	if len(p.codecs) > 0 {
		prefix = decode(p.codecs, prefix).bytes
	}
	name, _, _ := strings.Cut(mimetype.Detect(prefix[:min(len(prefix), sniffBytes)]).String(), ";")
	return name
}

// begins gives the first bytes of the content.
func (p *Part) begins() []byte {
	raw := p.Raw()
	return decode(p.codecs, raw[:min(len(raw), 64)]).bytes
}

// Name is the likeliest file name, "" when the part has none.
func (p *Part) Name() string {
	if len(p.Names) == 0 {
		return ""
	}
	return p.Names[0]
}

// Param returns the value of a Content-Type parameter, "" when there is none.
func (p *Part) Param(name string) string {
	for _, q := range p.Params {
		if q.Name == name {
			return q.Value
		}
	}
	return ""
}

// Is tells whether the type is of the kind: "text", "image", "multipart".
func (p *Part) Is(kind string) bool {
	return len(p.Type) > len(kind) && p.Type[len(kind)] == '/' && strings.HasPrefix(p.Type, kind)
}

// Attachment tells whether a reader would offer the part as a file: it is
// declared as one, has a name, or holds something that is neither shown as
// text nor taken apart.
func (p *Part) Attachment() bool {
	switch {
	case p.Role == RolePreamble || p.Role == RoleEpilogue:
		return false
	case p.Disposition == "attachment" || len(p.Names) > 0:
		return true
	case p.Container || p.Is("multipart"):
		return false
	case p.Role == RoleEmbedded && p.Path != "1":
		return true
	}
	return !p.Is("text")
}

// Fields reads the fields of the part's own header, at most as many as the
// limit allowed. It is nil for the root.
func (p *Part) Fields() []Field {
	var c collector
	c.reset(0, *p.limits, true)
	raw := p.RawHeader()
	for pos := 0; pos < len(raw); {
		end, next := lineEnd(raw, pos, false)
		c.line(raw, pos, end)
		pos = next
	}
	c.flush(raw)
	return c.fields
}

// partKey tells parts of different readings apart: two with the same key are
// the same part.
type partKey struct {
	source, start, end     int
	typ, encoding, charset string
	disposition            string
	role                   Role
	container              bool
	codecs                 int
}

func (p *Part) key() partKey {
	codecs := 0
	for _, c := range p.codecs {
		codecs = codecs<<4 | int(c)
	}
	return partKey{p.source, p.body[0], p.body[1], p.Type, p.Encoding, p.Charset, p.Disposition, p.Role, p.Container, codecs}
}
