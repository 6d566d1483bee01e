package archive

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What may be found. Each is a symbol.
const (
	Limit     = "MIME_ARCHIVE_LIMIT"     // larger, deeper, or more entries than we look at
	Encrypted = "MIME_ARCHIVE_ENCRYPTED" // needs a password
	Broken    = "MIME_ARCHIVE_BROKEN"    // against its format, or cut short
	Traversal = "MIME_ARCHIVE_TRAVERSAL" // a name or link that leads out of the folder it is unpacked to
	Name      = "MIME_ARCHIVE_NAME"      // names over which readers disagree: two for one file, or one for two
	Polyglot  = "MIME_ARCHIVE_POLYGLOT"  // several formats in one file, or an archive behind other data
	Unread    = "MIME_ARCHIVE_UNREAD"    // recognised, but not looked into

	Executable = "MIME_EXECUTABLE" // a program, by content or by name
	Disguised  = "MIME_DISGUISED"  // a program by content under the name of a document, picture or archive

	OfficeMacro            = "OFFICE_MACRO"             // holds macros
	OfficeEncrypted        = "OFFICE_ENCRYPTED"         // an Office document that needs a password
	OfficeExternalTemplate = "OFFICE_EXTERNAL_TEMPLATE" // loads a template or object from elsewhere when opened
	OfficeEmbeddedObject   = "OFFICE_EMBEDDED_OBJECT"   // holds an embedded object, control or equation
	OfficeDDE              = "OFFICE_DDE"               // runs a command through a DDE field or link

	PDFActive       = "PDF_ACTIVE"        // script, launch action or rich media
	PDFEmbeddedFile = "PDF_EMBEDDED_FILE" // carries another file; electronic invoices do
	PDFOpenAction   = "PDF_OPEN_ACTION"   // does something when opened; often only turns to a page
	PDFEncrypted    = "PDF_ENCRYPTED"     // encrypted, perhaps without a password to open it
)

// Symbols are all symbols that a Finding may have.
var Symbols = []string{
	Limit, Encrypted, Broken, Traversal, Name, Polyglot, Unread, Executable, Disguised, OfficeMacro, OfficeEncrypted,
	OfficeExternalTemplate, OfficeEmbeddedObject, OfficeDDE, PDFActive, PDFEmbeddedFile, PDFOpenAction, PDFEncrypted,
}

// The bounds on what is said.
const (
	maxDetails = 8   // findings of one symbol
	maxQuoted  = 120 // bytes of a name within a detail
)

// find notes a finding about the entry at path.
func (w *walker) find(path []string, symbol, format string, args ...any) {
	if w.told[symbol] == maxDetails {
		return
	}
	f := Finding{symbol, quotePath(path) + ": " + fmt.Sprintf(format, args...)}
	if !slices.Contains(w.report.Findings, f) {
		w.told[symbol]++
		w.report.Findings = append(w.report.Findings, f)
	}
}

// cut notes that a limit ended the look into the attachment. There are few such
// findings, and none is left out.
func (w *walker) cut(path []string, format string, args ...any) {
	f := Finding{Limit, quotePath(path[:1]) + ": " + fmt.Sprintf(format, args...)}
	if !slices.Contains(w.report.Findings, f) {
		w.report.Findings = append(w.report.Findings, f)
	}
}

// quotePath shows a path, the innermost names only where it is long.
func quotePath(path []string) string {
	var b strings.Builder
	if len(path) > 3 {
		b.WriteString("... > ")
		path = path[len(path)-3:]
	}
	for i, p := range path {
		if i > 0 {
			b.WriteString(" > ")
		}
		b.WriteString(quote(p))
	}
	return b.String()
}

// quote shows a text from the mail: bounded, in ASCII, without anything that
// a terminal or page could take for its own.
func quote(s string) string {
	return strconv.QuoteToASCII(shorten(s, maxQuoted))
}
