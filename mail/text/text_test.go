package text

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/postern-mail/postern/internal/shared"
	"github.com/postern-mail/postern/mail/mime"
)

func extract(raw string) *Text {
	return Extract(nil, mime.ScanMessage([]byte(raw), mime.DefaultLimits()), DefaultLimits())
}

func page1(html string) *Text {
	return extract("Content-Type: text/html; charset=utf-8\r\n\r\n" + html)
}

func TestVisibleAndHiddenText(t *testing.T) {
	tests := []struct{ name, html, visible, hidden string }{
		{"plain", "<p>Hello <b>wor</b>ld</p>", "Hello world", ""},
		{"blocks part words", "<div>one</div><div>two</div>three<br>four", "one\ntwo\nthree\nfour", ""},
		{"entities", "a&amp;b &#x4f60;&nbsp;c", "a&b 你 c", ""},
		{"display none", "a<div style='DISPLAY : none !important'>b</div>c", "a\nc", "b"},
		{"display none within display none", "a<div style=display:none>b<div>c</div>d</div>e", "a\ne", "b\nc\nd"},
		{"visibility hidden", "a<span style='visibility:hidden'>b</span>c", "ac", "b"},
		{"size zero", "a<font style='font-size:0px'>b</font>c", "ac", "b"},
		{"size one pixel", "a<span style='font-size:1px;color:red'>b</span>c", "ac", "b"},
		{"size one em is not tiny", "a<span style='font-size:1em'>b</span>c", "abc", ""},
		{"white on white", "a<font color=white>b</font>c", "ac", "b"},
		{"nearly white on white", "a<span style='color:#fefefe'>b</span>c", "ac", "b"},
		{"white on black", "<table bgcolor=#000000><td><font color='#FFF'>b</font></td></table>", "b", ""},
		{"black on black", "<div style='background:#000'>b</div>c", "c", "b"},
		{"white on a background of a class", "<style>.x{background-color:navy}</style><td class=x><font color=white>b</font></td>", "b", ""},
		{"white on an image", "<td background=x.png><font color=white>b</font></td>", "b", ""},
		{"transparent", "a<span style='color:transparent'>b</span>c", "ac", "b"},
		{"opacity", "a<span style='opacity:0'>b</span>c", "ac", "b"},
		{"clipped to nothing", "a<div style='max-height:0;overflow:hidden'>b</div>c", "a\nc", "b"},
		{"pushed off the page", "a<div style='text-indent:-9999px'>b</div>c", "a\nc", "b"},
		{"the hidden attribute", "a<p hidden>b</p>c", "a\nc", "b"},
		{"hidden by a class", "<style>@media x{.m{display:none}} .x, div.y {display:none}</style>a<p class='z x'>b</p><p class=m>c</p><div class=y>d</div>", "a\nc", "b\nd"},
		{"a hidden element that nobody closes ends with its parent", "<div bgcolor=#ffffee>a<span style=display:none>b</div>c", "a\nc", "b"},
		{"a custom element", "a<foo style=display:none>b<foo>c</foo>d</foo>e", "ae", "bcd"},
		{"scripts and styles are no text", "a<script>var b</script><style>c{}</style>d", "ad", ""},
		{"noscript is shown in mail", "a<noscript><b>b</b></noscript>", "a\nb", ""},
		{"plaintext hides nothing", "a<plaintext>b <a href=x>c</a>", "a\nb c", ""},
		{"zero-width characters go", "v\u200bi\u200cag\u00adr\u2060a", "viagra", ""},
		{"direction characters go", "a\u202eb\u202cc", "abc", ""},
		{"conditional comments", "a<!--[if mso]><b>b</b><![endif]-->c", "ac", "b"},
		{"other comments", "a<!-- b -->c", "ac", ""},
		{"a thousand open tags", strings.Repeat("<b>", 1000) + "x", "x", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := page1(test.html)
			if x.HTML != test.visible || x.Hidden != test.hidden {
				t.Errorf("visible %q hidden %q, want %q %q", x.HTML, x.Hidden, test.visible, test.hidden)
			}
		})
	}
}

func TestLinksFormsAndImages(t *testing.T) {
	x := page1(`<title> The  Title </title>
<a href="http://example.org/?a=1&amp;b=2">click <b>here</b></a>
<a href=http://example.net/><img src=cid:x alt="Log in" width=1 height=1></a>
<p style="display:none"><a href="http://192.0.2.1/">h</a></p>
<form action="http://example.org/f"><input name=u><input type=password><input type=submit></form>
<meta http-equiv=refresh content="0; URL='http://example.net/r'">
<iframe src="data:text/html,xxxx"></iframe><a href="javascript:alert(1)" onclick="x()">j</a><script src=http://example.net/s.js></script>`)
	want := []Link{
		{"http://example.org/?a=1&b=2", "click here", "a", "1", false},
		{"http://example.net/", "Log in", "a", "1", false},
		{"http://192.0.2.1/", "h", "a", "1", true},
		{"http://example.org/f", "", "form", "1", false},
		{"http://example.net/r", "", "meta", "1", false},
		{"data:text/html,xxxx", "", "iframe", "1", false},
		{"javascript:alert(1)", "j", "a", "1", false},
		{"http://example.net/s.js", "", "script", "1", false},
	}
	if !slices.Equal(x.Links, want) {
		t.Errorf("links\n%+v\nwant\n%+v", x.Links, want)
	}
	if want := []Form{{"http://example.org/f", true, 2}}; !slices.Equal(x.Forms, want) {
		t.Errorf("forms %+v, want %+v", x.Forms, want)
	}
	if want := []Image{{"cid:x", "Log in", 1, 1}}; !slices.Equal(x.Images, want) {
		t.Errorf("images %+v, want %+v", x.Images, want)
	}
	if x.Title != "The Title" || x.Scripts != 3 {
		t.Errorf("title %q, %d scripts", x.Title, x.Scripts)
	}
	for _, s := range []string{"HTML_FORM", "HTML_SCRIPT", "HTML_REFRESH", "HTML_EMBED", "HTML_DATA_URI", "HTML_HIDDEN_TEXT"} {
		if !x.Has(s) {
			t.Errorf("no %s in %v", s, x.Findings)
		}
	}
	if got := page1(`<base href="http://example.net/d/"><a href="e">x</a>`).Links[0].Href; got != "http://example.net/d/e" {
		t.Errorf("with a base: %q", got)
	}
}

func TestLinksAreResolved(t *testing.T) {
	tests := []struct{ name, html, href string }{
		{"a base", `<base href="http://example.net/d/x?y"><a href="e">x</a>`, "http://example.net/d/e"},
		{"a base after the link", `<a href="e">x</a><base href="http://example.net">`, "http://example.net/e"},
		{"the first of two", `<base href="http://example.net/"><base href="http://example.org/"><a href="e">x</a>`, "http://example.net/e"},
		{"a base with backslashes", `<base href="http:\\example.net\d\"><a href="e">x</a>`, `http://example.net\d\e`},
		{"a base with a broken escape", `<base href="http://example.net/%zz/"><a href="e">x</a>`, "http://example.net/%zz/e"},
		{"a base with a line end within", "<base href='ht\ntp://example.net'><a href=e>x</a>", "http://example.net/e"},
		{"another page of the host", `<base href="https://example.net/d/e"><a href="/f">x</a>`, "https://example.net/f"},
		{"a query", `<base href="https://example.net/d/e"><a href="?f">x</a>`, "https://example.net/d/e?f"},
		{"another host", `<base href="https://example.net/"><a href="//example.org/f">x</a>`, "https://example.org/f"},
		{"a link that is whole", `<base href="https://example.net/"><a href="mailto:a@example.org">x</a>`, "mailto:a@example.org"},
		{"a base without a host", `<base href="/d/"><a href="e">x</a>`, "e"},
		{"a refresh without the name", `<meta http-equiv=refresh content="0; http://example.net/?url=x">`, "http://example.net/?url=x"},
		{"a refresh with blanks", `<meta http-equiv=refresh content="0, URL = 'http://example.net/'">`, "http://example.net/"},
		{"a refresh without a time", `<meta http-equiv=refresh content="url=http://example.net/">`, "http://example.net/"},
		{"a button of Outlook", `<!--[if mso]><v:roundrect href="http://example.net/">x</v:roundrect><![endif]-->`, "http://example.net/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := page1(test.html)
			if len(x.Links) != 1 || x.Links[0].Href != test.href {
				t.Errorf("%+v, want %q", x.Links, test.href)
			}
			if x.Has("HTML_REFRESH") != strings.Contains(test.html, "refresh") {
				t.Errorf("findings %v", x.Findings)
			}
		})
	}
	if x := page1(`<meta http-equiv=refresh content="30">`); len(x.Links) != 0 || x.Has("HTML_REFRESH") {
		t.Errorf("a page that loads itself again: %+v", x)
	}
}

func TestWhereTextBelongs(t *testing.T) {
	x := Extract([]mime.Field{{Name: "Subject", Value: " =?gb2312?B?t6LGsQ==?=\r\n"}}, mime.ScanMessage([]byte(strings.ReplaceAll(`Content-Type: multipart/mixed; boundary=b

look at http://example.org/ here
--b
Content-Type: text/plain; charset=us-ascii

plain
--b
Content-Type: text/html

<p>html
--b
Content-Type: application/octet-stream; name=a.htm
Content-Disposition: attachment

<form>attached
--b
Content-Type: message/rfc822

Subject: x

inner
--b
Content-Type: application/octet-stream; name=a.eml

Subject: x

by name
--b
Content-Type: application/octet-stream; name=a.ics
Content-Disposition: attachment

invitation
--b
Content-Type: application/octet-stream; name=a.dat
Content-Disposition: attachment

data
--b--
`, "\n", "\r\n")), mime.DefaultLimits()), DefaultLimits())
	got := fmt.Sprintf("%q %q %q %q %q", x.Subject, x.Plain, x.HTML, x.Attached, x.Hidden)
	if want := `"发票" "plain" "html" "attached\ninner\ninvitation\nby name" "look at http://example.org/ here"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCharsetsAreNoted(t *testing.T) {
	gbk := base64.StdEncoding.EncodeToString([]byte("\xb7\xa2\xc6\xb1\xb4\xfa\xbf\xaa\xd5\xfd\xb9\xe6"))
	for _, test := range []struct{ header, symbol string }{
		{"text/plain; charset=iso-8859-1", "MIME_CHARSET_WRONG"},
		{"text/plain; charset=x-nothing", "MIME_CHARSET_UNKNOWN"},
		{"text/plain; charset=iso-2022-kr", "MIME_CHARSET_REPLACED"},
		{"text/plain; charset=big5-hkscs", "MIME_CHARSET_MALFORMED"},
	} {
		x := extract("Content-Type: " + test.header + "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + gbk)
		if !x.Has(test.symbol) && test.symbol != "MIME_CHARSET_MALFORMED" {
			t.Errorf("%s: %v %q", test.header, x.Findings, x.Plain)
		}
	}
	x := extract("Content-Type: text/html\r\n\r\n<meta charset=gbk><p>\xb7\xa2\xc6\xb1")
	if x.HTML != "发票" || x.Parts[0].Charset.Declared != "gbk" {
		t.Errorf("%q %+v", x.HTML, x.Parts)
	}
}

func TestDataForProgramsIsNoScript(t *testing.T) {
	if x := page1(`<script type="application/ld+json">{"@context":"http://schema.org"}</script>a`); x.Scripts != 0 || x.Has("HTML_SCRIPT") {
		t.Errorf("%d scripts, findings %v", x.Scripts, x.Findings)
	}
}

func TestHiddenBlanksAreNoHiddenText(t *testing.T) {
	if x := page1("a<p style=display:none>&nbsp; </p>"); x.Has("HTML_HIDDEN_TEXT") {
		t.Errorf("findings %v, hidden %q", x.Findings, x.Hidden)
	}
}

func TestControlCharactersAreNotSeen(t *testing.T) {
	for _, kind := range []string{"text/plain", "text/html"} {
		for in, want := range map[string]string{"v\x00ia\x01g\x1f\x7fra": "viagra", "a\x0bb\tc": "a b c", "a\u0080b": "ab"} {
			x := extract("Content-Type: " + kind + "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
				base64.StdEncoding.EncodeToString([]byte(in)))
			if got := strings.ReplaceAll(x.Plain+x.HTML, "\t", " "); got != want || x.Has("MIME_NUL") != strings.Contains(in, "\x00") {
				t.Errorf("%s %q: %q %v, want %q", kind, in, got, x.Findings, want)
			}
		}
	}
}

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"Ｆｒｅｅ  ＭＯＮＥＹ":     "free money",
		"v\u200bi a\n\tg": "vi a g",
		"①②③":             "123",
		" x ":             "x",
	} {
		if got := Normalize(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestHostileHTMLKeepsItsBounds(t *testing.T) {
	limits := DefaultLimits()
	tests := []struct{ name, html, symbol string }{
		{"5 MiB of nested tags", strings.Repeat("<div style=display:none>", 5<<20/24) + "x", "MIME_LIMIT_TEXT"},
		{"5 MiB of closing tags", strings.Repeat("</div>", 5<<20/6), "MIME_LIMIT_TEXT"},
		{"a tag of 2 MiB", "<a title='" + strings.Repeat("x", 2<<20) + "'>y</a>", ""},
		{"a tag with 100,000 attributes", "<a " + strings.Repeat("a=b ", 100000) + ">", ""},
		{"100,000 links", strings.Repeat("<a href=http://example.org/>x</a>", 100000), "MIME_LIMIT_LINKS"},
		{"an open comment", "<!--" + strings.Repeat("<!-", 400000), ""},
		{"an open CDATA", strings.Repeat("<![CDATA[", 100000), ""},
		{"text beyond the limit", strings.Repeat("word ", 500000), "MIME_LIMIT_TEXT"},
		{"open style blocks", "<style>" + strings.Repeat("@a{", 300000), ""},
		{"half a million images", strings.Repeat("<img src=x>", 300000), "MIME_LIMIT_LINKS"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := page1(test.html)
			if test.symbol != "" && !x.Has(test.symbol) {
				t.Errorf("no %s: %v", test.symbol, x.Findings)
			}
			for _, s := range []string{x.Plain, x.HTML, x.Hidden, x.Attached} {
				if len(s) > limits.Bytes {
					t.Errorf("%d bytes", len(s))
				}
			}
			if len(x.Links) > limits.Links || len(x.Images) > limits.Links {
				t.Errorf("%d links, %d images", len(x.Links), len(x.Images))
			}
		})
	}
}

func TestALongTokenHidesNothing(t *testing.T) {
	for _, long := range []string{"<a title='%s'>", "<!--%s-->", "<style>%s</style>", "<a %s>"} {
		if x := page1(fmt.Sprintf(long, strings.Repeat("x", 2<<20)) + "<p>seen</p>"); x.HTML != "seen" {
			t.Errorf("%s: %.100q", long, x.HTML)
		}
	}
}

// TestTokensAreThoseOfTheLibrary compares with the tokenizer of x/net, which
// follows the HTML Standard too, but allocates for each name and value.
func TestTokensAreThoseOfTheLibrary(t *testing.T) {
	for _, s := range tokenCases {
		if got, want := tokens(s), libraryTokens(s); got != want {
			t.Errorf("%q:\n got %s\nwant %s", s, got, want)
		}
	}
}

var tokenCases = []string{
	"a<b>c</b>d", "<A HREF=x CLASS='y' checked>", "<a b = 'c>d' e=f/>g", "a < b <c", "<!-- x -- y -->z", "<!-->a", "<!--->a",
	"<!--x--!>a", "<!-- never", "<!doctype html>a", "<?php x ?>a", "</>a", "</ a>b", "</a b='>'>c", "<a =b>c", "<a/b/c=d>e",
	"<script>a<b></script >c", "<STYLE>a</style>b", "<title>a&amp;<b></title>c", "<textarea><a></textarea>b", "<script>a</scriptx>b",
	"<a b=\"c", "<a", "<", "a<", "<a\nb\t=\r\nc>", "<a b=c&amp;d>&lt;x", "<![CDATA[a]]>b", "<a b='1' b='2'>", "<a b=>c", "<a b='c'd=e>",
}

func tokens(s string) string {
	var b strings.Builder
	z := newTokenizer(s)
	for start := 0; ; start = z.pos {
		switch z.next() {
		case tokenEnd:
			return b.String()
		case tokenText:
			if len(z.data) > 0 {
				fmt.Fprintf(&b, " text %q", z.data)
			}
		case tokenStart:
			fmt.Fprintf(&b, " start %s", z.name)
			writeAttrs(&b, s[start+1+len(z.name):z.pos])
			z.raw = rawText(atom.Lookup(z.name)).String()
		case tokenClose:
			fmt.Fprintf(&b, " close %s", z.name)
		case tokenComment:
			b.WriteString(" comment")
		}
	}
}

// writeAttrs writes the attributes of a tag, given from the end of its name on.
func writeAttrs(b *strings.Builder, tag string) {
	seen := map[string]bool{}
	for i := 0; i >= 0 && i < len(tag); {
		var name, value span
		name, value, i = readAttr(tag, i)
		if n := strings.ToLower(tag[name.from:name.to]); n != "" && !seen[n] {
			seen[n] = true
			fmt.Fprintf(b, " %s=%q", n, unescape(tag[value.from:value.to]))
		}
		if i >= 0 && i < len(tag) && tag[i] == '>' {
			return
		}
	}
}

func libraryTokens(s string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	for k := z.Next(); k != html.ErrorToken; k = z.Next() {
		switch k {
		case html.TextToken:
			fmt.Fprintf(&b, " text %q", z.Raw())
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			fmt.Fprintf(&b, " start %s", name)
			seen := map[string]bool{}
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				if n := string(key); !seen[n] {
					seen[n] = true
					fmt.Fprintf(&b, " %s=%q", n, value)
				}
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			fmt.Fprintf(&b, " close %s", name)
		case html.CommentToken, html.DoctypeToken:
			b.WriteString(" comment")
		}
	}
	return b.String()
}

func TestPublicMessagesHaveText(t *testing.T) {
	root := shared.Dir(t, "conformance", "mime")
	n, silent := 0, 0
	for _, pattern := range []string{"*/*/*.eml", "*/*/*.raw"} {
		files, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			n++
			x := extract(string(raw))
			if x.Plain+x.HTML+x.Attached+x.Hidden == "" {
				silent++
			}
		}
	}
	t.Logf("%d messages, %d without any text", n, silent)
	if n == 0 || silent*5 > n {
		t.Errorf("%d of %d messages have no text", silent, n)
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("<a href=x>y<div style='display:none;color:#fff'>z</a><!--[if mso]><b>b<![endif]--><style>.a{font-size:0}</style><p class=a hidden>")
	f.Add("<plaintext><noscript><svg><![CDATA[x]]><base href=http://example.org><meta http-equiv=refresh content='0;url=x'>")
	f.Fuzz(func(t *testing.T, html string) {
		limits := Limits{Input: 1 << 16, Bytes: 4096, Links: 20}
		x := Extract(nil, mime.ScanMessage([]byte("Content-Type: text/html\r\n\r\n"+html), mime.DefaultLimits()), limits)
		for _, s := range []string{x.HTML, x.Hidden, x.Plain, x.Attached, x.Title} {
			if len(s) > limits.Bytes || !utf8.ValidString(s) {
				t.Fatalf("%d bytes %q", len(s), s)
			}
		}
		if len(x.Links) > limits.Links || len(x.Images) > limits.Links {
			t.Fatalf("%d links, %d images", len(x.Links), len(x.Images))
		}
		Normalize(x.HTML)
	})
}

func TestPlainTextIsNormalizedLikeAnyOther(t *testing.T) {
	for _, s := range []string{"", " ", "a", "A  b\n\tC ", " x", "Z[`{@ \n", "don't STOP"} {
		if got, want := Normalize(s+" é"), strings.TrimLeft(Normalize(s)+" é", " "); got != want {
			t.Errorf("%q becomes %q beside a letter that is not ASCII, %q alone", s, got, want)
		}
	}
}
