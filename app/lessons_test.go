package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/evaluate"
)

// pupil is a teacher's stand-in that remembers what it was taught.
type pupil struct {
	mu    sync.Mutex
	class map[string]string
	asked int
	each  func(asked int) error // nil: all goes well
}

func (p *pupil) Learn(_ context.Context, raw []byte, c bayes.Class, _ learn.Origin) (admin.Lesson, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if p.each != nil {
		if err := p.each(p.asked); err != nil {
			return admin.Lesson{}, err
		}
	}
	was := p.class[string(raw)]
	if was == "" {
		was = "none"
	}
	p.class[string(raw)] = c.String()
	return admin.Lesson{Was: was, Now: c.String()}, nil
}

func (p *pupil) LearnVerdict(context.Context, string, bayes.Class, learn.Origin) (admin.Lesson, error) {
	return admin.Lesson{}, admin.ErrNotRemembered
}

func folder(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.eml", i)), fmt.Appendf(nil, "Subject: %d\n\nx\n", i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAnInterruptedRunGoesOnWhereItEnded(t *testing.T) {
	dir, p := folder(t, 200), &pupil{class: map[string]string{}}
	ctx, stop := context.WithCancel(t.Context())
	p.each = func(asked int) error {
		if asked == 20 {
			stop()
		}
		return nil
	}
	first := &lessons{class: bayes.Spam, teacher: p, paths: []string{dir}}
	if err := first.run(ctx, nil); err != nil || !first.Interrupted || first.Learned < 20 || first.Learned > 40 || len(first.Failed) != 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	if first.Learned != len(p.class) {
		t.Errorf("%d are said to be learned, %d are", first.Learned, len(p.class))
	}
	second := &lessons{class: bayes.Spam, teacher: p, paths: []string{dir}}
	if err := second.run(t.Context(), nil); err != nil || second.Interrupted || second.Known != first.Learned || second.Learned+second.Known != 200 {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestStandardInputThatDoesNotEndCanBeInterrupted(t *testing.T) {
	in, out := io.Pipe()
	defer out.Close()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	l := &lessons{class: bayes.Spam, teacher: &pupil{}, paths: []string{"-"}}
	if err := l.run(ctx, in); err != nil || !l.Interrupted {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestWhenNothingCanBeLearnedItIsGivenUp(t *testing.T) {
	away := errors.New("it is away")
	p := &pupil{each: func(int) error { return away }}
	l := &lessons{class: bayes.Ham, teacher: p, paths: []string{folder(t, 200)}}
	if err := l.run(t.Context(), nil); !errors.Is(err, away) || p.asked > 2*giveUp {
		t.Errorf("%v after %d", err, p.asked)
	}
}

func TestSomeThatFailDoNotStopTheOthers(t *testing.T) {
	p := &pupil{class: map[string]string{}, each: func(asked int) error {
		if asked%2 == 0 {
			return errors.New("odd")
		}
		return nil
	}}
	l := &lessons{class: bayes.Ham, teacher: p, paths: []string{folder(t, 100)}}
	if err := l.run(t.Context(), nil); err != nil || l.Learned != 50 || len(l.Failed) != 50 || l.Failed[0].Error != "odd" {
		t.Errorf("%d learned, %d failed, %v", l.Learned, len(l.Failed), err)
	}
}

func TestSourceIsThePathThatWasGiven(t *testing.T) {
	for name, want := range map[string]string{
		"/a/b/cur/1": "/a/b", "/a/bc/1": "/a/bc/1", "/x.mbox:12": "/x.mbox", "-:3": "stdin", "-": "stdin", "/dir/1": "/dir",
	} {
		if got := sourceOf([]string{"/a/b", "/x.mbox", "-", "/dir/"}, name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	for want, got := range map[string]string{
		"1200 messages  400/s": progressLine(1200, 0, "messages", 3*time.Second),
		"1200 messages  400/s  [==========          ]  50 %  3s left": progressLine(1200, 0.5, "messages", 3*time.Second),
		"9 lessons  9/s  [====================]  100 %  0s left":      progressLine(9, 1.5, "lessons", time.Second),
		"0 messages  0/s  [                    ]  1 %  0s left":       progressLine(0, 0.01, "messages", 0),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestProgressIsToldWhereItWasAskedForOnly(t *testing.T) {
	var out strings.Builder
	p := &program{errOut: &out}
	p.newProgress(false, "messages").at(1, 0)
	p.newProgress(false, "messages").end()
	if out.Len() != 0 {
		t.Errorf("%q", out.String())
	}
	g := p.newProgress(true, "messages")
	g.at(1, 0.5)
	g.at(2, 0.5) // too soon
	g.end()
	if n := strings.Count(out.String(), "messages"); n != 1 {
		t.Errorf("drawn %d times: %q", n, out.String())
	}
}

func TestOnlyTheWorstMistakesSoFarAreExplained(t *testing.T) {
	w := worstSoFar{most: 2}
	for i, x := range []struct {
		odds float64
		spam bool
		want bool
	}{{2, false, false}, {4, false, true}, {5, false, true}, {3.5, false, false}, {6, false, true}, {4.5, false, false}, {2, true, true}, {4, true, false}} {
		if got := w.among(evaluate.Score{Mail: evaluate.Mail{Spam: x.spam}, Odds: x.odds}, 3); got != x.want {
			t.Errorf("%d: odds %g: %v", i, x.odds, got)
		}
	}
}

func TestTimesOfThePast(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"": {}, "36h": now.Add(-36 * time.Hour), "1772366400": now, "2026-03-01T12:00:00Z": now, "2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, time.Local),
	} {
		if got, err := parsePast("--since", text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if _, err := parsePast("--since", "yesterday", now); !errors.As(err, new(usageError)) {
		t.Errorf("%v", err)
	}
}
