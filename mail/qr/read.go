package qr

import (
	"errors"
	"image"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// maxCentres bounds the corners of codes that the search may take note of: it
// tries every three of them together.
const maxCentres = 200

var errCentres = errors.New("qr: too many corners")

// maxCodes bounds the codes that are read in one image.
const maxCodes = 4

// read reads the codes in the pixels of an image. Each
// that is found is painted over, so that the next one is seen.
func read(g pixels) (texts []string) {
	for _, paper := range []byte{0xff, 0} { // a dark page shows codes the other way round
		for len(texts) < maxCodes {
			text, points := one(g, paper)
			if text == "" {
				break
			}
			texts = append(texts, text)
			g.cover(points, paper)
		}
	}
	return texts
}

// one reads a code in an image, "" where there is none. The library's
// search cannot be stopped but from within its callback, and a fault in it
// must cost no more than the code: hence the recover.
func one(g pixels, paper byte) (text string, points []gozxing.ResultPoint) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	centres := 0
	hints := map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(func(gozxing.ResultPoint) {
			if centres++; centres > maxCentres {
				panic(errCentres)
			}
		}),
	}
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.pix, g.w, g.h, 0, 0, g.w, g.h, false)
	if err != nil {
		return "", nil
	}
	if paper == 0 {
		source = source.Invert()
	}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(source))
	if err != nil {
		return "", nil
	}
	r, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return "", nil
	}
	return r.GetText(), r.GetResultPoints()
}

// pixels are the brightness of each pixel of an image.
type pixels struct {
	pix  []byte
	w, h int
}

// plain tells whether all pixels are the same: there is nothing to see.
func (g pixels) plain() bool {
	for _, p := range g.pix {
		if p != g.pix[0] {
			return false
		}
	}
	return true
}

// cover paints paper between the centres of a code's corners, which are no
// corners then.
func (g pixels) cover(points []gozxing.ResultPoint, paper byte) {
	x0, y0, x1, y1 := g.w, g.h, 0, 0
	for _, p := range points {
		x, y := int(p.GetX()), int(p.GetY())
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	for y := max(y0-1, 0); y < min(y1+2, g.h); y++ {
		for x := max(x0-1, 0); x < min(x1+2, g.w); x++ {
			g.pix[y*g.w+x] = paper
		}
	}
}

// side is how large an image needs to be: 177 modules of 6 pixels
// (ISO/IEC 18004 section 5.3.1) or a code that fills a third of a page.
const side = 1100

// gray gives the brightness of an image's pixels, on white paper, of a smaller
// image where it is large.
func gray(img image.Image) pixels {
	b := img.Bounds()
	step := max(1, (max(b.Dx(), b.Dy())+side-1)/side)
	g := pixels{w: b.Dx() / step, h: b.Dy() / step}
	g.pix = make([]byte, g.w*g.h)
	inks := palette(img)
	for y := range g.h {
		for x := range g.w {
			g.pix[y*g.w+x] = shade(img, inks, b.Min.X+x*step, b.Min.Y+y*step, step)
		}
	}
	return g
}

// shade is the mean brightness of a square of pixels.
func shade(img image.Image, inks *[256]int, x0, y0, n int) byte {
	sum := 0
	for y := y0; y < y0+n; y++ {
		for x := x0; x < x0+n; x++ {
			sum += brightness(img, inks, x, y)
		}
	}
	return byte(sum / (n * n))
}

// palette is the brightness of the colours of an image that has few.
func palette(img image.Image) *[256]int {
	p, ok := img.(*image.Paletted)
	if !ok {
		return nil
	}
	var inks [256]int
	for i, c := range p.Palette[:min(len(p.Palette), 256)] {
		r, g, b, a := c.RGBA()
		inks[i] = mix(r, g, b, a)
	}
	return &inks
}

// mix is the brightness of a colour (ITU-R BT.601); what is transparent shows the
// paper.
func mix(r, g, b, a uint32) int { return int((299*r+587*g+114*b)/1000+0xffff-a) >> 8 }

func brightness(img image.Image, inks *[256]int, x, y int) int {
	switch img := img.(type) {
	case *image.Paletted:
		return inks[img.Pix[img.PixOffset(x, y)]]
	case *image.YCbCr: // what JPEG decodes to
		return int(img.Y[img.YOffset(x, y)])
	case *image.Gray:
		return int(img.Pix[img.PixOffset(x, y)])
	case image.RGBA64Image: // everything else in package image
		c := img.RGBA64At(x, y)
		return mix(uint32(c.R), uint32(c.G), uint32(c.B), uint32(c.A))
	}
	return 0xff
}
