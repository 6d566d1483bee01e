package mime

import (
	"strings"

	"github.com/postern-mail/postern/mail/mime"
)

// sort is what a reader expects of a file, "" where he knows nothing.
type sort string

// The sorts that are told apart.
const (
	picture sort = "picture"
	sound   sort = "sound"
	pdf     sort = "pdf"
	plain   sort = "text"
	page    sort = "html"
	packed  sort = "archive"
	office  sort = "office"
	code    sort = "program"
)

// mismatch notes content of a sort that its declared type does not promise.
// Only a promise of something harmless can be broken: a program that calls itself
// one deceives nobody.
func (c *check) mismatch(p *mime.Part) {
	promised, found := sortOf(p.Type), sortOf(p.Found())
	if found == "" || promised == found || promised == "" || promised == code || promised == packed || promised == office {
		return
	}
	if found == plain {
		return // text runs nowhere
	}
	if promised == plain && found != packed && found != code && found != office {
		return // a source text may be anything
	}
	c.Note(typeMismatch, 1, p.Path+" "+p.Type+" is "+p.Found())
}

// programType gives a media type that was found when it is that of a program,
// "" of anything else.
func programType(t string) string {
	if sortOf(t) != code {
		return ""
	}
	return t
}

// sortOf tells what a media type promises, or what content of it is.
func sortOf(t string) sort {
	kind, sub, _ := strings.Cut(t, "/")
	switch {
	case t == "image/svg+xml":
		return "" // markup under the name of a picture
	case kind == "image":
		return picture
	case kind == "audio" || kind == "video":
		return sound
	case t == "text/html" || t == "application/xhtml+xml":
		return page
	case t == "text/plain" || t == "text/csv":
		return plain
	case kind != "application":
		return ""
	}
	switch sub {
	case "pdf":
		return pdf
	case "zip", "x-7z-compressed", "x-rar-compressed", "vnd.rar", "gzip", "x-tar", "x-xz", "x-bzip2", "vnd.ms-cab-compressed", "x-iso9660-image", "java-archive":
		return packed
	case "msword", "vnd.ms-excel", "vnd.ms-powerpoint", "x-ole-storage", "rtf":
		return office
	case "vnd.microsoft.portable-executable", "x-msdownload", "x-executable", "x-sharedlib", "x-elf", "x-mach-binary", "x-ms-shortcut", "x-dosexec", "x-java-applet":
		return code
	}
	if strings.HasPrefix(sub, "vnd.openxmlformats-officedocument.") || strings.HasPrefix(sub, "vnd.oasis.opendocument.") {
		return office
	}
	return ""
}
