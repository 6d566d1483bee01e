package headers

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/filtertest"
	"github.com/postern-mail/postern/mail"
)

// good are the fields of a message without fault, in the order in which with
// replaces them.
var good = [][2]string{
	{"From", "Bob <bob@example.net>"}, {"To", "anna@example.org"}, {"Subject", "Friday"},
	{"Date", "Mon, 2 Mar 2026 11:59:00 +0000"}, {"Message-ID", "<1@mail.example.net>"},
}

// with is the good message with these fields instead or in addition; a name
// that begins with "-" takes the field away, one with "+" adds another.
func with(fields ...string) string {
	list := slices.Clone(good)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ":")
		value = strings.TrimPrefix(value, " ")
		at := slices.IndexFunc(list, func(g [2]string) bool { return g[0] == strings.TrimLeft(name, "+-") })
		switch {
		case name[0] == '-':
			list = slices.Delete(list, at, at+1)
		case name[0] == '+' || at < 0:
			list = append(list, [2]string{strings.TrimPrefix(name, "+"), value})
		default:
			list[at][1] = value
		}
	}
	var b strings.Builder
	for _, f := range list {
		b.WriteString(f[0] + ": " + f[1] + "\r\n")
	}
	return b.String() + "\r\nHello\r\n"
}

func newTest(t testing.TB) filters.Filter {
	t.Helper()
	f, err := Kind.New(filters.Env{
		AuthservID: "mx.example.org", Config: &Config{OwnNames: []string{"Out.example.org."}},
		Relays: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTheHeader(t *testing.T) {
	f := newTest(t)
	for _, c := range []struct{ name, text, want string }{
		{"a message without fault", with(), ""},
		{"nothing but an author", with("-To", "-Subject", "-Date", "-Message-ID"), "HEADER_NO_DATE HEADER_NO_MESSAGE_ID HEADER_NO_RECIPIENT HEADER_NO_SUBJECT"},
		{"Cc alone is a recipient", with("-To", "Cc: anna@example.org"), ""},
		{"an empty subject", with("Subject:"), "HEADER_NO_SUBJECT"},
		{"two subjects", with("+Subject: Saturday"), "HEADER_REPEATED"},
		{"the same subject twice", with("+SUBJECT: Friday"), "HEADER_REPEATED(0.3)"},
		{"two Received fields are as they should be", with("Received: by a.example.net", "+Received: by b.example.net"), ""},

		{"a date that is none", with("Date: tomorrow"), "HEADER_DATE_MALFORMED"},
		{"a zone that no place has", with("Date: Mon, 2 Mar 2026 11:59:00 +1900"), "HEADER_DATE_MALFORMED"},
		{"a date without its weekday, with a comment", with("Date: 2 Mar 2026 11:59 +0000 (UTC)"), ""},
		{"a date on another weekday", with("Date: Sun, 2 Mar 2026 11:59:00 +0000"), "HEADER_DATE_ODD"},
		{"a zone that is none", with("Date: Mon, 2 Mar 2026 11:59:00 ABC"), "HEADER_DATE_ODD"},
		{"a zone by its name", with("Date: Mon, 2 Mar 2026 11:59:00 GMT"), ""},
		{"something behind the date", with("Date: Mon, 2 Mar 2026 11:59:00 +0000 junk"), "HEADER_DATE_ODD"},
		{"a comment close behind the zone", with("Date: mon, 2 Mar 2026 11:59:00 +0000(UTC)"), ""},
		{"a date without a zone's name, with a comment of words", with("Date: Mon, 2 Mar 2026 11:59:00 -0000 (at sea, by day)"), ""},
		{"another time zone's clock", with("Date: Mon, 2 Mar 2026 23:59:00 +0000"), ""},
		{"a date ahead", with("Date: Tue, 3 Mar 2026 00:01:00 +0000"), "HEADER_DATE_FUTURE"},
		{"a week in a queue", with("Date: Mon, 23 Feb 2026 13:00:00 +0000"), ""},
		{"a fortnight ago", with("Date: Mon, 16 Feb 2026 12:00:00 +0000"), "HEADER_DATE_PAST(0.5)"},
		{"long ago", with("Date: Tue, 1 Jan 1980 00:00:00 +0000"), "HEADER_DATE_PAST"},

		{"a Message-ID without brackets", with("Message-ID: 1@mail.example.net"), "HEADER_MESSAGE_ID_MALFORMED"},
		{"a Message-ID without a right side", with("Message-ID: <1@>"), "HEADER_MESSAGE_ID_MALFORMED"},
		{"a Message-ID with a blank", with("Message-ID: <1 2@example.net>"), "HEADER_MESSAGE_ID_MALFORMED"},
		{"a Message-ID of a desktop", with("Message-ID: <1@DESKTOP-1>"), "HEADER_MESSAGE_ID_LOCAL"},
		{"a Message-ID on a line of its own", with("Message-ID:\r\n <1@mail.example.net>"), ""},

		{"undisclosed recipients", with("To: undisclosed-recipients:;"), "HEADER_UNDISCLOSED"},
		{"undisclosed recipients beside a Cc", with("To: undisclosed-recipients:;", "Cc: anna@example.org"), ""},
		{"a To that is no address", with("To: friend"), "HEADER_TO_MALFORMED"},
		{"to the author alone", with("To: Bob <BOB@example.net>"), "HEADER_TO_SELF"},
		{"a placeholder", with("To: [to]"), "HEADER_TEMPLATE HEADER_TO_MALFORMED"},
		{"a placeholder in the subject", with("Subject: Dear {{ first_name }}"), "HEADER_TEMPLATE"},
		{"a tag in the subject", with("Subject: [name] Friday"), ""},

		{"raw UTF-8", with("Subject: Grüße"), "HEADER_8BIT(0.3)"},
		{"raw bytes", with("Subject: Gr\xfc\xdfe"), "HEADER_8BIT"},
		{"a NUL", with("Subject: a\x00b"), "HEADER_CONTROL"},
		{"a bare CR", with("Subject: a\rb"), "HEADER_CONTROL"},
		{"a fold and a tab", with("Subject: a\r\n\tb"), ""},
		{"white space before the colon", with("X-A : 1"), "HEADER_SPACE_BEFORE_COLON"},
		{"a long line", with("X-A: " + strings.Repeat("a", 1000)), "HEADER_LONG_LINE"},
		{"a charset that does not exist", with("Subject: =?klingon?q?=FE?="), "HEADER_CHARSET_UNKNOWN"},
		{"a name in a charset that does not exist", with("From: =?klingon?q?Bob?= <bob@example.net>"), "HEADER_CHARSET_UNKNOWN"},
		{"a reader in a charset that does not exist", with("To: =?klingon?q?Anna?= <anna@example.org>"), "HEADER_CHARSET_UNKNOWN"},
		{"a name in another charset", with("From: =?us-ascii?q?Gr=C3=BC=C3=9Fe?= <bob@example.net>"), "HEADER_CHARSET_WRONG"},
		{"a name that needs no encoding", with("From: =?utf-8?b?Qm9i?= <bob@example.net>"), ""},
		{"a charset that is another", with("Subject: =?us-ascii?q?Gr=C3=BC=C3=9Fe?="), "HEADER_CHARSET_WRONG"},
		{"a character cut in two by neighbours", with("Subject: =?utf-8?q?Gr=C3?=\r\n =?utf-8?q?=BC=C3=9Fe?="), ""},

		{"capitals", with("Subject: MAKE MONEY FAST"), "SUBJECT_CAPS"},
		{"one word of capitals", with("Subject: ANNOUNCEMENT"), ""},
		{"Chinese has no capitals", with("Subject: =?utf-8?b?5pif5pyf5LqU5LiL5Y2I6KeB?="), ""},
		{"exclamation marks", with("Subject: Hello!!"), "SUBJECT_MARKS"},
		{"one exclamation mark", with("Subject: Hello!"), ""},
		{"a gap", with("Subject: Hello          xk3j"), "SUBJECT_GAP"},
		{"a word spelt out", with("Subject: get V.I.A.G.R.A now"), "SUBJECT_SPACED"},
		{"an abbreviation", with("Subject: the U.S.A. and I"), ""},
		{"a reply to nothing", with("Subject: Re: Friday"), "SUBJECT_FAKE_REPLY"},
		{"a reply", with("Subject: Re: Friday", "In-Reply-To: <0@example.org>"), ""},
		{"the recipient's address", with("Subject: anna@example.org, act now"), "SUBJECT_ADDRESS"},
		{"base64 around plain words", with("Subject: =?utf-8?B?RnJpZGF5?="), "SUBJECT_NEEDLESSLY_ENCODED"},
		{"base64 that is needed", with("Subject: =?utf-8?B?R3LDvMOfZQ==?="), ""},
		{"a zero-width space", with("Subject: =?utf-8?q?Fri=E2=80=8Bday?="), "SUBJECT_INVISIBLE"},
		{"an emoji with its selector and joiner", with("Subject: =?utf-8?b?4p2k77iP4oCN8J+UpQ==?="), ""},
		{"mathematical letters", with("Subject: =?utf-8?b?8J2XmPCdl7s=?="), "SUBJECT_STYLED"},

		{"facts of bulk mail", with("List-Id: <a.example.net>", "Precedence: bulk", "Auto-Submitted: auto-generated", "Feedback-ID: 1:2", "X-Mailer: PHPMailer 6"),
			"BULK_AUTO BULK_FEEDBACK_ID BULK_LIST BULK_PRECEDENCE BULK_SCRIPT"},
		{"not sent by a program", with("Auto-Submitted: no", "Precedence: first-class", "X-Mailer: Mutt"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(filtertest.Check(t, f, filtertest.Message(c.text)), " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAReceivedFieldMayNotLieAboutUs(t *testing.T) {
	const ours = "from pc (pc [192.0.2.7])\r\n by mx.example.org (Postfix) with ESMTPSA id 1"
	f := newTest(t)
	for _, c := range []struct {
		name   string
		hops   []string
		forged bool
	}{
		{"hosts of others", []string{"from a.example.net by b.example.net; x"}, false},
		{"a list sends our user's mail back", []string{"from mx.example.org (mx.example.org [192.0.2.9]) by list.example.net", ours}, false},
		{"it went out through our other host", []string{"from out.example.org by list.example.net", "from mx.example.org by Out.example.org", ours}, false},
		{"the next hop says nothing of where from", []string{"by list.example.net with SMTP", ours}, false},
		{"the next hop got it from somebody else", []string{"from bot.example.net by relay.example.net", ours}, true},
		{"the last hop claims to be us, and the client is not", []string{ours}, true},
		{"a name that only begins as ours", []string{"from bot.example.net by relay.example.net", "from a by mx.example.org.example.net"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			fields := make([]string, len(c.hops))
			for i, h := range c.hops {
				fields[i] = "+Received: " + h
			}
			found := filtertest.Check(t, f, filtertest.Message(with(fields...)))
			if got := slices.Contains(found, forgedHop); got != c.forged {
				t.Errorf("forged is %v: %v", got, found)
			}
		})
	}
}

func TestOurOwnMailMayLackWhatTheMTAAdds(t *testing.T) {
	f := newTest(t)
	for name, s := range map[string]mail.Session{
		"a user":          {AuthUser: "anna"},
		"a local program": {Local: true},
		"outbound":        {Profile: "outbound"},
		"a relay":         {ClientIP: netip.MustParseAddr("198.51.100.1")},
	} {
		m := filtertest.Message("From: a@example.org\nReceived: from x by mx.example.org\n\nHi\n")
		m.Session = &s
		if got := filtertest.Check(t, f, m); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSMTPUTF8AllowsRawUTF8(t *testing.T) {
	m := filtertest.Message(with("Subject: Grüße"))
	m.Envelope.FromArgs = []string{"BODY=8BITMIME", "smtputf8"}
	if got := filtertest.Check(t, newTest(t), m); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

func TestABounceMayNameTheRecipientItDidNotReach(t *testing.T) {
	m := filtertest.Message(with("Subject: not delivered: anna@example.org"))
	m.Envelope.From = ""
	if got := filtertest.Check(t, newTest(t), m); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

func TestWithoutATimeNoDateIsOld(t *testing.T) {
	m := filtertest.Message(with("Date: Tue, 1 Jan 1980 00:00:00 +0000"))
	m.Now = time.Time{}
	if got := filtertest.Check(t, newTest(t), m); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

func TestMoreHopsThanAreLookedAt(t *testing.T) {
	hop := "Received: from a.example.net by b.example.net\n"
	for n, want := range map[int]string{maxHops: "", maxHops + 1: limit} {
		got := filtertest.Check(t, newTest(t), filtertest.Message(strings.Repeat(hop, n)+with()))
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%d hops: got %s, want %s", n, s, want)
		}
	}
}

func TestManyFieldsAreNotAllLookedAt(t *testing.T) {
	got := filtertest.Check(t, newTest(t), filtertest.Message(strings.Repeat("X-A: b\n", maxFields)+with()))
	if !slices.Contains(got, limit) {
		t.Errorf("found %v", got)
	}
}

func TestAnOwnNameMustBeAName(t *testing.T) {
	if _, err := Kind.New(filters.Env{Config: &Config{OwnNames: []string{"not a name"}}}); err == nil {
		t.Error("it was taken")
	}
}

func TestReadmeTellsTheSymbols(t *testing.T) { filtertest.Documented(t, Kind) }

// FuzzHeader gives any header: every symbol is announced, once.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		with(), with("Subject: =?utf-8?B?RnJpZGF5?= =?x?q?=", "Date: Mon, 2 Mar 2026 11:59:00 +9999"),
		"To: a:;\nSubject: R E : !!\nMessage-ID: <@>\nReceived: by mx.example.org\n\n", "Date:\nTo:\nSubject:\n\xff:\n",
	} {
		f.Add(s)
	}
	filter := newTest(f)
	f.Fuzz(func(t *testing.T, text string) {
		res, err := filter.Check(t.Context(), filtertest.Message(text))
		if err != nil {
			t.Fatal(err)
		}
		filtertest.Known(t, Kind, res)
	})
}

func BenchmarkCheck(b *testing.B) {
	f := newTest(b)
	m := filtertest.Message(with("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from Friday", "Received: from a.example.net by b.example.net; x", "DKIM-Signature: "+strings.Repeat("b=abcdefgh\r\n ", 60)))
	for b.Loop() {
		if _, err := f.Check(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
}
