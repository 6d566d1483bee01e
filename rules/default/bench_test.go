package defaults

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/rules"
)

// letter is a text of n bytes of ordinary words, and some that rules look at.
func letter(words string, n int) string {
	list := strings.Fields(words)
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(list[(i*7+i/13)%len(list)] + " ")
	}
	return b.String()
}

// BenchmarkEval judges typical messages with all rules that ship.
func BenchmarkEval(b *testing.B) {
	files, err := Files()
	if err != nil {
		b.Fatal(err)
	}
	set, err := rules.Load(options(), files...)
	if err != nil {
		b.Fatal(err)
	}
	english := "your order of the report was sent to the account that you gave us please click here for the meeting on monday thanks"
	chinese := "您好 请 查收 附件 会议 时间 改到 下午 三点 公司 的 网站 谢谢"
	header := []rules.Header{
		{Name: "Received", Value: "from mail.example.net (mail.example.net [198.51.100.7]) by mx.example.org with ESMTPS id 4ABC"},
		{Name: "Message-ID", Value: "<1@example.net>"}, {Name: "Content-Type", Value: "multipart/alternative"},
	}
	link := rules.URL{Text: "https://example.net/a?b=c", Host: "example.net", Domain: "example.net", Where: "link"}
	for name, f := range map[string]rules.Facts{
		"letter-2KiB":      {Subject: "Minutes", Text: letter(english, 2<<10), Headers: header},
		"chinese-2KiB":     {Subject: "会议", Text: letter(chinese, 2<<10), Headers: header},
		"newsletter-20KiB": {Subject: "News", Text: letter(english, 20<<10), Headers: header, URLs: []rules.URL{link, link, link, link}},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(f.Text)))
			for b.Loop() {
				if _, err := set.Eval(b.Context(), &f, nil, time.Time{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
