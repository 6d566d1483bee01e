package text

import (
	"math"
	"strings"
)

// What a colour can be beside 0xRRGGBB.
const (
	unknown   = -1
	invisible = -2 // transparent
	same      = -3 // that of the parent
)

// textColor reads a colour of letters. What is no colour is not heeded, what
// cannot be told here is unknown.
func textColor(s string) (int32, bool) {
	c, alpha, ok := color(s)
	switch {
	case ok && alpha < 0.1:
		return invisible, true
	case ok:
		return c, true // a bit of it is as hard to see on its like
	}
	switch strings.ToLower(s) {
	case "inherit", "unset", "currentcolor", "revert":
		return same, true
	case "initial":
		return 0x000000, true
	}
	return unknown, system(s) || strings.Contains(s, "(")
}

// groundColor reads the colour of a background.
func groundColor(s string) (int32, bool) {
	switch c, alpha, ok := color(s); {
	case ok && alpha >= 0.9:
		return c, true
	case ok && alpha == 0:
		return same, true
	case ok:
		return unknown, true
	}
	switch strings.ToLower(s) {
	case "inherit", "initial", "unset", "revert":
		return same, true
	}
	return unknown, system(s) || strings.Contains(s, "(")
}

// background reads the shorthand: a colour and words about an image, which
// lies over it. One word that means nothing spoils it all.
func background(s string) (c, image int32, ok bool) {
	lower := strings.ToLower(s)
	if strings.Contains(lower, "url(") || strings.Contains(lower, "gradient") || strings.Contains(lower, "image") {
		return unknown, yes, true
	}
	c = same
	for s != "" {
		i := wordEndCSS(s)
		word := s[:i]
		s = s[min(i+1, len(s)):]
		if word == "" || groundWord(word) {
			continue
		}
		if c, ok = groundColor(word); !ok {
			return 0, no, false
		}
	}
	return c, no, true
}

// wordEndCSS is where the first blank outside of brackets is.
func wordEndCSS(s string) int {
	depth := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth <= 0 && isSpace(c):
			return i
		}
	}
	return len(s)
}

// groundWord tells whether a word belongs into a background beside its colour.
func groundWord(s string) bool {
	if _, ok := number(s); ok || s == "/" {
		return true
	}
	switch strings.ToLower(s) {
	case "none", "repeat", "repeat-x", "repeat-y", "no-repeat", "space", "round", "scroll", "fixed", "local", "top",
		"bottom", "left", "right", "center", "cover", "contain", "auto", "border-box", "padding-box", "content-box",
		"text":
		return true
	}
	return false
}

// system tells whether a name is that of a colour of the reader's system, or
// of its text.
func system(s string) bool {
	s = strings.ToLower(s)
	for _, prefix := range []string{"window", "canvas", "button", "highlight", "link", "visited", "active", "field", "gray",
		"mark", "menu", "info", "inactive", "threed", "caption", "scrollbar", "appworkspace", "background", "selected", "accent", "-webkit-", "-moz-", "currentcolor"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// color reads a colour of CSS and how opaque it is, from 0 to 1: #rgb, #rgba,
// #rrggbb, #rrggbbaa, rgb(), hsl(), names, and, as browsers do in mail, six
// digits alone.
func color(s string) (c int32, alpha float64, ok bool) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return 0, 0, false
	case s[0] == '#':
		return hexColor(s[1:])
	case hasFold(s, "rgb(") || hasFold(s, "rgba("):
		return components(s, rgb)
	case hasFold(s, "hsl(") || hasFold(s, "hsla("):
		return components(s, hsl)
	case hasFold(s, "transparent") && len(s) == len("transparent"):
		return 0, 0, true
	}
	if len(s) <= longestColor {
		var buf [longestColor]byte
		if c, ok := colorNames[string(appendLower(buf[:0], s))]; ok {
			return c, 1, true
		}
	}
	if len(s) == 6 {
		return hexColor(s)
	}
	return 0, 0, false
}

// hexColor reads 3, 4, 6 or 8 hexadecimal digits.
func hexColor(s string) (c int32, alpha float64, ok bool) {
	var d [8]int32
	if len(s) > 8 {
		return 0, 0, false
	}
	for i := range len(s) {
		if d[i] = int32(hexDigit(s[i])); d[i] < 0 {
			return 0, 0, false
		}
	}
	switch len(s) {
	case 4:
		return d[0]*17<<16 | d[1]*17<<8 | d[2]*17, float64(d[3]) / 15, true
	case 3:
		return d[0]*17<<16 | d[1]*17<<8 | d[2]*17, 1, true
	case 8:
		alpha = float64(d[6]<<4|d[7]) / 255
		fallthrough
	case 6:
		if len(s) == 6 {
			alpha = 1
		}
		return d[0]<<20 | d[1]<<16 | d[2]<<12 | d[3]<<8 | d[4]<<4 | d[5], alpha, true
	}
	return 0, 0, false
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// component is one of the numbers of a colour.
type component struct {
	n       float64
	percent bool
}

// components reads what is between the brackets of a colour, parted by commas or
// blanks and a slash.
func components(s string, mix func([3]component) int32) (int32, float64, bool) {
	_, s, _ = strings.Cut(s, "(")
	s, _, _ = strings.Cut(s, ")")
	var v [3]component
	n, alpha := 0, 1.0
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == '/' || r <= ' ' }) {
		f, unit, ok := length(word)
		switch {
		case !ok:
			return 0, 0, false
		case n < 3:
			v[n] = component{f, unit == "%"}
		case n == 3:
			alpha = f
			if unit == "%" {
				alpha /= 100
			}
		default:
			return 0, 0, false
		}
		n++
	}
	if n < 3 {
		return 0, 0, false
	}
	return mix(v), alpha, true
}

func rgb(v [3]component) (c int32) {
	for _, x := range v {
		if x.percent {
			x.n *= 2.55
		}
		c = c<<8 | int32(math.Round(min(max(x.n, 0), 255)))
	}
	return c
}

// hsl is the conversion of CSS Color Level 4 section 7.1.
func hsl(v [3]component) (c int32) {
	sat, light := min(max(v[1].n/100, 0), 1), min(max(v[2].n/100, 0), 1)
	for _, n := range []float64{0, 8, 4} {
		k := math.Mod(n+v[0].n/30, 12)
		if k < 0 {
			k += 12
		}
		x := light - sat*min(light, 1-light)*max(-1, min(k-3, 9-k, 1))
		c = c<<8 | int32(math.Round(255*x))
	}
	return c
}

// oldColor reads a colour of an attribute, of which HTML makes one whatever it
// is (HTML Standard section 2.3.6).
func oldColor(s string) (int32, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.EqualFold(s, "transparent") {
		return 0, false
	}
	if c, _, ok := color(s); ok && !strings.Contains(s, "(") && (s[0] != '#' || len(s) == 4 || len(s) == 7) {
		return c, true
	}
	digits := make([]int, 0, 130)
	for _, r := range strings.TrimPrefix(s[:min(len(s), 128)], "#") {
		digits = append(digits, max(0, hexDigit(byte(min(r, 0x7f)))))
	}
	for len(digits) == 0 || len(digits)%3 != 0 {
		digits = append(digits, 0)
	}
	third := len(digits) / 3
	from, to := max(0, third-8), third
	for to-from > 2 && digits[from] == 0 && digits[third+from] == 0 && digits[2*third+from] == 0 {
		from++
	}
	to = min(to, from+2)
	c := int32(0)
	for i := range 3 {
		n := 0
		for _, d := range digits[i*third+from : i*third+to] {
			n = n<<4 | d
		}
		c = c<<8 | int32(n)
	}
	return c, true
}

// near tells whether two colours cannot be told apart by eye.
func near(a, b int32) bool {
	for shift := 0; shift <= 16; shift += 8 {
		if d := a>>shift&0xff - b>>shift&0xff; d > 16 || d < -16 {
			return false
		}
	}
	return true
}
