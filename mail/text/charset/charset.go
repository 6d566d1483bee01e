// Package charset turns the bytes of a mail into Unicode.
//
// The label in the mail is a claim (RFC 2046 section 4.1.2), and often a
// wrong one: readers look labels up by the table of the WHATWG Encoding
// Standard, where iso-8859-1 means windows-1252 and gb2312 means GBK. That
// table, as golang.org/x/text has it, is the base; added are the names that
// mail uses beside it (cp932, cp936, cp949, utf-7, unknown-8bit) and the
// three encodings that browsers replace by one U+FFFD for safety (iso-2022-kr,
// iso-2022-cn, hz), because mail readers still show what they hide.
//
// A label that the bytes contradict is not believed: Decode says which
// encoding it used and why.
package charset

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Info tells how a text was decoded.
type Info struct {
	Declared  string // the label as declared: lower case, at most 40 bytes; "" when there was none
	Used      string // the encoding that was used, as in the WHATWG table
	Unknown   bool   // the label names no encoding known
	Replaced  bool   // the label is one that browsers refuse to decode
	Wrong     bool   // the bytes contradict the label
	Malformed bool   // the text holds sequences that mean nothing in the encoding used
}

// maxLabel bounds the label as it is reported.
const maxLabel = 40

// Decode turns b, labelled as label ("" when there is no label), into UTF-8.
// The result is valid UTF-8 and at most limit bytes long; what is beyond is
// cut off. It takes linear time and is safe for concurrent use.
func Decode(label string, b []byte, limit int) (string, Info) {
	b = b[:min(len(b), limit)]
	info := Info{Declared: clean(label)}
	name, enc := lookup(info.Declared)
	info.Unknown = name == "" && info.Declared != "" && !vague(info.Declared)
	info.Replaced = name == "iso-2022-kr" || name == "iso-2022-cn" || name == "hz-gb-2312"
	info.Used = name
	b, bom := cutBOM(b)
	plain := ascii(b)
	if bom == "" && misfit(name, enc, b, plain) {
		info.Wrong, name, enc = true, "", nil
		info.Used = ""
	}
	if bom != "" {
		info.Wrong = name != "" && name != bom && !strings.HasPrefix(name, "utf-16")
		info.Used, enc = bom, nil
		if bom != "utf-8" {
			_, enc = lookup(bom)
		}
	} else if !stateful(name) {
		wrong := info.Wrong
		info.settle(b, plain)
		info.Wrong = info.Wrong || wrong
		if info.Used != name {
			_, enc = lookup(info.Used)
		}
	}
	if plain && !stateful(info.Used) {
		return string(b), info
	}
	text := decode(info.Used, enc, b)
	info.Malformed = strings.Contains(text, "\uFFFD")
	return cut(text, limit), info
}

// Known tells whether the label names an encoding that Decode can read.
func Known(label string) bool {
	name, _ := lookup(clean(label))
	return name != ""
}

// settle compares the label with bytes that have no shift states, and picks
// the encoding that they are really in. Plain tells that all are ASCII.
func (i *Info) settle(b []byte, plain bool) {
	if plain {
		i.settleASCII(b)
		return
	}
	switch runes, ok := countUTF8(b); {
	case ok && i.Used == "utf-8":
	case ok && (!multibyte(i.Used) || runes >= 4):
		i.Wrong = i.Used != "" // "us-ascii" is windows-1252 in the table
		i.Used = "utf-8"
	case i.Used == "" && twoHanzi(b):
		i.Used = "gbk"
	case i.Used == "" || i.Used == "utf-8" || i.Used == "windows-1252":
		if guess := Guess(b); guess != i.Used && (guess != "windows-1252" || i.Used == "" || !mostlyUTF8(b)) {
			i.Wrong = i.Used != ""
			i.Used = guess
		}
	case !multibyte(i.Used) && paired(b):
		i.Wrong, i.Used = true, cmp.Or(guessPairs(b), "gbk")
	}
}

// settleASCII handles seven-bit text: all encodings here agree on it, but for
// escape sequences that somebody forgot to announce.
func (i *Info) settleASCII(b []byte) {
	escape := bytes.IndexByte(b, '\x1b')
	if escape < 0 {
		i.Used = cmp.Or(i.Used, "utf-8")
		return
	}
	b = b[escape:]
	switch {
	case bytes.Contains(b, []byte("\x1b$)C")):
		i.Wrong, i.Used = i.Used != "", "iso-2022-kr"
	case bytes.Contains(b, []byte("\x1b$B")), bytes.Contains(b, []byte("\x1b$@")):
		i.Wrong, i.Used = i.Used != "", "iso-2022-jp"
	case i.Used == "":
		i.Used = "utf-8"
	}
}

// decode runs the decoder; the name tells those that x/text does not have.
func decode(name string, enc encoding.Encoding, b []byte) string {
	switch name {
	case "utf-7":
		return decodeUTF7(b)
	case "iso-2022-kr", "iso-2022-cn":
		b, enc = unshift(name, b)
	case "hz-gb-2312":
		b = openLinks(b)
	case "utf-8":
		return valid(b)
	}
	if enc == nil {
		return valid(b)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return valid(b)
	}
	return valid(out)
}

// valid makes a string of b with U+FFFD for what is no UTF-8.
func valid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// aliases are the labels of mail that the WHATWG table lacks or gives up on.
var aliases = map[string]string{
	"cp932": "shift_jis", "ms932": "shift_jis", "windows-932": "shift_jis",
	"cp936": "gbk", "ms936": "gbk", "windows-936": "gbk", "gb-2312": "gbk", "euc-cn": "gbk",
	"cp949": "euc-kr", "ms949": "euc-kr", "uhc": "euc-kr",
	"cp950": "big5", "ms950": "big5",
	"x-windows-932": "shift_jis", "x-windows-936": "gbk", "x-windows-949": "euc-kr", "x-windows-950": "big5",
	"sjis-win": "shift_jis", "gb18030-2000": "gb18030", "ks_c_5601": "euc-kr", "x-big5": "big5", "big5-eten": "big5",
	"eucjp": "euc-jp", "eucjp-ms": "euc-jp", "eucjp-win": "euc-jp", "cp51932": "euc-jp",
	"iso-2022-jp-1": "iso-2022-jp", "iso-2022-jp-2": "iso-2022-jp", "iso-2022-jp-3": "iso-2022-jp", "iso-2022-jp-ms": "iso-2022-jp",
	"cp50220": "iso-2022-jp", "cp50221": "iso-2022-jp", "cp50222": "iso-2022-jp",
	"cp874": "windows-874", "koi8r": "koi8-r", "mac-cyrillic": "x-mac-cyrillic", "win-1251": "windows-1251", "win-1252": "windows-1252",
	"latin-1": "windows-1252", "utf8mb4": "utf-8", "utf-8-sig": "utf-8",
	"utf-7": "utf-7", "utf7": "utf-7", "unicode-1-1-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7",
	"iso-2022-kr": "iso-2022-kr", "csiso2022kr": "iso-2022-kr",
	"iso-2022-cn": "iso-2022-cn", "iso-2022-cn-ext": "iso-2022-cn",
	"hz-gb-2312": "hz-gb-2312", "hz": "hz-gb-2312",
	"utf-16le": "utf-16le", "utf-16be": "utf-16be",
	"iso8859-1": "windows-1252", "646": "windows-1252", "ansi": "windows-1252",
}

// lookup finds an encoding by a clean label. The name is "" when there is
// none; the encoding is nil where decode has its own way.
func lookup(label string) (string, encoding.Encoding) {
	name := label
	if a, ok := aliases[label]; ok {
		name = a
	}
	switch name {
	case "", "utf-7", "iso-2022-kr", "iso-2022-cn":
		return name, nil
	case "hz-gb-2312":
		return name, simplifiedchinese.HZGB2312
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		enc, err = htmlindex.Get(strings.ReplaceAll(name, "_", "-"))
	}
	if err == nil {
		canonical, _ := htmlindex.Name(enc)
		if canonical == "replacement" {
			return "", nil
		}
		return canonical, enc
	}
	if enc, err := ianaindex.MIME.Encoding(name); err == nil && enc != nil {
		return name, enc
	}
	return "", nil
}

// clean reduces a label to what is looked up: no quotes, blanks or trailing
// parameters, lower case.
func clean(label string) string {
	label = label[:min(len(label), 4*maxLabel)]
	label, _, _ = strings.Cut(label, ";")
	label = strings.ToLower(strings.Trim(label, " \t\r\n\"'"))
	label = strings.TrimPrefix(label, "charset=")
	return strings.ToValidUTF8(label[:min(len(label), maxLabel)], "?")
}

// vague labels say openly that they do not know.
func vague(label string) bool {
	switch label {
	case "unknown-8bit", "x-unknown", "unknown", "8bit", "binary", "default", "default_charset", "_autodetect", "x-user-defined":
		return true
	}
	return false
}

// misfit tells whether text cannot be in an encoding that gives every byte
// another meaning than ASCII does (EBCDIC, UTF-16), because it makes sense as
// ASCII. Readers that do not know the label show it.
func misfit(name string, enc encoding.Encoding, b []byte, plain bool) bool {
	wide := strings.HasPrefix(name, "utf-16")
	if !wide && !ebcdic(enc) || len(b) == 0 || controls(b)*20 > len(b) || bytes.IndexByte(b, 0) >= 0 {
		return false
	}
	if plain {
		return true
	}
	if !wide { // 0x40 is the blank of EBCDIC
		return bytes.Count(b, []byte(" ")) > bytes.Count(b, []byte("@"))
	}
	runes, ok := countUTF8(b)
	return ok && runes >= 4
}

func ebcdic(enc encoding.Encoding) bool {
	return enc == charmap.CodePage037 || enc == charmap.CodePage1047 || enc == charmap.CodePage1140
}

// controls counts the control characters of ASCII that text does not hold.
func controls(b []byte) (n int) {
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' {
			n++
		}
	}
	return n
}

// stateful encodings give ASCII bytes another meaning, so that seven-bit text
// is not simply text.
func stateful(name string) bool {
	switch name {
	case "utf-7", "utf-16le", "utf-16be", "iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "hz-gb-2312":
		return true
	}
	return strings.HasPrefix(name, "ibm0") || strings.HasPrefix(name, "ibm1") || name == "ebcdic"
}

// multibyte encodings can be valid UTF-8 by accident, in short texts.
func multibyte(name string) bool {
	switch name {
	case "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr":
		return true
	}
	return false
}

func cutBOM(b []byte) ([]byte, string) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return b[3:], "utf-8"
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		return b[2:], "utf-16le"
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		return b[2:], "utf-16be"
	}
	return b, ""
}

// ascii tells whether every byte is below 0x80, eight at a time.
func ascii(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// countUTF8 counts the non-ASCII characters of valid UTF-8. A character cut
// in half by the end is forgiven.
func countUTF8(b []byte) (n int, ok bool) {
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return n, n > 0 && !utf8.FullRune(b[i:])
		}
		n++
		i += size
	}
	return n, true
}

// mostlyUTF8 tells whether broken text is nearer to UTF-8 than to anything
// else: nine in ten of its non-ASCII bytes belong to whole characters.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			bad++
		} else {
			good += size
		}
		i += size
	}
	return good > 9*bad
}

// cut shortens s to at most n bytes at a character's edge.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
