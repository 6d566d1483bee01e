package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// wish is what a report must say: entries as "path > path", symbols with or without
// a detail in part, and nothing else of the symbols.
type wish struct {
	name    string
	file    string // the attachment's name
	data    []byte
	entries []string
	symbols []string
}

func (c wish) check(t *testing.T) Report {
	t.Helper()
	r := Look(c.file, c.data, Limits{})
	listed := map[string]bool{}
	for _, e := range r.Entries {
		listed[strings.Join(e.Path, " > ")] = true
	}
	for _, e := range c.entries {
		if !listed[e] {
			t.Errorf("no entry %q among %v", e, listed)
		}
	}
	used := map[string]bool{}
	for _, s := range c.symbols {
		symbol, detail, _ := strings.Cut(s, " ")
		used[symbol] = true
		if !r.says(symbol, detail) {
			t.Errorf("no finding %q among %q", s, r.Findings)
		}
	}
	for _, f := range r.Findings {
		if !used[f.Symbol] {
			t.Errorf("unexpected finding %q", f)
		}
	}
	return r
}

func (r Report) says(symbol, detail string) bool {
	for _, f := range r.Findings {
		if f.Symbol == symbol && strings.Contains(f.Detail, detail) {
			return true
		}
	}
	return false
}

func checkAll(t *testing.T, wishes []wish) {
	t.Helper()
	for _, c := range wishes {
		t.Run(c.name, func(t *testing.T) { c.check(t) })
	}
}

func TestArchives(t *testing.T) {
	inner := zipOf(t, file{"deep.txt", "hello"})
	tarball := tarOf(t, tar.Header{Name: "a/", Typeflag: tar.TypeDir, Mode: 0o755}, tar.Header{Name: "a/b.sh", Size: 4, Mode: 0o644})
	checkAll(t, []wish{
		{"a plain file is its own only entry", "a.txt", []byte("hello"), []string{"a.txt"}, nil},
		{"an empty file", "a.zip", nil, []string{"a.zip"}, nil},
		{"a zip in a zip in a zip", "a.zip", zipOf(t, file{"b.zip", string(zipOf(t, file{"c.zip", string(inner)}))}),
			[]string{"a.zip > b.zip > c.zip > deep.txt"}, nil},
		{"an empty zip", "a.zip", zipOf(t), []string{"a.zip"}, nil},
		{"a tar in gzip", "x.tgz", gzipOf(t, "", tarball), []string{"x.tgz > x.tar > a/", "x.tgz > x.tar > a/b.sh"},
			[]string{"MIME_EXECUTABLE sh by name"}},
		{"a gzip that remembers another name", "photo.jpg.gz", gzipOf(t, "run.exe", []byte("x")), []string{"photo.jpg.gz > photo.jpg"},
			[]string{"MIME_ARCHIVE_NAME run.exe", "MIME_EXECUTABLE exe by name"}},
		{"a tar stored in a zip under another name", "a.zip", zipOf(t, file{"data.bin", string(tarball)}), []string{"a.zip > data.bin > a/b.sh"},
			[]string{"MIME_EXECUTABLE"}},
		{"a gzip cut short", "a.gz", gzipOf(t, "", bytes.Repeat([]byte("ab"), 9999))[:30], []string{"a.gz > a"}, []string{"MIME_ARCHIVE_BROKEN"}},
		{"a cabinet is recognised only", "a.cab", []byte("MSCF\x00\x00\x00\x00...."), []string{"a.cab"}, []string{"MIME_ARCHIVE_UNREAD cab"}},
		{"an iso is recognised only", "a.bin", append(make([]byte, 0x8001), "CD001"...), nil, []string{"MIME_ARCHIVE_UNREAD iso"}},
		{"an iso in a zip", "a.zip", zipOf(t, file{"disk.iso", string(append(make([]byte, 0x8001), "CD001\x01"...))}),
			[]string{"a.zip > disk.iso"}, []string{"MIME_ARCHIVE_UNREAD iso", "MIME_EXECUTABLE iso by name"}},
		{"a zip within a winmail.dat is no polyglot", "winmail.dat", slices.Concat([]byte(tnefMagic), inner, []byte("..")), []string{"winmail.dat"}, nil},
		{"a winmail.dat in a zip is recognised only", "a.zip", zipOf(t, file{"winmail.dat", tnefMagic}), []string{"a.zip > winmail.dat"}, []string{"MIME_ARCHIVE_UNREAD tnef"}},
		{"a zip by name that begins like a winmail.dat", "a.zip", slices.Concat([]byte(tnefMagic), inner, []byte("..")), []string{"a.zip > deep.txt"}, []string{"MIME_ARCHIVE_POLYGLOT", "MIME_ARCHIVE_BROKEN"}},
		{"a stored zip within a tar is no polyglot", "a.tar", tarWith(t, "in.zip", inner), []string{"a.tar > in.zip > deep.txt"}, nil},
		{"a stored zip within a zip is no second directory", "a.zip", rawZip(raw("in.zip", string(inner))), []string{"a.zip > in.zip > deep.txt"}, nil},
	})
}

// tarWith makes a TAR of one file.
func tarWith(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPrograms(t *testing.T) {
	utf16bat := "\xff\xfe@\x00e\x00c\x00h\x00o\x00 \x00o\x00f\x00f\x00\r\x00\n\x00"
	checkAll(t, []wish{
		{"a program named pdf", "invoice.pdf", []byte(peProgram), nil, []string{"MIME_EXECUTABLE PE by content", "MIME_DISGUISED"}},
		{"a program named pdf in a zip", "a.zip", zipOf(t, file{"invoice.pdf", peProgram}), nil,
			[]string{`MIME_EXECUTABLE "invoice.pdf": PE by content`, "MIME_DISGUISED"}},
		{"a program under its own name", "setup.exe", []byte(peProgram), nil, []string{"MIME_EXECUTABLE PE"}},
		{"text that begins with MZ", "a.txt", []byte("MZ is short for Mark Zbikowski, who wrote the format of these files, it is said."), nil, nil},
		{"an extension with dots and spaces after it", "a.zip", zipOf(t, file{"invoice.exe. .", "x"}), nil, []string{"MIME_EXECUTABLE exe by name"}},
		{"an extension with a stream after it", "a.zip", zipOf(t, file{"invoice.exe::$DATA", "x"}), nil, []string{"MIME_EXECUTABLE exe by name"}},
		{"an extension before a NUL", "a.zip", rawZip(raw("run.js\x00.txt", "x")), nil, []string{"MIME_EXECUTABLE js by name", "MIME_ARCHIVE_NAME control"}},
		{"a name that turns around", "a.zip", zipOf(t, file{"invoice\u202efdp.exe", "x"}), nil, []string{"MIME_EXECUTABLE exe by name", "MIME_ARCHIVE_NAME direction"}},
		{"a link by content", "a.zip", zipOf(t, file{"readme", "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46...."}), nil,
			[]string{"MIME_EXECUTABLE LNK by content"}},
		{"a script in UTF-16", "a.txt", []byte(utf16bat), nil, []string{"MIME_EXECUTABLE script by content"}},
		{"an ELF program", "a.zip", zipOf(t, file{"b.png", "\x7fELF\x02\x01\x01"}), nil, []string{"MIME_EXECUTABLE ELF", "MIME_DISGUISED ELF"}},
		{"an installer by its class", "a.doc", cfbOf(classInstaller), nil, []string{"MIME_EXECUTABLE MSI", "MIME_DISGUISED MSI"}},
		{"a picture is nothing of all this", "a.png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"), nil, nil},
	})
}

func TestTypeIsFoundByContent(t *testing.T) {
	r := Look("a.zip", zipOf(t, file{"b.txt", "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"}), Limits{})
	if got := r.Entries[0].Type + " " + r.Entries[1].Type; got != "application/zip image/png" {
		t.Errorf("got %s", got)
	}
}

func TestTarNamesAndLinks(t *testing.T) {
	file := tar.Header{Name: "ok.txt", Size: 1, Mode: 0o644}
	long := strings.Repeat("d/", 120) + "run.exe"
	checkAll(t, []wish{
		{"a name that climbs", "a.tar", tarOf(t, tar.Header{Name: "../../etc/cron.d/x", Size: 1}), nil, []string{"MIME_ARCHIVE_TRAVERSAL"}},
		{"a name from the root", "a.tar", tarOf(t, tar.Header{Name: "/etc/x", Size: 1}), nil, []string{"MIME_ARCHIVE_TRAVERSAL"}},
		{"a link that climbs", "a.tar", tarOf(t, tar.Header{Name: "l", Linkname: "../../x", Typeflag: tar.TypeSymlink}), nil,
			[]string{"MIME_ARCHIVE_TRAVERSAL a link to"}},
		{"a link that climbs within", "a.tar", tarOf(t, tar.Header{Name: "a/b/l", Linkname: "../../x", Typeflag: tar.TypeSymlink}), nil, nil},
		{"a link from the root", "a.tar", tarOf(t, tar.Header{Name: "a/b/l", Linkname: "/etc/x", Typeflag: tar.TypeSymlink}), nil,
			[]string{"MIME_ARCHIVE_TRAVERSAL a link to"}},
		{"a hard link that climbs", "a.tar", tarOf(t, tar.Header{Name: "a/b/l", Linkname: "../x", Typeflag: tar.TypeLink}), nil,
			[]string{"MIME_ARCHIVE_TRAVERSAL a link to"}},
		{"a link that stays", "a.tar", tarOf(t, file, tar.Header{Name: "l", Linkname: "ok.txt", Typeflag: tar.TypeSymlink}), []string{"a.tar > l"}, nil},
		{"a PAX name", "a.tar", tarOf(t, tar.Header{Name: long, Size: 1, Format: tar.FormatPAX}), []string{"a.tar > " + long}, []string{"MIME_EXECUTABLE exe by name"}},
		{"a GNU name", "a.tar", tarOf(t, tar.Header{Name: long, Size: 1, Format: tar.FormatGNU}), []string{"a.tar > " + long}, []string{"MIME_EXECUTABLE exe by name"}},
		{"a header whose checksum is wrong", "a.tar", corrupt(tarOf(t, file, file), 1024+10), []string{"a.tar > ok.txt"}, []string{"MIME_ARCHIVE_BROKEN"}},
		{"two tars one after the other", "a.tar", append(tarOf(t, file), tarOf(t, tar.Header{Name: "two.txt", Size: 3})...), []string{"a.tar > two.txt"}, nil},
	})
}

// corrupt changes one byte.
func corrupt(b []byte, at int) []byte {
	b[at] ^= 0x55
	return b
}

// TestTarSizes shows that a size in a PAX record which the header does not
// tell, so that readers see other entries, is named.
func TestTarSizes(t *testing.T) {
	good := tarOf(t, tar.Header{Name: "a.txt", Size: 1, PAXRecords: map[string]string{"comment": "0123456789"}, Format: tar.FormatPAX})
	lie := bytes.Replace(good, []byte("22 comment=0123456789"), []byte("12 size=512\n10 a=bcde"), 1)
	if bytes.Equal(good, lie) {
		t.Fatal("the record to change is not there")
	}
	wish{"", "a.tar", append(lie, make([]byte, 2048)...), nil, []string{"MIME_ARCHIVE_NAME a size of 512, or 1"}}.check(t)
}

func TestReportIsBounded(t *testing.T) {
	var files []file
	for i := range 50 {
		files = append(files, file{fmt.Sprintf("../%d-%s.exe", i, strings.Repeat("x", 5000)), "x"})
	}
	r := Look(strings.Repeat("n", 9000)+".zip", zipOf(t, files...), Limits{})
	count := map[string]int{}
	for _, f := range r.Findings {
		if count[f.Symbol]++; count[f.Symbol] > maxDetails || len(f.Detail) > 1024 {
			t.Errorf("finding of %d bytes, number %d of %s", len(f.Detail), count[f.Symbol], f.Symbol)
		}
	}
	for _, e := range r.Entries {
		if len(e.Names[0]) > maxName+8 || len(e.Path) == 2 && e.Extension != "exe" {
			t.Fatalf("a name of %d bytes, extension %q", len(e.Names[0]), e.Extension)
		}
	}
}
