package app

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
)

func TestReadingDefaultsAreThoseOfTheMessage(t *testing.T) {
	if diff := cmp.Diff(mail.DefaultLimits(), *reading(config.Default())); diff != "" {
		t.Error(diff)
	}
}

// picture is a PNG in base64.
func picture(t *testing.T, w, h int) string {
	t.Helper()
	var b bytes.Buffer
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 3)
	}
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// numbered writes lines that hold their number.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestEachBoundOfReadingRaisesItsSymbol lowers each bound below what an otherwise harmless
// message needs.
func TestEachBoundOfReadingRaisesItsSymbol(t *testing.T) {
	mixed := "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	image := "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + picture(t, 120, 120) + "\n"
	for _, c := range []struct{ key, value, message, symbol string }{
		{"body", "64KiB", "\n" + strings.Repeat("Hello\n", 12000), "MIME_CUT"},
		{"depth", "2", strings.Repeat("Content-Type: message/rfc822\n\n", 3) + "\nHello\n", "MIME_LIMIT_DEPTH"},
		{"parts", "10", mixed + strings.Repeat("\nHello\n--b\n", 11), "MIME_LIMIT_PARTS"},
		{"header_bytes", "1KiB", mixed + "X-A: " + strings.Repeat("a", 1100) + "\n\nHello\n--b--\n", "MIME_LIMIT_HEADER"},
		{"header_fields", "10", mixed + strings.Repeat("X-A: a\n", 11) + "\nHello\n--b--\n", "MIME_LIMIT_HEADER"},
		{"parameters", "8", "Content-Type: text/plain" + numbered("; p%d=a", 9) + "\n\nHello\n", "MIME_LIMIT_NAMES"},
		{"names", "2", "Content-Type: text/plain; name=a.txt; name=b.txt; name=c.txt\n\nHello\n", "MIME_LIMIT_NAMES"},
		{"decoded", "64KiB", "Content-Transfer-Encoding: base64\n\n" + strings.Repeat("SGVsbG8K\n", 10000), "MIME_LIMIT_DECODED"},
		{"readings", "1", mixed + "\nHello\n--bc\n\n--b--\n", "MIME_LIMIT_READINGS"},
		{"findings", "10", mixed + strings.Repeat("Content-Transfer-Encoding: odd\n\nHello\n--b\n", 11), "MIME_LIMIT_FINDINGS"},
		{"text", "16KiB", "\n" + strings.Repeat("Hello\n", 4000), "MIME_LIMIT_TEXT"},
		{"text_kept", "16KiB", "\n" + strings.Repeat("Hello\n", 4000), "MIME_LIMIT_TEXT"},
		{"links", "10", "Content-Type: text/html\n\n" + strings.Repeat("<a href=x>a</a>\n", 11), "MIME_LIMIT_LINKS"},
		{"urls", "10", "\n" + numbered("http://a.example/%d\n", 11), "MIME_LIMIT_URLS"},
		{"images", "0", image, "MIME_LIMIT_IMAGES"},
		{"image_bytes", "1KiB", image, "MIME_LIMIT_IMAGES"},
		{"image_side", "100", image, "MIME_LIMIT_IMAGES"},
		{"image_memory", "4KiB", image, "MIME_LIMIT_IMAGES"},
		{"image_pixels", "10000", image, "MIME_LIMIT_IMAGES"},
	} {
		t.Run(c.key, func(t *testing.T) {
			if has(checked(t, nil, c.message), c.symbol) {
				t.Errorf("%s at the default", c.symbol)
			}
			if got := checked(t, map[string]string{"reading." + c.key: c.value}, c.message); !has(got, c.symbol) {
				t.Errorf("no %s: %v", c.symbol, got)
			}
		})
	}
}

func has(list []scoring.Symbol, name string) bool {
	return slices.ContainsFunc(list, func(s scoring.Symbol) bool { return s.Name == name })
}

// checked is what postern check finds in a message.
func checked(t *testing.T, keys map[string]string, message string) []scoring.Symbol {
	t.Helper()
	cfg := defaults(t, keys)
	flags := messageFlags{File: "-", Now: "1772362800"}
	msg, err := flags.message(strings.NewReader(message), cfg)
	if err != nil {
		t.Fatal(err)
	}
	g, err := offline(silent{}, time.Unix(1772362800, 0)).build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ev, _ := g.look(t.Context(), msg)
	if err := g.close(); err != nil {
		t.Error(err)
	}
	return ev.Symbols
}

func TestTheDaemonReadsWithinTheBounds(t *testing.T) {
	keys := map[string]string{
		"hostname": "mx.example.org", "admin.listen": "", "dns.servers": "127.0.0.1:1", "state.dir": t.TempDir(),
		"listeners": "[{name: inbound, milter: 'unix:" + filepath.Join(t.TempDir(), "s") + "'}]", "reading.urls": "10",
		"scoring.actions": "{MIME_LIMIT_URLS: reject}",
	}
	a := openWith(t, keys, kindsNamed("mime"))
	d, accepted, _ := begin(t, a, client, "a@example.net")
	if got := finish(t, a, d, client, accepted, numbered("http://a.example/%d\r\n", 11)); got.Reply.Code != 550 {
		t.Errorf("11 addresses: %+v", got)
	}
	if l := a.school().limits; l.URLs.URLs != 10 {
		t.Errorf("learned within %+v", l)
	}
}
