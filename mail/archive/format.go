package archive

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// recognised is a format as which data can be read.
type recognised struct {
	name   string
	offset int // where in the data it begins
	read   func(p *place, data []byte)
}

// Signatures.
const (
	zipLocal   = "PK\x03\x04"
	zipCentral = "PK\x01\x02"
	zipEnd     = "PK\x05\x06"
	rarMagic   = "Rar!\x1a\x07"
	sevenMagic = "7z\xbc\xaf\x27\x1c"
	cfbMagic   = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
	pdfMagic   = "%PDF-"
	tnefMagic  = "\x78\x9f\x3e\x22"
	oneMagic   = "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"
)

// stubSize is how far before a RAR or 7z archive its unpacking program may reach:
// UnRAR looks for the signature in the first MiB.
const stubSize = 1 << 20

// recognise names every format as which some program would read the data.
func recognise(data []byte, names []string) []recognised {
	var found []recognised
	f := first(data, names)
	if f.read != nil {
		found = append(found, f)
	}
	if f.name != "zip" {
		// Behind other data a ZIP is found from its end (APPNOTE.TXT 4.3.16). Where the data is
		// something else already, only a directory that ends it exactly counts:
		// an archive that stores a ZIP last is no ZIP, unless its name says so.
		if start, ok := zipStart(data, len(found) > 0 && !hasExtension(names, "zip")); ok {
			found = append(found, recognised{"zip", start, readZip})
		}
	}
	if i := bytes.Index(data[:min(len(data), 1024)], []byte(pdfMagic)); i > 0 && f.name != "pdf" {
		// ISO 32000-1 annex H.3.4.1: a header within the first 1024 bytes will do. A
		// ZIP that stores a PDF first would be one as well, but for its name.
		if len(found) == 0 || hasExtension(names, "pdf") {
			found = append(found, recognised{"pdf", i, readPDF})
		}
	}
	if len(found) == 0 {
		found = behindStub(data)
	}
	return found
}

// behindStub finds an archive behind the program that unpacks it.
func behindStub(data []byte) []recognised {
	stub := data[:min(len(data), stubSize)]
	if i := bytes.Index(stub, []byte(rarMagic)); i > 0 {
		return []recognised{{"rar", i, func(p *place, data []byte) { readRAR(p, data[i:]) }}}
	}
	if i := bytes.Index(stub, []byte(sevenMagic)); i > 0 {
		return []recognised{{"7z", i, func(p *place, data []byte) { readSevenZip(p, data[i:]) }}}
	}
	return nil
}

// first recognises a format by how the data begins.
func first(data []byte, names []string) recognised {
	begins := func(magic string) bool { return len(data) >= len(magic) && string(data[:len(magic)]) == magic }
	switch {
	case begins(zipLocal), begins(zipEnd), begins("PK\x07\x08"), begins("PK00PK"):
		return recognised{"zip", 0, readZip}
	case begins(rarMagic):
		return recognised{"rar", 0, readRAR}
	case begins(sevenMagic):
		return recognised{"7z", 0, readSevenZip}
	case begins("\x1f\x8b"):
		return recognised{"gzip", 0, readGzip}
	case begins("BZh") && len(data) > 4 && data[3] >= '1' && data[3] <= '9':
		return recognised{"bzip2", 0, readBzip2}
	case begins(xzMagic):
		return recognised{"xz", 0, readXZ}
	case begins("\x5d\x00\x00") && hasExtension(names, "lzma"):
		return recognised{"lzma", 0, readLZMA}
	case begins(cfbMagic):
		return recognised{"compound file", 0, readCFB}
	case begins(oneMagic):
		return recognised{"onenote", 0, readOneNote}
	case begins(tnefMagic):
		return recognised{"tnef", 0, readTNEF}
	case begins(`{\rt`):
		return recognised{"rtf", 0, readRTF}
	case bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 64)], "\xef\xbb\xbf \t\r\n\x00"), []byte(pdfMagic)):
		return recognised{"pdf", 0, readPDF}
	case isTar(data):
		return recognised{"tar", 0, readTar}
	}
	return recognised{}
}

// readTNEF leaves a winmail.dat (MS-OXTNEF) to mail/mime, which takes it apart
// where it is attached itself.
func readTNEF(p *place, _ []byte) {
	if len(p.path) > 1 {
		p.found(Unread, "tnef is recognised only")
	}
}

// mayContain tells from the first bytes and the names of an entry whether it
// is worth unpacking whole.
func mayContain(head []byte, names []string) bool {
	if first(head, names).read != nil || unreadFormat(head) != "" {
		return true
	}
	if bytes.Contains(head[:min(len(head), 1024)], []byte(pdfMagic)) {
		return true
	}
	return slices.ContainsFunc(names, func(n string) bool { return containers[extension(n)] })
}

// mayEndContainer tells of content in memory whether something ends in it
// that its first bytes do not tell.
func mayEndContainer(data []byte) bool {
	tail := data[len(data)-min(len(data), zipTail):]
	return bytes.Contains(tail, []byte(zipEnd)) || unreadFormat(data) != ""
}

// containers are extensions under which a program looks for something inside
// whatever the first bytes are.
var containers = set("zip jar apk xpi war ear docx docm dotx dotm xlsx xlsm xltx xltm xlsb xlam pptx pptm potx potm ppsx ppsm odt ods odp " +
	"rar 7z gz tgz bz2 tbz tbz2 xz txz lzma tar doc dot xls xlt ppt pot pps msi msg one pdf rtf iso img vhd cab")

// unreadFormat names formats that are recognised but not looked into, ""
// for all else.
func unreadFormat(data []byte) string {
	has := func(off int, magic string) bool {
		return len(data) >= off+len(magic) && string(data[off:off+len(magic)]) == magic
	}
	switch {
	case has(0, "MSCF\x00\x00\x00\x00"):
		return "cab"
	case has(7, "**ACE**"):
		return "ace"
	case has(0x8001, "CD001"), has(0x8801, "CD001"):
		return "iso"
	case has(0x8001, "NSR0"), has(0x8801, "NSR0"), has(0x8001, "BEA01"):
		return "udf"
	case has(0, "\x60\xea") && len(data) > 10 && binary.LittleEndian.Uint16(data[2:]) <= 2600 && data[10] <= 8:
		return "arj"
	case has(2, "-lh") && has(6, "-"), has(2, "-lz") && has(6, "-"):
		return "lha"
	case has(0, "conectix"), len(data) >= 512 && has(len(data)-512, "conectix"):
		return "vhd"
	case has(0, "vhdxfile"):
		return "vhdx"
	case has(0, "MSWIM\x00\x00\x00"):
		return "wim"
	case len(data) >= 512 && has(len(data)-512, "koly\x00\x00\x00\x04"):
		return "dmg"
	case has(0, "xar!\x00"):
		return "xar"
	case has(0, "\x28\xb5\x2f\xfd"):
		return "zstd"
	case has(0, "\x04\x22\x4d\x18"):
		return "lz4"
	case has(0, "\x1f\x9d"):
		return "compress"
	case has(0, "LZIP\x01"):
		return "lzip"
	case has(0, "RE~^"):
		return "rar 1.4"
	case has(0, "!<arch>\n"):
		return "ar"
	case has(0, "070701"), has(0, "070702"), has(0, "070707"):
		return "cpio"
	case has(0, "zlb\x1a"), has(0, "StuffIt"), has(0, "SIT!"):
		return "stuffit"
	case has(0, "EGGA"), has(0, "ALZ\x01"):
		return "egg or alz"
	}
	return ""
}
