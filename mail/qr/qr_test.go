package qr

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/postern-mail/postern/mail/mime"
)

const address = "https://example.net/login?user=1"

// code draws a QR code of n by n pixels.
func code(t testing.TB, text string, n int) image.Image {
	t.Helper()
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, n, n, nil)
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewGray(image.Rect(0, 0, n, n))
	draw.Draw(img, img.Bounds(), m, image.Point{}, draw.Src)
	return img
}

func encode(t testing.TB, format string, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch format {
	case "png":
		err = png.Encode(&b, img)
	case "jpeg":
		err = jpeg.Encode(&b, img, nil)
	case "gif":
		err = gif.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tree is a message with these images as attachments of no telling type.
func tree(images ...[]byte) *mime.Tree {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=b\r\n\r\n")
	for _, i := range images {
		fmt.Fprintf(&b, "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n", base64.StdEncoding.EncodeToString(i))
	}
	b.WriteString("--b--\r\n")
	return mime.ScanMessage([]byte(b.String()), mime.DefaultLimits())
}

// page puts an image somewhere on a larger one.
func page(img image.Image, w, h int, paper color.Color) image.Image {
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(p, p.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	draw.Draw(p, img.Bounds().Add(image.Pt(w/3, h/4)), img, image.Point{}, draw.Over)
	return p
}

// inked draws a code in ink on nothing.
func inked(img image.Image) image.Image {
	out := image.NewNRGBA(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if r, _, _, _ := img.At(x, y).RGBA(); r == 0 {
				out.Set(x, y, color.NRGBA{A: 0xff})
			}
		}
	}
	return out
}

func inverted(img image.Image) image.Image {
	out := image.NewGray(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, _, _, _ := img.At(x, y).RGBA()
			out.Set(x, y, color.Gray16{Y: uint16(0xffff - r)})
		}
	}
	return out
}

func TestFind(t *testing.T) {
	small := code(t, address, 120)
	for _, c := range []struct {
		name  string
		image []byte
		want  string
	}{
		{"a PNG", encode(t, "png", small), address},
		{"a JPEG", encode(t, "jpeg", small), address},
		{"a GIF", encode(t, "gif", small), address},
		{"a code somewhere on a page", encode(t, "png", page(small, 800, 600, color.White)), address},
		{"a code on a large page", encode(t, "png", page(code(t, address, 400), 1400, 1200, color.White)), address},
		{"black on nothing", encode(t, "png", inked(small)), address},
		{"white on black", encode(t, "png", inverted(small)), address},
		{"text of another script", encode(t, "png", code(t, "付款 example.net", 150)), "付款 example.net"},
		{"a page without a code", encode(t, "png", page(image.NewGray(image.Rect(0, 0, 50, 50)), 300, 300, color.White)), ""},
		{"an image cut short", encode(t, "png", small)[:200], ""},
		{"no image", []byte("hello"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Find(tree(c.image), DefaultLimits())
			if got := strings.Join(f.Texts, ","); got != c.want || len(f.Findings) > 0 {
				t.Errorf("got %q, %v", got, f.Findings)
			}
		})
	}
}

func TestACodeIsToldOnce(t *testing.T) {
	a, b := encode(t, "png", code(t, "a", 100)), encode(t, "png", code(t, "b", 100))
	if f := Find(tree(a, b, encode(t, "gif", code(t, "a", 100))), DefaultLimits()); !slices.Equal(f.Texts, []string{"a", "b"}) {
		t.Errorf("got %q", f.Texts)
	}
}

func TestEveryCodeOfAnImageIsRead(t *testing.T) {
	two := image.NewGray(image.Rect(0, 0, 300, 150))
	draw.Draw(two, image.Rect(0, 0, 150, 150), code(t, "a", 150), image.Point{}, draw.Src)
	draw.Draw(two, image.Rect(150, 0, 300, 150), code(t, address, 150), image.Point{}, draw.Src)
	for name, img := range map[string]image.Image{"two": two, "two on a dark page": inverted(two)} {
		f := Find(tree(encode(t, "png", img)), DefaultLimits())
		if slices.Sort(f.Texts); !slices.Equal(f.Texts, []string{"a", address}) {
			t.Errorf("%s: got %q", name, f.Texts)
		}
	}
}

func TestNothingHidesACode(t *testing.T) {
	img := encode(t, "png", code(t, address, 120))
	many := func(n int, decoy image.Image) (images [][]byte) {
		b := encode(t, "png", decoy)
		for range n {
			images = append(images, b)
		}
		return append(images, img)
	}
	dot := func(n int) image.Image {
		g := image.NewGray(image.Rect(0, 0, n, n))
		g.Pix[n] = 0xff
		return g
	}
	for name, images := range map[string][][]byte{
		"40 images of one colour": many(40, image.NewGray(image.Rect(0, 0, 100, 100))),
		"40 small images":         many(40, dot(30)),
		"large images":            many(3, dot(3500)),
		"its own size":            {encode(t, "png", code(t, address, 2100))},
		"its own size and colour": {encode(t, "png", page(code(t, address, 700), 2100, 2100, color.White))},
	} {
		if f := Find(tree(images...), DefaultLimits()); !slices.Equal(f.Texts, []string{address}) {
			t.Errorf("%s: got %q, %v", name, f.Texts, f.Findings)
		}
	}
}

func TestEveryLimitIsTold(t *testing.T) {
	img := encode(t, "png", code(t, address, 120))
	for name, l := range map[string]Limits{
		"images": {Images: 0, Bytes: 1e6, Side: 1000, Memory: 1e6, Pixels: 1e6},
		"bytes":  {Images: 9, Bytes: len(img) - 1, Side: 1000, Memory: 1e6, Pixels: 1e6},
		"side":   {Images: 9, Bytes: 1e6, Side: 119, Memory: 1e6, Pixels: 1e6},
		"memory": {Images: 9, Bytes: 1e6, Side: 1000, Memory: 120*120 - 1, Pixels: 1e6},
		"pixels": {Images: 9, Bytes: 1e6, Side: 1000, Memory: 1e6, Pixels: 120*120 - 1},
	} {
		if f := Find(tree(img), l); len(f.Texts) > 0 || len(f.Findings) != 1 || f.Findings[0].Symbol != Limited {
			t.Errorf("%s: %q, %v", name, f.Texts, f.Findings)
		}
	}
	// The pixels of one image are taken from those of the next.
	f := Find(tree(img, encode(t, "png", code(t, "b", 120))), Limits{Images: 9, Bytes: 1e6, Side: 1000, Memory: 1e6, Pixels: 120*120 + 1})
	if !slices.Equal(f.Texts, []string{address}) || len(f.Findings) != 1 {
		t.Errorf("two images: %q, %v", f.Texts, f.Findings)
	}
}

func TestAJPEGOfManyScansIsNotDecoded(t *testing.T) {
	b := encode(t, "jpeg", code(t, address, 120))
	b = append(b, bytes.Repeat([]byte("\xff\xda"), maxScans)...)
	if f := Find(tree(b), DefaultLimits()); len(f.Texts) > 0 || len(f.Findings) != 1 {
		t.Errorf("%q, %v", f.Texts, f.Findings)
	}
}

// corners draws nothing but the corners of codes: for each, the library's
// search compares every two others.
func corners(n int) image.Image {
	img := image.NewGray(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			d := max(abs(x%9-4), abs(y%9-4))
			if d == 2 || d == 4 {
				img.Pix[y*n+x] = 0xff
			}
		}
	}
	return img
}

func abs(n int) int { return max(n, -n) }

func TestTheSearchEndsAmongManyCorners(t *testing.T) {
	if texts := read(gray(corners(500))); len(texts) > 0 {
		t.Errorf("read %q", texts)
	}
}

// FuzzFind gives any bytes as an image.
func FuzzFind(f *testing.F) {
	img := code(f, address, 60)
	for _, format := range []string{"png", "jpeg", "gif"} {
		f.Add(encode(f, format, img))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		limits := Limits{Images: 1, Bytes: 1 << 20, Side: 300, Memory: 8 * 300 * 300, Pixels: 300 * 300}
		for _, text := range Find(tree(b), limits).Texts {
			if !utf8.ValidString(text) || text == "" {
				t.Errorf("text %q", text)
			}
		}
	})
}

// FuzzRead gives any pattern of pixels.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\x00\xff\x0f"), 8)
	img := code(f, address, 40).(*image.Gray)
	f.Add(img.Pix, 40)
	f.Fuzz(func(t *testing.T, pix []byte, w int) {
		if w < 1 || w > 200 || len(pix) < w {
			return
		}
		read(gray(&image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, len(pix)/w)}))
	})
}

func BenchmarkFind(b *testing.B) {
	for _, c := range []struct {
		name  string
		image []byte
	}{
		{"code of 300 pixels", encode(b, "png", code(b, address, 300))},
		{"page of 1200 by 900 without", encode(b, "png", page(image.NewGray(image.Rect(0, 0, 300, 300)), 1200, 900, color.White))},
		{"corners of 1000 by 1000", encode(b, "png", corners(1000))},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				Find(tree(c.image), DefaultLimits())
			}
		})
	}
}
