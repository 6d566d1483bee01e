package phish

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/filtertest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
)

func newTest(t testing.TB) filters.Filter {
	t.Helper()
	f, err := Kind.New(filters.Env{Config: &Config{
		OwnDomains: []string{"muster-werk.example", "Lindenhof.example", "firm.example"},
		People: []Person{
			{Name: "Anna Muster", Addresses: []string{"anna@home.example.net"}},
			{Name: "王小明"}, {Name: "李 明"}, {Name: "Lili Otto"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// from is a message with the author and further header lines.
func from(author string, header ...string) *mail.Message {
	return filtertest.Message("From: " + author + "\nSubject: a\n" + strings.Join(append(header, ""), "\n") + "\nHello\n")
}

// link is a message of bob@example.net with one link.
func link(href, text string) *mail.Message {
	return filtertest.Message("From: bob@example.net\nSubject: a\nContent-Type: text/html; charset=utf-8\n\n<p><a href=\"" + href + "\">" + text + "</a>\n")
}

func TestCheck(t *testing.T) {
	f := newTest(t)
	for _, c := range []struct {
		name string
		msg  *mail.Message
		want string
	}{
		{"an author", from("Bob <bob@example.net>"), ""},
		{"one of ours", from("Anna Muster <anna@lindenhof.example>"), ""},
		{"one of ours below our domain", from("Anna Muster <anna@mail.lindenhof.example>"), ""},
		{"one of ours at home", from("Anna Muster <Anna@home.example.net>"), ""},

		{"the name of one of ours", from("Anna Muster <anna@example.net>"), "PHISH_PERSON"},
		{"the name the other way round, with a title", from("\"MUSTER, Anna (CEO)\" <ceo@example.net>"), "PHISH_PERSON"},
		{"the name in letters that look alike", from("=?utf-8?b?0JBubmEgTXVzdGVy?= <ceo@example.net>"), "PHISH_NAME_MIXED PHISH_PERSON"},
		{"the name with signs that are not seen", from("=?utf-8?q?An=E2=80=8Bna_Mus=C2=ADter?= <ceo@example.net>"), "PHISH_PERSON"},
		{"the name with a filler for a blank", from("=?utf-8?b?QW5uYeOFpE11c3Rlcg==?= <ceo@example.net>"), "PHISH_PERSON"},
		{"the name with digits for letters", from("Li1i 0tto <ceo@example.net>"), "PHISH_PERSON"},
		{"the name and a number", from("Lili Otto2 <ceo@example.net>"), "PHISH_PERSON"},
		{"the name without a blank", from("AnnaMuster <ceo@example.net>"), "PHISH_PERSON"},
		{"the name letter by letter", from("\"A n n a  M u s t e r\" <ceo@example.net>"), "PHISH_PERSON"},
		{"half a name", from("Anna Beispiel <anna@example.net>"), ""},
		{"a Chinese name", from("=?utf-8?b?546L5bCP5piO?= <boss@example.net>"), "PHISH_PERSON"},
		{"a Chinese name with a blank", from("王 小明 <boss@example.net>"), "PHISH_PERSON"},
		{"a Chinese name with a title", from("王小明总经理 <boss@example.net>"), "PHISH_PERSON"},
		{"a Chinese name behind a title", from("总经理 王小明 <boss@example.net>"), "PHISH_PERSON"},
		{"a short Chinese name with a title", from("李明经理 <boss@example.net>"), "PHISH_PERSON"},
		{"a short Chinese name in another's", from("李明德 <boss@example.net>"), ""},
		{"another Chinese name", from("王大明 <boss@example.net>"), ""},
		{"one of ours through a list", from("Anna Muster via talk <talk@lists.example.net>"), "PHISH_PERSON(0.3)"},
		{"a list by its field", from("Anna Muster <talk@lists.example.net>", "List-Id: <talk.lists.example.net>"), "PHISH_PERSON(0.3)"},

		{"our domain in the name", from("\"lindenhof.example support\" <a@example.net>"), "PHISH_NAME_OWN"},
		{"the name of our domain", from("Lindenhof Support <a@example.net>"), "PHISH_NAME_OWN(0.4)"},
		{"our domain in the name of one of ours", from("\"lindenhof.example support\" <a@lindenhof.example>"), ""},

		{"an address in the name", from("\"boss@example.org\" <a@example.net>"), "PHISH_NAME_ADDRESS"},
		{"an address of ours in the name", from("\"anna@lindenhof.example\" <a@example.net>"), "PHISH_NAME_OWN"},
		{"an address in the name with signs that are not seen", from("=?utf-8?q?=22boss=40exam=E2=80=8Bple=2Eorg=22?= <a@example.net>"), "PHISH_NAME_ADDRESS"},
		{"an address in the name with a wide sign", from("\"boss\uff20example.org\" <a@example.net>"), "PHISH_NAME_ADDRESS"},
		{"an address in the name that replies go to", from("\"Per conto di: boss@example.org\" <a@example.net>", "Reply-To: Boss@example.org"), "PHISH_NAME_ADDRESS(0.3) PHISH_REPLY_OTHER"},
		{"an address in the name, and replies go elsewhere too", from("\"boss@example.org\" <a@example.net>", "Reply-To: boss@example.org, b@example.com"), "PHISH_NAME_ADDRESS PHISH_REPLY_OTHER"},
		{"the same address in the name", from("\"a@example.net\" <a@mail.example.net>"), ""},
		{"a handle in the name", from("\"Bob @ work\" <a@example.net>"), ""},
		{"an address in the name, from a list", from("\"'boss@example.org' via talk\" <talk@lists.example.net>"), ""},
		{"another domain in the name", from("Example.org <a@example.net>"), "PHISH_NAME_DOMAIN"},
		{"the same domain in the name", from("Example.net <a@mail.example.net>"), ""},
		{"an abbreviation is no domain", from("\"Dr.No St.Moritz\" <a@example.net>"), ""},
		{"a name of two scripts", from("=?utf-8?b?0JzQtXRhbWFzaw==?= <a@example.net>"), "PHISH_NAME_MIXED"},
		{"a Russian name", from("=?utf-8?b?0J/RgNC40LLQtdGCINCw0YDQvtC80LA=?= <a@example.net>"), ""},
		{"letters in another type", from("=?utf-8?b?8J2XmPCdl7s=?= <a@example.net>"), "PHISH_NAME_MIXED(0.4)"},

		{"a subject of two scripts", filtertest.Message("From: a@example.net\nSubject: =?utf-8?b?UNCw0YNQYWw=?=\n\na\n"), "PHISH_SUBJECT_MIXED"},
		{"a unit is no word", filtertest.Message("From: a@example.net\nSubject: =?utf-8?q?10_=CE=BCm?=\n\na\n"), ""},

		{"replies to the author", from("a@example.net", "Reply-To: A <A@example.net>"), ""},
		{"replies to another domain", from("a@example.net", "Reply-To: a@example.com"), "PHISH_REPLY_OTHER"},
		{"replies to freemail", from("a@example.net", "Reply-To: b@gmail.com"), "PHISH_REPLY_FREEMAIL PHISH_REPLY_OTHER"},
		{"replies to freemail in a second field", from("a@example.net", "Reply-To: a@example.net\nReply-To: b@gmail.com"), "PHISH_REPLY_FREEMAIL PHISH_REPLY_OTHER"},
		{"replies to Chinese freemail", from("a@example.net", "Reply-To: 12345@qq.com"), "PHISH_REPLY_FREEMAIL PHISH_REPLY_OTHER"},
		{"replies to the author at home", from("bob@example.net", "Reply-To: bob@gmail.com"), "PHISH_REPLY_FREEMAIL(0.3) PHISH_REPLY_OTHER"},
		{"from freemail, replies to another address there", from("a@gmail.com", "Reply-To: b@gmail.com"), "PHISH_REPLY_FREEMAIL"},
		{"a colleague answers", from("a@example.net", "Reply-To: b@example.net"), ""},
		{"a list sends replies to the author", from("Bob via talk <talk@lists.example.net>", "Reply-To: b@gmail.com"), "PHISH_REPLY_OTHER"},

		{"a link that says what it is", link("https://www.example.com/a", "www.example.com"), ""},
		{"a link to another host of the domain", link("https://shop.example.com/a", "https://example.com/b"), ""},
		{"a link that lies", link("https://example.net.evil.example/a", "https://www.example.com/login"), "PHISH_LINK_TEXT"},
		{"a link that lies without a scheme", link("https://evil.example/a", "example.com"), "PHISH_LINK_TEXT"},
		{"a link to a number", link("http://198.51.100.7/", "www.example.com"), "PHISH_LINK_TEXT"},
		{"a link through the author's domain", link("https://click.example.net/a", "www.shop.example"), "PHISH_LINK_TEXT(0.3)"},
		{"a link through a tracker", link("https://u1.ct.sendgrid.net/a", "www.example.com"), "PHISH_LINK_TEXT(0.1)"},
		{"a link through a tracker that says where", link("https://www.google.com/url?q=https://evil.example/", "www.example.com"), "PHISH_LINK_TEXT"},
		{"a link that names a tracker", link("https://evil.example/?u=https://google.com/", "www.example.com"), "PHISH_LINK_TEXT"},
		{"a link through a receiver's gate", link("https://eur01.safelinks.protection.outlook.com/?u=1", "www.example.com"), ""},
		{"a link through a redirector that says where", link("https://evil.example/?u=https://www.example.com/", "www.example.com"), ""},
		{"a link to the company in another country", link("https://www.example.de/", "www.example.com"), ""},
		{"words and an address", link("https://evil.example/a", "visit www.example.com now"), "PHISH_LINK_TEXT"},
		{"an address in brackets", link("https://evil.example/a", "(https://example.com/)"), "PHISH_LINK_TEXT"},
		{"an address with wide letters and dots", link("https://evil.example/a", "ｗｗｗ。example。com"), "PHISH_LINK_TEXT"},
		{"words and a name", link("https://shop.example/a", "our deals at Example.com"), ""},
		{"words and half an address", link("https://www.examples.example/a", "go to https://www.exam…"), ""},
		{"words and the address that it leads to", link("https://example.com/a", "visit www.example.com now"), ""},
		{"the text as a path", link("https://evil.example/www.example.com/login", "www.example.com"), "PHISH_LINK_TEXT"},
		{"the text as a user name", link("http://www.example.com@evil.example/", "www.example.com"), "PHISH_LINK_TEXT"},
		{"the text as a left part of the host", link("http://www.example.com.evil.example/", "www.example.com"), "PHISH_LINK_TEXT"},
		{"the text behind the #", link("http://evil.example/#example.com", "www.example.com"), "PHISH_LINK_TEXT"},
		{"a redirector that says it leads elsewhere", link("https://evil.example/www.example.com?u=https://evil.test/", "www.example.com"), "PHISH_LINK_TEXT"},
		{"a mail address", link("https://evil.example/a", "a@example.com"), "PHISH_LINK_TEXT(0.3)"},
		{"a mail address at the place it names", link("https://www.example.com/a", "a@example.com"), ""},
		{"the reader's address", link("https://shop.example/me", "anna@example.org"), ""},
		{"an address of freemail", link("https://shop.example/me", "anna@gmail.com"), ""},
		{"a file name", link("https://evil.example/a", "setup.py"), ""},
		{"a link to a mail address", link("mailto:a@evil.example", "www.example.com"), ""},

		{"a host that is not Latin", link("http://xn--80ak6aa92e.com/", "here"), "PHISH_HOMOGRAPH"},
		{"a host of two scripts", link("http://\u0430pple.com/", "here"), "PHISH_HOMOGRAPH"},
		{"a Russian host", link("http://xn--e1afmkfd.example.net/", "here"), ""},
		{"a German host", link("http://xn--bcher-kva.example.net/", "here"), ""},
		{"an author at a host that is not Latin", from("a@xn--80ak6aa92e.com"), "PHISH_HOMOGRAPH"},

		{"our domain with a digit", from("a@1indenhof.example"), "PHISH_OWN_LOOKALIKE"},
		{"our domain in another script", link("http://l\u0456ndenhof.example/", "here"), "PHISH_HOMOGRAPH PHISH_OWN_LOOKALIKE"},
		{"our domain with vv for w", from("a@muster-vverk.example"), "PHISH_OWN_LOOKALIKE"},
		{"our domain with a letter less", from("a@lindnhof.example"), "PHISH_OWN_LOOKALIKE(0.7)"},
		{"our domain with two letters exchanged", from("a@lindenohf.example"), "PHISH_OWN_LOOKALIKE(0.7)"},
		{"our domain as a word", from("a@lindenhof-support.example"), "PHISH_OWN_LOOKALIKE(0.7)"},
		{"our domain with another ending", from("a@lindenhof.test"), "PHISH_OWN_LOOKALIKE(0.2)"},
		{"our domain as a part", link("http://lindenhof.example.login.example.net/", "here"), "PHISH_OWN_LOOKALIKE"},
		{"our short domain with a letter changed", from("a@fire.example"), ""},
		{"a look-alike in Reply-To", from("a@example.net", "Reply-To: a@muster-vverk.example"), "PHISH_OWN_LOOKALIKE PHISH_REPLY_OTHER"},
		{"a look-alike behind a link", link("http://www.muster-werks.example/", "here"), "PHISH_OWN_LOOKALIKE(0.7)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := filtertest.Check(t, f, c.msg)
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
		})
	}
}

func TestAListMustBeOne(t *testing.T) {
	f := newTest(t)
	result := func(method, value, typ, name, domain string) authres.Result {
		return authres.Result{Method: method, Value: value, Props: []authres.Prop{{Type: typ, Name: name, Value: domain}}}
	}
	dkim := func(value, domain string) authres.Result { return result("dkim", value, "header", "d", domain) }
	spf := func(value, sender string) authres.Result { return result("spf", value, "smtp", "mailfrom", sender) }
	const believed, not = "PHISH_PERSON(0.3)", "PHISH_PERSON"
	via := from("Anna Muster via talk <talk@lists.example.net>")
	byField := from("Anna Muster <anna@example.com>", "List-Id: Talk <talk.lists.example.net>")
	byPost := from("Anna Muster <anna@example.com>", "List-Post: <mailto:talk@lists.example.net>")
	for _, c := range []struct {
		name string
		msg  *mail.Message
		auth []authres.Result
		want string
	}{
		{"nothing was checked", via, nil, believed},
		{"no signature", via, []authres.Result{{Method: "dkim", Value: authres.None}}, not},
		{"no signature, and a field", byField, []authres.Result{{Method: "dkim", Value: authres.None}}, not},
		{"a signature of the list", via, []authres.Result{dkim(authres.Pass, "example.net")}, believed},
		{"a signature of the list that the field names", byField, []authres.Result{dkim(authres.Pass, "lists.example.net")}, believed},
		{"a signature of the list that another field names", byPost, []authres.Result{dkim(authres.Pass, "lists.example.net")}, believed},
		{"a signature that fails", byField, []authres.Result{dkim(authres.Fail, "lists.example.net")}, not},
		{"a signature of a stranger", byField, []authres.Result{dkim(authres.Pass, "example.org")}, not},
		{"the list's return path", byField, []authres.Result{{Method: "dkim", Value: authres.None}, spf(authres.Pass, "talk-bounces@lists.example.net")}, believed},
		{"a stranger's return path", byField, []authres.Result{spf(authres.Pass, "a@example.org")}, not},
		{"DNS did not answer", byField, []authres.Result{dkim(authres.Temperror, "lists.example.net")}, believed},
		{"a method that says nothing of it", byField, []authres.Result{{Method: "iprev", Value: authres.Pass}}, believed},
	} {
		if got := strings.Join(filtertest.Check(t, f, c.msg.WithAuth(c.auth)), " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	m := byField.WithAuth([]authres.Result{{Method: "spf", Value: authres.None}})
	m.Unchecked = []string{"dkim"}
	if got := filtertest.Check(t, f, m); !slices.Equal(got, []string{believed}) {
		t.Errorf("DKIM could not be checked: got %v", got)
	}
}

func TestOurOwnUsersMayCallThemselvesOurs(t *testing.T) {
	m := from("Anna Muster <anna@1indenhof.example>", "Reply-To: anna.muster@gmail.com")
	m.Session.AuthUser = "anna"
	if got := filtertest.Check(t, newTest(t), m); !slices.Equal(got, []string{replyOther}) {
		t.Errorf("found %v", got)
	}
}

func TestWithoutSettingsNobodyIsOurs(t *testing.T) {
	f, err := Kind.New(filters.Env{Config: Kind.Config()})
	if err != nil {
		t.Fatal(err)
	}
	if got := filtertest.Check(t, f, from("Anna Muster <a@1indenhof.example>")); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

func TestSettingsMustMakeSense(t *testing.T) {
	for _, c := range []Config{
		{OwnDomains: []string{"not a domain"}}, {OwnDomains: []string{"co.uk"}}, {People: []Person{{Name: "Anna"}}}, {People: []Person{{Name: "--"}}},
	} {
		if _, err := Kind.New(filters.Env{Config: &c}); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func TestWhatLooksAlikeHasOneSkeleton(t *testing.T) {
	for _, group := range [][]string{
		{"example", "EXAMPLE", "exarnple", "ехаmрlе", "examp1e", "exampIe", "éxample", "ｅxample"},
		{"google", "g00gle", "gооgle", "ɡoogle"},
		{"wolf", "vvolf", "wo1f"},
	} {
		for _, s := range group[1:] {
			if a, b := skeleton(group[0]), skeleton(s); a != b {
				t.Errorf("%q is %q, %q is %q", group[0], a, s, b)
			}
		}
	}
	if skeleton("example") == skeleton("sample") {
		t.Error("all is alike")
	}
}

func TestOneEdit(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"abc", "abd", true}, {"abc", "abcd", true}, {"abc", "xabc", true}, {"abc", "ac", true}, {"abc", "bac", true}, {"", "a", true},
		{"abc", "abde", false}, {"abc", "cba", false}, {"abcd", "badc", false}, {"abc", "abcde", false}, {"aab", "aba", true}, {"aaa", "aaaa", true},
	} {
		if got := oneEdit(c.a, c.b); got != c.want || oneEdit(c.b, c.a) != c.want {
			t.Errorf("%s, %s: %v", c.a, c.b, got)
		}
	}
}

func TestReadmeTellsTheSymbols(t *testing.T) { filtertest.Documented(t, Kind) }

// FuzzMessage gives any author, link and text of a link.
func FuzzMessage(f *testing.F) {
	f.Add("\"a@b.com, lindenhof.example\" <c@d.net>", "b@qq.com", "http://xn--80ak6aa92e.com/", "www.example.com")
	f.Add("=?utf-8?b?0JBubmE=?= Muster <x@lindnhof.example>", "<>", "//\xff", "a.b/\\")
	filter := newTest(f)
	f.Fuzz(func(t *testing.T, author, reply, href, text string) {
		m := filtertest.Message(fmt.Sprintf("From: %s\nReply-To: %s\nContent-Type: text/html\n\n<a href=\"%s\">%s</a>\n", author, reply, href, text))
		res, err := filter.Check(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		filtertest.Known(t, Kind, res)
	})
}

func BenchmarkCheck(b *testing.B) {
	var page strings.Builder
	for i := range 100 {
		fmt.Fprintf(&page, "<p><a href=\"https://www.example%d.com/a?b=c\">https://www.example%d.com/</a> words and more words", i%40, i%50)
	}
	f, m := newTest(b), filtertest.Message("From: Bob <bob@example.net>\nSubject: a\nContent-Type: text/html\n\n"+page.String()+"\n")
	m.URLs()
	for b.Loop() {
		if _, err := f.Check(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
}
