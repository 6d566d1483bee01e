package mime

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/filtertest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/archive"
)

// program is the least that is a Windows program.
var program = "MZ" + strings.Repeat("\x00", 58) + "\x40\x00\x00\x00PE\x00\x00" + strings.Repeat("\x00", 64)

// zipOf packs files, name and content in turn.
func zipOf(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// website packs a script beside so many pages.
func website(t testing.TB, script string, pages int) string {
	t.Helper()
	files := []string{script, "alert(1)"}
	for i := range pages {
		files = append(files, fmt.Sprintf("web/%d.css", i), "a{}")
	}
	return zipOf(t, files...)
}

// lockedZip is an archive whose only file needs a password.
func lockedZip(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{Name: "a.txt", Flags: 1, CompressedSize64: 20, UncompressedSize64: 8})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// attached is a message with one attachment.
func attached(typ, name, content string) *mail.Message {
	return filtertest.Message(fmt.Sprintf("Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello\n--b\n"+
		"Content-Type: %s\nContent-Disposition: attachment; filename=\"%s\"\nContent-Transfer-Encoding: base64\n\n%s\n--b--\n",
		typ, name, base64.StdEncoding.EncodeToString([]byte(content))))
}

// letter is a message with a message attached as it stands.
func letter(name string) *mail.Message {
	return filtertest.Message("Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: message/rfc822\n" +
		"Content-Disposition: attachment; filename=\"" + name + "\"\n\nSubject: b\n\nHello\n--b--\n")
}

func newTest(t testing.TB, c *Config) filters.Filter {
	t.Helper()
	env := filters.Env{}
	if c != nil {
		env.Config = c
	}
	f, err := Kind.New(env)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCheck(t *testing.T) {
	f := newTest(t, nil)
	const png, gif = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\b\x00\x00\x00\x00", "GIF89a\x01\x00\x01\x00\x00\x00\x00;"
	for _, c := range []struct {
		name string
		msg  *mail.Message
		want string
	}{
		{"a letter", filtertest.Message("Subject: a\n\nHello\n"), ""},
		{"a picture", attached("image/png", "a.png", png), ""},
		{"a text", attached("text/plain", "a.txt", "Hello"), ""},

		{"two types", filtertest.Message("Content-Type: text/plain\nContent-Type: text/html\n\nHello\n"), "MIME_MULTIPLE_TYPES"},
		{"a part after the end", filtertest.Message("Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n--b--\n--b\n\nb\n--b--\n"), "MIME_AFTER_CLOSE"},
		{"junk in base64", filtertest.Message("Content-Transfer-Encoding: base64\n\nSGVs*bG8=\n"), "MIME_BASE64_JUNK"},
		{"text that is not seen", filtertest.Message("Content-Type: text/html\n\n<p>a<p style=\"display:none\">hidden words</p>\n"), "HTML_HIDDEN_TEXT"},
		{"a form that asks for a password", filtertest.Message("Content-Type: text/html\n\n<form action=\"http://example.net/\"><input type=password></form>\n"), "HTML_FORM HTML_PASSWORD_FORM"},
		{"too many addresses", filtertest.Message("Subject: a\n\n" + manyAddresses(1001)), "MIME_LIMIT_URLS"},

		{"a program", attached("application/octet-stream", "a.exe", program), "MIME_EXECUTABLE"},
		{"a program by name only", attached("application/octet-stream", "a.scr", "?"), "MIME_EXECUTABLE"},
		{"a program by its second name", filtertest.Message("Content-Type: application/octet-stream; name=a.txt\nContent-Disposition: attachment; filename=a.exe\n\n?\n"),
			"MIME_EXECUTABLE MIME_NAME_CONFLICT"},
		{"a program as a message", attached("message/rfc822", "a.exe", program), "MIME_ENCODED_CONTAINER MIME_EXECUTABLE MIME_NUL"},
		{"a program as a header", attached("text/rfc822-headers", "a.dat", program), "MIME_ENCODED_CONTAINER MIME_EXECUTABLE MIME_NUL"},
		{"a program as a multipart", attached("multipart/x", "a.dat", program), "MIME_BOUNDARY_MISSING MIME_ENCODED_CONTAINER MIME_EXECUTABLE MIME_NUL"},
		{"a message", letter("a.eml"), ""},
		{"a message called after a domain", letter("Your order at a.com"), ""},
		{"a program by name that is called a message", letter("a.exe"), "MIME_EXECUTABLE"},
		{"a program as a picture", attached("image/png", "a.png", program), "MIME_DISGUISED MIME_EXECUTABLE MIME_TYPE_MISMATCH"},
		{"a program in an archive", attached("application/zip", "a.zip", zipOf(t, "b.exe", program)), "MIME_EXECUTABLE"},
		{"a program in an archive in an archive", attached("application/zip", "a.zip", zipOf(t, "b.zip", zipOf(t, "c.dat", program))), "MIME_EXECUTABLE"},
		{"a script for a shell", attached("text/x-sh", "a.sh", "#!/bin/sh\necho\n"), "MIME_EXECUTABLE(0.2)"},
		{"a script that a double click runs", attached("text/plain", "a.js", "alert(1)"), "MIME_EXECUTABLE"},
		{"a shortcut to a page", attached("text/plain", "a.url", "[InternetShortcut]\nURL=http://example.net/\n"), "MIME_EXECUTABLE(0.4)"},
		{"a script among the files of a website", attached("application/zip", "a.zip", website(t, "web/a.js", minSource)), "MIME_EXECUTABLE(0.4)"},
		{"a script on top of them", attached("application/zip", "a.zip", website(t, "a.js", minSource)), "MIME_EXECUTABLE"},
		{"a script among few", attached("application/zip", "a.zip", website(t, "web/a.js", minSource-1)), "MIME_EXECUTABLE"},
		{"another script among them", attached("application/zip", "a.zip", website(t, "web/a.vbs", minSource)), "MIME_EXECUTABLE"},
		{"an archive of texts", attached("application/zip", "a.zip", zipOf(t, "a.txt", "Hello", "b/c.txt", "Hello")), ""},
		{"an archive that needs a password", attached("application/zip", "a.zip", lockedZip(t)), "MIME_ARCHIVE_ENCRYPTED"},
		{"an archive that leads out", attached("application/zip", "a.zip", zipOf(t, "../a.txt", "Hello")), "MIME_ARCHIVE_TRAVERSAL"},
		{"a document with macros", attached("application/octet-stream", "a.docm", zipOf(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w/>", "word/vbaProject.bin", "x")), "OFFICE_MACRO"},

		{"a document that goes on as a program", attached("application/octet-stream", "a.pdf.exe", "?"), "MIME_DOUBLE_EXTENSION MIME_EXECUTABLE"},
		{"a document that goes on behind lines", attached("application/octet-stream", "a.pdf____.exe", "?"), "MIME_DOUBLE_EXTENSION MIME_EXECUTABLE"},
		{"a document that is packed", attached("application/zip", "a.pdf.zip", zipOf(t, "a.txt", "Hello")), ""},
		{"a version number", attached("text/plain", "a.1.2.txt", "Hello"), ""},
		{"a name whose end is out of sight", attached("text/plain", "a.pdf            .txt", "Hello"), "MIME_NAME_DECEIVES"},
		{"a name whose end is behind wide blanks", attached("text/plain", "a.pdf\u3000\u3000\u3000\u3000\u3000.txt", "Hello"), "MIME_NAME_DECEIVES"},
		{"a name that is turned around", attached("text/plain", "=?utf-8?b?YeKArmZkcC50eHQ=?=", "Hello"), "MIME_NAME_DECEIVES"},
		{"a picture that is another picture", attached("image/png", "a.png", gif), ""},
		{"a picture that is a page", attached("image/png", "a.png", "<!DOCTYPE html><html><body>Hello</body></html>"), "HTML_ATTACHED(0.3) MIME_TYPE_MISMATCH"},
		{"a PDF that is an archive", attached("application/pdf", "a.pdf", zipOf(t, "a.txt", "Hello")), "MIME_TYPE_MISMATCH"},
		{"a PDF that is a RAR archive", attached("application/pdf", "a.pdf", "Rar!\x1a\x07\x00"), "MIME_TYPE_MISMATCH"},
		{"an unknown type promises nothing", attached("application/octet-stream", "a.png", png), ""},
		{"a page", attached("text/html", "a.html", "<p>Hello</p>"), "HTML_ATTACHED(0.3)"},
		{"a page with a script", attached("text/html", "a.html", "<script>alert(1)</script>"), "HTML_ATTACHED HTML_SCRIPT"},
		{"a page under another name", attached("text/html", "a", "<p>Hello</p>"), "HTML_ATTACHED(0.3)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(filtertest.Check(t, f, c.msg), " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func manyAddresses(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "http://example.com/%d\n", i)
	}
	return b.String()
}

func TestForbidden(t *testing.T) {
	f := newTest(t, &Config{Forbidden: []string{".ISO", ".tar.gz", "application/rtf", "video/*"}, Archive: defaults().Archive})
	for _, c := range []struct {
		name, typ, file, content string
		want                     bool
	}{
		{"neither name nor type", "text/plain", "a.txt", "a", false},
		{"an extension", "text/plain", "A.Iso", "a", true},
		{"an extension with a dot at its end", "text/plain", "a.iso.", "a", true},
		{"an extension of two parts", "text/plain", "a.1.tar.gz", "a", true},
		{"half of an extension of two parts", "text/plain", "a.gz", "a", false},
		{"a declared type", "application/rtf", "a", "a", true},
		{"a kind", "video/mp4", "a", "a", true},
		{"in an archive", "application/zip", "a.zip", zipOf(t, "b/c.iso", "a"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := slices.Contains(filtertest.Check(t, f, attached(c.typ, c.file, c.content)), isForbidden); got != c.want {
				t.Errorf("forbidden is %v", got)
			}
		})
	}
	for _, bad := range []string{"", ".", "exe", "/", "a/", "/b", "a/b/c"} {
		if _, err := newForbidden([]string{bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestManyAttachmentsShareWhatMayBeUnpacked(t *testing.T) {
	bomb := zipOf(t, "a.txt", strings.Repeat("a", 1<<20))
	one := attached("application/zip", "a.zip", bomb)
	f := newTest(t, &Config{Archive: Archive{Bytes: 3 << 19, Ratio: 2000, Depth: 8, Entries: 100}})
	if got := filtertest.Check(t, f, one); slices.Contains(got, archive.Limit) {
		t.Errorf("one: %v", got)
	}
	part := "--b\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(bomb)) + "\n"
	two := filtertest.Message("Content-Type: multipart/mixed; boundary=b\n\n" + part + strings.Replace(part, "a.zip", "b.zip", 1) + "--b--\n")
	if got := filtertest.Check(t, f, two); !slices.Contains(got, archive.Limit) {
		t.Errorf("two: %v", got)
	}
	many := filtertest.Message("Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: image/x\n\na\n", maxAttachments+1) + "--b--\n")
	if got := filtertest.Check(t, newTest(t, nil), many); !slices.Contains(got, archive.Limit) {
		t.Errorf("%d: %v", maxAttachments+1, got)
	}
}

// TestNamesAndTypesOfAllAttachmentsAreLookedAt puts a file behind those that
// are looked into.
func TestNamesAndTypesOfAllAttachmentsAreLookedAt(t *testing.T) {
	f := newTest(t, nil)
	before := "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: image/x\n\na\n", maxAttachments)
	for _, c := range []struct{ name, part, want string }{
		{"a name", "Content-Disposition: attachment; filename=a.exe\n\n?\n", "MIME_ARCHIVE_LIMIT MIME_EXECUTABLE"},
		{"a type", "Content-Type: application/x-a\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(program)) + "\n",
			"MIME_ARCHIVE_LIMIT MIME_EXECUTABLE"},
		{"neither", "Content-Type: application/x-a\n\n?\n", "MIME_ARCHIVE_LIMIT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(filtertest.Check(t, f, filtertest.Message(before+"--b\n"+c.part+"--b--\n")), " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

type brokenReader struct{}

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestWhatCouldNotBeReadIsAnError(t *testing.T) {
	m := mail.New(mail.Message{Session: &mail.Session{}, Body: mail.BodyFile(brokenReader{}, 10)})
	if _, err := newTest(t, nil).Check(t.Context(), m); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newTest(t, nil).Check(ctx, attached("text/plain", "a.txt", "a")); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// Every symbol that the views can raise must be announced: their sources are
// asked.
func TestEveryFindingIsAnnounced(t *testing.T) {
	announced := map[string]bool{}
	for _, s := range Kind.Symbols {
		if announced[s.Name] {
			t.Errorf("%s is announced twice", s.Name)
		}
		announced[s.Name] = true
	}
	names := slices.Clone(archive.Symbols)
	for _, dir := range []string{"mime", "text", "urls", "qr"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "mail", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`"((?:MIME|HTML)_[A-Z0-9_]*[A-Z0-9])"`).FindAllSubmatch(b, -1) {
				names = append(names, string(m[1]))
			}
			for _, m := range regexp.MustCompile(`\blimit\("([A-Z]+)"`).FindAllSubmatch(b, -1) {
				names = append(names, "MIME_LIMIT_"+string(m[1]))
			}
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	for _, n := range names {
		if !announced[n] {
			t.Errorf("%s is not announced", n)
		}
	}
	t.Logf("%d symbols of the views, %d announced", len(names), len(announced))
}

func TestReadmeTellsTheSymbols(t *testing.T) { filtertest.Documented(t, Kind) }

// FuzzMessage gives any message.
func FuzzMessage(f *testing.F) {
	f.Add("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; name=a.html\n\n<form>\n--b--\n")
	f.Add("Content-Type: application/zip; name=\"a.pdf.exe\"\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(zipOf(f, "a.exe", program))))
	filter := newTest(f, &Config{Forbidden: []string{".exe"}, Archive: Archive{Bytes: 1 << 20, Ratio: 10, Depth: 3, Entries: 100}})
	f.Fuzz(func(t *testing.T, text string) {
		res, err := filter.Check(t.Context(), filtertest.Message(text))
		if err != nil {
			t.Fatal(err)
		}
		filtertest.Known(t, Kind, res)
	})
}

// BenchmarkCheck does not count what the views cost, which are computed once
// and shared.
func BenchmarkCheck(b *testing.B) {
	f, m := newTest(b, nil), attached("application/zip", "a.zip", zipOf(b, "a.txt", strings.Repeat("Hello\n", 1000), "b.txt", "Hello"))
	m.URLs()
	for b.Loop() {
		if _, err := f.Check(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
}
