// Package qr reads the QR codes (ISO/IEC 18004) in the images of a message.
//
// An address in a QR code is nowhere in the text, and the reader follows it
// with his telephone, past everything that guards the company's network. So
// the codes are read as any telephone would, and what they say is looked at like
// the rest of the text.
//
// Images come from strangers: each is judged by the size that it declares
// before a pixel is decoded, the pixels of one message are bounded together,
// and so is what the search for codes may look at. What was not looked at is said.
package qr

import (
	"bytes"
	"image"
	_ "image/gif"  // GIF images
	_ "image/jpeg" // JPEG images
	_ "image/png"  // PNG images
	"strings"

	"github.com/postern-mail/postern/mail/mime"
)

// Limits bounds what is looked at. Each that is met is MIME_LIMIT_IMAGES.
type Limits struct {
	Images int // images decoded
	Bytes  int // bytes of one image, encoded
	Side   int // pixels of the longer side of one image
	Pixels int // pixels of all images together
}

// DefaultLimits are bounds within which any code stays that is meant to be read.
func DefaultLimits() Limits {
	return Limits{Images: 10, Bytes: 4 << 20, Side: 4000, Pixels: 4 << 20}
}

// Limited is the symbol of an image that was not looked at for its size, or of too many.
const Limited = "MIME_LIMIT_IMAGES"

// Found is what was found in a message.
type Found struct {
	Texts    []string // what the codes say, each once, valid UTF-8
	Findings []mime.Finding
}

// minSide is the least side of a code: 21 modules (ISO/IEC 18004 section 5.3.1).
const minSide = 21

// maxScans bounds the passes of a progressive JPEG: each may cost a pass over
// all pixels and take a few bytes only.
const maxScans = 50

// Find reads the codes in the images of a message. It takes time linear in the
// bytes and pixels that the limits allow.
func Find(tree *mime.Tree, limits Limits) Found {
	var f Found
	images := 0
	for _, p := range tree.Parts() {
		if !isImage(p) {
			continue
		}
		b := p.Content()
		config, format, err := image.DecodeConfig(bytes.NewReader(b))
		if err != nil || min(config.Width, config.Height) < minSide {
			continue
		}
		pixels := config.Width * config.Height
		switch {
		case images >= limits.Images, len(b) > limits.Bytes, max(config.Width, config.Height) > limits.Side, pixels > limits.Pixels,
			format == "jpeg" && bytes.Count(b, []byte("\xff\xda")) > maxScans:
			f.limit(p)
			continue
		}
		images++
		limits.Pixels -= pixels
		img, _, err := image.Decode(bytes.NewReader(b))
		if err != nil {
			continue
		}
		f.add(read(img))
	}
	return f
}

// isImage tells whether a reader would show the part as an image that we can
// decode.
func isImage(p *mime.Part) bool {
	if p.Role == mime.RoleRest || p.Is("text") || p.Is("multipart") {
		return false
	}
	switch p.Found() {
	case "image/png", "image/jpeg", "image/gif":
		return true
	}
	return false
}

func (f *Found) add(text string) {
	if text = strings.ToValidUTF8(text, "\uFFFD"); text == "" {
		return
	}
	for _, t := range f.Texts {
		if t == text {
			return
		}
	}
	f.Texts = append(f.Texts, text)
}

func (f *Found) limit(p *mime.Part) {
	if len(f.Findings) == 0 {
		f.Findings = append(f.Findings, mime.NewFinding(Limited, p.Path))
	}
}
