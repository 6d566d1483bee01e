package defaults

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/text"
	"github.com/postern-mail/postern/rules"
	"github.com/postern-mail/postern/rules/match"
)

// prose is what ordinary letters say, a sentence a line.
var prose = strings.Split(strings.TrimSpace(`
Thank you for the notes from Tuesday, they helped a great deal when we sat down with the architects.
The second draft of the report is attached; chapters three and four changed most, and the tables are new.
Could you let me know by Thursday whether the budget for the pump station still holds?
We moved the meeting to half past two because the large room is taken in the morning.
Peter says that the delivery of the valves will be late by a week, so the test has to wait.
I read your paper on the way home and liked the part about old measuring stations best.
The server was down for an hour last night while the disks were replaced; no data was lost.
Please find the minutes below and send me your corrections before the end of the month.
Our account with the printer is settled, they sent the invoice in January and we paid it then.
If the weather stays like this the excursion will be on Saturday, otherwise we go to the museum.
She asked whether the order for the microscopes went out, and who signed for it.
The patch fixes the crash when a line is empty, but I would like to see a test for it as well.
As agreed with the board, the membership fee stays the same next year and the newsletter is sent by mail only.
There are still two free places in the course on soil science, write to Anna if you want one.
I checked the password policy of the new system, it asks for twelve letters and no longer expires.
The children enjoyed the visit very much and still talk about the owl.
Our bank closes the branch in the village, so the cash box has to be emptied in town from now on.
Click through the slides quickly if you like, the important one is number nine.
The insurance wants photographs of the damage, I took some with the telephone this morning.
He wrote that the loan of the paintings was approved and that the transport is being arranged.
您好，会议时间改到下周三下午三点，地点不变，请提前把材料发给王老师。
附件是上个月的测试报告，第二页的数据已经更新，如有问题请回复。
`), "\n")

// letter is a text of about n bytes of ordinary prose.
func letter(n int) string {
	r := rand.New(rand.NewPCG(5, 6))
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(prose[r.IntN(len(prose))] + " \n"[r.IntN(5)/4:][:1])
	}
	return b.String()
}

// newsletter is a message of about 60 KiB of HTML.
func newsletter() *mail.Message {
	r := rand.New(rand.NewPCG(7, 8))
	var b strings.Builder
	b.WriteString("<html><body bgcolor=\"#f4f4f4\"><div style=\"display:none;max-height:0\">A preheader</div><table width=600>\r\n")
	for i := 0; b.Len() < 60<<10; i++ {
		fmt.Fprintf(&b, "<tr><td style=\"padding:10px 0;font-family:Arial,sans-serif;font-size:14px\" valign=top><a href=\"https://news.example.org/click?id=%d\">"+
			"<img src=\"https://img.example.net/p/%d.png\" width=120></a><p>%s</p></td></tr>\r\n", i, i, prose[r.IntN(len(prose))])
	}
	b.WriteString("<p><a href=\"https://news.example.org/out\">Unsubscribe</a></p></table></body></html>\r\n")
	h, body := mail.Read([]byte("From: News <news@example.org>\r\nTo: user@example.net\r\nSubject: What happened this week\r\nMessage-ID: <1@example.org>\r\n" +
		"List-Unsubscribe: <https://news.example.org/out>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + b.String()))
	return mail.New(mail.Message{Session: &mail.Session{}, Header: h, Body: body})
}

// users are a thousand rules of a postmaster's own: phrases with gaps, numbers
// and other words for the same. They are made of the words of the letters, so
// that most meet half of what they look for.
func users() rules.File {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields(strings.Map(func(c rune) rune {
		if c < 128 && strings.ContainsRune(",.;?", c) {
			return -1
		}
		return c
	}, strings.ToLower(strings.Join(prose[:20], " "))))
	word := func() string { return words[r.IntN(len(words))] }
	rare := func() string { return fmt.Sprintf("%s%c%c", word(), 'a'+r.IntN(26), 'a'+r.IntN(26)) }
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range 1000 {
		var p string
		switch i % 5 {
		case 0:
			p = fmt.Sprintf(`\b%s\s+%s\b`, rare(), word())
		case 1:
			p = fmt.Sprintf(`\b%s\b.{0,20}\b%s\b`, word(), rare())
		case 2:
			p = fmt.Sprintf(`\b(%s|%s|%s) (for|of|with)\b`, rare(), rare(), word())
		case 3:
			p = fmt.Sprintf(`代办\s*%s.{0,6}票`, rare())
		case 4:
			p = fmt.Sprintf(`\$\s?\d{1,3}(,\d{3}){0,3} %s`, rare())
		}
		fmt.Fprintf(&b, "  - {symbol: USER_%d, score: 0.1, when: 'words matches `%s`'}\n", i, p)
	}
	return rules.File{Name: "users.yaml", Data: []byte(b.String())}
}

func load(b *testing.B, more ...rules.File) *rules.Set {
	files, err := Files()
	if err != nil {
		b.Fatal(err)
	}
	set, err := rules.Load(options(), append(files, more...)...)
	if err != nil {
		b.Fatal(err)
	}
	return set
}

// BenchmarkEval judges messages with all rules that ship, and with a thousand
// more. Beside it stands one pass over the text of the automaton of a thousand
// patterns.
func BenchmarkEval(b *testing.B) {
	news := newsletter()
	news.Text() // it is not the rules that read the message
	news.URLs()
	header := []rules.Header{
		{Name: "Received", Value: "from mail.example.net (mail.example.net [198.51.100.7]) by mx.example.org with ESMTPS id 4ABC"},
		{Name: "Message-ID", Value: "<1@example.net>"}, {Name: "Content-Type", Value: "multipart/alternative"},
	}
	for _, m := range []struct {
		name  string
		facts *rules.Facts
		text  string
	}{
		{"letter-2KiB", &rules.Facts{Subject: "Minutes", Text: letter(2 << 10), Headers: header}, letter(2 << 10)},
		{"letter-20KiB", &rules.Facts{Subject: "Minutes", Text: letter(20 << 10), Headers: header}, letter(20 << 10)},
		{"newsletter-60KiB", rules.FromMessage(news), news.Text().HTML},
	} {
		for name, set := range map[string]*rules.Set{"shipped": load(b), "and-1000": load(b, users())} {
			b.Run(m.name+"/"+name, func(b *testing.B) {
				defer processor(b)()
				for b.Loop() {
					if _, err := set.Eval(b.Context(), m.facts, nil, time.Time{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run(m.name+"/pass", func(b *testing.B) {
			set, err := match.Compile(patterns())
			if err != nil {
				b.Fatal(err)
			}
			words := text.Normalize(m.text)
			defer processor(b)()
			for b.Loop() {
				set.Search(words).Close()
			}
		})
	}
}

// processor reports the time of the processor that is used from now on, which
// other programs on the machine leave alone.
func processor(b *testing.B) func() {
	used := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	start := used()
	return func() { b.ReportMetric(float64((used()-start).Nanoseconds())/float64(b.N), "cpu-ns/op") }
}

// patterns are those of users.
func patterns() []string {
	var list []string
	for line := range strings.Lines(string(users().Data)) {
		if f := strings.Split(line, "`"); len(f) == 3 {
			list = append(list, f[1])
		}
	}
	return list
}
