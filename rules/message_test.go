package rules

import (
	"io/fs"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

func message(header mail.Header, results ...authres.Result) *mail.Message {
	return mail.New(mail.Message{
		Session:  &mail.Session{Listener: "inbound", Profile: "inbound", ClientIP: netip.MustParseAddr("192.0.2.1"), Helo: "mx.example.net"},
		Envelope: mail.Envelope{From: "bounce@Sub.Example.net", Rcpts: []string{"x@example.org"}},
		Header:   header, Body: mail.BodyBytes([]byte("hello\r\n")), Auth: results,
	})
}

func TestFromMessage(t *testing.T) {
	f := FromMessage(message(mail.Header{
		{Name: "From", Value: " =?utf-8?B?5Y+R56Wo?= <A@Example.org>"},
		{Name: "Reply-To", Value: " c@example.com"},
		{Name: "Subject ", Value: " =?utf-8?Q?=E5=8F=91?=\r\n =?utf-8?Q?=E7=A5=A8?="},
	},
		authres.Result{Method: "spf", Value: "pass", Props: []authres.Prop{{Type: "smtp", Name: "mailfrom", Value: "bounce@sub.example.net"}}},
		authres.Result{Method: "spf", Value: "fail", Props: []authres.Prop{{Type: "smtp", Name: "helo", Value: "mx.example.net"}}},
		authres.Result{Method: "dkim", Value: "fail", Props: []authres.Prop{{Type: "header", Name: "d", Value: "example.com"}}},
		authres.Result{Method: "dkim", Value: "pass", Props: []authres.Prop{{Type: "header", Name: "d", Value: "mail.example.org"}}},
		authres.Result{Method: "dmarc", Value: "temperror"},
	))
	want := &Facts{
		Session:  Session{Listener: "inbound", Profile: "inbound", ClientIP: "192.0.2.1", Helo: "mx.example.net"},
		Envelope: Envelope{From: "bounce@Sub.Example.net", FromDomain: "sub.example.net", Rcpts: []string{"x@example.org"}},
		From:     Author{Address: "A@example.org", Name: "发票", Domain: "example.org", Count: 1},
		ReplyTo:  Author{Address: "c@example.com", Domain: "example.com", Count: 1},
		Subject:  "发票",
		Headers:  []Header{{"From", "发票 <A@Example.org>"}, {"Reply-To", "c@example.com"}, {"Subject", "发票"}},
		Size:     f.Size,
		Auth: Auth{
			SPF:   Method{Result: "pass", Pass: true, Domain: "sub.example.net", Domains: []string{"sub.example.net"}},
			DKIM:  Method{Result: "pass", Pass: true, Domain: "mail.example.org", Domains: []string{"mail.example.org"}},
			DMARC: Method{Result: "temperror"}, Aligned: true,
		},
	}
	if diff := cmp.Diff(want, f, cmpopts.IgnoreUnexported(Facts{})); diff != "" {
		t.Error(diff)
	}
}

func TestAlignmentNeedsOneAuthor(t *testing.T) {
	pass := authres.Result{Method: "dkim", Value: "pass", Props: []authres.Prop{{Type: "header", Name: "d", Value: "evil.example"}}}
	for _, c := range []struct {
		name   string
		header mail.Header
		want   bool
	}{
		{"the author's own domain", mail.Header{{Name: "From", Value: " a@www.evil.example"}}, true},
		{"another domain", mail.Header{{Name: "From", Value: " a@example.org"}}, false},
		{"two authors", mail.Header{{Name: "From", Value: " a@evil.example"}, {Name: "From", Value: " b@example.org"}}, false},
		{"no author", nil, false},
	} {
		if got := FromMessage(message(c.header, pass)).Auth.Aligned; got != c.want {
			t.Errorf("%s: aligned %v, want %v", c.name, got, c.want)
		}
	}
	suffix := authres.Result{Method: "dkim", Value: "pass", Props: []authres.Prop{{Type: "header", Name: "d", Value: "co.uk"}}}
	if FromMessage(message(mail.Header{{Name: "From", Value: " a@bank.co.uk"}}, suffix)).Auth.Aligned {
		t.Error("a public suffix signs for all below it")
	}
}

func TestTestAndListWriteForATerminal(t *testing.T) {
	s := load(t, `
rules:
  - {symbol: LIGHT, when: size > 0, score: 1.5, describe: "a [31m red one"}
  - {symbol: HEAVY, when: size > 0, score: 3, force: {action: reject, reason: r}}
  - {symbol: DARK, when: size > 0, score: 9, shadow: true}
  - {symbol: OTHER, when: size > 9}
`)
	var out strings.Builder
	met, err := s.Test(t.Context(), &Facts{Size: 1}, nil, s.Policy(now), now)
	if err != nil {
		t.Fatal(err)
	}
	if err := met.Text(&out); err != nil {
		t.Fatal(err)
	}
	want := `DARK          9.00  rules  in the shadow
HEAVY         3.00  rules  demands reject: r
LIGHT         1.50  rules  
3 of 4 rules  4.50
`
	if diff := cmp.Diff(want, out.String(), cmpopts.IgnoreUnexported(Facts{})); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := WriteList(&out, s.List(s.Policy(now), now)); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(out.String(), "\n"); len(lines) != 5 || !strings.HasPrefix(lines[0], "DARK   9    rules  shadow") {
		t.Errorf("list:\n%s", &out)
	}
}

func TestWhatIsShownIsWhatIsAdded(t *testing.T) {
	s := load(t, `
groups: {content: {cap: 4}}
rules:
  - {symbol: HEAVY, when: size > 0, score: 3, group: content}
  - {symbol: LIGHT, when: size > 0, score: 2, group: content}
  - {symbol: RESCORED, when: size > 0, score: 9}
`)
	p := s.Policy(now)
	p.Table["RESCORED"] = scoring.Entry{Group: "rules", Score: 1}
	p.Table["FILTER"] = scoring.Entry{Group: "content", Score: 3.5}
	met, err := s.Test(t.Context(), &Facts{Size: 1}, []scoring.Symbol{scoring.Found("FILTER")}, p, now)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := met.Text(&out); err != nil {
		t.Fatal(err)
	}
	want := `RESCORED      1.00  rules    
HEAVY         0.50  content  3.00 without the cap of its group
LIGHT         0.00  content  2.00 without the cap of its group
3 of 3 rules  1.50
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	out.Reset()
	if err := WriteList(&out, s.List(p, now)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"HEAVY     3  content (at most 4)  on", "RESCORED  1  rules                on"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestFieldsAreDocumented(t *testing.T) {
	var out strings.Builder
	if err := WriteFields(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\ntext ", "\nauth.dkim.pass ", "\nurls[].host ", "\nsymbols ", "\nin_list ", "\nattachments[].names "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, &out)
		}
	}
	for _, f := range fields() {
		if f.doc == "" || strings.HasSuffix(f.path, ".") {
			t.Errorf("%q is not documented", f.path)
		}
	}
	t.Logf("%d names, %d text fields", len(fields()), len(textFields()))
}

func TestReadDir(t *testing.T) {
	fsys := fstest.MapFS{"b.yaml": {Data: []byte("b")}, "a.yaml": {Data: []byte("a")}, "c.txt": {}, "d/e.yaml": {}}
	files, err := ReadDir(fsys, "/etc/postern/rules.d", true)
	if err != nil || len(files) != 2 || files[0].Name != "/etc/postern/rules.d/a.yaml" || !files[1].Shipped {
		t.Errorf("%v, %v", files, err)
	}
}

func TestWhatIsNoFileOrHasNoEndIsNotRead(t *testing.T) {
	for name, mode := range map[string]fs.FileMode{"a folder": fs.ModeDir, "a pipe": fs.ModeNamedPipe, "a device": fs.ModeDevice} {
		_, err := ReadDir(fstest.MapFS{"a.yaml": {Mode: mode}}, "rules.d", false)
		if err == nil || err.Error() != "rules: rules.d/a.yaml: is no file" {
			t.Errorf("%s: error %v", name, err)
		}
	}
	files, err := ReadDir(fstest.MapFS{"a.yaml": {Data: make([]byte, 2*maxFile)}}, "rules.d", false)
	if err != nil || len(files) != 1 || len(files[0].Data) != maxFile+1 {
		t.Errorf("%d files, error %v", len(files), err)
	}
}

func TestLongTextsAreBounded(t *testing.T) {
	s := load(t, "rules:\n  - {symbol: AT_END, when: 'text matches \"end\"'}\n  - {symbol: MANY, when: len(urls) > 1000}\n")
	got := eval(t, s, Facts{Text: strings.Repeat("x", maxText) + "end", URLs: make([]URL, 5000)})
	if len(got) != 0 {
		t.Errorf("found %v beyond the bounds", got)
	}
}

func TestWhatRulesAskForIsReadOfTheBody(t *testing.T) {
	raw := "Subject: ＯＦＦＥＲ\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
		"--b\nContent-Type: text/html; charset=utf-8\n\n<p>Next of\n<b>KIN</b> <a href=\"http://example.net/a\">here</a></p>\n" +
		"--b\nContent-Type: text/plain; name=a.txt\nContent-Disposition: attachment; filename=a.txt\n\nfile\n--b--\n"
	h, b := mail.Read([]byte(raw))
	m := mail.New(mail.Message{Session: &mail.Session{}, Header: h, Body: b, Now: now})
	set := load(t, `rules:
  - {symbol: T_WORDS, when: 'words matches "^offer\\n.*next of kin"'}
  - {symbol: T_TEXT, when: 'text matches "KIN"'}
  - {symbol: T_HTML, when: 'html matches "<b>KIN</b>"'}
  - {symbol: T_URL, when: 'any(urls, .domain == "example.net" and .where == "link" and .shown == "here")'}
  - {symbol: T_FILE, when: 'any(attachments, .name == "a.txt" and .size > 3 and len(.sha256) == 64)'}
`)
	found, err := set.Eval(t.Context(), FromMessage(m), nil, now)
	if err != nil || len(found) != 5 {
		t.Errorf("%v, %v: not all five rules match", found, err)
	}
}

func TestNeitherBodyHidesTheOther(t *testing.T) {
	set := load(t, "rules:\n  - {symbol: T_TEXT, when: 'text matches \"dear winner\"'}\n  - {symbol: T_WORDS, when: 'words matches \"dear winner\"'}\n")
	long := strings.Repeat("nothing to see here\n", maxText/20+1)
	for _, c := range []struct{ name, plain, html string }{
		{"HTML behind a long plain text", long, "<p>dear winner</p>"},
		{"HTML behind a plain text that grows when it is made plain", strings.Repeat("\ufdfa ", maxText/8), "<p>dear winner</p>"},
		{"plain text before a long HTML", "dear winner\n", "<pre>" + long + "</pre>"},
		{"HTML behind a long plain text, itself long", long, "<p>dear winner</p><pre>" + long + "</pre>"},
	} {
		raw := "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n" +
			"--b\nContent-Type: text/plain; charset=utf-8\n\n" + c.plain + "\n--b\nContent-Type: text/html\n\n" + c.html + "\n--b--\n"
		h, b := mail.Read([]byte(raw))
		m := mail.New(mail.Message{Session: &mail.Session{}, Header: h, Body: b, Now: now})
		if found, err := set.Eval(t.Context(), FromMessage(m), nil, now); err != nil || len(found) != 2 {
			t.Errorf("%s: %v, %v: not both rules match", c.name, found, err)
		}
	}
}

func TestTheTwoBodiesShareWhatIsRead(t *testing.T) {
	for _, c := range []struct{ name, plain, html, want string }{
		{"one alone", "", "a\n", "a"},
		{"both", "a\n", "\nb", "a\nb"},
		{"neither", "\n", "", ""},
		{"a long plain text", strings.Repeat("a", maxText), "b", strings.Repeat("a", maxText-2) + "\nb"},
		{"a long HTML", "a", strings.Repeat("b", maxText), "a\n" + strings.Repeat("b", maxText-2)},
		{"both long", strings.Repeat("a", maxText), strings.Repeat("b", maxText), strings.Repeat("a", maxText/2) + "\n" + strings.Repeat("b", maxText/2-1)},
		{"a rune at the cut", strings.Repeat("a", maxText-4) + "票", "b", strings.Repeat("a", maxText-4) + "\nb"},
	} {
		if got, _ := joined(c.plain, c.html, "\n", maxText); got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.name, len(got), len(c.want))
		}
	}
}

func TestAnExamplesURLIsReadLikeThatOfAMessage(t *testing.T) {
	for _, text := range []string{"http://Login.Example.net./now?x=1#y", "http://u:p@login.example.net:8080/", "http://3221225985/", "http://例子.中国/"} {
		found := links(message(mail.Header{{Name: "Subject", Value: " " + text}}))
		if len(found) != 1 {
			t.Fatalf("%s: found %+v", text, found)
		}
		found[0].Where = ""
		var u URL
		if err := u.setText(text); err != nil || u != found[0] {
			t.Errorf("%+v, %v, want %+v", u, err, found[0])
		}
	}
	var u URL
	if err := u.setText("login.example.net/now"); err != nil || u.Host != "login.example.net" || u.Path != "/now" {
		t.Errorf("without scheme: %+v, %v", u, err)
	}
	if err := u.setText("no host at all"); err == nil {
		t.Errorf("%+v is a URL", u)
	}
}
