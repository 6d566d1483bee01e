package archive

import (
	"bytes"
	"encoding/binary"
	"html"
	"strings"
	"unicode/utf16"
)

// pack looks at a ZIP as the package of an Office document: ECMA-376 part 2,
// or OpenDocument. In a ZIP that is none it does nothing.
type pack struct {
	*place
	ooxml  bool
	odf    bool
	fields []byte // field codes gathered from all parts of a text
}

// newPackage tells from the names in a ZIP what it is the package of.
func newPackage(p *place, names []string) *pack {
	k := &pack{place: p}
	for _, n := range names {
		switch strings.ToLower(n) {
		case "[content_types].xml":
			k.ooxml = true
		case "meta-inf/manifest.xml", "content.xml", "mimetype":
			k.odf = true
		}
	}
	return k
}

// part notes what the name of a part tells, and says what is to be done with its whole
// content; nil: nothing.
func (k *pack) part(name string) func([]byte) {
	name = strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
	switch {
	case k.ooxml:
		return k.ooxmlPart(strings.TrimPrefix(name, "/"))
	case k.odf && (strings.HasPrefix(name, "basic/") || strings.HasPrefix(name, "scripts/")) && !strings.HasSuffix(name, "/"):
		k.found(OfficeMacro, "part %s", quote(name))
	case k.odf && name == "meta-inf/manifest.xml":
		return func(b []byte) {
			if bytes.Contains(xmlText(b), []byte("encryption-data")) {
				k.found(OfficeEncrypted, "an encrypted OpenDocument")
			}
		}
	}
	return nil
}

func (k *pack) ooxmlPart(name string) func([]byte) {
	switch {
	case base(name) == "vbaproject.bin":
		k.found(OfficeMacro, "part %s", quote(name))
	case strings.HasPrefix(name, "xl/macrosheets/"):
		k.found(OfficeMacro, "an Excel 4 macro sheet")
	case strings.Contains(name, "/activex/"):
		k.found(OfficeEmbeddedObject, "an ActiveX control")
	case strings.Contains(name, "/embeddings/") && strings.HasSuffix(name, ".bin"):
		k.found(OfficeEmbeddedObject, "part %s", quote(name))
	}
	switch {
	case name == "[content_types].xml":
		return k.contentTypes
	case strings.HasSuffix(name, ".rels"):
		return k.relationships
	case strings.HasPrefix(name, "xl/externallinks/") && strings.HasSuffix(name, ".xml"):
		return func(b []byte) {
			if bytes.Contains(xmlText(b), []byte("ddeLink")) {
				k.found(OfficeDDE, "a DDE link")
			}
		}
	case strings.HasPrefix(name, "word/") && strings.Count(name, "/") == 1 && strings.HasSuffix(name, ".xml"):
		return k.text
	}
	return nil
}

// contentTypes reads which types the parts have, whatever their names (ECMA-376
// part 2 section 10.1).
func (k *pack) contentTypes(b []byte) {
	t := bytes.ToLower(xmlText(b))
	for _, m := range []struct{ mark, what string }{
		{"ms-office.vbaproject", "a VBA project by type"},
		{"macroenabled", "a type with macros"},
		{"ms-excel.macrosheet", "an Excel 4 macro sheet by type"},
		{"ms-excel.intlmacrosheet", "an Excel 4 macro sheet by type"},
	} {
		if bytes.Contains(t, []byte(m.mark)) {
			k.found(OfficeMacro, "%s", m.what)
		}
	}
}

// loads are the relationships whose target is fetched when the document is opened; links to
// be clicked, and pictures, are others.
var loads = set("attachedtemplate oleobject frame subdocument package control externallink")

// relationships finds those that lead elsewhere (ECMA-376 part 2 section 9.3).
func (k *pack) relationships(b []byte) {
	t := xmlText(b)
	for k.paid(1) {
		i := bytes.Index(t, []byte("Relationship"))
		if i < 0 {
			return
		}
		t = t[i+len("Relationship"):]
		end := bytes.IndexByte(t, '>')
		if end < 0 {
			end = len(t)
		}
		tag := t[:end]
		t = t[end:]
		kind := attribute(tag, "Type")
		kind = strings.ToLower(kind[strings.LastIndexByte(kind, '/')+1:])
		target := attribute(tag, "Target")
		if strings.EqualFold(attribute(tag, "TargetMode"), "External") && loads[kind] && remote(target) {
			k.found(OfficeExternalTemplate, "%s from %s", kind, quote(target))
		}
	}
}

// remote tells whether a target lies on another machine.
func remote(target string) bool {
	t := strings.ToLower(strings.TrimSpace(strings.ReplaceAll(target, `\`, "/")))
	for _, local := range []string{"file:///", "file:"} {
		if rest, ok := strings.CutPrefix(t, local); ok {
			return strings.HasPrefix(rest, "//")
		}
	}
	scheme, _, ok := strings.Cut(t, ":")
	return strings.HasPrefix(t, "//") || ok && len(scheme) > 1
}

// attribute gives the value of an XML attribute in a tag, "" where it has none.
func attribute(tag []byte, name string) string {
	for at := 0; ; {
		i := bytes.Index(tag[at:], []byte(name))
		if i < 0 {
			return ""
		}
		at += i + len(name)
		if start := at - len(name) - 1; start >= 0 && !isSpace(tag[start]) && tag[start] != ':' {
			continue
		}
		v := bytes.TrimLeft(tag[at:], " \t\r\n")
		if len(v) == 0 || v[0] != '=' {
			continue
		}
		if v = bytes.TrimLeft(v[1:], " \t\r\n"); len(v) < 2 || v[0] != '"' && v[0] != '\'' {
			continue
		}
		end := bytes.IndexByte(v[1:], v[0])
		if end < 0 {
			end = len(v) - 1
		}
		return html.UnescapeString(string(v[1 : 1+end]))
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// fieldRoom is how much of field codes is gathered.
const fieldRoom = 1 << 20

// text gathers the field codes of a text (ECMA-376 part 1 section 17.16). Word
// joins what is spread over many elements, so we do.
func (k *pack) text(b []byte) {
	for t := xmlText(b); len(k.fields) < fieldRoom; {
		i := bytes.Index(t, []byte("instr"))
		if i < 0 {
			return
		}
		t = t[i:]
		end := bytes.IndexByte(t, '>')
		if end < 0 {
			return
		}
		tag := t[:end]
		t = t[end+1:]
		if !bytes.HasPrefix(tag, []byte("instrText")) { // <w:fldSimple w:instr="...">
			k.fields = append(append(k.fields, ' '), attribute(append([]byte(" "), tag...), "instr")...)
			continue
		}
		// <w:instrText>...<; its closing tag, which has the name too, has nothing after it of ours.
		if end = bytes.IndexByte(t, '<'); end < 0 {
			end = len(t)
		}
		k.fields = append(k.fields, html.UnescapeString(string(t[:end]))...)
		t = t[end:]
		if bytes.HasPrefix(t, []byte("</")) {
			t = t[max(0, bytes.IndexByte(t, '>')):]
		}
	}
}

// finish judges what was gathered over all parts.
func (k *pack) finish() {
	for field := range strings.FieldsSeq(strings.ToUpper(string(k.fields))) {
		if field == "DDE" || strings.HasPrefix(field, "DDEAUTO") {
			k.found(OfficeDDE, "a DDE field")
			return
		}
	}
}

// xmlText turns UTF-16 XML into UTF-8, so that no part hides in it.
func xmlText(b []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("<\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("\xfe\xff")), bytes.HasPrefix(b, []byte("\x00<")):
		order = binary.BigEndian
	default:
		return b
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(u)))
}
