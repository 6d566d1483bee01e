package archive

import (
	"strings"
	"testing"
)

func TestPackingMethods(t *testing.T) {
	for _, name := range []string{"lzma.7z", "lzma2.7z", "bzip2.7z", "deflate.7z", "copy.7z", "bcj.7z", "separate.7z", "lzma.zip", "bzip2.zip", "xz.zip"} {
		t.Run(name, func(t *testing.T) {
			wish{"", name, read(t, name), []string{name + " > in/a.txt", name + " > in/sub/run.exe"}, []string{"MIME_EXECUTABLE PE by content"}}.check(t)
		})
	}
	checkAll(t, []wish{
		{"a method that we do not have", "a.7z", read(t, "ppmd.7z"), []string{"a.7z > in/a.txt"}, []string{"MIME_ARCHIVE_UNREAD", "MIME_EXECUTABLE exe by name"}},
		{"encrypted content", "a.7z", read(t, "content-encrypted.7z"), []string{"a.7z > in/a.txt"}, []string{"MIME_ARCHIVE_ENCRYPTED in/a.txt", "MIME_EXECUTABLE exe by name"}},
		{"encrypted names", "a.7z", read(t, "names-encrypted.7z"), nil, []string{"MIME_ARCHIVE_ENCRYPTED names too"}},
		{"cut short", "a.7z", read(t, "lzma.7z")[:200], nil, []string{"MIME_ARCHIVE_BROKEN beyond the end"}},
		{"behind a program", "setup.exe", append([]byte(peProgram), read(t, "lzma.7z")...), []string{"setup.exe > in/a.txt"},
			[]string{"MIME_ARCHIVE_POLYGLOT 7z after 132 bytes", "MIME_EXECUTABLE"}},
		{"a zip in a 7z in a zip", "a.zip", zipOf(t, file{"b.7z", string(read(t, "copy.7z"))}), []string{"a.zip > b.7z > in/sub/run.exe"}, []string{"MIME_EXECUTABLE"}},
	})
}

// rar4 makes a block of RAR 4.
func rar4(kind byte, flags uint16, header, content string) string {
	return string(le(nil, uint16(0), kind, flags, uint16(7+len(header)), header, content))
}

func rar4Of(name, content string, flags uint16, method byte, size int) string {
	return rar4(rar4File, rar4Long|flags, string(le(nil, uint32(len(content)), uint32(size), byte(2), uint32(0), uint32(0), byte(29), method,
		uint16(len(name)), uint32(0x20), name)), content)
}

// rar5 makes a block of RAR 5; numbers below 128 take one byte.
func rar5(kind byte, fields, extra, content string) string {
	flags, sizes := byte(0), ""
	if extra != "" {
		flags, sizes = flags|rar5Extra, string([]byte{byte(len(extra))})
	}
	if content != "" {
		flags, sizes = flags|rar5Data, sizes+string([]byte{byte(len(content)) | 0x80, byte(len(content) >> 7)})
	}
	body := string([]byte{kind, flags}) + sizes + fields + extra
	return string(le(nil, uint32(0), byte(len(body)), body, content))
}

func rar5Of(name, extra, content string, flags, method byte) string {
	return rar5(rar5File, string(le(nil, flags, byte(5), byte(0), byte(0x80), method, byte(0), byte(len(name)), name)), extra, content)
}

func TestRAR(t *testing.T) {
	four := func(blocks ...string) []byte {
		return []byte(rarMagic + "\x00" + rar4(rar4Main, 0, "\x00\x00\x00\x00\x00\x00", "") + strings.Join(blocks, ""))
	}
	five := func(blocks ...string) []byte {
		return []byte(rarMagic + "\x01\x00" + rar5(rar5Main, "\x00", "", "") + strings.Join(blocks, ""))
	}
	inner := string(zipOf(t, file{"c.txt", "x"}))
	checkAll(t, []wish{
		{"version 4, stored", "a.rar", four(rar4Of("b.zip", inner, 0, 0x30, len(inner)), rar4(rar4End, 0, "", "")), []string{"a.rar > b.zip > c.txt"}, nil},
		{"version 4, packed", "a.rar", four(rar4Of("b.exe", "....", 0, 0x33, 9)), []string{"a.rar > b.exe"},
			[]string{"MIME_ARCHIVE_UNREAD packed", "MIME_EXECUTABLE exe by name"}},
		{"version 4, two names", "a.rar", four(rar4Of("x.txt\x00\x4e\x80\x2d\x4e.ex\x00e", "hello", rar4FileUnicode, 0x30, 5)),
			[]string{"a.rar > 中.exe"}, []string{"MIME_EXECUTABLE exe by name"}},
		{"version 4, encrypted", "a.rar", four(rar4Of("b.txt", "....", rar4FileEncrypted, 0x30, 4)), []string{"a.rar > b.txt"}, []string{"MIME_ARCHIVE_ENCRYPTED"}},
		{"version 4, names encrypted", "a.rar", []byte(rarMagic + "\x00" + rar4(rar4Main, rar4MainEncrypted, "\x00\x00\x00\x00\x00\x00", "....")), nil,
			[]string{"MIME_ARCHIVE_ENCRYPTED names too"}},
		{"version 4, cut short", "a.rar", four(rar4Of("b.txt", "hello", 0, 0x30, 5)[:40]), []string{"a.rar > b.txt"}, []string{"MIME_ARCHIVE_BROKEN"}},
		{"version 5, stored", "a.rar", five(rar5Of("b.zip", "", inner, 0, 0), rar5(rar5End, "\x00", "", "")), []string{"a.rar > b.zip > c.txt"}, nil},
		{"version 5, packed", "a.rar", five(rar5Of("b.js", "", "....", 0, 3)), []string{"a.rar > b.js"}, []string{"MIME_ARCHIVE_UNREAD", "MIME_EXECUTABLE js by name"}},
		{"version 5, encrypted", "a.rar", five(rar5Of("b.txt", "\x01\x01", "....", 0, 0)), []string{"a.rar > b.txt"}, []string{"MIME_ARCHIVE_ENCRYPTED"}},
		{"version 5, names encrypted", "a.rar", five(rar5(rar5Encryption, "\x00\x00\x0f", "", "")), nil, []string{"MIME_ARCHIVE_ENCRYPTED names too"}},
		{"version 5, a link that climbs", "a.rar", five(rar5Of("l", "\x08\x05\x01\x00\x04../x", "", 0, 0)), nil, []string{"MIME_ARCHIVE_TRAVERSAL"}},
		{"behind a program", "a.exe", append([]byte(peProgram), four(rar4Of("b.txt", "hello", 0, 0x30, 5))...), []string{"a.exe > b.txt"},
			[]string{"MIME_ARCHIVE_POLYGLOT rar after 132 bytes", "MIME_EXECUTABLE PE"}},
	})
}
