package archive

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestZipReadings(t *testing.T) {
	lie := raw("invoice.txt", "hello")
	lie.local = "invoice.exe"
	hidden := raw("run.exe", "hello")
	hidden.central = "-"
	lost := raw("ghost.txt", "")
	lost.local, lost.at = "-", 0
	method := raw("a.txt", "hello")
	method.localMethod = 8
	twin := raw("a.txt", "hello")
	twin.at = 0
	unicode := raw("a.txt", "hello")
	unicode.extra = string(le(nil, uint16(0x7075), uint16(10), byte(1), uint32(0xc1ebf7ba), "b.exe"))
	good := raw("ok.txt", "hello")
	checkAll(t, []wish{
		{"two names for one file", "a.zip", rawZip(lie), []string{"a.zip > invoice.txt"}, []string{"MIME_ARCHIVE_NAME invoice.exe", "MIME_EXECUTABLE exe by name"}},
		{"a file that is in no directory", "a.zip", rawZip(good, hidden), []string{"a.zip > ok.txt", "a.zip > run.exe"},
			[]string{"MIME_ARCHIVE_NAME in no directory", "MIME_EXECUTABLE"}},
		{"a directory that points nowhere", "a.zip", rawZip(lost), []string{"a.zip > ghost.txt"}, []string{"MIME_ARCHIVE_BROKEN no local header"}},
		{"two methods for one file", "a.zip", rawZip(method), nil, []string{"MIME_ARCHIVE_NAME method 0 or 8"}},
		{"two entries on the same bytes", "a.zip", rawZip(good, twin), []string{"a.zip > ok.txt", "a.zip > a.txt"},
			[]string{"MIME_ARCHIVE_BROKEN overlap", "MIME_ARCHIVE_NAME a.txt"}},
		{"an extra field that names another file", "a.zip", rawZip(unicode), []string{"a.zip > a.txt"},
			[]string{"MIME_ARCHIVE_NAME b.exe", "MIME_EXECUTABLE exe by name"}},
		{"one name for two files", "a.zip", rawZip(raw("A.txt", "1"), raw("a.TXT", "2")), nil, []string{"MIME_ARCHIVE_NAME two entries"}},
		{"a name that climbs", "a.zip", rawZip(raw(`..\..\x`, "1")), nil, []string{"MIME_ARCHIVE_TRAVERSAL"}},
		{"a name with a drive", "a.zip", rawZip(raw(`C:x.txt`, "1")), nil, []string{"MIME_ARCHIVE_TRAVERSAL"}},
		{"dots that do not climb", "a.zip", rawZip(raw("a..b/...x", "1")), nil, nil},
		{"data before the archive", "a.png", append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR........"), rawZip(good)...), []string{"a.png > ok.txt"},
			[]string{"MIME_ARCHIVE_POLYGLOT zip after 24 bytes"}},
		{"data after the archive", "a.zip", append(rawZip(good), "and more"...), []string{"a.zip > ok.txt"}, []string{"MIME_ARCHIVE_BROKEN 8 bytes after"}},
		{"two archives in one", "a.zip", append(rawZip(raw("one.txt", "1")), rawZip(raw("two.txt", "2"))...),
			[]string{"a.zip > one.txt", "a.zip > two.txt"}, []string{"MIME_ARCHIVE_POLYGLOT more than one"}},
		{"no directory at all", "a.zip", rawZip(good)[:41], []string{"a.zip > ok.txt"}, []string{"MIME_ARCHIVE_BROKEN no central directory"}},
		{"a directory cut short", "a.zip", func() []byte {
			b := rawZip(good, raw("b.txt", "x"))
			return append(b[:len(b)-zipEndSize-3], b[len(b)-zipEndSize:]...)
		}(), []string{"a.zip > ok.txt"}, []string{"MIME_ARCHIVE_BROKEN", "MIME_ARCHIVE_NAME in no directory"}},
		{"a pdf that is a zip too", "a.pdf", append([]byte("%PDF-1.4\n1 0 obj<</S/JavaScript>>endobj\n"), rawZip(good)...), []string{"a.pdf > ok.txt"},
			[]string{"MIME_ARCHIVE_POLYGLOT pdf and zip", "MIME_ARCHIVE_POLYGLOT zip after 40 bytes", "PDF_ACTIVE JavaScript"}},
		{"a packed file that is damaged", "a.zip", rawZip(func() rawFile { f := raw("a.txt", "\xff\xff\xff"); f.method = 8; return f }()), nil,
			[]string{"MIME_ARCHIVE_BROKEN flate"}},
		{"a method that we do not have", "a.zip", rawZip(func() rawFile { f := raw("a.txt", "xx"); f.method = 9; return f }()), nil,
			[]string{"MIME_ARCHIVE_UNREAD method 9"}},
	})
}

func TestZipEncryption(t *testing.T) {
	crypto := raw("secret.doc", "0123456789ab")
	crypto.flags = 1
	aes := raw("secret.doc", "0123456789ab")
	aes.method, aes.extra = zipAES, string(le(nil, uint16(0x9901), uint16(7), uint16(2), "AE", byte(3), uint16(8)))
	strong := raw("secret.doc", "0123456789ab")
	strong.flags = 1 | 1<<6
	for name, f := range map[string]rawFile{"ZipCrypto": crypto, "AES": aes, "strong encryption": strong} {
		r := wish{"", "a.zip", rawZip(f), []string{"a.zip > secret.doc"}, []string{"MIME_ARCHIVE_ENCRYPTED secret.doc"}}.check(t)
		if len(r.Entries) != 2 || !r.Entries[1].Encrypted || r.Entries[1].Type != "" {
			t.Errorf("%s: got %+v", name, r.Entries)
		}
	}
}

// TestZipEncryptionInOneHeaderOnly shows that either header will do.
func TestZipEncryptionInOneHeaderOnly(t *testing.T) {
	b := rawZip(raw("secret.doc", "0123456789ab"))
	b[6] |= 1
	if r := Look("a.zip", b, Limits{}); !r.Has(Encrypted) {
		t.Errorf("got %+v", r.Findings)
	}
}

func TestZipNamesInCodePages(t *testing.T) {
	r := Look("a.zip", rawZip(raw("\xb7\xa2\xc6\xb1.exe", "x")), Limits{}) // GBK
	if len(r.Entries) != 2 || !slices.Contains(r.Entries[1].Names, "发票.exe") || len(r.Entries[1].Names) != 2 {
		t.Errorf("got %+v", r.Entries)
	}
}

// TestZipWithSizesAfterContent reads what a writer of streams makes: sizes in a
// descriptor, with and without the directory.
func TestZipWithSizesAfterContent(t *testing.T) {
	whole := zipOf(t, file{"a.txt", "hello hello hello"}, file{"b.zip", string(zipOf(t, file{"c.txt", "x"}))})
	cut := whole[:bytes.LastIndex(whole[:bytes.LastIndex(whole, []byte(zipCentral))], []byte(zipCentral))]
	for _, data := range [][]byte{whole, cut} {
		r := Look("a.zip", data, Limits{})
		if last := r.Entries[len(r.Entries)-1]; strings.Join(last.Path, ">") != "a.zip>b.zip>c.txt" {
			t.Errorf("got %+v", r.Entries)
		}
	}
}

// TestZip64 reads the sizes and the end record for large archives.
func TestZip64(t *testing.T) {
	extra := string(le(nil, uint16(1), uint16(16), uint64(5), uint64(5)))
	b := le(nil, zipLocal, uint16(45), uint16(0), uint16(0), uint32(0), uint32(0), uint32(none), uint32(none), uint16(5), uint16(20), "a.txt", extra, "hello")
	start := len(b)
	b = le(b, zipCentral, uint16(45), uint16(45), uint16(0), uint16(0), uint32(0), uint32(0), uint32(none), uint32(none),
		uint16(5), uint16(20), uint16(0), uint16(0), uint16(0), uint32(0), uint32(0), "a.txt", extra)
	end := len(b)
	b = le(b, "PK\x06\x06", uint64(44), uint16(45), uint16(45), uint32(0), uint32(0), uint64(1), uint64(1), uint64(end-start), uint64(start))
	b = le(b, "PK\x06\x07", uint32(0), uint64(end), uint32(1))
	b = le(b, zipEnd, uint16(0), uint16(0), uint16(0xffff), uint16(0xffff), uint32(none), uint32(none), uint16(0))
	r := wish{"", "a.zip", b, []string{"a.zip > a.txt"}, nil}.check(t)
	if r.Entries[1].Size != 5 {
		t.Errorf("size %d", r.Entries[1].Size)
	}
}
