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

// read reads the code in an image, "" where there is none. The library's
// search cannot be stopped but from within its callback, and a fault in it
// must cost no more than the code: hence the recover.
func read(img image.Image) (text string) {
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
	pix, w, h := gray(img)
	source, err := gozxing.NewPlanarYUVLuminanceSource(pix, w, h, 0, 0, w, h, false)
	if err != nil {
		return ""
	}
	for _, s := range []gozxing.LuminanceSource{source, source.Invert()} { // a dark page shows codes the other way round
		centres = 0
		bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(s))
		if err != nil {
			return ""
		}
		if r, err := qrcode.NewQRCodeReader().Decode(bitmap, hints); err == nil {
			return r.GetText()
		}
	}
	return ""
}

// side is how large an image needs to be: 177 modules of 6 pixels
// (ISO/IEC 18004 section 5.3.1) or a code that fills a third of a page.
const side = 1100

// gray gives the brightness of an image's pixels, on white paper, of a smaller
// image where it is large.
func gray(img image.Image) (pix []byte, w, h int) {
	b := img.Bounds()
	step := max(1, (max(b.Dx(), b.Dy())+side-1)/side)
	w, h = b.Dx()/step, b.Dy()/step
	pix = make([]byte, w*h)
	for y := range h {
		for x := range w {
			pix[y*w+x] = shade(img, b.Min.X+x*step, b.Min.Y+y*step, step)
		}
	}
	return pix, w, h
}

// shade is the mean brightness of a square of pixels.
func shade(img image.Image, x0, y0, n int) byte {
	sum := 0
	for y := y0; y < y0+n; y++ {
		for x := x0; x < x0+n; x++ {
			sum += brightness(img, x, y)
		}
	}
	return byte(sum / (n * n))
}

func brightness(img image.Image, x, y int) int {
	switch img := img.(type) {
	case *image.YCbCr: // what JPEG decodes to
		return int(img.Y[img.YOffset(x, y)])
	case *image.Gray:
		return int(img.Pix[img.PixOffset(x, y)])
	case image.RGBA64Image: // everything else in package image
		c := img.RGBA64At(x, y)
		// ITU-R BT.601; what is transparent shows the paper.
		return ((299*int(c.R)+587*int(c.G)+114*int(c.B))/1000 + 0xffff - int(c.A)) >> 8
	}
	return 0xff
}
