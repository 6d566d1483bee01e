package archive

import (
	"archive/tar"
	"slices"
	"testing"
	"unicode/utf8"
)

// FuzzLook shows that Look comes back within its limits whatever it is given,
// says the same twice, and lets nothing out that is not text of bounded size.
func FuzzLook(f *testing.F) {
	for _, name := range []string{"lzma.7z", "lzma2.7z", "separate.7z", "ppmd.7z", "content-encrypted.7z", "names-encrypted.7z", "bzip2.7z", "lzma.zip", "xz.zip", "bzip2.zip"} {
		f.Add(name, read(f, name))
	}
	inner := zipOf(f, file{"b.txt", "hello"})
	object := cfbOf("", node{name: "\x01Ole10Native", data: ole10("a", "a.js", "b", "x")}, node{name: "VBA", kids: []node{{name: "dir", data: "x"}}},
		node{name: "Workbook", data: biff(0x85, "....\x02\x01\x00\x00", 0x0a, "")})
	f.Add("a.zip", zipOf(f, file{"a.zip", string(inner)}, file{"../b.exe", peProgram}))
	f.Add("a.docx", zipOf(f, types("macroEnabled"), relations("attachedTemplate", "http://example.org/x"), text("<w:instrText>DDE"), file{"word/a.bin", string(object)}))
	f.Add("a.doc", object)
	f.Add("a.tgz", gzipOf(f, "b", tarOf(f, tar.Header{Name: "x", Size: 3}, tar.Header{Name: "l", Linkname: "../x", Typeflag: tar.TypeSymlink})))
	f.Add("a.tar", tarOf(f, tar.Header{Name: "x", Size: 3, PAXRecords: map[string]string{"comment": "c"}, Format: tar.FormatPAX}))
	f.Add("a.rar", []byte(rarMagic+"\x00"+rar4(rar4Main, 0, "\x00\x00\x00\x00\x00\x00", "")+rar4Of("x.txt\x00\x4e\x80\x2d\x4e.ex\x00e", "hello", rar4FileUnicode, 0x30, 5)))
	f.Add("a.rar", []byte(rarMagic+"\x01\x00"+rar5(rar5Main, "\x00", "", "")+rar5Of("b.zip", "\x08\x05\x01\x00\x04../x", string(inner), 0, 0)))
	f.Add("a.pdf", []byte("%PDF-1.7\n"+stream("/Type/ObjStm", []byte("<</S/J#61vaScript>>"))+stream("/Type/EmbeddedFile", inner)))
	f.Add("a.rtf", []byte(`{\rtf1{\object{\*\objdata 0105000002000000{\x ff}}}{\*\template http://example.org/}}`))
	f.Add("a.one", []byte(oneMagic+oneFile+"\x03\x00\x00\x00\x00\x00\x00\x00........abc"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		lim := Limits{Bytes: 1 << 20, Depth: 4, Entries: 200, Steps: 20_000}
		r := Look(name, data, lim)
		if len(r.Entries) == 0 || len(r.Entries) > lim.Entries {
			t.Fatalf("%d entries", len(r.Entries))
		}
		for _, e := range r.Entries {
			if len(e.Path) > lim.Depth+1 || len(e.Names) == 0 || e.Path[len(e.Path)-1] != e.Names[0] || e.Size < -1 {
				t.Fatalf("impossible entry %+v", e)
			}
			for _, s := range append(slices.Clone(e.Names), e.Link, e.Type) {
				if !utf8.ValidString(s) || len(s) > 4*maxName {
					t.Fatalf("text of %d bytes in %+v", len(s), e)
				}
			}
		}
		for _, x := range r.Findings {
			if !slices.Contains(Symbols, x.Symbol) || len(x.Detail) > 8<<10 {
				t.Fatalf("impossible finding %+v", x)
			}
			for _, c := range x.Detail {
				if c < ' ' || c > '~' {
					t.Fatalf("a finding with %q: %q", c, x.Detail)
				}
			}
		}
		if again := Look(name, data, lim); len(again.Entries) != len(r.Entries) || !slices.Equal(again.Findings, r.Findings) {
			t.Fatalf("got %+v, then %+v", r, again)
		}
	})
}
