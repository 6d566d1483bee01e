package tokens

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

// message reads a message as it would come from a file.
func message(raw string, auth ...authres.Result) *mail.Message {
	h, b := mail.Read([]byte(raw))
	return mail.New(mail.Message{Session: &mail.Session{}, Header: h, Body: b, Auth: auth})
}

// names are the readable forms of a message's tokens.
func names(raw string) []string {
	_, n := Named(message(raw))
	return slices.Sorted(maps.Values(n))
}

func TestTokensOfAMessage(t *testing.T) {
	const text = "Content-Type: text/plain; charset=utf-8\n\n"
	tests := []struct {
		name, raw  string
		want, none []string
	}{
		{"words and pairs at a short distance are taken", text + "Cheap blue Pills today",
			[]string{"cheap", "pills", "cheap blue", "cheap _ pills", "cheap _ _ today"}, []string{"cheap _ _ _ today"}},
		{"the subject has tokens of its own", "Subject: Free Offer\n" + text + "hello", []string{"subject:free", "subject:free offer", "free"}, nil},
		{"encoded words of the subject are decoded", "Subject: =?utf-8?B?R3LDvMOfZQ==?=\n" + text, []string{"subject:grüße"}, nil},
		{"marks of other filters in the subject are left out", "Subject: [SPAM] ***SPAM*** hello\n" + text, []string{"subject:hello"}, []string{"subject:spam"}},
		{"a list's tag in the subject stays", "Subject: [gardening] hello\n" + text, []string{"subject:gardening"}, nil},
		{"Han is cut into overlapping bigrams", text + "免费发票", []string{"免费", "费发", "发票"}, []string{"免费发票"}},
		{"a Han character that stands alone is a word", text + "a 免 b", []string{"免", "a 免"}, nil},
		{"full width letters are plain ones", text + "ＶＩＡＧＲＡ", []string{"viagra"}, nil},
		{"Cyrillic letters within a Latin word are folded", text + "раypal", []string{"paypal", "look-alike letters"}, nil},
		{"a Cyrillic word stays as it is", text + "привет", []string{"привет"}, []string{"look-alike letters"}},
		{"invisible characters do not break words", text + "via\u200bgra", []string{"viagra"}, nil},
		{"an apostrophe belongs to the word", text + "don't 'quote'", []string{"don't", "quote"}, nil},
		{"long words are folded", text + strings.Repeat("x", 30), []string{"(long e)"}, []string{strings.Repeat("x", 30)}},
		{"words that look random are folded", text + "x7k2p9qwz1", []string{"(random d)"}, []string{"x7k2p9qwz1"}},
		{"numbers are taken, their pairs by length", text + "call 5551234", []string{"5551234", "call (digits c)"}, []string{"call 5551234"}},
		{"money and shouting are words", text + "$ 100 now!!!", []string{"$", "now !!!"}, nil},
		{"runs of characters are taken", text + "mortgage", []string{"~mortg", "~tgage"}, nil},
		{"hidden text is kept apart", "Content-Type: text/html\n\n<p>shown</p><p style=\"display:none\">secret</p>",
			[]string{"shown", "hidden:secret"}, []string{"secret"}},
		{"addresses give host, domain and path", text + "see http://www.shop.example.org/buy/now.html",
			[]string{"host:www.shop.example.org", "host:*.example.org", "host:*.org", "path:buy", "path:now"}, nil},
		{"the author gives name and domain", "From: Big Deals <a@mail.example.org>\n" + text,
			[]string{"from:big deals", "from:@a@mail.example.org", "from:*.example.org"}, nil},
		{"an answer elsewhere is seen", "From: a@example.org\nReply-To: b@example.net\n" + text, []string{"reply-to elsewhere", "reply-to:example.net"}, nil},
		{"a hop gives domain and networks, no time", "Received: from x.example.org ([192.0.2.7]) by mx; Mon, 1 Jan 2024 10:00:00 +0100\n" + text,
			[]string{"hop:example.org", "hop:192.0.2", "hop:192.0"}, []string{"hop:192.0.2.7"}},
		{"of the date only the zone counts", "Date: Mon, 1 Jan 2024 10:00:00 +0800\n" + text, []string{"zone:+0800"}, []string{"date:2024"}},
		{"parts, charsets and files are seen", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: application/zip; name=A.ZIP\n\nPK\n--b--\n",
			[]string{"type:text/html", "file name:.zip", "parts:multipart/mixed text/html application/zip "}, nil},
		{"findings count", "From: a@example.org\nFrom: b@example.org\n" + text, []string{"finding:FROM_MULTIPLE_FIELDS"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := names(tt.raw)
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("no token %q in %q", w, got)
				}
			}
			for _, w := range tt.none {
				if slices.Contains(got, w) {
					t.Errorf("token %q should not be there", w)
				}
			}
		})
	}
}

func TestAuthenticationResultsAreTokens(t *testing.T) {
	_, n := Named(message("\nx", authres.Result{Method: "spf", Value: "fail"}))
	if !slices.Contains(slices.Collect(maps.Values(n)), "auth:spf=fail") {
		t.Error("no token auth:spf=fail")
	}
}

func TestWhatTheReceivingSideAddsChangesNothing(t *testing.T) {
	const raw = "From: a@example.org\nSubject: hello\nX-Mailer: pen\n\nbody\n"
	plain := Of(message(raw))
	added := "Delivered-To: me@example.net\nX-Spam-Status: Yes, score=12\nX-Spam-Flag: YES\nAuthentication-Results: mx; spf=pass\n" +
		"X-Virus-Scanned: yes\nReturn-Path: <a@example.org>\nStatus: RO\nX-Postern-Score: 9\n"
	if got := Of(message(added + raw)); !slices.Equal(got, plain) {
		t.Errorf("%d tokens with the added fields, %d without", len(got), len(plain))
	}
}

func TestNamedAndOfAgree(t *testing.T) {
	m := message("From: A <a@example.org>\nSubject: hello world\n\nhttp://example.net/ some text\n")
	list, n := Named(m)
	if !slices.Equal(list, Of(m)) {
		t.Error("other tokens when their names are asked for")
	}
	for _, token := range list {
		if n[token] == "" {
			t.Errorf("token %x of group %d has no name", token, GroupOf(token))
		}
	}
}

func TestAFloodOfWordsIsBounded(t *testing.T) {
	var flood strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&flood, "w%dord http://h%d.example.org/p%d ", i, i, i)
	}
	list := Of(message("Subject: hello\nX-Mailer: pen\n\n" + flood.String()))
	check(t, list)
	if _, n := Named(message("Subject: hello\nX-Mailer: pen\n\n" + flood.String())); !slices.Contains(slices.Collect(maps.Values(n)), "x-mailer:pen") {
		t.Error("the flood drowned the header")
	}
}

// check tells whether tokens are distinct and within their quotas.
func check(t *testing.T, list []uint64) {
	t.Helper()
	var n [Groups]int
	seen := map[uint64]bool{}
	for _, token := range list {
		if token == 0 || seen[token] {
			t.Fatalf("token %x is zero or there twice", token)
		}
		seen[token] = true
		n[GroupOf(token)]++
	}
	for g, count := range n {
		if count > quota[g] {
			t.Errorf("group %d has %d tokens, more than its %d", g, count, quota[g])
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, s := range []string{
		"Subject: =?utf-8?Q?=e5=85=8d?= x\nFrom: \"a\" <a@b>\nReceived: from x.y (1.2.3.4)\n\nword 免费 раypal a'",
		"Content-Type: text/html\n\n<a href='http://h/p?q'>t</a><i style=font-size:0>z</i>",
		"Message-ID: <@@>\nTo: ,,,\nDate: \n\n\xff\xfe'", "Subject: [spam\n\n", "Subject: ***spam\n\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		list := Of(message(string(raw)))
		check(t, list)
		if named, _ := Named(message(string(raw))); !slices.Equal(list, named) {
			t.Error("other tokens the second time")
		}
	})
}

// sample is a mail of 20 KiB.
func sample() *mail.Message {
	var b strings.Builder
	b.WriteString("From: Somebody <a@example.org>\nTo: b@example.net\nSubject: about the words of this mail\n" +
		"Received: from mx.example.org ([192.0.2.1]) by mx.example.net; Mon, 1 Jan 2024 10:00:00 +0000\nX-Mailer: pen\n\n")
	for i := 0; b.Len() < 20<<10; i++ {
		fmt.Fprintf(&b, "word%c%c lorem ipsum dolor sit amet %d consectetur; http://www%d.example.org/a/b\n", 'a'+i%26, 'a'+i/26%26, i, i%7)
	}
	m := message(b.String())
	m.Text()
	m.URLs()
	m.Tree()
	return m
}

func BenchmarkOf20KiB(b *testing.B) {
	m := sample()
	b.ReportAllocs()
	for b.Loop() {
		Of(m)
	}
}
