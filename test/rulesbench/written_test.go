package rulesbench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/mail"
)

// written reads the letters that were written for the project: of the kinds of
// which the corpus has none, such as newsletters, receipts and notices in
// several languages, and spam of the common kinds in other words than its own.
func written(t testing.TB, class string) []item {
	data, err := os.ReadFile(filepath.Join("..", "..", "rules", "default", "testdata", class+".mbox"))
	if err != nil {
		t.Fatal(err)
	}
	var list []item
	for i, text := range strings.Split(string(data), "From user@example.org Fri May  1 00:00:00 2026\n")[1:] {
		one := item{path: fmt.Sprintf("written/%s/%03d", class, i+1), source: "written", spam: class == "spam", raw: []byte(text)}
		date, _ := message(one).Header.Get("Date")
		if one.day, err = time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", strings.TrimSpace(date)); err != nil {
			t.Fatal(err)
		}
		list = append(list, one)
	}
	return list
}

func TestLettersOfTodayAreNotMarked(t *testing.T) {
	judgeWritten(t, "ham", func(score float64) bool { return score < mark })
}

func TestSpamOfTodayIsMarked(t *testing.T) {
	judgeWritten(t, "spam", func(score float64) bool { return score >= mark })
}

func judgeWritten(t *testing.T, class string, right func(score float64) bool) {
	j, list, good := newJudge(t), written(t, class), 0
	for _, i := range list {
		v := j.verdict(t, i)
		if right(v.Score) {
			good++
			continue
		}
		subject, _ := message(i).Header.Get("Subject")
		var why []string
		for _, s := range v.Symbols {
			why = append(why, fmt.Sprintf("%s %.2g", s.Name, s.Points))
		}
		t.Errorf("%s, %s: %.2f: %s", i.path, mail.ParseAuthor(message(i).Header).Addresses[0].Name+":"+subject, v.Score, strings.Join(why, ", "))
	}
	t.Logf("%s: %d of %d right", class, good, len(list))
}
