package mime

import (
	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail/archive"
)

// The symbols that this filter finds itself; the others are named where they
// are found.
const (
	typeMismatch    = "MIME_TYPE_MISMATCH"
	doubleExtension = "MIME_DOUBLE_EXTENSION"
	nameDeceives    = "MIME_NAME_DECEIVES"
	isForbidden     = "MIME_FORBIDDEN"
	htmlAttached    = "HTML_ATTACHED"
	htmlPassword    = "HTML_PASSWORD_FORM"
)

// The groups of symbols.
const (
	groupMIME   = "mime"
	groupText   = "text"
	groupAttach = "attachment"
)

// symbols: the README argues the scores.
var symbols = []filters.SymbolDoc{
	// Readers see different parts.
	{Name: "MIME_MULTIPLE_TYPES", Group: groupMIME, Score: 3, Meaning: "A part has several Content-Type fields."},
	{Name: "MIME_MULTIPLE_ENCODINGS", Group: groupMIME, Score: 3, Meaning: "A part has several transfer encodings that differ."},
	{Name: "MIME_MULTIPLE_DISPOSITIONS", Group: groupMIME, Score: 1, Meaning: "A part has several Content-Disposition fields that differ."},
	{Name: "MIME_BOUNDARY_DUPLICATE", Group: groupMIME, Score: 4, Meaning: "One Content-Type can be read to give several boundaries."},
	{Name: "MIME_AFTER_CLOSE", Group: groupMIME, Score: 3, Meaning: "Parts follow the closing delimiter."},
	{Name: "MIME_PARTIAL", Group: groupMIME, Score: 3, Meaning: "The message is a fragment; the rest comes in other mails."},
	{Name: "MIME_NAME_CONFLICT", Group: groupMIME, Score: 2.5, Meaning: "A part's names end in different extensions."},
	{Name: "MIME_ENCODED_CONTAINER", Group: groupMIME, Score: 2, Meaning: "A multipart or message is itself in base64 or quoted-printable."},
	{Name: "MIME_ENCODING_WRONG", Group: groupMIME, Score: 2, Meaning: "A part is in base64 and does not say so."},
	{Name: "MIME_DOUBLE_ENCODED", Group: groupMIME, Score: 2, Meaning: "A part is in base64 twice."},
	{Name: "MIME_BOUNDARY_MISSING", Group: groupMIME, Score: 1.5, Meaning: "A multipart gives no boundary."},
	{Name: "MIME_BOUNDARY_REUSED", Group: groupMIME, Score: 1.5, Meaning: "An inner boundary equals an outer one."},
	{Name: "MIME_BOUNDARY_PREFIX", Group: groupMIME, Score: 1, Meaning: "A line begins with a boundary and goes on."},
	{Name: "MIME_EXTERNAL_BODY", Group: groupMIME, Score: 1.5, Meaning: "A part's content is to be fetched from elsewhere."},
	{Name: "MIME_PARAM_DUPLICATE", Group: groupMIME, Score: 1, Meaning: "A parameter is given twice with different values."},
	{Name: "MIME_HEADER_JUNK", Group: groupMIME, Score: 1, Meaning: "A line in a part's header is no field."},
	{Name: "MIME_ENCODING_UNKNOWN", Group: groupMIME, Score: 1, Meaning: "A transfer encoding that no reader knows."},
	{Name: "MIME_BASE64_PADDING", Group: groupMIME, Score: 1, Meaning: "Data follows the padding of base64."},
	{Name: "MIME_NUL", Group: groupMIME, Score: 1, Meaning: "A NUL stands in the body."},
	{Name: "MIME_YENC", Group: groupMIME, Score: 1, Meaning: "A file in yEnc stands in a part, as only news readers show it."},

	// Careless.
	{Name: "MIME_BOUNDARY_UNUSED", Group: groupMIME, Score: 0.5, Meaning: "The boundary of a multipart never comes."},
	{Name: "MIME_BARE_CR", Group: groupMIME, Score: 0.5, Meaning: "A CR without LF stands in the body."},
	{Name: "MIME_BASE64_JUNK", Group: groupMIME, Score: 0.5, Meaning: "Signs that are not base64 stand within it."},
	{Name: "MIME_PREAMBLE", Group: groupMIME, Score: 0.5, Meaning: "More than boilerplate stands before the first part."},
	{Name: "MIME_EPILOGUE", Group: groupMIME, Meaning: "More than boilerplate stands after the last part."},
	{Name: "MIME_TYPE_ODD", Group: groupMIME, Score: 0.3, Meaning: "A Content-Type is none."},
	{Name: "MIME_BOUNDARY_ODD", Group: groupMIME, Score: 0.3, Meaning: "A boundary is too long or has outer blanks."},
	{Name: "MIME_UNCLOSED", Group: groupMIME, Score: 0.3, Meaning: "A multipart has no closing delimiter."},
	{Name: "MIME_ENCODING_ODD", Group: groupMIME, Score: 0.2, Meaning: "A transfer encoding that strict readers do not know."},
	{Name: "MIME_BASE64_LENGTH", Group: groupMIME, Score: 0.2, Meaning: "Base64 ends in the middle."},
	{Name: "MIME_QP_BAD", Group: groupMIME, Score: 0.2, Meaning: "Quoted-printable with an equals sign that encodes nothing."},
	{Name: "MIME_UU_BAD", Group: groupMIME, Score: 0.2, Meaning: "Broken uuencode."},
	{Name: "MIME_BARE_LF", Group: groupMIME, Meaning: "An LF without CR stands in the body."},
	{Name: "MIME_UUENCODE", Group: groupMIME, Meaning: "A file in uuencode stands in a part."},
	{Name: "MIME_TNEF", Group: groupMIME, Meaning: "A part is TNEF, as Outlook writes it."},
	{Name: "MIME_SIGNED", Group: groupMIME, Meaning: "The message is signed by S/MIME or PGP (not checked here)."},
	{Name: "MIME_ENCRYPTED", Group: groupMIME, Meaning: "The message is encrypted by S/MIME or PGP: its content was not seen."},

	// Not all was seen.
	{Name: "MIME_LIMIT_DEPTH", Group: groupMIME, Score: 3, Meaning: "Parts are nested more deeply than was looked."},
	{Name: "MIME_LIMIT_PARTS", Group: groupMIME, Score: 3, Meaning: "There are more parts than were looked at."},
	{Name: "MIME_LIMIT_HEADER", Group: groupMIME, Score: 2, Meaning: "A part's header is longer than was looked at."},
	{Name: "MIME_LIMIT_NAMES", Group: groupMIME, Score: 2, Meaning: "A part has more names or parameters than were looked at."},
	{Name: "MIME_LIMIT_DECODED", Group: groupMIME, Score: 2, Meaning: "Parts decode to more than was looked at."},
	{Name: "MIME_LIMIT_FINDINGS", Group: groupMIME, Score: 2, Meaning: "There is more that is odd than was kept."},
	{Name: "MIME_LIMIT_READINGS", Group: groupMIME, Score: 2, Meaning: "The message can be read in more ways than were tried."},
	{Name: "MIME_LIMIT_TEXT", Group: groupMIME, Meaning: "There is more text than was looked at."},
	{Name: "MIME_LIMIT_LINKS", Group: groupMIME, Meaning: "There are more links, forms or images than were looked at."},
	{Name: "MIME_LIMIT_URLS", Group: groupMIME, Meaning: "There are more addresses than were looked at."},
	{Name: "MIME_LIMIT_IMAGES", Group: groupMIME, Meaning: "An image was not looked at for QR codes for its size, or there are too many."},
	{Name: "MIME_CUT", Group: groupMIME, Meaning: "Only the beginning of the message was looked at."},

	// Text and HTML.
	{Name: "MIME_TEXT_ZERO_WIDTH", Group: groupText, Score: 2, Meaning: "Characters that are not seen stand within words."},
	{Name: "MIME_TEXT_BIDI", Group: groupText, Score: 1, Meaning: "Characters turn the direction of the text."},
	{Name: "MIME_CHARSET_UNKNOWN", Group: groupText, Score: 1, Meaning: "A part names a charset that does not exist."},
	{Name: "MIME_CHARSET_REPLACED", Group: groupText, Score: 0.5, Meaning: "A part names a charset that browsers refuse to decode."},
	{Name: "MIME_CHARSET_WRONG", Group: groupText, Score: 0.3, Meaning: "A part is in another charset than it says."},
	{Name: "MIME_CHARSET_MALFORMED", Group: groupText, Score: 0.2, Meaning: "A part holds bytes that mean nothing in its charset."},
	{Name: htmlPassword, Group: groupText, Score: 4, Meaning: "A form in the message asks for a password."},
	{Name: htmlAttached, Group: groupText, Score: 2, Meaning: "An HTML file is attached, with a script or a form (without: 0.3)."},
	{Name: "HTML_REFRESH", Group: groupText, Score: 1.5, Meaning: "The HTML leads elsewhere by itself."},
	{Name: "HTML_FORM", Group: groupText, Score: 0.5, Meaning: "The HTML holds a form."},
	{Name: "HTML_EMBED", Group: groupText, Score: 0.2, Meaning: "The HTML holds frames, objects or the like."},
	{Name: "HTML_SCRIPT", Group: groupText, Score: 0.5, Meaning: "The HTML holds a script."},
	{Name: "HTML_BASE", Group: groupText, Score: 0.3, Meaning: "A base element moves the links of the HTML."},
	{Name: "HTML_DATA_URI", Group: groupText, Score: 0.5, Meaning: "The HTML holds files as data: addresses."},
	{Name: "HTML_HIDDEN_TEXT", Group: groupText, Score: 0.3, Meaning: "The HTML holds text that is not shown."},

	// Attachments.
	{Name: isForbidden, Group: groupAttach, Score: 10, Meaning: "An attachment is of a type or extension that the configuration forbids."},
	{Name: archive.Disguised, Group: groupAttach, Score: 8, Meaning: "An attachment is a program under the name of a document, picture or archive."},
	{Name: archive.Executable, Group: groupAttach, Score: 4, Meaning: "A program or script is attached, packed or not (of a sort that no double click runs: 0.2; a shortcut to a page, or a script among the files of a website or program: 0.4)."},
	{Name: doubleExtension, Group: groupAttach, Score: 4, Meaning: "An attachment's name ends like a document's, and then goes on: .pdf.exe."},
	{Name: nameDeceives, Group: groupAttach, Score: 4, Meaning: "An attachment's name is turned around, or its end pushed out of sight."},
	{Name: typeMismatch, Group: groupAttach, Score: 1.5, Meaning: "An attachment is not of the type that it declares."},
	{Name: archive.Traversal, Group: groupAttach, Score: 4, Meaning: "An archive holds a name that leads out of its folder."},
	{Name: archive.Polyglot, Group: groupAttach, Score: 3, Meaning: "A file is of several formats at once."},
	{Name: archive.Name, Group: groupAttach, Score: 2, Meaning: "Names in an archive that readers see differently."},
	{Name: archive.Limit, Group: groupAttach, Score: 2, Meaning: "An archive is larger, deeper or fuller than was looked at."},
	{Name: archive.Encrypted, Group: groupAttach, Score: 2, Meaning: "An archive needs a password: its content was not seen."},
	{Name: archive.Broken, Group: groupAttach, Score: 0.5, Meaning: "An archive or document is broken."},
	{Name: archive.Unread, Group: groupAttach, Score: 0.5, Meaning: "An archive is of a format that was not looked into."},
	{Name: archive.OfficeDDE, Group: groupAttach, Score: 5, Meaning: "A document runs a command through a DDE field."},
	{Name: archive.OfficeExternalTemplate, Group: groupAttach, Score: 4, Meaning: "A document loads a template or object from elsewhere."},
	{Name: archive.OfficeMacro, Group: groupAttach, Score: 3, Meaning: "A document holds macros."},
	{Name: archive.OfficeEncrypted, Group: groupAttach, Score: 1.5, Meaning: "A document needs a password: its content was not seen."},
	{Name: archive.OfficeEmbeddedObject, Group: groupAttach, Score: 1, Meaning: "A document holds an embedded object, control or equation."},
	{Name: archive.PDFActive, Group: groupAttach, Score: 2, Meaning: "A PDF holds a script or a launch action."},
	{Name: archive.PDFEmbeddedFile, Group: groupAttach, Meaning: "A PDF holds a file, as electronic invoices do."},
	{Name: archive.PDFOpenAction, Group: groupAttach, Meaning: "A PDF does something when it is opened; often it only turns to a page."},
	{Name: archive.PDFEncrypted, Group: groupAttach, Score: 0.3, Meaning: "A PDF is encrypted, perhaps without a password to open it."},
}
