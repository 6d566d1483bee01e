package charset

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

const (
	hanzi   = "代开各类正规发票，保证真实有效，联系电话请看附件。"
	trad    = "代開各類正規發票，保證真實有效，聯繫電話請看附件。"
	kana    = "このメールは、お客様のアカウントについてのお知らせです。"
	hangul  = "안녕하세요 고객님 계정이 정지되었습니다 확인해 주세요"
	russian = "Здравствуйте, ваш счёт заблокирован, подтвердите данные"
	polish  = "Zażółć gęślą jaźń, proszę państwa, dziękuję"
	german  = "Grüße aus München, schöne Straße über dem Fluß"
)

func in(t testing.TB, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecode(t *testing.T) {
	gbk, big5, sjis, euckr := simplifiedchinese.GBK, traditionalchinese.Big5, japanese.ShiftJIS, korean.EUCKR
	tests := []struct {
		name, label string
		bytes       []byte
		text        string
		info        Info
	}{
		{"plain ASCII without a label", "", []byte("hello"), "hello", Info{Used: "utf-8"}},
		{"UTF-8 said and true", "UTF-8", []byte(hanzi), hanzi, Info{Declared: "utf-8", Used: "utf-8"}},
		{"gb2312 is GBK", "gb2312", in(t, gbk, hanzi), hanzi, Info{Declared: "gb2312", Used: "gbk"}},
		{"cp936 is GBK", "cp936", in(t, gbk, hanzi), hanzi, Info{Declared: "cp936", Used: "gbk"}},
		{"cp932 is Shift_JIS", "CP932", in(t, sjis, kana), kana, Info{Declared: "cp932", Used: "shift_jis"}},
		{"cp949 is EUC-KR", "cp949", in(t, euckr, hangul), hangul, Info{Declared: "cp949", Used: "euc-kr"}},
		{"UTF-8 under the label latin1", "iso-8859-1", []byte(german), german, Info{Declared: "iso-8859-1", Used: "utf-8", Wrong: true}},
		{"UTF-8 under the label GBK", "gbk", []byte(hanzi), hanzi, Info{Declared: "gbk", Used: "utf-8", Wrong: true}},
		{"GBK under the label latin1", "iso-8859-1", in(t, gbk, hanzi), hanzi, Info{Declared: "iso-8859-1", Used: "gbk", Wrong: true}},
		{"GBK under the label UTF-8", "utf-8", in(t, gbk, hanzi), hanzi, Info{Declared: "utf-8", Used: "gbk", Wrong: true}},
		{"GBK under unknown-8bit", "unknown-8bit", in(t, gbk, hanzi), hanzi, Info{Declared: "unknown-8bit", Used: "gbk"}},
		{"two characters of GBK without a label", "", in(t, gbk, "发票.zip"), "发票.zip", Info{Used: "gbk"}},
		{"two letters of latin1 without a label", "", []byte("Gr\xf6\xdfe \xc4\xd6"), "Größe ÄÖ", Info{Used: "windows-1252"}},
		{"what PHP calls ISO-2022-JP", "ISO-2022-JP-MS", []byte("\x1b$B$\"\x1b(B"), "あ", Info{Declared: "iso-2022-jp-ms", Used: "iso-2022-jp"}},
		{"what Java calls EUC-KR", "x-windows-949", in(t, euckr, hangul), hangul, Info{Declared: "x-windows-949", Used: "euc-kr"}},
		{"Big5 without a label", "", in(t, big5, trad), trad, Info{Used: "big5"}},
		{"Shift_JIS without a label", "", in(t, sjis, kana), kana, Info{Used: "shift_jis"}},
		{"EUC-KR under an unknown label", "x-klingon", in(t, euckr, hangul), hangul, Info{Declared: "x-klingon", Used: "euc-kr", Unknown: true}},
		{"windows-1251 under us-ascii", "us-ascii", in(t, charmap.Windows1251, russian), russian, Info{Declared: "us-ascii", Used: "windows-1251", Wrong: true}},
		{"KOI8-R without a label", "", in(t, charmap.KOI8R, russian), russian, Info{Used: "koi8-r"}},
		{"latin1 said and true", "iso-8859-1", in(t, charmap.ISO8859_1, german), german, Info{Declared: "iso-8859-1", Used: "windows-1252"}},
		{"latin1 under the label UTF-8", "utf-8", in(t, charmap.ISO8859_1, german), german, Info{Declared: "utf-8", Used: "windows-1252", Wrong: true}},
		{"one broken character in UTF-8", "utf-8", []byte(hanzi + "\xff"), hanzi + "\uFFFD", Info{Declared: "utf-8", Used: "utf-8", Malformed: true}},
		{"UTF-7", "utf-7", []byte("Hi +Jjo- 1+-1 +ZeVnLIqe-"), "Hi ☺ 1+1 日本語", Info{Declared: "utf-7", Used: "utf-7"}},
		{"UTF-7 cut in the middle", "utf-7", []byte("a+J"), "a", Info{Declared: "utf-7", Used: "utf-7"}},
		{"hz is refused by browsers and read here", "hz-gb-2312", in(t, simplifiedchinese.HZGB2312, "发票 ok"), "发票 ok", Info{Declared: "hz-gb-2312", Used: "hz-gb-2312", Replaced: true}},
		{"iso-2022-kr is refused by browsers and read here", "iso-2022-kr", []byte("\x1b$)C\x0e>H3g\x0f ok"), "안녕 ok", Info{Declared: "iso-2022-kr", Used: "iso-2022-kr", Replaced: true}},
		{"iso-2022-cn is refused by browsers and read here", "iso-2022-cn", []byte("\x1b$)A\x0e7\"F1\x0f ok"), "发票 ok", Info{Declared: "iso-2022-cn", Used: "iso-2022-cn", Replaced: true}},
		{"iso-2022-jp under us-ascii", "us-ascii", in(t, japanese.ISO2022JP, kana), kana, Info{Declared: "us-ascii", Used: "iso-2022-jp", Wrong: true}},
		{"a byte order mark beats the label", "us-ascii", []byte("\xff\xfeh\x00i\x00"), "hi", Info{Declared: "us-ascii", Used: "utf-16le", Wrong: true}},
		{"UTF-16 said", "utf-16", []byte("h\x00i\x00"), "hi", Info{Declared: "utf-16", Used: "utf-16le"}},
		{"an old IBM page by its IANA name", "ibm437", []byte("\x81ber"), "über", Info{Declared: "ibm437", Used: "ibm437"}},
		{"ASCII under an EBCDIC label", "ibm037", []byte("<a href=x>"), "<a href=x>", Info{Declared: "ibm037", Used: "utf-8", Wrong: true}},
		{"ASCII under another name of one", "cp037", []byte("<a href=x>"), "<a href=x>", Info{Declared: "cp037", Used: "utf-8", Wrong: true}},
		{"EBCDIC said and true", "ibm037", in(t, charmap.CodePage037, "<a href=x> y"), "<a href=x> y", Info{Declared: "ibm037", Used: "ibm037"}},
		{"latin1 under an EBCDIC label", "ibm1047", in(t, charmap.ISO8859_1, german), german, Info{Declared: "ibm1047", Used: "windows-1252", Wrong: true}},
		{"ASCII under the label UTF-16", "utf-16be", []byte("<a href=x>"), "<a href=x>", Info{Declared: "utf-16be", Used: "utf-8", Wrong: true}},
		{"ASCII under the label UCS-2", "ucs-2", []byte("<a href=x>"), "<a href=x>", Info{Declared: "ucs-2", Used: "utf-8", Wrong: true}},
		{"UTF-8 under the label UCS-2", "iso-10646-ucs-2", []byte(hanzi), hanzi, Info{Declared: "iso-10646-ucs-2", Used: "utf-8", Wrong: true}},
		{"UTF-16 of hanzi said and true", "utf-16be", []byte("\x4e\x2d\x65\x87\x30\x02\xff\x0c"), "中文。，", Info{Declared: "utf-16be", Used: "utf-16be"}},
		{"GBK under the label latin2", "iso-8859-2", in(t, gbk, hanzi), hanzi, Info{Declared: "iso-8859-2", Used: "gbk", Wrong: true}},
		{"GBK under the label latin9", "iso-8859-15", in(t, gbk, hanzi), hanzi, Info{Declared: "iso-8859-15", Used: "gbk", Wrong: true}},
		{"GBK under the label KOI8-R", "koi8-r", in(t, gbk, hanzi), hanzi, Info{Declared: "koi8-r", Used: "gbk", Wrong: true}},
		{"EUC-KR under the label latin1", "iso-8859-1", in(t, euckr, hangul), hangul, Info{Declared: "iso-8859-1", Used: "euc-kr", Wrong: true}},
		{"EUC-KR under the label latin2", "iso-8859-2", in(t, euckr, hangul), hangul, Info{Declared: "iso-8859-2", Used: "euc-kr", Wrong: true}},
		{"KOI8-R said and true", "koi8-r", in(t, charmap.KOI8R, russian), russian, Info{Declared: "koi8-r", Used: "koi8-r"}},
		{"windows-1251 said and true", "windows-1251", in(t, charmap.Windows1251, russian), russian, Info{Declared: "windows-1251", Used: "windows-1251"}},
		{"latin2 said and true", "iso-8859-2", in(t, charmap.ISO8859_2, polish), polish, Info{Declared: "iso-8859-2", Used: "iso-8859-2"}},
		{"a link between the shifts of iso-2022-kr", "iso-2022-kr", []byte("\x1b$)C\x0e>H3g\x0f\x0e<a href=x>\x0f"), "안녕<a href=x>", Info{Declared: "iso-2022-kr", Used: "iso-2022-kr", Replaced: true}},
		{"a link between the shifts of hz", "hz", []byte("~{7\"~}~{<a href=x>~}~{F1~}"), "发<a href=x>票", Info{Declared: "hz", Used: "hz-gb-2312", Replaced: true}},
		{"a label in quotes with a tail", `"UTF-8"; x=y`, []byte(german), german, Info{Declared: "utf-8", Used: "utf-8"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, info := Decode(test.label, test.bytes, 1<<20)
			if text != test.text {
				t.Errorf("text %q, want %q", text, test.text)
			}
			if info != test.info {
				t.Errorf("info %+v, want %+v", info, test.info)
			}
		})
	}
}

func TestDecodeKeepsTheLimit(t *testing.T) {
	for _, label := range []string{"utf-8", "iso-8859-1", "shift_jis", "utf-7"} {
		text, _ := Decode(label, []byte(strings.Repeat("\xb1\xb2 +Jjo-", 1000)), 100)
		if len(text) > 100 || !utf8.ValidString(text) {
			t.Errorf("%s: %d bytes, valid %v", label, len(text), utf8.ValidString(text))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, label := range []string{"", "utf-8", "utf-7", "gb2312", "iso-2022-kr", "iso-2022-cn", "hz", "utf-16", "cp932", "big5", "unknown-8bit"} {
		f.Add(label, []byte(hanzi))
		f.Add(label, []byte("+ZeVnLIqe- \x1b$)C\x0e>H3g\x0f~{\x80\xff"))
	}
	f.Fuzz(func(t *testing.T, label string, b []byte) {
		text, info := Decode(label, b, 4096)
		if !utf8.ValidString(text) || len(text) > 4096 {
			t.Fatalf("%d bytes, valid %v", len(text), utf8.ValidString(text))
		}
		if !utf8.ValidString(info.Declared) || len(info.Declared) > maxLabel {
			t.Fatalf("declared %q", info.Declared)
		}
	})
}

func BenchmarkDecodeUTF8(b *testing.B) {
	text := []byte(strings.Repeat("Some words of a newsletter, and 一些中文. ", 1500))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Decode("utf-8", text, 1<<20)
	}
}
