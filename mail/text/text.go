// Package text gets the words out of a message: what a reader shows, what is
// there and not shown, and where links lead.
//
// The words of a mail come as plain text or as HTML, in any charset (RFC 2046
// section 4.1, package charset). HTML hides as easily as it shows: text in
// the colour of its background, of size zero, in elements that are not
// displayed, between characters without width. Spam uses that to feed filters
// with harmless words and to break up the others. So visible and hidden text
// are kept apart, and characters that are not seen are taken out.
//
// HTML is read token by token, never as a tree: one pass, with bounds on what
// is read and kept, and no depth at which it gives up.
package text

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/mail/text/charset"
)

// Limits bounds what is extracted. Each raises its symbol when it is met.
type Limits struct {
	Input int // bytes of decoded content read; MIME_LIMIT_TEXT
	Bytes int // bytes kept of each kind of text; MIME_LIMIT_TEXT
	Links int // links, forms and images kept, each; MIME_LIMIT_LINKS
}

// DefaultLimits are bounds that honest mail does not meet.
func DefaultLimits() Limits {
	return Limits{Input: 4 << 20, Bytes: 1 << 20, Links: 5000}
}

// Text is what the message says. It is immutable.
type Text struct {
	Subject  string // decoded
	Plain    string // the plain text that is shown
	HTML     string // the text of HTML that is shown
	Hidden   string // text that is there and that most readers do not show
	Attached string // text of attachments and attached messages
	Title    string // title of the HTML

	Parts    []Part
	Links    []Link
	Forms    []Form
	Images   []Image
	Scripts  int            // script elements, event handlers and javascript: links
	Findings []mime.Finding // each symbol once, with its first detail
}

// Part tells how one part was read.
type Part struct {
	Path    string
	HTML    bool
	Charset charset.Info
}

// Link is a place that the HTML leads to.
type Link struct {
	Href   string // as it stands, entities decoded, resolved by the base if there is one
	Text   string // the text a reader clicks on, or the alternative text of an image
	Tag    string // element: "a", "area", "form", "iframe", "meta" ...
	Part   string // path of the part
	Hidden bool   // within text that is not shown
}

// Form is an HTML form.
type Form struct {
	Action   string
	Password bool // asks for one
	Fields   int  // inputs other than hidden ones and buttons
}

// Image is an image that the HTML refers to.
type Image struct {
	Src           string // "cid:" is in the mail, "data:" in the HTML; data is cut short
	Alt           string
	Width, Height int // as said, -1 when not said
}

// Extract reads the text of a scanned message whose header is given.
func Extract(header []mime.Field, tree *mime.Tree, limits Limits) *Text {
	x := &extractor{limits: limits, left: limits.Input}
	for _, f := range header {
		if strings.EqualFold(strings.TrimRight(f.Name, " \t"), "subject") {
			subject, _ := x.clean(mime.DecodeWords(strings.TrimSpace(f.Value[:min(len(f.Value), limits.Bytes)])))
			x.Subject = subject
			break
		}
	}
	for _, p := range tree.Parts() {
		x.part(p)
	}
	x.Plain, x.HTML = x.plain.join(), x.visible.join()
	x.Hidden, x.Attached = x.hidden.join(), x.attached.join()
	return &x.Text
}

// extractor is one extraction.
type extractor struct {
	Text
	limits                           Limits
	left                             int // bytes of content that may still be read
	plain, visible, hidden, attached pieces
}

// pieces is text of one kind, from several parts.
type pieces struct {
	list []string
	size int
}

func (p *pieces) join() string { return strings.Join(p.list, "\n") }

// part adds one leaf of the message.
func (x *extractor) part(p *mime.Part) {
	isHTML := htmlPart(p)
	if !isHTML && !textPart(p) {
		return
	}
	content := p.Content()
	if len(content) > x.left {
		x.find("MIME_LIMIT_TEXT", p.Path)
		content = content[:x.left]
	}
	x.left -= len(content)
	if len(content) == 0 {
		return
	}
	label := p.Charset
	if label == "" && isHTML {
		label = metaCharset(content)
	}
	s, info := charset.Decode(label, content, 3*len(content)+16)
	x.charset(p.Path, info)
	if strings.IndexByte(s, 0) >= 0 {
		x.find("MIME_NUL", p.Path)
	}
	x.Parts = append(x.Parts, Part{p.Path, isHTML, info})
	shown, plain := &x.visible, &x.plain
	switch {
	case p.Reading != "" || p.Role == mime.RolePreamble || p.Role == mime.RoleEpilogue:
		shown, plain = &x.hidden, &x.hidden
	case p.Disposition == "attachment" || p.Role == mime.RoleEmbedded || inMessage(p):
		shown, plain = &x.attached, &x.attached
	}
	if isHTML {
		x.html(s, p.Path, shown)
		return
	}
	s, _ = x.clean(s)
	x.keep(plain, s)
}

// htmlPart tells whether readers would show a part as HTML: by type, by name,
// or, where the type says nothing, by its first bytes.
func htmlPart(p *mime.Part) bool {
	switch p.Type {
	case "text/html", "application/xhtml+xml", "image/svg+xml", "text/x-amp-html", "application/hta":
		return true
	}
	for _, n := range p.Names {
		n = strings.ToLower(n)
		for _, ext := range []string{".htm", ".html", ".shtml", ".xhtml", ".svg", ".hta"} {
			if strings.HasSuffix(n, ext) {
				return true
			}
		}
	}
	undeclared := len(p.Declared) == 0 || p.Declared[0] != p.Type || p.Type == "application/octet-stream"
	return undeclared && p.Found() == "text/html"
}

// textPart tells whether a part is text of another kind. A multipart that is a
// leaf is shown as text, and so is a file of no type by its name.
func textPart(p *mime.Part) bool {
	if p.Type == "application/octet-stream" || p.Type == "application/ics" {
		return slices.ContainsFunc(p.Names, textName) && strings.HasPrefix(p.Found(), "text/")
	}
	return p.Is("text") || p.Is("multipart") || p.Type == "message/delivery-status" || p.Type == "message/external-body" ||
		p.Role == mime.RoleRest
}

// textName tells names of files that are opened as text, or act on addresses in
// it: invitations, cards, shortcuts.
func textName(n string) bool {
	n = strings.ToLower(n)
	return slices.ContainsFunc([]string{".txt", ".ics", ".vcf", ".csv", ".url"}, func(ext string) bool { return strings.HasSuffix(n, ext) })
}

func inMessage(p *mime.Part) bool {
	for q := p.Parent; q != nil; q = q.Parent {
		isMessage := strings.HasPrefix(q.Type, "message/")
		if isMessage && q.Parent != nil || !isMessage && q.Container && !q.Is("multipart") {
			return true
		}
	}
	return false
}

// metaCharset finds the charset that HTML declares for itself within its
// first bytes, as browsers do.
func metaCharset(b []byte) string {
	head := strings.ToLower(string(b[:min(len(b), 1024)]))
	if !strings.Contains(head, "<meta") && !strings.Contains(head, "<?xml") {
		return ""
	}
	for _, mark := range []string{"charset=", "encoding="} {
		if _, rest, ok := strings.Cut(head, mark); ok {
			rest = strings.TrimLeft(rest, "\"' ")
			if i := strings.IndexAny(rest, "\"' ;/>?"); i >= 0 {
				rest = rest[:i]
			}
			return rest
		}
	}
	return ""
}

// charset notes what is odd about how a part was decoded.
func (x *extractor) charset(path string, info charset.Info) {
	detail := path + " " + info.Declared
	if info.Unknown {
		x.find("MIME_CHARSET_UNKNOWN", detail)
	}
	if info.Replaced {
		x.find("MIME_CHARSET_REPLACED", detail)
	}
	if info.Wrong {
		x.find("MIME_CHARSET_WRONG", detail+" is "+info.Used)
	}
	if info.Malformed {
		x.find("MIME_CHARSET_MALFORMED", path+" "+info.Used)
	}
}

// keep adds text to one of the kinds, parts a line apart.
func (x *extractor) keep(p *pieces, s string) {
	if s == "" {
		return
	}
	if room := x.limits.Bytes - p.size - 1; len(s) > room {
		x.find("MIME_LIMIT_TEXT", "")
		s = strings.ToValidUTF8(s[:max(room, 0)], "")
	}
	if s != "" {
		p.list = append(p.list, s)
		p.size += len(s) + 1
	}
}

// find notes a finding, each symbol once.
func (x *extractor) find(symbol, detail string) {
	for _, f := range x.Findings {
		if f.Symbol == symbol {
			return
		}
	}
	x.Findings = append(x.Findings, mime.NewFinding(symbol, detail))
}

// Has tells whether there is a finding with the symbol.
func (t *Text) Has(symbol string) bool {
	for _, f := range t.Findings {
		if f.Symbol == symbol {
			return true
		}
	}
	return false
}
