package archive

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// types is a part with content types; relations one with a relationship.
func types(t string) file {
	return file{"[Content_Types].xml", `<?xml version="1.0"?><Types><Override PartName="/x" ContentType="` + t + `"/></Types>`}
}

func relations(kind, target string) file {
	return file{"word/_rels/settings.xml.rels", `<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` +
		kind + `" Target="` + target + `" TargetMode="External"/></Relationships>`}
}

func text(s string) file { return file{"word/document.xml", s} }

func TestOfficePackages(t *testing.T) {
	vba := string(cfbOf("", node{name: "VBA", kids: []node{{name: "dir", data: "x"}, {name: "_VBA_PROJECT", data: "x"}}}))
	object := string(cfbOf("", node{name: "\x01Ole10Native", data: ole10("Invoice", "invoice.js", `C:\Temp\invoice.js`, "WScript.Echo(1)")}))
	doc := types("application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml")
	utf := "\xff\xfe"
	for _, u := range utf16.Encode([]rune(relations("attachedTemplate", "http://example.org/a.dotm").data)) {
		utf += string(binary.LittleEndian.AppendUint16(nil, u))
	}
	checkAll(t, []wish{
		{"a document without anything", "a.docx", zipOf(t, doc, text("<w:t>hello</w:t>")), nil, nil},
		{"a macro project", "a.docm", zipOf(t, doc, file{"word/vbaProject.bin", vba}), []string{"a.docm > word/vbaProject.bin"},
			[]string{"OFFICE_MACRO part \"word/vbaproject.bin\"", `OFFICE_MACRO "word/vbaProject.bin": storage "VBA"`}},
		{"a macro project under another name", "a.docx", zipOf(t, doc, file{"word/printer.bin", vba}), nil, []string{"OFFICE_MACRO storage \"VBA\""}},
		{"a macro project by type", "a.docx", zipOf(t, types("application/vnd.ms-office.vbaProject"), file{"word/x.dat", "?"}), nil, []string{"OFFICE_MACRO by type"}},
		{"a type with macros", "a.docx", zipOf(t, types("application/vnd.ms-word.document.macroEnabled.main+xml")), nil, []string{"OFFICE_MACRO type with macros"}},
		{"an Excel 4 macro sheet", "a.xlsm", zipOf(t, doc, file{"xl/macrosheets/sheet1.xml", "x"}), nil, []string{"OFFICE_MACRO Excel 4"}},
		{"a template from the web", "a.docx", zipOf(t, doc, relations("attachedTemplate", "http://example.org/a.dotm")), nil,
			[]string{"OFFICE_EXTERNAL_TEMPLATE example.org/a.dotm"}},
		{"a template from a share", "a.docx", zipOf(t, doc, relations("attachedTemplate", `\\192.0.2.1\a.dotm`)), nil, []string{"OFFICE_EXTERNAL_TEMPLATE"}},
		{"a template with entities in its address", "a.docx", zipOf(t, doc, relations("attachedTemplate", "htt&#112;://example.org/a")), nil,
			[]string{"OFFICE_EXTERNAL_TEMPLATE http://example.org/a"}},
		{"a template in UTF-16", "a.docx", zipOf(t, doc, file{"word/_rels/a.rels", utf}), nil, []string{"OFFICE_EXTERNAL_TEMPLATE"}},
		{"an object from the web", "a.docx", zipOf(t, doc, relations("oleObject", "mhtml:http://example.org/x!y")), nil, []string{"OFFICE_EXTERNAL_TEMPLATE"}},
		{"a template on the writer's disk", "a.docx", zipOf(t, doc, relations("attachedTemplate", `file:///C:\Templates\a.dotm`)), nil, nil},
		{"a link to be clicked", "a.docx", zipOf(t, doc, relations("hyperlink", "http://example.org/")), nil, nil},
		{"an embedded script", "a.docx", zipOf(t, doc, file{"word/embeddings/oleObject1.bin", object}),
			[]string{"a.docx > word/embeddings/oleObject1.bin > Invoice"},
			[]string{"OFFICE_EMBEDDED_OBJECT", "MIME_EXECUTABLE js by name"}},
		{"a control", "a.docx", zipOf(t, doc, file{"word/activeX/activeX1.xml", "x"}), nil, []string{"OFFICE_EMBEDDED_OBJECT ActiveX"}},
		{"a DDE field", "a.docx", zipOf(t, doc, text(`<w:fldSimple w:instr=" DDEAUTO c:\\x "/>`)), nil, []string{"OFFICE_DDE"}},
		{"a DDE field in pieces", "a.docx", zipOf(t, doc, text(`<w:instrText>D</w:instrText><w:r/><w:instrText xml:space="preserve">DE c:\\x</w:instrText>`)), nil,
			[]string{"OFFICE_DDE"}},
		{"a page number", "a.docx", zipOf(t, doc, text(`<w:instrText>PAGE</w:instrText><w:t>DDE</w:t>`)), nil, nil},
		{"a DDE link", "a.xlsx", zipOf(t, doc, file{"xl/externalLinks/externalLink1.xml", `<ddeLink ddeService="cmd"/>`}), nil, []string{"OFFICE_DDE"}},
		{"a macro of OpenDocument", "a.odt", zipOf(t, file{"mimetype", "application/vnd.oasis.opendocument.text"}, file{"Basic/Standard/Module1.xml", "x"}), nil,
			[]string{"OFFICE_MACRO"}},
		{"an encrypted OpenDocument", "a.odt", zipOf(t, file{"META-INF/manifest.xml", "<manifest:encryption-data/>"}), nil, []string{"OFFICE_ENCRYPTED"}},
	})
}

// biff makes the records of a workbook.
func biff(records ...any) string {
	var b []byte
	for i := 0; i < len(records); i += 2 {
		data := records[i+1].(string)
		b = le(b, uint16(records[i].(int)), uint16(len(data)), data)
	}
	return string(b)
}

func TestCompoundFiles(t *testing.T) {
	bytes32 := make([]byte, 32)
	copy(bytes32[10:], "\x00\x01")
	checkAll(t, []wish{
		{"a document without anything", "a.doc", cfbOf("", node{name: "WordDocument", data: strings.Repeat("x", 9)}), nil, nil},
		{"a document with macros", "a.doc", cfbOf("", node{name: "Macros", kids: []node{{name: "VBA", kids: []node{{name: "_VBA_PROJECT", data: "x"}}}}}), nil,
			[]string{`OFFICE_MACRO storage "VBA"`, "OFFICE_MACRO a VBA project"}},
		{"a workbook with a macro sheet", "a.xls", cfbOf("", node{name: "Workbook", data: biff(0x809, "....", 0x85, "....\x02\x01\x00\x00", 0x0a, "")}), nil,
			[]string{"OFFICE_MACRO Excel 4 macro sheet, very hidden"}},
		{"a workbook with a worksheet", "a.xls", cfbOf("", node{name: "Workbook", data: biff(0x85, "....\x00\x00\x00\x00", 0x0a, "")}), nil, nil},
		{"a workbook with a password", "a.xls", cfbOf("", node{name: "Workbook", data: biff(0x2f, "\x00\x00")}), nil, []string{"OFFICE_ENCRYPTED"}},
		{"a document with a password", "a.doc", cfbOf("", node{name: "WordDocument", data: string(bytes32)}), nil, []string{"OFFICE_ENCRYPTED"}},
		{"an encrypted package", "a.docx", cfbOf("", node{name: "EncryptionInfo", data: "x"}, node{name: "EncryptedPackage", data: "x"}), nil,
			[]string{"OFFICE_ENCRYPTED encrypted package"}},
		{"an equation by class", "a.doc", cfbOf("", node{name: "ObjectPool", kids: []node{{name: "_1", class: classEquation, kids: []node{}}}}), nil,
			[]string{"OFFICE_EMBEDDED_OBJECT equation"}},
		{"an embedded program", "a.doc", cfbOf("", node{name: "\x01Ole10Native", data: ole10("a.pdf", "a.pdf", `C:\x\run.exe`, peProgram)}), []string{"a.doc > a.pdf"},
			[]string{"OFFICE_EMBEDDED_OBJECT", "MIME_EXECUTABLE PE", "MIME_DISGUISED"}},
		{"a message with an archive", "a.msg", cfbOf("", node{name: "__attach_version1.0_#00000000", kids: []node{
			{name: "__substg1.0_37010102", data: string(zipOf(t, file{"run.js", "x"}))},
			{name: "__substg1.0_3707001F", data: "a\x00.\x00z\x00i\x00p\x00"}}}), []string{"a.msg > a.zip > run.js"}, []string{"MIME_EXECUTABLE js"}},
		{"a macro storage that no directory leads to", "a.doc", orphan(cfbOf("", node{name: "VBA", kids: []node{}})), nil, []string{"OFFICE_MACRO"}},
		{"a file cut short", "a.doc", cfbOf("", node{name: "WordDocument", data: strings.Repeat("x", 5000)})[:1024], nil, []string{"MIME_ARCHIVE_BROKEN"}},
		{"a header alone", "a.doc", []byte(cfbMagic), nil, []string{"MIME_ARCHIVE_BROKEN sector size"}},
		{"a table that is all one chain", "a.doc", loopFAT(cfbOf("", node{name: "VBA", kids: []node{}})), nil, []string{"MIME_ARCHIVE_BROKEN no end", "OFFICE_MACRO"}},
		{"a directory that holds itself", "a.doc", selfTree(cfbOf("", node{name: "VBA", kids: []node{}})), nil, []string{"OFFICE_MACRO"}},
	})
}

// directoryOf is where the directory lies.
func directoryOf(b []byte) int { return 512 + 512*int(binary.LittleEndian.Uint32(b[48:])) }

// orphan cuts the root off its children.
func orphan(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[directoryOf(b)+76:], none)
	return b
}

// selfTree makes every entry its own sibling and child.
func selfTree(b []byte) []byte {
	for i, at := 0, directoryOf(b); i < 2; i, at = i+1, at+128 {
		for _, off := range []int{68, 72, 76} {
			binary.LittleEndian.PutUint32(b[at+off:], 1)
		}
	}
	return b
}

// loopFAT makes each sector follow itself.
func loopFAT(b []byte) []byte {
	table := 512 + 512*int(binary.LittleEndian.Uint32(b[76:]))
	for i := range uint32(3) {
		binary.LittleEndian.PutUint32(b[table+4*int(i):], i)
	}
	return b
}

// TestMiniStream reads a stream from the mini sectors, as real files have it.
func TestMiniStream(t *testing.T) {
	b := cfbOf("", node{name: "\x01Ole10Native", data: ole10("a.txt", "a.js", "", strings.Repeat("x", 100))})
	// Everything moves: the stream becomes the mini stream of the root, and
	// the stream's entry starts at its mini sector 0, with a table of three.
	root := directoryOf(b)
	start, size := binary.LittleEndian.Uint32(b[root+128+116:]), binary.LittleEndian.Uint64(b[root+128+120:])
	binary.LittleEndian.PutUint32(b[root+116:], start)
	binary.LittleEndian.PutUint64(b[root+120:], size)
	binary.LittleEndian.PutUint32(b[root+128+116:], 0)
	binary.LittleEndian.PutUint32(b[56:], 4096) // cutoff
	sectors := uint32((len(b) - 512) / 512)
	binary.LittleEndian.PutUint32(b[60:], sectors) // the table of mini sectors, at the end
	binary.LittleEndian.PutUint32(b[64:], 1)
	table := 512 + 512*int(binary.LittleEndian.Uint32(b[76:]))
	binary.LittleEndian.PutUint32(b[table+4*int(sectors):], 0xfffffffe)
	minis := le(nil, uint32(1), uint32(2), uint32(0xfffffffe))
	b = append(b, append(minis, make([]byte, 512-len(minis))...)...)
	wish{"", "a.doc", b, []string{"a.doc > a.txt"}, []string{"OFFICE_EMBEDDED_OBJECT", "MIME_EXECUTABLE js"}}.check(t)
}

// stream makes an object of a PDF.
func stream(dict string, data []byte) string {
	return fmt.Sprintf("1 0 obj<<%s/Length %d>>stream\r\n%s\nendstream\nendobj\n", dict, len(data), data)
}

func deflated(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPDF(t *testing.T) {
	pdf := func(s string) []byte { return []byte("%PDF-1.7\n" + s) }
	checkAll(t, []wish{
		{"a document without anything", "a.pdf", pdf("1 0 obj<</Type/Catalog/OpenAction[3 0 R/Fit]>>endobj"), nil, nil},
		{"a script", "a.pdf", pdf("<</S/JavaScript/JS(app.alert(1))>>"), nil, []string{"PDF_ACTIVE /JavaScript", "PDF_ACTIVE /JS"}},
		{"a script in escapes", "a.pdf", pdf("<</S/J#61v#61Script/#4a#53 5 0 R>>"), nil, []string{"PDF_ACTIVE /JavaScript", "PDF_ACTIVE /JS"}},
		{"a name that only begins like one", "a.pdf", pdf("<</JSON 1/JavaScriptless 2>>"), nil, nil},
		{"an action when opened", "a.pdf", pdf("<</OpenAction 5 0 R>>"), nil, []string{"PDF_OPEN_ACTION"}},
		{"a program to launch", "a.pdf", pdf("<</S/Launch/F(cmd.exe)>>"), nil, []string{"PDF_ACTIVE /Launch"}},
		{"a script in an object stream", "a.pdf", pdf(stream("/Type/ObjStm/Filter/FlateDecode", deflated(t, "1 0 <</S/JavaScript>>"))), nil, []string{"PDF_ACTIVE /JavaScript"}},
		{"an embedded document with macros", "a.pdf",
			pdf(stream("/Type/EmbeddedFile/Filter/FlateDecode", deflated(t, string(zipOf(t, types("application/vnd.ms-office.vbaProject")))))),
			[]string{"a.pdf >  > [Content_Types].xml"}, []string{"PDF_EMBEDDED_FILE", "OFFICE_MACRO"}},
		{"a script after a stream of objects", "a.pdf", pdf(stream("/Type/ObjStm/Filter/FlateDecode", deflated(t, "1 0 <<>>")) + "2 0 obj<</JS 1 0 R>>endobj"), nil,
			[]string{"PDF_ACTIVE /JS"}},
		{"a short name within packed bytes", "a.pdf", pdf(stream("", []byte("...../JS ...."))), nil, nil},
		{"a header after other bytes", "a.bin", append([]byte("junk junk "), pdf("<</S/Launch>>")...), nil, []string{"PDF_ACTIVE", "MIME_ARCHIVE_POLYGLOT pdf after 10 bytes"}},
		{"encryption", "a.pdf", pdf("trailer<</Encrypt 5 0 R>>"), nil, []string{"PDF_ENCRYPTED"}},
	})
}

func TestRichText(t *testing.T) {
	object := fmt.Sprintf("%x", le(nil, uint32(0x501), uint32(2), uint32(8), "Package\x00", uint32(0), uint32(0), uint32(len(peProgram)), peProgram))
	checkAll(t, []wish{
		{"a text without anything", "a.rtf", []byte(`{\rtf1 hello \{objdata\} \\objdata}`), nil, nil},
		{"an object", "a.rtf", []byte(`{\rtf1{\object{\*\objdata ` + object + `}}}`), []string{"a.rtf > "}, []string{"OFFICE_EMBEDDED_OBJECT", "MIME_EXECUTABLE PE"}},
		{"an object broken up", "a.doc", []byte(`{\rtf1{\object{\*\objdata ` + object[:20] + "{\\x1ab ff}\r\n\\pard12 " + object[20:] + `}}}`), []string{"a.doc > "},
			[]string{"OFFICE_EMBEDDED_OBJECT", "MIME_EXECUTABLE PE"}},
		{"a template from the web", "a.rtf", []byte(`{\rtf1{\*\template http://example.org/x}}`), nil, []string{"OFFICE_EXTERNAL_TEMPLATE example.org"}},
	})
}

func TestOneNote(t *testing.T) {
	part := func(data string) string {
		return string(le(nil, oneFile, uint64(len(data)), uint32(0), uint64(0), data))
	}
	wish{"", "a.one", []byte(oneMagic + "...." + part("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR") + part("<job id=1>") + "...."), []string{"a.one > "},
		[]string{"OFFICE_EMBEDDED_OBJECT", "MIME_EXECUTABLE script by content", "MIME_EXECUTABLE one by name"}}.check(t)
}
