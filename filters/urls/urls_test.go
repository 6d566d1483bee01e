package urls

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/filtertest"
	"github.com/postern-mail/postern/mail"
)

// linked is a message that links to the address, its text being "here".
func linked(address string) *mail.Message {
	return filtertest.Message("Subject: a\nContent-Type: text/html\n\n<p>look <a href=\"" + address + "\">here</a></p>\n")
}

func written(text string) *mail.Message {
	return filtertest.Message("Subject: a\n\nlook: " + text + "\n")
}

func newTest(t testing.TB) filters.Filter {
	t.Helper()
	f, err := Kind.New(filters.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCheck(t *testing.T) {
	f := newTest(t)
	for _, c := range []struct {
		name string
		msg  *mail.Message
		want string
	}{
		{"an ordinary link", linked("https://www.example.com/a?b=c"), ""},
		{"a mail address", linked("mailto:a@example.top"), ""},
		{"an IP address", linked("http://198.51.100.7/"), "URL_NUMERIC"},
		{"an IP address that is talked about", written("http://198.51.100.7/ is down"), ""},
		{"a machine of one's own network", linked("http://192.168.1.1/"), ""},
		{"an IPv6 address", linked("http://[2001:db8::1]/"), "URL_NUMERIC"},
		{"one number", written("http://3325256711/"), "URL_DISGUISED"},
		{"hexadecimal", linked("http://0xc6.0x33.0x64.7/"), "URL_DISGUISED"},
		{"a host as user name", linked("http://www.example.com@example.net/"), "URL_USERINFO"},
		{"a host and a password", linked("http://example.com:80@example.net/"), "URL_USERINFO"},
		{"a user name", linked("ftp://anna@example.net/"), "URL_USERINFO(0.3)"},
		{"a host as a user name that has no end", linked("http://a.example" + strings.Repeat("a", 2100) + "@example.net/"), "URL_USERINFO"},
		{"an unusual port", linked("https://example.com:8443/"), "URL_PORT"},
		{"an escaped host", linked("http://%65xample.com/"), "URL_ESCAPED_HOST"},
		{"backslashes", linked(`http:\\example.com\a`), "URL_BACKSLASH"},
		{"a line end within", linked("http://exam\nple.com/"), "URL_CONTROL"},
		{"an international name", linked("http://bücher.example.com/"), "URL_IDN"},
		{"a domain in the host", linked("http://www.example.com.login.example.net/"), "URL_DOMAIN_IN_HOST"},
		{"a customer of a large host", linked("http://www.example.com.s3.amazonaws.com/"), "URL_FREE_HOST"},
		{"www.com is no domain of another", linked("http://www.com.example.net/"), ""},
		{"many labels", linked("http://a.b.c.d.e.example.com/"), "URL_LONG_HOST"},
		{"many hyphens", linked("http://secure-login-my-bank-now.example.com/"), "URL_LONG_HOST"},
		{"a file that looks like a host", written("lib.python-3-x86-linux-gnu.so"), ""},
		{"a cheap top-level domain", linked("http://example.top/"), "URL_CHEAP_TLD"},
		{"a less cheap one", linked("http://example.xyz/"), "URL_CHEAP_TLD(0.5)"},
		{"a free page", linked("http://example.weebly.com/"), "URL_FREE_HOST"},
		{"a file in IPFS", linked("https://ipfs.example.com/ipfs/bafy/index.html"), "URL_IPFS"},
		{"a shortener", linked("https://bit.ly/1"), "URL_SHORTENER"},
		{"a tracker", linked("https://example.com/r?u=https%3A%2F%2Fexample.net%2F"), "URL_REDIRECT"},
		{"an open redirector", linked("https://www.google.com/url?q=https://example.net/"), "URL_OPEN_REDIRECT URL_REDIRECT"},
		{"a search is no redirector", linked("https://www.google.com/search?q=example"), ""},
		{"an address in the fragment", linked("https://example.net/a#anna@example.org"), "URL_ADDRESS_IN_FRAGMENT"},
		{"an address in the fragment, in base64", linked("https://example.net/a#x=YW5uYUBleGFtcGxlLm9yZw"), "URL_ADDRESS_IN_FRAGMENT"},
		{"an address in the query is for the server", linked("https://example.net/unsubscribe?m=anna@example.org#top"), ""},
		{"an attached message is not this one", filtertest.Message("Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nhttp://example.top/\n"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(filtertest.Check(t, f, c.msg), " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestManyDomainsAreCounted(t *testing.T) {
	f := newTest(t)
	var b strings.Builder
	for i := range manyDomains {
		fmt.Fprintf(&b, "http://a.example%d.com/ http://b.example%d.com/\n", i, i)
	}
	if got := filtertest.Check(t, f, written(b.String())); len(got) != 0 {
		t.Errorf("%d domains: %v", manyDomains, got)
	}
	if got := filtertest.Check(t, f, written(b.String()+"http://example.org/")); len(got) != 1 || got[0] != many {
		t.Errorf("one more: %v", got)
	}
}

func TestAQRCodeIsAnAddress(t *testing.T) {
	code, err := qrcode.NewQRCodeWriter().Encode("https://example.top/", gozxing.BarcodeFormat_QR_CODE, 100, 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, code); err != nil {
		t.Fatal(err)
	}
	msg := filtertest.Message("Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(b.Bytes()) + "\n")
	if got := strings.Join(filtertest.Check(t, newTest(t), msg), " "); got != "URL_CHEAP_TLD URL_QR_CODE" {
		t.Errorf("got %s", got)
	}
}

func TestReadmeTellsTheSymbols(t *testing.T) { filtertest.Documented(t, Kind) }

// FuzzAddress gives any address as a link and as text.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"http://a:b@c@0x7f.1:99/\\#a@b.c", "http://%/", "//@", "http://[::1%25a]/#YUBiLmNvbQ", "www.a.com.b.top./ipfs/"} {
		f.Add(s)
	}
	filter := newTest(f)
	f.Fuzz(func(t *testing.T, address string) {
		for _, m := range []*mail.Message{linked(address), written(address)} {
			res, err := filter.Check(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			filtertest.Known(t, Kind, res)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "https://www.example%d.com/a/b?c=d&e=f#top\n", i%40)
	}
	f, m := newTest(b), written(text.String())
	m.URLs()
	for b.Loop() {
		if _, err := f.Check(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
}
