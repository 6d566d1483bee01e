package mime

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/postern-mail/postern/mail/archive"
	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/mail/text"
)

// maxAttachments bounds the attachments that are looked into; the names and
// types of all are looked at.
const maxAttachments = 50

// attachments looks at every attachment of every reading.
func (c *check) attachments(ctx context.Context, tree *mime.Tree, t *text.Text) error {
	list := tree.Attachments()
	limits := c.share(len(list))
	for i, p := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.names(p)
		c.mismatch(p)
		c.html(p, t)
		report := archive.Look(p.Name(), nil, limits)
		if i < maxAttachments {
			report = archive.Look(p.Name(), p.Content(), limits)
		} else {
			c.Note(archive.Limit, 1, fmt.Sprintf("more than %d attachments", maxAttachments))
			report.Entries[0].Program = programType(p.Found())
		}
		c.report(p, report)
		for _, n := range p.Names[min(len(p.Names), 1):] { // other readers show another name
			c.report(p, archive.Look(n, nil, limits))
		}
		c.forbid(p, report.Entries)
	}
	return nil
}

// share divides what may be unpacked of one message among its attachments.
func (c *check) share(n int) archive.Limits {
	l := c.limits
	n = max(1, min(n, maxAttachments))
	l.Bytes = max(1, l.Bytes/int64(n))
	l.Steps = max(1, l.Steps/int64(n))
	return l
}

// How much counts what is not quite a program.
const (
	unixFactor     = 0.2 // a script or package that nothing runs by a double click
	shortcutFactor = 0.4 // a file that only leads to a page
	sourceFactor   = 0.4 // a script among the files of somebody's work
)

// unix are extensions of such scripts and of packages that only a system's
// administrator installs.
var unix = set("sh bash csh ksh command run py pyc pl rb php deb rpm pkg dmg bin class ahk applescript scpt")

var shortcuts = set("url website webloc")

// sources are extensions of scripts that belong to websites and programs.
var sources = set("js mjs bat cmd ps1 psm1")

// minSource is how many files beside the programs make an archive somebody's work.
const minSource = 10

// beside counts, for each container, the files in it that are no programs, where
// there are scripts for which it matters.
func beside(entries []archive.Entry) map[string]int {
	if !slices.ContainsFunc(entries, func(e archive.Entry) bool { return sources[e.Extension] && inFolder(e) }) {
		return nil
	}
	files := map[string]int{}
	for _, e := range entries {
		if !e.Dir && e.Program == "" && e.Extension == "" {
			files[container(e)]++
		}
	}
	return files
}

// container names what an entry lies in.
func container(e archive.Entry) string { return strings.Join(e.Path[:len(e.Path)-1], "\x00") }

// inFolder tells whether an entry lies in a folder of its container: what is to
// be clicked lies on top.
func inFolder(e archive.Entry) bool {
	return len(e.Path) > 1 && strings.ContainsAny(e.Path[len(e.Path)-1], `/\`)
}

// report turns what is in an attachment into symbols.
func (c *check) report(p *mime.Part, r archive.Report) {
	for _, f := range r.Findings {
		if f.Symbol != archive.Executable {
			c.Note(f.Symbol, 1, p.Path+" "+f.Detail)
		}
	}
	files := beside(r.Entries)
	for _, e := range r.Entries {
		if e.Dir || e.Program == "" && e.Extension == "" {
			continue
		}
		if p.Container && len(e.Path) == 1 && e.Program == "" && e.Extension == "com" {
			continue // a message called after its subject, which ends in a domain
		}
		detail := p.Path
		for _, n := range e.Path {
			detail += " > " + quote(n)
		}
		c.Note(archive.Executable, howMuch(e, files), detail+" ("+cmp.Or(e.Program, e.Extension)+")")
	}
}

// howMuch tells how much a program counts; files are those beside it, by container.
func howMuch(e archive.Entry, files map[string]int) float64 {
	switch byName := e.Program == "" || e.Program == "script"; {
	case byName && shortcuts[e.Extension]:
		return shortcutFactor
	case byName && unix[e.Extension], e.Program == "script" && e.Extension == "":
		return unixFactor
	case byName && sources[e.Extension] && inFolder(e) && files[container(e)] >= minSource:
		return sourceFactor
	}
	return 1
}

// documents are extensions that promise something to read or look at.
var documents = set("pdf doc docx docm rtf odt xls xlsx xlsm csv ods ppt pptx odp txt jpg jpeg png gif bmp tif tiff webp mp3 mp4 wav avi mov eml htm html")

// acting are extensions that run, are unpacked, or lead elsewhere.
var acting = set("exe scr pif com cpl msi bat cmd vbs vbe js jse wsf wsh hta ps1 lnk url jar iso img vhd reg chm one html htm shtml xhtml svg ace arj r00 cab")

// wideName is how many blanks in a name push its end out of sight.
const wideName = 5

// names looks at the names of an attachment.
func (c *check) names(p *mime.Part) {
	for _, n := range p.Names {
		if strings.ContainsFunc(n, deceives) || hasGap(n) {
			c.Note(nameDeceives, 1, p.Path+" "+quote(n))
		}
		parts := strings.Split(strings.ToLower(n), ".")
		if k := len(parts); k > 2 {
			inner, last := strings.TrimRight(strings.TrimSpace(parts[k-2]), "_"), strings.TrimSpace(parts[k-1])
			if documents[inner] && acting[last] && inner != last {
				c.Note(doubleExtension, 1, p.Path+" "+quote(n))
			}
		}
	}
}

// hasGap tells of blanks, of any width, that push the end of a name out of sight.
func hasGap(name string) bool {
	run := 0
	for _, r := range name {
		if run++; !unicode.IsSpace(r) {
			run = 0
		}
		if run >= wideName {
			return true
		}
	}
	return false
}

// deceives tells of a character that turns a name around or is not seen.
func deceives(r rune) bool {
	return unicode.IsControl(r) && r != '\t' || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b || r == 0x2060
}

// plainHTML is how much an HTML file counts that only shows something.
const plainHTML = 0.3

// html looks at HTML files that are attached: opened in a browser they may do
// what no mail reader would let them do.
func (c *check) html(p *mime.Part, t *text.Text) {
	ext := ""
	if n := strings.ToLower(p.Name()); strings.Contains(n, ".") {
		ext = n[strings.LastIndexByte(n, '.')+1:]
	}
	named := ext == "html" || ext == "htm" || ext == "shtml" || ext == "xhtml" || ext == "svg" || ext == "xht" || ext == "mht"
	if !named && (p.Disposition != "attachment" || p.Type != "text/html" && p.Found() != "text/html") {
		return
	}
	factor := plainHTML
	if t.Scripts > 0 || len(t.Forms) > 0 {
		factor = 1
	}
	c.Note(htmlAttached, factor, p.Path+" "+quote(p.Name()))
}

// set makes a set of words.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// maxQuoted bounds a name that is quoted, in bytes.
const maxQuoted = 100

// quote makes a name from the mail fit to be shown: ASCII, bounded.
func quote(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted/2] + "..." + s[len(s)-maxQuoted/2:]
	}
	return strconv.QuoteToASCII(s)
}
