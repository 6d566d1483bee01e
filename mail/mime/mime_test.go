package mime

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// scan reads a message written with LF, as CRLF.
func scan(t testing.TB, lines string) *Tree {
	t.Helper()
	return ScanMessage([]byte(strings.ReplaceAll(lines, "\n", "\r\n")), DefaultLimits())
}

// show gives "path type content" of each leaf, the reading in front where it
// is not the first.
func show(tree *Tree) (all []string) {
	for _, p := range tree.Parts() {
		s := p.Path + " " + p.Type + " " + squash(string(p.Content()))
		if p.Reading != "" {
			s = "[" + p.Reading + "] " + s
		}
		all = append(all, s)
	}
	return all
}

func TestEveryReadingIsSeen(t *testing.T) {
	tests := []struct {
		name, message string
		leaves        []string
		symbols       []string
	}{
		{
			name:    "a plain message is one leaf",
			message: "Subject: x\n\nhello",
			leaves:  []string{"1 text/plain hello"},
		},
		{
			name:    "two Content-Types: the first boundary, and the last",
			message: "Content-Type: multipart/mixed; boundary=a\nContent-Type: multipart/mixed; boundary=b\n\n--a\n\nfor a\n--a--\n--b\nContent-Type: application/x-evil\n\nfor b\n--b--\n",
			leaves: []string{
				"1.1 text/plain for a", "1.epilogue text/plain --b Content-Type: application/x-evil for b --b--", "[last-type] 1.1 application/x-evil for b",
			},
			symbols: []string{"MIME_EPILOGUE", "MIME_MULTIPLE_TYPES"},
		},
		{
			name:    "two boundaries in one Content-Type",
			message: "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\nfor a\n--b\n\nfor b\n--b--\n--a--\n",
			leaves: []string{
				"1.1 text/plain for a --b for b --b--", "[last-type] 1.1 text/plain for b", "[all-boundaries] 1.1 text/plain for a",
			},
			symbols: []string{"MIME_BOUNDARY_DUPLICATE", "MIME_PARAM_DUPLICATE"},
		},
		{
			name:    "a boundary with text after its quotes",
			message: "Content-Type: multipart/mixed; boundary=\"a\"b\n\n--a\n\none\n--a--\n--ab\n\ntwo\n--ab--\n",
			leaves:  []string{"1.1 text/plain one", "[last-type] 1.1 text/plain two"},
			symbols: []string{"MIME_BOUNDARY_DUPLICATE", "MIME_BOUNDARY_PREFIX"},
		},
		{
			name:    "a line that only begins with the boundary",
			message: "Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--abc\nContent-Type: text/html\n\ntwo\n--a--\n",
			leaves: []string{
				"1.1 text/plain one --abc Content-Type: text/html two", "[prefix] 1.1 text/plain one", "[prefix] 1.2 text/html two",
			},
			symbols: []string{"MIME_BOUNDARY_PREFIX"},
		},
		{
			name:    "an inner boundary that begins with the outer one is nothing odd",
			message: "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=a_b\n\n--a_b\n\none\n--a_b--\n--a--\n",
			leaves:  []string{"1.1.1 text/plain one"},
		},
		{
			name:    "parts after the close",
			message: "Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a--\n--a\nContent-Type: application/x-evil\n\ntwo\n--a--\n",
			leaves: []string{
				"1.1 text/plain one", "1.epilogue text/plain --a Content-Type: application/x-evil two --a--", "[after-close] 1.2 application/x-evil two",
			},
			symbols: []string{"MIME_AFTER_CLOSE", "MIME_EPILOGUE"},
		},
		{
			name:    "a multipart without boundary, and what follows when one is guessed",
			message: "Content-Type: multipart/mixed\n\n--x\nContent-Type: text/html\n\none\n--x--\n",
			leaves:  []string{"1 multipart/mixed --x Content-Type: text/html one --x--", "[guessed-boundary] 1.1 text/html one"},
			symbols: []string{"MIME_BOUNDARY_MISSING"},
		},
		{
			name:    "a boundary that never comes",
			message: "Content-Type: multipart/mixed; boundary=a\n\n--x\nContent-Type: text/html\n\none\n--x--\n",
			leaves:  []string{"1.preamble text/plain --x Content-Type: text/html one --x--", "[guessed-boundary] 1.1 text/html one"},
			symbols: []string{"MIME_BOUNDARY_UNUSED"},
		},
		{
			name:    "an inner boundary equal to the outer one",
			message: "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a--\n--a\n\ntwo\n--a--\n",
			leaves:  []string{"1.1.1 text/plain one", "1.2 text/plain two"},
			symbols: []string{"MIME_BOUNDARY_REUSED"},
		},
		{
			name:    "a part in base64 that the header calls 7bit first and base64 last",
			message: "Content-Type: application/x-evil\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n",
			leaves:  []string{"1 application/x-evil aGVsbG8=", "[last-type] 1 application/x-evil hello"},
			symbols: []string{"MIME_MULTIPLE_ENCODINGS"},
		},
		{
			name:    "base64 with junk, and data after its padding",
			message: "Content-Transfer-Encoding: base64\n\naGV*sbG8=\nIHdvcmxk\n",
			leaves:  []string{"1 text/plain hello world"},
		},
		{
			name:    "a message in a message",
			message: "Content-Type: message/rfc822\n\nContent-Type: text/html\n\ninner\n",
			leaves:  []string{"1.1 text/html inner"},
		},
		{
			name:    "a message in base64",
			message: "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("Content-Type: text/html\r\n\r\ninner")) + "\n",
			leaves:  []string{"1.1 text/html inner"},
			symbols: []string{"MIME_ENCODED_CONTAINER"},
		},
		{
			name:    "an equals sign in the middle of base64, which some skip",
			message: "Content-Transfer-Encoding: base64\n\na=GVsbG8=\n",
			leaves:  []string{"1 text/plain \x19[\x1b\x1b", "[skip-padding] 1 text/plain hello"},
		},
		{
			name:    "runs of base64, each with its padding",
			message: "Content-Transfer-Encoding: base64\n\naGk=\nYQ==\naGk=\n",
			leaves:  []string{"1 text/plain hiahi"},
		},
		{
			name:    "a file in base64 within a text",
			message: "\nbegin-base64 644 a.exe\naGVsbG8=\n====\nbye\n",
			leaves:  []string{"1 text/plain begin-base64 644 a.exe aGVsbG8= ==== bye", "1.1 application/octet-stream hello"},
			symbols: []string{"MIME_UUENCODE"},
		},
		{
			name:    "PGP in a text",
			message: "\n-----BEGIN PGP MESSAGE-----\n",
			leaves:  []string{"1 text/plain -----BEGIN PGP MESSAGE-----"},
			symbols: []string{"MIME_ENCRYPTED"},
		},
		{
			name:    "PGP in quoted-printable",
			message: "Content-Transfer-Encoding: quoted-printable\n\n=2D----BEGIN PGP SIGNED MESSAGE-----\n",
			leaves:  []string{"1 text/plain -----BEGIN PGP SIGNED MESSAGE-----"},
			symbols: []string{"MIME_SIGNED"},
		},
		{
			name:    "PGP in base64",
			message: "Content-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("-----BEGIN PGP MESSAGE-----\n")) + "\n",
			leaves:  []string{"1 text/plain -----BEGIN PGP MESSAGE-----"},
			symbols: []string{"MIME_ENCRYPTED"},
		},
		{
			name:    "a multipart in base64",
			message: "Content-Type: multipart/mixed; boundary=a\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("--a\r\nContent-Type: text/html\r\n\r\ninner\r\n--a--")) + "\n",
			leaves:  []string{"1.preamble text/plain --a Content-Type: text/html inner --a--", "[decoded] 1.1.1 text/html inner"},
			symbols: []string{"MIME_BOUNDARY_UNUSED", "MIME_ENCODED_CONTAINER"},
		},
		{
			name:    "a CR alone that hides a header",
			message: "Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\r--a\rContent-Type: text/html\r\rtwo\n--a--\n",
			leaves:  []string{"1.1 text/plain one --a Content-Type: text/html two", "[cr] 1.1 text/plain one", "[cr] 1.2 text/html two"},
			symbols: []string{"MIME_BARE_CR"},
		},
		{
			name:    "a line that is no field within a header",
			message: "Content-Type: multipart/mixed; boundary=a\n\n--a\nX-One: 1\nno field\nContent-Type: text/html\n\none\n--a--\n",
			leaves:  []string{"1.1 text/plain no field Content-Type: text/html one", "[skip-junk] 1.1 text/html one"},
			symbols: []string{"MIME_HEADER_JUNK"},
		},
		{
			name:    "a line of blanks within a header",
			message: "Content-Type: multipart/mixed; boundary=a\n\n--a\nX-One: 1\n \nContent-Type: text/html\n\none\n--a--\n",
			leaves:  []string{"1.1 text/html one", "[blank-ends] 1.1 text/plain Content-Type: text/html one"},
		},
		{
			name:    "an inner multipart that nobody closed",
			message: "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--a\n\ntwo\n--a--\n",
			leaves:  []string{"1.1.1 text/plain one", "1.2 text/plain two", "[own-boundary] 1.1.1 text/plain one --a two --a--"},
			symbols: []string{"MIME_UNCLOSED"},
		},
		{
			name:    "uuencode in text",
			message: "\nlook:\nbegin 644 evil.exe\n#0V%T\n`\nend\nbye\n",
			leaves:  []string{"1 text/plain look: begin 644 evil.exe #0V%T ` end bye", "1.1 application/octet-stream Cat"},
			symbols: []string{"MIME_UUENCODE"},
		},
		{
			name:    "yEnc in text",
			message: "\n=ybegin line=128 size=3 name=evil.exe\n\x6d\x8b\x9e\n=yend size=3\n",
			leaves:  []string{"1 text/plain =ybegin line=128 size=3 name=evil.exe \x6d\x8b\x9e =yend size=3", "1.1 application/octet-stream Cat"},
			symbols: []string{"MIME_YENC"},
		},
		{
			name:    "an encoding nobody knows",
			message: "Content-Transfer-Encoding: base9000\n\nhello\n",
			leaves:  []string{"1 text/plain hello"},
			symbols: []string{"MIME_ENCODING_UNKNOWN"},
		},
		{
			name:    "an encoding that strict readers do not know",
			message: "Content-Transfer-Encoding: \"base64\"; x=y\n\naGVsbG8=\n",
			leaves:  []string{"1 text/plain hello"},
			symbols: []string{"MIME_ENCODING_ODD"},
		},
		{
			name:    "a preamble with a link",
			message: "Content-Type: multipart/mixed; boundary=a\n\nsee http://example.org/\n--a\n\none\n--a--\n",
			leaves:  []string{"1.preamble text/plain see http://example.org/", "1.1 text/plain one"},
			symbols: []string{"MIME_PREAMBLE"},
		},
		{
			name:    "a preamble that says what it is is no part",
			message: "Content-Type: multipart/mixed; boundary=a\n\nThis is a multi-part message in MIME format.\n--a\n\none\n--a--\n",
			leaves:  []string{"1.1 text/plain one"},
		},
		{
			name:    "a digest holds messages",
			message: "Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\none\n--a--\n",
			leaves:  []string{"1.1.1 text/plain one"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := scan(t, test.message)
			if got := show(tree); !slices.Equal(got, test.leaves) {
				t.Errorf("leaves\n %q\nwant\n %q", got, test.leaves)
			}
			var got []string
			for _, f := range tree.Findings() {
				got = append(got, f.Symbol)
			}
			slices.Sort(got)
			if got = slices.Compact(got); !slices.Equal(got, test.symbols) {
				t.Errorf("symbols %q, want %q", got, test.symbols)
			}
		})
	}
}

func TestUndeclaredAndDoubleBase64IsSeen(t *testing.T) {
	once := base64.StdEncoding.EncodeToString([]byte("MZ " + strings.Repeat("This Program cannot be run in DOS mode 0123. ", 4)))
	twice := base64.StdEncoding.EncodeToString([]byte(once))
	zeros := base64.StdEncoding.EncodeToString([]byte("MZ This" + strings.Repeat("\x00", 200)))
	for symbol, message := range map[string]string{
		"MIME_ENCODING_WRONG":   "Content-Type: application/octet-stream\n\n" + once,
		"MIME_ENCODING_WRONG 1": "Content-Type: application/octet-stream\n\n" + zeros,
		"MIME_DOUBLE_ENCODED":   "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n" + twice,
	} {
		tree := scan(t, message)
		symbol, _, _ := strings.Cut(symbol, " ")
		if !tree.Has(symbol) || !slices.ContainsFunc(tree.Parts(), func(p *Part) bool { return bytes.HasPrefix(p.Content(), []byte("MZ This")) }) {
			t.Errorf("%s: %s", symbol, describe(tree))
		}
	}
}

func TestEveryNameIsSeen(t *testing.T) {
	tests := []struct {
		name, header string
		names        []string
	}{
		{"two fields that disagree", "Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=\"a.exe\"\n", []string{"a.exe", "a.pdf"}},
		{"plain and RFC 2231", "Content-Disposition: attachment; filename=a.txt; filename*=utf-8''a.exe\n", []string{"a.txt", "a.exe", "utf-8''a.exe"}},
		{"sections", "Content-Disposition: attachment; filename*1=xe; filename*0=a.e\n", []string{"a.exe"}},
		{"an encoded word", "Content-Disposition: attachment; filename=\"=?utf-8?B?5Y+R56WoLmV4ZQ==?=\"\n", []string{"发票.exe", "=?utf-8?B?5Y+R56WoLmV4ZQ==?="}},
		{"bare 8-bit text in GBK", "Content-Disposition: attachment; filename=\"\xb7\xa2\xc6\xb1\xb4\xfa\xbf\xaa.exe\"\n", []string{"发票代开.exe"}},
		{"blanks without quotes", "Content-Disposition: attachment; filename=my file.exe\n", []string{"my file.exe", "my"}},
		{"a backslash", "Content-Disposition: attachment; filename=\"a\\b.exe\"\n", []string{"ab.exe", "a\\b.exe"}},
		{"an unclosed quote", "Content-Disposition: attachment; filename=\"a.exe; x=y\n", []string{"a.exe; x=y", "a.exe"}},
		{"a section given twice", "Content-Disposition: attachment; filename*0=a.; filename*1=b; filename*1=c\n", []string{"a.bc", "a.b", "a.c"}},
		{"two dispositions", "Content-Disposition: attachment; filename=a\nContent-Disposition: inline; filename=b\n", []string{"a", "b"}},
		{"a location", "Content-Type: a/b\nContent-Location: http://c.example/d/e%2Ef?g=/h\n", []string{"e.f"}},
		{"a location without a file", "Content-Type: a/b\nContent-Location: http://c.example\n", nil},
		{"a location beside a name", "Content-Type: a/b; name=c\nContent-Location: d\n", []string{"c"}},
		{"a location of what is shown", "Content-Type: text/html\nContent-Location: a.html\n", nil},
		{"a location of a picture", "Content-Type: image/gif\nContent-Location: http://a.example/b.com\n", nil},
		{"a name behind a lone CR", "Content-Disposition: attachment; filename=a\nX: y\rContent-Type: text/plain; name=b\n", []string{"a", "b"}},
		{"a name of which the middle is lost", "Content-Disposition: attachment; filename=" + strings.Repeat("a", maxName) + ".exe\n",
			[]string{strings.Repeat("a", maxName-4) + ".exe"}},
		{"no semicolon before it", "Content-Disposition: attachment\n filename=a.exe\n", []string{"a.exe"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := scan(t, test.header+"\nx")
			if got := tree.Parts()[0].Names; !slices.Equal(got, test.names) {
				t.Errorf("names %q, want %q", got, test.names)
			}
		})
	}
}

func TestNamesThatReadersChooseDifferentlyAreFindings(t *testing.T) {
	tests := []struct{ name, header, symbol string }{
		{"a file name given twice", "Content-Disposition: attachment; filename=a; filename=b\n", "MIME_PARAM_DUPLICATE"},
		{"the same file name given twice", "Content-Disposition: attachment; filename=a; filename=a\n", ""},
		{"a plain one beside RFC 2231", "Content-Disposition: attachment; filename=_; filename*=utf-8''%C3%A4\n", ""},
		{"a section given twice", "Content-Disposition: attachment; filename*0=a; filename*0=b\n", "MIME_PARAM_DUPLICATE"},
		{"other parameters", "Content-Disposition: attachment; size=1; size=2\n", ""},
		{"dispositions that differ", "Content-Disposition: inline\nContent-Disposition: attachment\n", "MIME_MULTIPLE_DISPOSITIONS"},
		{"names that differ", "Content-Disposition: inline; filename=a\nContent-Disposition: inline; filename=b\n", "MIME_MULTIPLE_DISPOSITIONS"},
		{"dispositions that do not", "Content-Disposition: inline\nContent-Disposition: inline; size=1\n", ""},
		{"extensions behind a lone CR", "Content-Type: text/plain; name=a.b\nX: y\rContent-Disposition: x; filename=a.c\n", "MIME_NAME_CONFLICT"},
		{"a long name", "Content-Disposition: attachment; filename=" + strings.Repeat("a", maxName+1) + "\n", "MIME_LIMIT_NAMES"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := scan(t, test.header+"\nx")
			if test.symbol == "" && len(tree.Findings()) > 0 || test.symbol != "" && !tree.Has(test.symbol) {
				t.Errorf("want %s\n%s", test.symbol, describe(tree))
			}
		})
	}
}

// TestTheHeaderThatCameApartIsReadWithLoneCR hides fields behind a CR that is
// no line end to most readers.
func TestTheHeaderThatCameApartIsReadWithLoneCR(t *testing.T) {
	tests := []struct {
		name, value string
		want        []string
	}{
		{"a type", " b\rContent-Type: text/html", []string{"1 text/plain x", "[cr] 1 text/html x"}},
		{"a type and more", " b\rC: d\rContent-Type: text/html\rE: f", []string{"1 text/plain x", "[cr] 1 text/html x"}},
		{"another field", " b\rC: d", []string{"1 text/plain x"}},
		{"a fold", " b\r\n Content-Type: text/html", []string{"1 text/plain x"}},
		{"a CR at the end", " b\r", []string{"1 text/plain x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := Scan([]Field{{"A", test.value}}, []byte("x"), false, DefaultLimits())
			if got := show(tree); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q\n%s", got, test.want, describe(tree))
			}
			if tree.Has("MIME_BARE_CR") != (len(test.want) > 1) {
				t.Error(describe(tree))
			}
		})
	}
}

func TestDispositionsThatDifferAreBothRead(t *testing.T) {
	tree := scan(t, "Content-Disposition: inline\nContent-Disposition: attachment\n\nx")
	var got []string
	for _, p := range tree.Parts() {
		got = append(got, p.Reading+" "+p.Disposition)
	}
	if want := []string{" inline", "last-type attachment"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheEndOfALongNameIsKept(t *testing.T) {
	long := strings.Repeat("a", maxName) + ".exe"
	for _, test := range []struct{ name, message string }{
		{"a header", "Content-Disposition: attachment; filename=" + long + "\n\nx"},
		{"uuencode", "\nbegin 644 " + long + "\n#0V%T\nend\n"},
		{"TNEF", "Content-Type: application/ms-tnef\n\n" + string(tnefOf(long))},
	} {
		tree := scan(t, test.message)
		last := tree.Parts()[len(tree.Parts())-1]
		if !tree.Has("MIME_LIMIT_NAMES") || !strings.HasSuffix(last.Name(), "a.exe") || len(last.Name()) > maxName {
			t.Errorf("%s: %q\n%s", test.name, last.Name(), describe(tree))
		}
	}
}

// tnefOf is a TNEF with one empty file.
func tnefOf(title string) []byte {
	b := []byte{0x78, 0x9f, 0x3e, 0x22, 0, 0, 2}
	b = binary.LittleEndian.AppendUint32(b, 0x00018010)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(title)))
	return append(append(b, title...), 0, 0)
}

func TestHeaderLimitTellsWhichOneWasMet(t *testing.T) {
	limits := DefaultLimits()
	limits.HeaderBytes, limits.HeaderFields = 300, 9
	for _, test := range []struct{ name, header, detail string }{
		{"bytes", "A: " + strings.Repeat("b", 300) + "\r\n", "300"},
		{"fields", strings.Repeat("A: b\r\n", 10), "9"},
		{"fields of the outer header", strings.Repeat("Content-A: b\r\n", 10), "9"},
	} {
		tree := ScanMessage([]byte(test.header+"\r\nx"), limits)
		if got := tree.Findings(); len(got) != 1 || got[0] != (Finding{"MIME_LIMIT_HEADER", test.detail}) {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestDecodeWords(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing to decode", "hello", "hello"},
		{"base64 with padding", "=?utf-8?B?5Y+R56Wo?= x =?utf-8?b?YQ==?=", "发票 x a"},
		{"blanks between words go", "=?utf-8?Q?a?= \r\n =?utf-8?Q?b?=", "ab"},
		{"a character cut in two", "=?utf-8?B?5Y8=?= =?utf-8?B?kQ==?=", "发"},
		{"underscores are blanks", "=?iso-8859-1?q?M=FCnchen_?=", "München "},
		{"a language tag", "=?utf-8*en?Q?x?=", "x"},
		{"not closed", "=?utf-8?Q?abc", "=?utf-8?Q?abc"},
		{"an unknown encoding", "=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
		{"bare GBK", "\xb7\xa2\xc6\xb1\xb4\xfa\xbf\xaa", "发票代开"},
	}
	for _, test := range tests {
		if got := DecodeWords(test.in); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestFlawsOfContent(t *testing.T) {
	tests := []struct{ name, encoding, body, content, symbol string }{
		{"base64 that is sound", "base64", "aGVsbG8=\r\n", "hello", ""},
		{"base64 with junk", "base64", "aGV*sbG8=", "hello", "MIME_BASE64_JUNK"},
		{"base64 after padding", "base64", "aGk=aGk=", "hihi", "MIME_BASE64_PADDING"},
		{"base64 with a character too many", "base64", "aGVsA", "hel", "MIME_BASE64_LENGTH"},
		{"quoted-printable that is sound", "quoted-printable", "a=3D=\r\nb =41\r\n", "a=b A\r\n", ""},
		{"quoted-printable with blanks at the end", "quoted-printable", "a= \r\nb\t \r\n", "ab\r\n", ""},
		{"quoted-printable with escapes that are none", "quoted-printable", "a=ZZ=4", "a=ZZ=4", "MIME_QP_BAD"},
		{"uuencode as a transfer encoding", "x-uuencode", "begin 644 x\r\n#0V%T\r\nend\r\n", "Cat", ""},
		{"yEnc as a transfer encoding", "x-yenc", "=ybegin x\r\n\x6d=\xcb\r\n", "Ca", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := ScanMessage([]byte("Content-Transfer-Encoding: "+test.encoding+"\r\n\r\n"+test.body), DefaultLimits())
			p := tree.Parts()[0]
			if string(p.Content()) != test.content {
				t.Errorf("content %q, want %q", p.Content(), test.content)
			}
			symbol := ""
			for _, f := range p.Flaws() {
				symbol = f.Symbol
			}
			if symbol != test.symbol {
				t.Errorf("flaws %v, want %s", p.Flaws(), test.symbol)
			}
		})
	}
}

func TestFilesInTNEF(t *testing.T) {
	var b []byte
	attr := func(id uint32, data []byte) {
		b = append(b, 2)
		b = binary.LittleEndian.AppendUint32(b, id)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		b = append(append(b, data...), 0, 0)
	}
	b = append(b, 0x78, 0x9f, 0x3e, 0x22, 0, 0)
	attr(0x00069002, make([]byte, 14))
	attr(0x00018010, []byte("EVIL~1.EXE\x00"))
	attr(0x0006800f, []byte("MZ"))
	attr(0x00069005, append([]byte{1, 0, 0, 0, 0x1f, 0, 7, 0x37, 1, 0, 0, 0, 14, 0, 0, 0}, "e\x00v\x00i\x00l\x00.\x00e\x00\x00\x00"...))
	tree := scan(t, "Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n"+base64.StdEncoding.EncodeToString(b))
	last := tree.Parts()[len(tree.Parts())-1]
	if !tree.Has("MIME_TNEF") || string(last.Content()) != "MZ" || !slices.Equal(last.Names, []string{"evil.e", "EVIL~1.EXE"}) {
		t.Errorf("%q %q\n%s", last.Content(), last.Names, describe(tree))
	}
}

func TestMessagesByName(t *testing.T) {
	inner := "Subject: b\r\nContent-Type: application/octet-stream; name=c.exe\r\n\r\nMZ"
	for _, test := range []struct {
		name, header, body string
		want               bool
	}{
		{"of no type", "application/octet-stream; name=a.eml", inner, true},
		{"of another type", "text/plain; name=A.EML", inner, true},
		{"from a mailbox file", "application/octet-stream; name=a.eml", "From b Mon Jan  1 00:00:00 2026\r\n" + inner, true},
		{"without a header", "application/octet-stream; name=a.eml", "PK\x03\x04", false},
		{"without a name", "application/octet-stream", inner, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree := scan(t, "Content-Type: "+test.header+"\nContent-Transfer-Encoding: base64\n\n"+base64.StdEncoding.EncodeToString([]byte(test.body)))
			last := tree.All()[len(tree.All())-1]
			if got := last.Name() == "c.exe" && string(last.Content()) == "MZ"; got != test.want {
				t.Error(describe(tree))
			}
			if p := tree.Attachments()[0]; p.Path != "1" || string(p.Content()) != test.body {
				t.Errorf("the message is no attachment: %s", describe(tree))
			}
		})
	}
}

func TestOpaqueSignature(t *testing.T) {
	inner := "Content-Type: text/html\r\n\r\n<b>hi</b>"
	content := append([]byte{0x30, 0x80}, oidData...)
	content = append(content, 0xa0, 0x80, 0x24, 0x80, 0x04, 10)
	content = append(append(content, inner[:10]...), 0x04, byte(len(inner)-10))
	content = append(append(content, inner[10:]...), 0, 0, 0, 0)
	signed := append(append([]byte{0x30, 0x80}, oidSigned...), content...)
	sealed := append([]byte{0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}, oidData...)
	tests := []struct {
		name, header string
		der          []byte
		symbol, last string
	}{
		{"by type", "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", signed, "MIME_SIGNED", "<b>hi</b>"},
		{"without its outer wrapper", "application/pkcs7-mime; smime-type=signed-data", content, "MIME_SIGNED", "<b>hi</b>"},
		{"by name", "application/octet-stream; name=SMIME.P7M", signed, "MIME_SIGNED", "<b>hi</b>"},
		{"by content", "application/octet-stream; name=a.dat", signed, "MIME_SIGNED", "<b>hi</b>"},
		{"encrypted, by name", "application/octet-stream; name=smime.p7m", sealed, "MIME_ENCRYPTED", string(sealed)},
		{"of another kind", "text/plain; name=smime.p7m", signed, "", string(signed)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := scan(t, "Content-Type: "+test.header+"\nContent-Transfer-Encoding: base64\n\n"+base64.StdEncoding.EncodeToString(test.der))
			last := tree.Parts()[len(tree.Parts())-1]
			if string(last.Content()) != test.last || test.symbol != "" && !tree.Has(test.symbol) || test.symbol == "" && len(tree.Findings()) > 0 {
				t.Error(describe(tree))
			}
		})
	}
}

func TestFoundTypeAndDigest(t *testing.T) {
	tree := scan(t, "Content-Type: text/plain; name=a.txt\nContent-Transfer-Encoding: base64\n\n"+base64.StdEncoding.EncodeToString([]byte("%PDF-1.4\n")))
	p := tree.Parts()[0]
	if p.Found() != "application/pdf" || p.Name() != "a.txt" || !p.Attachment() {
		t.Errorf("found %q, name %q", p.Found(), p.Name())
	}
	if p.Digest() != sha256.Sum256([]byte("%PDF-1.4\n")) {
		t.Errorf("digest %x", p.Digest())
	}
}

func TestPartsMayBeReadAtOnce(t *testing.T) {
	tree := scan(t, "Content-Transfer-Encoding: base64\n\naGVsbG8=\n")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, p := range tree.Parts() {
				if p.Size() != 5 || p.Found() != "text/plain" || p.Digest() == [32]byte{} {
					t.Error("wrong")
				}
			}
		})
	}
	wg.Wait()
}

func TestWords(t *testing.T) {
	for _, test := range []struct {
		in   string
		want string
	}{
		{"no encoded word", "[]"},
		{"=?utf-8?q?Gr=C3?=\r\n =?UTF-8?q?=BC=C3=9Fe?= a =?gbk*zh?b?xPo=?=", "[{UTF-8 false Gr\u00fc\u00dfe} {gbk true \xc4\xfa}]"},
		{"=?us-ascii?b?YQ==?= =?us-ascii?b?Yg==?=", "[{us-ascii true ab}]"},
		{"=?us-ascii?b?YQ==?= =?us-ascii?q?b?=", "[{us-ascii false ab}]"},
		{"=?a?x?b?= =?broken", "[]"},
	} {
		if got := fmt.Sprint(stringWords(Words(test.in))); got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
	}
}

func stringWords(words []Word) []string {
	list := []string{}
	for _, w := range words {
		list = append(list, fmt.Sprintf("{%s %v %s}", w.Charset, w.Base64, w.Bytes))
	}
	return list
}

func TestNamesDifferByTheirExtensions(t *testing.T) {
	for _, test := range []struct {
		names []string
		want  bool
	}{
		{[]string{"a.txt", "b.TXT"}, false},
		{[]string{"signature", "signature.asc"}, false},
		{[]string{"a.txt", "a.exe"}, true},
		{[]string{"a.txt", "a", "a.exe"}, true},
		{[]string{"a.jpg", "a.JPEG"}, false},
		{[]string{"\u00fc.pdf", "=?iso-8859-1?Q?=FC.pdf?="}, false},
		{[]string{"\u00fc.pdf", "=?iso-8859-1?Q?=FC.pdf?=", "b.exe"}, true},
	} {
		if got := differ(test.names); got != test.want {
			t.Errorf("%q: %v", test.names, got)
		}
	}
}

func TestContainersThatReadersOfferAreAttachments(t *testing.T) {
	inner := "Subject: b\r\n\r\nHello"
	coded := base64.StdEncoding.EncodeToString([]byte(inner))
	tests := []struct {
		name, part string
		want       []string // path and size
	}{
		{"a message with a name", "Content-Type: message/rfc822; name=a.eml\n\n" + inner, []string{"1.1 19"}},
		{"a message as an attachment", "Content-Type: message/rfc822\nContent-Disposition: attachment\n\n" + inner, []string{"1.1 19"}},
		{"a message in base64", "Content-Type: message/rfc822; name=a.eml\nContent-Transfer-Encoding: base64\n\n" + coded, []string{"1.1 19"}},
		{"a message without a name", "Content-Type: message/rfc822\n\n" + inner, nil},
		{"a multipart with a name", "Content-Type: multipart/x; boundary=c; name=a.exe\n\n--c\n\na\n--c--", []string{"1.1 15"}},
		{"a multipart without a name", "Content-Type: multipart/x; boundary=c\n\n--c\n\na\n--c--", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree := scan(t, strings.ReplaceAll("Content-Type: multipart/mixed; boundary=b\n\n--b\n"+test.part+"\n--b--\n", "\r\n", "\n"))
			var got []string
			for _, p := range tree.Attachments() {
				got = append(got, fmt.Sprint(p.Path, " ", p.Size()))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q\n%s", got, test.want, describe(tree))
			}
		})
	}
}
