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
	"cmp"
	"image"
	"image/color"
	_ "image/gif"  // GIF images
	_ "image/jpeg" // JPEG images
	_ "image/png"  // PNG images
	"slices"
	"strings"

	"github.com/postern-mail/postern/mail/mime"
)

// Limits bounds what is looked at. Each that is met is MIME_LIMIT_IMAGES.
type Limits struct {
	Images int // images decoded, small ones and those of one colour aside
	Bytes  int // bytes of one image, encoded
	Side   int // pixels of the longer side of one image
	Memory int // bytes that the pixels of all images take together, decoded
	Pixels int // pixels of all images together that are searched, after large ones were made smaller
}

// DefaultLimits are bounds within which any code stays that is meant to be read.
func DefaultLimits() Limits {
	return Limits{Images: 30, Bytes: 4 << 20, Side: 8000, Memory: 32 << 20, Pixels: 4 << 20}
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

// small is how many pixels are so few that an image is not counted. Icons and
// spacers stand in mail by the dozen.
const small = 64 * 64

// Find reads the codes in the images of a message, the small ones first, so that
// the large cannot use up the bounds. It takes time linear in the bytes and
// pixels that the limits allow.
func Find(tree *mime.Tree, limits Limits) Found {
	var f Found
	for _, p := range pictures(tree) {
		if limits.Images < 1 || len(p.bytes) > limits.Bytes || p.side > limits.Side || p.memory > limits.Memory || p.scans > maxScans {
			f.limit(p.part)
			continue
		}
		limits.Memory -= p.memory
		img, _, err := image.Decode(bytes.NewReader(p.bytes))
		if err != nil {
			limits.Images--
			continue
		}
		g := gray(img)
		if g.plain() {
			continue
		}
		if len(g.pix) > limits.Pixels {
			f.limit(p.part)
			continue
		}
		limits.Pixels -= len(g.pix)
		if p.pixels > small {
			limits.Images--
		}
		for _, text := range read(g) {
			f.add(text)
		}
	}
	return f
}

// picture is an image by what it says of itself.
type picture struct {
	part                 *mime.Part
	bytes                []byte
	side, pixels, memory int
	scans                int // passes of a JPEG
}

// pictures lists the images that could show a code, the smallest first.
func pictures(tree *mime.Tree) []picture {
	var list []picture
	for _, part := range tree.Parts() {
		if !isImage(part) {
			continue
		}
		p := picture{part: part, bytes: part.Content()}
		config, format, err := image.DecodeConfig(bytes.NewReader(p.bytes))
		if err != nil || min(config.Width, config.Height) < minSide {
			continue
		}
		p.side, p.pixels = max(config.Width, config.Height), config.Width*config.Height
		p.memory = p.pixels * depth(config.ColorModel)
		if format == "jpeg" { // slower to decode by the pixel
			p.memory, p.scans = p.pixels*maxDepth, bytes.Count(p.bytes, []byte("\xff\xda"))
		}
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b picture) int { return cmp.Compare(a.memory, b.memory) })
	return list
}

// maxDepth is the most that a pixel takes, in bytes.
const maxDepth = 8

// depth is what a pixel takes, in bytes.
func depth(m color.Model) int {
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBAModel, color.NRGBAModel:
		return 4
	}
	return maxDepth
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
