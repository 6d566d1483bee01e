// Package urls finds where a message leads: every address in its subject,
// text and HTML, and the host that each really goes to.
//
// An address is written to be read by people and taken apart by programs, and
// the two disagree on purpose: "http://bank.example@192.0.2.1/" goes to a
// number, "http://3221225985/" to the same one, "http:\\example.org" to
// example.org. Parse takes addresses apart the way browsers do (the WHATWG URL
// Standard, which is laxer than RFC 3986), because that is where the reader
// ends up. Hosts are brought into one form: lower case, A-labels (RFC 5891),
// IP addresses in their usual notation.
package urls

import (
	"hash/maphash"

	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/mail/text"
)

// Limits bounds what is kept.
type Limits struct {
	URLs int // different addresses; MIME_LIMIT_URLS
}

// DefaultLimits are bounds that honest mail does not meet.
func DefaultLimits() Limits { return Limits{URLs: 1000} }

// Where is the place in the message at which an address stands.
type Where string

// The places.
const (
	InSubject  Where = "subject"
	InText     Where = "text"     // visible, not a link
	InLink     Where = "link"     // target of something to click on, or of a form
	InImage    Where = "image"    // loaded with the mail: images, frames, scripts
	InHidden   Where = "hidden"   // in text or a link that is not shown
	InAttached Where = "attached" // in an attachment or attached message
	InURL      Where = "url"      // within another address: where a redirector leads
	InQR       Where = "qr"       // in a QR code of an image
)

// Flag is a set of things that are odd about an address.
type Flag uint16

// The flags.
const (
	UserInfo   Flag = 1 << iota // "user@" before the host
	Numeric                     // the host is an IP address
	Disguised                   // the host is an IP address in octal, hexadecimal or as one number
	IDN                         // the host has labels beyond ASCII
	Port                        // a port that is not the scheme's own
	Escaped                     // the host holds %-escapes
	Backslash                   // backslashes for slashes
	Control                     // line ends, tabs or blanks inside
	Redirects                   // another address stands within
	Shortener                   // the host is a public link shortener
	Schemeless                  // no scheme was written
	BadHost                     // the host is no valid name
)

// URL is one address.
type URL struct {
	Raw         string // as it stands, at most 2048 bytes
	Scheme      string // lower case
	Host        string // lower case, A-labels, no final dot; an IP address in its usual form; "" where there is none
	Unicode     string // the host with U-labels where that differs, else ""
	Registrable string // what somebody could register (public suffix list); "" for IP addresses and suffixes
	Port        string // as written, "" where none is
	Path        string // path, query and fragment, as written
	Where       Where
	Text        string // what the reader clicks on
	Flags       Flag
}

// Has tells whether all of the flags are set.
func (u URL) Has(f Flag) bool { return u.Flags&f == f }

// Found is what was found in a message. It is immutable.
type Found struct {
	URLs     []URL // each once, in the order in which they came
	Findings []mime.Finding
}

// Hosts lists the different hosts, in order.
func (f *Found) Hosts() []string {
	var hosts []string
	seen := map[string]bool{}
	for _, u := range f.URLs {
		if u.Host != "" && !seen[u.Host] {
			seen[u.Host] = true
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

// Find finds the addresses in the text of a message, and in the texts of QR
// codes that stand in it.
func Find(t *text.Text, codes []string, limits Limits) *Found {
	f := newFinder(limits, len(t.Links)+len(t.Images)+8)
	f.text(t.Subject, InSubject)
	for _, l := range t.Links {
		f.link(l)
	}
	f.text(t.Plain, InText)
	f.text(t.HTML, InText)
	for _, i := range t.Images {
		f.refer(i.Src, InImage)
	}
	for _, code := range codes {
		f.text(code, InQR)
	}
	f.text(t.Attached, InAttached)
	f.text(t.Hidden, InHidden)
	return &f.Found
}

// finder is one search.
type finder struct {
	Found
	limits Limits
	seed   maphash.Seed
	seen   map[uint64]int // hash of a target to index in URLs, so that no map holds on to strings
	hosts  map[string]host
	full   bool
	work   int // bytes taken apart, by which tests show that the cost is linear
}

// target is what two spellings of one address have in common.
type target struct{ scheme, host, port, path string }

func (u *URL) target() target { return target{u.Scheme, u.Host, u.Port, u.Path} }

// newFinder begins a search that is likely to find so many addresses.
func newFinder(limits Limits, likely int) *finder {
	likely = min(likely, limits.URLs)
	f := &finder{limits: limits, seed: maphash.MakeSeed(), seen: make(map[uint64]int, likely), hosts: map[string]host{}}
	f.URLs = make([]URL, 0, likely)
	return f
}

// link adds the target of a link.
func (f *finder) link(l text.Link) {
	where := InLink
	switch {
	case l.Hidden:
		where = InHidden
	case l.Tag == "iframe" || l.Tag == "script" || l.Tag == "link" || l.Tag == "embed" || l.Tag == "object":
		where = InImage
	}
	u := URL{Where: where, Text: l.Text}
	if f.parse(&u, l.Href) {
		f.add(&u)
	}
}

func (f *finder) refer(src string, where Where) {
	u := URL{Where: where}
	if f.parse(&u, src) {
		f.add(&u)
	}
}

// add keeps an address that was not there before, and looks into it.
func (f *finder) add(u *URL) {
	key := maphash.Comparable(f.seed, u.target())
	if i, ok := f.seen[key]; ok && f.URLs[i].target() == u.target() {
		if f.URLs[i].Text == "" {
			f.URLs[i].Text = u.Text
		}
		f.URLs[i].Flags |= u.Flags
		return
	}
	if len(f.URLs) >= f.limits.URLs {
		if !f.full {
			f.full = true
			f.Findings = append(f.Findings, mime.NewFinding("MIME_LIMIT_URLS", ""))
		}
		return
	}
	inner := within(u)
	if inner != "" {
		u.Flags |= Redirects
	}
	f.seen[key] = len(f.URLs)
	f.URLs = append(f.URLs, *u)
	if inner != "" && len(inner) < len(u.Raw) {
		v := URL{Where: InURL, Text: u.Text}
		if f.parse(&v, inner) && v.Host != "" {
			f.add(&v)
		}
	}
}
