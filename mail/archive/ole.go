package archive

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// Classes of storages ([MS-CFB] 2.6.4), as they stand in the file.
const (
	classInstaller = "\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46" // Windows Installer
	classPatch     = "\x86\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"
	classEquation  = "\x02\xce\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46" // Equation Editor 3
)

// readCFB reads a compound file: an old Office document, an encrypted new one,
// an embedded object, an Outlook message or an installer.
func readCFB(p *place, data []byte) {
	f, err := parseCFB(data)
	if err != nil {
		p.broken("compound file: %s", plain(err))
	}
	if len(f.dir) == 0 || !p.paid(int64(len(f.dir))) {
		return
	}
	o := &oleReader{place: p, cfb: f}
	o.installer()
	o.macros()
	o.encryption()
	for i, e := range f.dir {
		if e.class == classEquation {
			o.found(OfficeEmbeddedObject, "an equation object")
		}
		if !o.object(i, e) {
			return
		}
	}
}

// oleReader looks at what a compound file holds.
type oleReader struct {
	*place
	*cfb
}

// installer tells of a package that installs programs.
func (o *oleReader) installer() {
	if c := o.dir[0].class; c == classInstaller || c == classPatch {
		o.entry().Program = "MSI"
		o.entry().Type = "application/x-ms-installer"
	}
}

// macros finds a VBA project ([MS-OVBA] 2.2.1) and sheets of Excel 4 macros.
func (o *oleReader) macros() {
	for _, name := range []string{"VBA", "_VBA_PROJECT_CUR", "Macros"} {
		if o.index(name, cfbStorage) >= 0 {
			o.found(OfficeMacro, "storage %s", quote(name))
			break
		}
	}
	if o.index("_VBA_PROJECT", cfbStream) >= 0 {
		o.found(OfficeMacro, "a VBA project")
	}
	for _, name := range []string{"Workbook", "Book"} {
		if i := o.index(name, cfbStream); i >= 0 {
			o.workbook(o.dir[i])
		}
	}
}

// The records of a workbook ([MS-XLS] 2.3) that matter here.
const (
	xlsEnd      = 0x000a
	xlsFilePass = 0x002f
	xlsSheet    = 0x0085
	xlsSupBook  = 0x01ae
)

// workbook reads the records of the first substream, which tells of the
// sheets.
func (o *oleReader) workbook(e cfbEntry) {
	b, _ := o.stream(e, o.left.bytes) // what can be read is read
	if !o.spend(o.path, int64(len(b))) {
		return
	}
	for c := (cursor{b: b}); len(c.b) >= 4 && o.paid(1); {
		kind := c.u16()
		r := c.take(uint64(c.u16()))
		switch kind {
		case xlsFilePass:
			o.found(OfficeEncrypted, "a workbook with a password")
		case xlsSheet:
			if len(r) > 5 && r[5] == 1 { // [MS-XLS] 2.4.28: a macro sheet
				hidden := [4]string{"", ", hidden", ", very hidden", ""}[r[4]&3]
				o.found(OfficeMacro, "an Excel 4 macro sheet%s", hidden)
			}
		case xlsSupBook:
			// [MS-XLS] 2.4.271: a DDE source has \x03 between application and topic.
			if len(r) > 5 && binary.LittleEndian.Uint16(r) == 0 && bytes.IndexByte(r[4:], 3) >= 0 {
				o.found(OfficeDDE, "a DDE link")
			}
		case xlsEnd:
			return
		}
	}
}

// encryption finds documents that need a password.
func (o *oleReader) encryption() {
	switch {
	case o.index("EncryptedPackage", cfbStream) >= 0: // [MS-OFFCRYPTO] 2.3.4.4
		o.found(OfficeEncrypted, "an encrypted package")
	case o.index("EncryptedSummary", cfbStream) >= 0:
		o.found(OfficeEncrypted, "an encrypted presentation")
	}
	if i := o.index("WordDocument", cfbStream); i >= 0 {
		// [MS-DOC] 2.5.2: bit 8 of the flags is fEncrypted.
		if b, _ := o.stream(o.dir[i], 32); len(b) > 12 && binary.LittleEndian.Uint16(b[10:])&0x0100 != 0 {
			o.found(OfficeEncrypted, "a document with a password")
		}
	}
}

// object finds what is embedded, and looks into it; false ends the file.
func (o *oleReader) object(i int, e cfbEntry) bool {
	if e.kind != cfbStream {
		return true
	}
	switch strings.ToLower(e.name) {
	case "equation native":
		o.found(OfficeEmbeddedObject, "an equation object")
	case "\x01ole10native":
		o.found(OfficeEmbeddedObject, "an embedded file")
		return o.native(e)
	case "package":
		o.found(OfficeEmbeddedObject, "stream %s", quote(e.name))
		return o.embedded(e, []string{e.name})
	case "contents": // of a control, or of a publication
		return o.embedded(e, []string{e.name})
	case "__substg1.0_37010102": // [MS-OXMSG] 2.2.3: the data of an attachment
		return o.embedded(e, o.attachmentNames(e.parent))
	}
	return true
}

// embedded looks into a stream.
func (o *oleReader) embedded(e cfbEntry, names []string) bool {
	b, ok := o.whole(e)
	if !ok {
		return false
	}
	child := inside(o.path, candidates(names...))
	child.Size = int64(len(b))
	return o.visit(child, memory(b), nil)
}

// whole gathers a stream within the budget.
func (o *oleReader) whole(e cfbEntry) ([]byte, bool) {
	if !o.spend(o.path, int64(min(e.size, uint64(len(o.data))))) {
		return nil, false
	}
	b, err := o.stream(e, int64(len(o.data)))
	if err != nil {
		o.broken("stream %s: %s", quote(e.name), plain(err))
	}
	return b, true
}

// native reads a packaged file ([MS-OLEDS] 2.3.6, and the layout its writer
// gives it): label, file name, path, data.
func (o *oleReader) native(e cfbEntry) bool {
	b, ok := o.whole(e)
	if !ok {
		return false
	}
	c := cursor{b: b}
	c.take(6)
	label, file := c.text(), c.text()
	c.take(8)
	path := c.text()
	data := c.take(uint64(c.u32()))
	if c.short {
		// Another writer's layout: size, then data.
		label, file, path = "", "", ""
		data = b[min(4, len(b)):]
	}
	child := inside(o.path, candidates(distinct(label, file, base(path))...))
	child.Size = int64(len(data))
	return o.visit(child, memory(data), nil)
}

// distinct drops the empty ones, unless all are.
func distinct(names ...string) []string {
	return slices.DeleteFunc(names, func(s string) bool { return s == "" })
}

// attachmentNames finds the names of an Outlook attachment: the streams of its storage
// that hold the long name, the short one and the extension.
func (o *oleReader) attachmentNames(parent int) []string {
	var names []string
	if !o.paid(int64(len(o.dir)) / 64) {
		return nil
	}
	for _, e := range o.dir {
		if e.parent != parent || e.kind != cfbStream || len(names) > 8 {
			continue
		}
		switch strings.ToLower(e.name) {
		case "__substg1.0_3707001f", "__substg1.0_3704001f", "__substg1.0_3001001f":
			b, _ := o.stream(e, 2*maxName)
			names = append(names, decodeUTF16(b))
		case "__substg1.0_3707001e", "__substg1.0_3704001e", "__substg1.0_3001001e":
			b, _ := o.stream(e, maxName)
			names = append(names, string(b))
		}
	}
	return distinct(names...)
}
