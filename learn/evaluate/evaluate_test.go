package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/mail"
)

var ctx = context.Background()

// mails makes n messages, ham and spam in turn.
func mails(t testing.TB, n int) []Mail {
	t.Helper()
	var list []Mail
	for i := range n {
		own, spam := "meeting minutes of the garden club", i%2 == 1
		if spam {
			own = "cheap pills without prescription"
		}
		raw := fmt.Sprintf("Subject: mail %d\n\n%s, word%d and word%d\n", i, own, i%7, i%11)
		one, err := Read(ctx, []string{"-"}, strings.NewReader(raw), spam, nil, nil)
		if err != nil || len(one) != 1 {
			t.Fatalf("%d messages, %v", len(one), err)
		}
		one[0].Name = fmt.Sprintf("mail-%d", i)
		one[0].Open = func() (*mail.Message, error) {
			h, b := mail.Read([]byte(raw))
			return mail.New(mail.Message{Session: &mail.Session{}, Header: h, Body: b}), nil
		}
		list = append(list, one[0])
	}
	return list
}

// scores makes scores of known classes: h for ham, s for spam.
func scores(s string, odds ...float64) []Score {
	list := make([]Score, len(odds))
	for i, o := range odds {
		list[i] = Score{Mail: Mail{Name: fmt.Sprint(i), Spam: s[i] == 's'}, Odds: o}
	}
	return list
}

func TestMeasures(t *testing.T) {
	tests := []struct {
		name             string
		scores           []Score
		above, recallAt0 float64
	}{
		{"a perfect filter", scores("hhss", -2, -1, 1, 2), 0, 100},
		{"a filter that is always wrong", scores("sshh", -2, -1, 1, 2), 100, 0},
		{"a filter that says nothing", scores("hshs", 0, 0, 0, 0), 50, 0},
		{"one of four pairs in the wrong order", scores("hshs", -2, -1, 1, 2), 25, 50},
		{"no messages at all", nil, 100, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := AboveCurve(tt.scores); math.Abs(got-tt.above) > 1e-9 {
				t.Errorf("(1-AUC) %g %%, want %g", got, tt.above)
			}
			if got := Recall(tt.scores, 0); got != tt.recallAt0 {
				t.Errorf("recall %g %%, want %g", got, tt.recallAt0)
			}
		})
	}
}

func TestEveryProtocolTellsTheClassesApart(t *testing.T) {
	list := mails(t, 120)
	split, judge, err := Split(ctx, list[:80], list[80:])
	if err != nil {
		t.Fatal(err)
	}
	cross, err := Cross(ctx, list, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	online, err := OnLine(ctx, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string][]Score{"split": split, "cross": cross, "on-line": online[40:]} {
		if a := AboveCurve(s); a > 1 {
			t.Errorf("%s: (1-AUC) %g %%", name, a)
		}
	}
	if len(cross) != len(list) || len(online) != len(list) || len(split) != 40 {
		t.Errorf("%d, %d and %d scores", len(cross), len(online), len(split))
	}
	if online[0].Odds != 0 {
		t.Errorf("the first message is judged %g from nothing", online[0].Odds)
	}
	if judge.Counts.Messages().Ham != 40 {
		t.Errorf("the judge learned %v", judge.Counts.Messages())
	}
	if _, err := Cross(ctx, list, 1, nil); err == nil {
		t.Error("one fold is no error")
	}
}

func TestAReportNamesTheWorstMistakesAndWhy(t *testing.T) {
	list := mails(t, 80)
	turned := list[79]
	turned.Spam, turned.Name = false, "\x1b[2Jevil"
	s, judge, err := Split(ctx, list[:60], append(list[60:79:79], turned))
	if err != nil {
		t.Fatal(err)
	}
	if err := Explain(judge, s, 2, 3); err != nil {
		t.Fatal(err)
	}
	r := New(s, 0, 2)
	if r.Ham != 11 || r.Spam != 9 || r.HamAsSpam != 1 || r.SpamAsHam != 0 || len(r.WorstHam) != 1 || len(r.WorstHam[0].Tokens) != 3 {
		t.Errorf("%+v", r)
	}
	var text bytes.Buffer
	if err := r.Text(&text); err != nil || !strings.Contains(text.String(), "pills") || strings.Contains(text.String(), "\x1b") {
		t.Errorf("%v: %q", err, text.String())
	}
	if b, err := json.Marshal(r); err != nil || !strings.Contains(string(b), `"1-auc_percent"`) {
		t.Errorf("%v: %s", err, b)
	}
}

func TestThePictureIsWellFormed(t *testing.T) {
	var b bytes.Buffer
	if err := SVG(&b, "a <title> & more", Curve{"first", scores("hshs", -2, -1, 1, 2)}, Curve{"<none>", nil}); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(&b)
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadTellsOfProgress(t *testing.T) {
	n := 0
	if _, err := Read(ctx, []string{"-"}, strings.NewReader("Subject: a\n\nb\n"), true, nil, func(learn.Found) { n++ }); err != nil || n != 1 {
		t.Errorf("%d calls, %v", n, err)
	}
}
