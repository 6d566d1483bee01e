package urls

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/mail/text"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, raw         string
		host, registrable string
		flags             Flag
	}{
		{"plain", "http://www.Example.org/a", "www.example.org", "example.org", 0},
		{"a suffix of two labels", "https://a.b.example.co.uk", "a.b.example.co.uk", "example.co.uk", 0},
		{"a final dot", "http://example.org./", "example.org", "example.org", 0},
		{"user information", "http://bank.example.net@example.org/", "example.org", "example.org", UserInfo},
		{"two at signs", "http://a@b@example.org/", "example.org", "example.org", UserInfo},
		{"a port", "http://example.org:8080/", "example.org", "example.org", Port},
		{"the port of the scheme", "https://example.org:443/", "example.org", "example.org", 0},
		{"an address", "http://192.0.2.1/", "192.0.2.1", "", Numeric},
		{"one number", "http://3221225985/", "192.0.2.1", "", Numeric | Disguised},
		{"hexadecimal", "http://0xC0.0x0.0x2.0x1/", "192.0.2.1", "", Numeric | Disguised},
		{"octal", "http://0300.0.02.01", "192.0.2.1", "", Numeric | Disguised},
		{"two numbers", "http://192.513", "192.0.2.1", "", Numeric | Disguised},
		{"IPv6", "http://[2001:DB8::1]:80/", "2001:db8::1", "", Numeric},
		{"IPv4 in IPv6", "http://[::ffff:192.0.2.1]/", "192.0.2.1", "", Numeric},
		{"backslashes", `http:\\example.org\a`, "example.org", "example.org", Backslash},
		{"one slash", "http:/example.org/", "example.org", "example.org", 0},
		{"no slash", "http:example.org", "example.org", "example.org", 0},
		{"many slashes", "http:////example.org", "example.org", "example.org", 0},
		{"a backslash that ends the host", `http://example.org\@example.net/`, "example.org", "example.org", Backslash},
		{"a tab in the middle", "ht\ttp://exam\nple.org/", "example.org", "example.org", Control},
		{"escapes in the host", "http://ex%61mple.org/", "example.org", "example.org", Escaped},
		{"no scheme", "//example.org/", "example.org", "example.org", Schemeless},
		{"U-labels", "http://bücher.example.org/", "xn--bcher-kva.example.org", "example.org", IDN},
		{"A-labels", "http://xn--bcher-kva.example.org/", "xn--bcher-kva.example.org", "example.org", IDN},
		{"full width", "http://ｅｘａｍｐｌｅ。org/", "example.org", "example.org", 0},
		{"a shortener", "https://bit.ly/x", "bit.ly", "bit.ly", Shortener},
		{"a mail address", "mailto:a@Example.org?subject=x", "example.org", "example.org", 0},
		{"hxxp", "hxxps://example.org", "example.org", "example.org", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u, ok := Parse(test.raw)
			if !ok || u.Host != test.host || u.Registrable != test.registrable || u.Flags != test.flags {
				t.Errorf("%v %q %q %b, want %q %q %b", ok, u.Host, u.Registrable, u.Flags, test.host, test.registrable, test.flags)
			}
		})
	}
	if u, _ := Parse("http://xn--bcher-kva.example.org/"); u.Unicode != "bücher.example.org" {
		t.Errorf("Unicode %q", u.Unicode)
	}
	for _, raw := range []string{"", "#x", "cid:x", "javascript:alert(1)", "data:,x", "a/b.html", "http://", "http:///", "mailto:x", "http://a b/", "http://[x]/", "http://../"} {
		if u, ok := Parse(raw); ok {
			t.Errorf("%q leads to %q", raw, u.Host)
		}
	}
}

func inText(s string) (raw []string) {
	for _, u := range Find(&text.Text{Plain: s}, nil, DefaultLimits()).URLs {
		raw = append(raw, u.Raw)
	}
	return raw
}

func TestAddressesInText(t *testing.T) {
	tests := []struct {
		name, text string
		raw        []string
	}{
		{"none", "Hello there. How are you?", nil},
		{"in brackets, with a full stop", "see (http://example.org/a_(b)). Or <https://example.net>!", []string{"http://example.org/a_(b)", "https://example.net"}},
		{"www", "go to WWW.Example.org, now", []string{"WWW.Example.org"}},
		{"a bare domain", "visit example.com today", []string{"example.com"}},
		{"a bare domain with a path", "visit foo.museum/x", []string{"foo.museum/x"}},
		{"two sentences without a blank are no address", "the end.So it goes. file.txt e.g. 3.14 v1.2.3", nil},
		{"a mail address", "write to john.doe@example.org.", []string{"john.doe@example.org"}},
		{"within Chinese text", "请点击http://example.com/abc查看，或者访问www.example.net。", []string{"http://example.com/abc", "www.example.net"}},
		{"a host followed by Chinese", "登录http://example.com查看", []string{"http://example.com"}},
		{"a U-label host", "see http://bücher.example.com/x", []string{"http://bücher.example.com/x"}},
		{"letters before the scheme", "seehttp://example.org", []string{"http://example.org"}},
		{"after a colon", "URL:http://example.org/", []string{"http://example.org/"}},
		{"a scheme after a dot", "end.http://example.org/", []string{"http://example.org/"}},
		{"user information", "http://bank.example@192.0.2.1/x", []string{"http://bank.example@192.0.2.1/x"}},
		{"each once", "http://example.org/ HTTP://EXAMPLE.ORG/", []string{"http://example.org/"}},
		{"hidden from programs", "hxxp://example.org/", []string{"hxxp://example.org/"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := inText(test.text); !slices.Equal(got, test.raw) {
				t.Errorf("%q, want %q", got, test.raw)
			}
		})
	}
}

func TestFindLooksEverywhere(t *testing.T) {
	f := Find(&text.Text{
		Subject: "example.com/s", Plain: "http://example.com/p", HTML: "http://example.com/v",
		Hidden: "http://example.com/h", Attached: "http://example.com/a",
		Links: []text.Link{
			{Href: "http://example.com/l", Text: "click", Tag: "a"}, {Href: "http://example.com/hl", Hidden: true, Tag: "a"},
			{Href: "http://example.com/f", Tag: "iframe"}, {Href: "#top", Tag: "a"},
		},
		Images: []text.Image{{Src: "http://example.net/i"}, {Src: "cid:x"}},
	}, []string{"http://example.com/q", "no address"}, DefaultLimits())
	var got []string
	for _, u := range f.URLs {
		got = append(got, u.Path+" "+string(u.Where)+" "+u.Text)
	}
	want := []string{"/s subject ", "/l link click", "/hl hidden ", "/f image ", "/p text ", "/v text ", "/i image ", "/q qr ", "/a attached ", "/h hidden "}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	if got := f.Hosts(); !slices.Equal(got, []string{"example.com", "example.net"}) {
		t.Errorf("hosts %q", got)
	}
}

func TestAddressesWithinAddresses(t *testing.T) {
	tests := []struct{ name, href, inner string }{
		{"as it is", "https://example.org/r?u=http://example.net/x", "http://example.net/x"},
		{"escaped", "https://example.org/?url=https%3A%2F%2Fexample.net%2Fx&data=1", "https://example.net/x"},
		{"escaped twice", "https://example.org/?url=https%253A%252F%252Fexample.net%252Fx", "https://example.net/x"},
		{"in the path", "https://example.org/amp/http://example.net", "http://example.net"},
		{"escaped three times", "https://example.org/?url=https%25253A%25252F%25252Fexample.net%25252Fx", "https://example.net/x"},
		{"without a scheme", "https://example.org/?url=//example.net/x&a=b", "http://example.net/x"},
		{"without a scheme, escaped", "https://example.org/?url=%2F%2Fexample.net%2Fx", "http://example.net/x"},
		{"in base64", "https://example.org/?u=aHR0cDovL2V4YW1wbGUubmV0L3g=&a=b", "http://example.net/x"},
		{"in base64 with slashes", "https://example.org/?u=aHR0cHM6Ly9leGFtcGxlLm5ldC8/Pz8/", "https://example.net/????"},
		{"in base64 in the path", "https://example.org/r/aHR0cDovL2V4YW1wbGUubmV0L3g/more", "http://example.net/x"},
		{"in Google's reader of pages", "https://www.google.co.uk/amp/s/example.net/x", "http://example.net/x"},
		{"a host alone at a known redirector", "https://www.google.com/url?sa=t&q=example.net/x&b=c", "http://example.net/x"},
	}
	for _, test := range tests {
		f := Find(&text.Text{Links: []text.Link{{Href: test.href, Text: "t"}}}, nil, DefaultLimits())
		if len(f.URLs) != 2 || !f.URLs[0].Has(Redirects) || f.URLs[1].Raw != test.inner || f.URLs[1].Where != InURL {
			t.Errorf("%s: %+v", test.name, f.URLs)
		}
	}
}

func TestNoAddressWithin(t *testing.T) {
	for _, href := range []string{
		"https://example.org/?u=example.net/x", "https://www.google.com/search?q=example.net", "https://www.google.com/url?q=words",
		"https://example.org/?dir=//a/b", "https://example.org/aHR0cDov", "https://example.org/?aHR0c=aHR0c", "https://www.google.com/amp/s/",
	} {
		f := Find(&text.Text{Links: []text.Link{{Href: href}}}, nil, DefaultLimits())
		if len(f.URLs) != 1 || f.URLs[0].Has(Redirects) {
			t.Errorf("%s: %+v", href, f.URLs)
		}
	}
}

func TestTheHostIsFoundHoweverFarItIs(t *testing.T) {
	for _, n := range []int{100, maxURL, 40 * maxURL} {
		long := strings.Repeat("a", n)
		for _, raw := range []string{
			"http://www.example.com" + long + "@example.net/x", "http:" + strings.Repeat("/", n) + "example.net/x",
			strings.Repeat(" ", n) + "http://example.net/x", "http://" + strings.Repeat("\n", n) + "example.net/x",
		} {
			u, ok := Parse(raw)
			if !ok || u.Host != "example.net" || u.Path != "/x" || len(u.Raw) > maxURL {
				t.Errorf("%d of %.30q: %v, host %q, path %.20q, %d bytes kept", n, raw, ok, u.Host, u.Path, len(u.Raw))
			}
		}
		if f := Find(&text.Text{Plain: "(http://www.example.com" + long + "@example.net)."}, nil, DefaultLimits()); len(f.URLs) != 1 || f.URLs[0].Host != "example.net" {
			t.Errorf("%d in text: %+v", n, f.URLs)
		}
	}
	if u, ok := Parse("http://example.net/" + strings.Repeat("a", 3*maxURL)); !ok || len(u.Path) > maxURL {
		t.Errorf("%v, a path of %d bytes", ok, len(u.Path))
	}
}

func TestHostileTextCostsLinearTime(t *testing.T) {
	tests := []struct {
		name  string
		piece string
		n     int
	}{
		{"100,000 addresses", "http://example.org/%d ", 100000},
		{"100,000 addresses without blanks", "http://example.org/%d,", 100000},
		{"dots", "a.", 500000},
		{"at signs", "a@", 500000},
		{"schemes", "http://", 100000},
		{"colons and slashes", "://", 300000},
		{"Chinese hosts", "http://例子", 50000},
		{"redirectors in one another", "http://example.org/?u=", 50000},
		{"redirectors without scheme in one another", "http://example.org/?u=//", 50000},
		{"user names", "http://example.org@", 50000},
		{"local parts", "a+b=", 200000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			for i := range test.n {
				if strings.Contains(test.piece, "%") {
					fmt.Fprintf(&b, test.piece, i)
				} else {
					b.WriteString(test.piece)
				}
			}
			limits := Limits{URLs: 1000}
			f := newFinder(limits, 0)
			f.text(b.String(), InText)
			if f.work > 4*b.Len()+4*maxURL*limits.URLs {
				t.Errorf("%d bytes taken apart for %d", f.work, b.Len())
			}
			if len(f.URLs) > limits.URLs {
				t.Errorf("%d addresses", len(f.URLs))
			}
			if test.n == 100000 && strings.Contains(test.piece, "%d ") && (len(f.Findings) != 1 || f.Findings[0].Symbol != "MIME_LIMIT_URLS") {
				t.Errorf("findings %v", f.Findings)
			}
			t.Logf("%d bytes, %d taken apart, %d addresses", b.Len(), f.work, len(f.URLs))
		})
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"http://a@b.example.org:80\\x", "www.example.org.", "hxxp://0x7f.1/%2f%2e", "a.b@c.de http://[::1]/ http://例子.cn。", "http://example.org/?u=https%3a%2f%2fexample.net", "http://google.de/url?q=a.com&x=aHR0cDovL2V4YW1wbGUubmV0L3g=", "http://%00%ff/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		limits := Limits{URLs: 50}
		for _, u := range Find(&text.Text{Plain: s, Links: []text.Link{{Href: s}}}, nil, limits).URLs {
			if u.Host == "" || strings.ContainsAny(u.Host, " \r\n\x00/@%<>\"") || len(u.Host) > maxHost {
				t.Fatalf("host %q", u.Host)
			}
			for _, v := range []string{u.Raw, u.Unicode, u.Path, u.Port, u.Registrable} {
				if !utf8.ValidString(v) {
					t.Fatalf("%q", v)
				}
			}
		}
	})
}

// newsletter is HTML as newsletters are, of about 60 KiB.
func newsletter() string {
	var b strings.Builder
	b.WriteString("<html><head><meta charset=utf-8><title>News</title><style>.x{color:#333}@media screen{.y{display:none!important}}</style></head><body bgcolor=\"#f4f4f4\">\r\n<div style=\"display:none;max-height:0\">A preheader</div><table width=600 cellpadding=0>\r\n")
	for i := 0; b.Len() < 60<<10; i++ {
		fmt.Fprintf(&b, "<tr><td class=\"x\" style=\"padding:10px 0;font-family:Arial,sans-serif;font-size:14px;line-height:20px;color:#333333\" bgcolor=\"#ffffff\" valign=top>\r\n<a href=\"https://news.example.org/click?id=%d&amp;utm_source=mail&amp;utm_campaign=weekly\" style=\"color:#0066cc;text-decoration:none\" target=_blank><img src=\"https://img.example.net/p/%d.png\" width=120 height=80 alt=\"Article %d\" border=0></a>\r\n<p style=\"margin:0\">Article number %d tells you what happened this week in the small town by the sea, and why the people there are glad. <b>Read on</b> for more.</p></td></tr>\r\n", i, i, i, i)
	}
	b.WriteString("</table></body></html>\r\n")
	return b.String()
}

// letter is the newsletter as a message in a transfer encoding.
func letter(encoding string) []byte {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee https://news.example.org/\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n")
	switch encoding {
	case "quoted-printable":
		w := quotedprintable.NewWriter(&b)
		io.WriteString(w, newsletter())
		w.Close()
	case "base64":
		for line := range slices.Chunk([]byte(newsletter()), 57) {
			b.WriteString(base64.StdEncoding.EncodeToString(line) + "\r\n")
		}
	default:
		b.WriteString(newsletter())
	}
	b.WriteString("\r\n--b--\r\n")
	return []byte(b.String())
}

// BenchmarkNewsletter scans and decodes 60 KiB of HTML as it comes, and takes
// its text and addresses out.
func BenchmarkNewsletter(b *testing.B) {
	for _, encoding := range []string{"8bit", "quoted-printable", "base64"} {
		raw := letter(encoding)
		b.Run(encoding, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				tree := mime.ScanMessage(raw, mime.DefaultLimits())
				t := text.Extract(nil, tree, text.DefaultLimits())
				if f := Find(t, nil, DefaultLimits()); len(f.URLs) < 100 {
					b.Fatal(len(f.URLs))
				}
			}
		})
	}
}

// BenchmarkLibraryTokens is the yardstick: the tokenizer of x/net alone, over
// the same bytes, nothing kept.
func BenchmarkLibraryTokens(b *testing.B) {
	raw := []byte(newsletter())
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		z := html.NewTokenizer(bytes.NewReader(raw))
		for t := z.Next(); t != html.ErrorToken; t = z.Next() {
			z.TagName()
			for more := true; more; {
				_, _, more = z.TagAttr()
			}
		}
	}
}
