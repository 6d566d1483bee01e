package app

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/learn/tokens"
	"github.com/postern-mail/postern/mail"
)

func letter(n int) *mail.Message {
	h, b := mail.Read(fmt.Appendf(nil, "Subject: %d\r\n\r\n%s", n, strings.Repeat("Words of a letter, one after the other.\r\n", 500)))
	return mail.New(mail.Message{Session: &mail.Session{}, QueueID: "4Q", Now: time.Unix(int64(n), 0), Header: h, Body: b})
}

func TestNotesOfMessagesThatNeverEndAreBounded(t *testing.T) {
	n, err := openNotebook("", 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	last := letter(0)
	for i := range maxUnderWay + 10 {
		last = letter(i)
		n.look(last, nil)
	}
	if len(n.under) > maxUnderWay {
		t.Errorf("%d notes", len(n.under))
	}
	if _, ok := n.take(last); !ok {
		t.Error("the last message's note is gone")
	}
	if _, ok := n.take(last); ok {
		t.Error("a note is given twice")
	}
}

func TestWhoIsBusyKeepsNobodyWaiting(t *testing.T) {
	n, err := openNotebook("", 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var refused int
	for range maxJobs + 5 { // nobody works yet
		if n.keep(job{}) != nil {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d refused", refused)
	}
}

// What remembering a 20 KiB mail costs beside its tokens.
func BenchmarkRemember(b *testing.B) {
	n, err := openNotebook(b.TempDir(), 64<<20, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	m := letter(1)
	list := tokens.Of(m)
	b.Run("while it is judged", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n.look(m, list)
			n.take(m)
		}
	})
	n.look(m, list)
	taken, _ := n.take(m)
	b.Run("afterwards", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n.do(job{id: "01m801be2f1w8hfpvw", note: taken})
		}
	})
}
