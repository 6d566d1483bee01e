package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/test/world"
	"github.com/postern-mail/postern/verdicts"
)

// sayings is what the program logged, safe to read while it does.
type sayings struct {
	mu   sync.Mutex
	all  bytes.Buffer
	next io.Writer
}

func (s *sayings) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.Write(p)
	return s.next.Write(p)
}

// line is the first line that holds a text, "" for none.
func (s *sayings) line(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(s.all.String()) {
		if strings.Contains(line, text) {
			return line
		}
	}
	return ""
}

const ruleBefore = "rules:\n  - {symbol: TULIPS, score: 1, when: 'words matches \"tulips\"'}\n"

func TestARuleActsOnTheNextMessageAndABrokenOneIsRefused(t *testing.T) {
	dir, err := os.MkdirTemp("", "postern-rules-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	said := &sayings{next: t.Output()}
	w, ctx := start(t, world.Options{Config: fmt.Sprintf("rules: {dir: %q}\n", dir), Log: said})
	sent := 0
	finds := func(symbol string) bool {
		t.Helper()
		sent++
		s := scenes(t, w)[0]
		id := fmt.Sprintf("<rules-%d@world.example>", sent)
		s.Message = bytes.Replace(bytes.Replace(s.Message, []byte(s.ID), []byte(id), 1), []byte("\r\n\r\n"), []byte("\r\n\r\nTulips and daffodils. "), 1)
		s.ID = id
		p := play(t, ctx, w, s)[0]
		if p.Record == nil {
			t.Fatalf("no verdict: %s", p.SMTP.Data)
		}
		return slices.ContainsFunc(p.Record.Symbols, func(s verdicts.Symbol) bool { return s.Name == symbol })
	}
	if finds("TULIPS") {
		t.Fatal("a rule acts that is not there")
	}

	reloads(t, ctx, w, "ok", func() { write(t, filepath.Join(dir, "own.yaml"), ruleBefore) })
	if !finds("TULIPS") {
		t.Error("a rule that was written does not act on the next message")
	}
	reloads(t, ctx, w, "ok", func() { // as an editor saves: another file takes the name
		write(t, filepath.Join(dir, ".own.yaml.new"), strings.ReplaceAll(ruleBefore, "TULIPS", "DAFFODILS"))
		if err := os.Rename(filepath.Join(dir, ".own.yaml.new"), filepath.Join(dir, "own.yaml")); err != nil {
			t.Fatal(err)
		}
	})
	if !finds("DAFFODILS") || finds("TULIPS") {
		t.Error("the rule that took the place of another does not act alone on the next message")
	}

	reloads(t, ctx, w, "error", func() {
		write(t, filepath.Join(dir, "broken.yaml"), "rules:\n  - symbol: ROSES\n    when: wrods matches \"roses\"\n")
	})
	line := said.line("configuration not loaded")
	for _, part := range []string{"level=ERROR", filepath.Join(dir, "broken.yaml") + ":3:11", "ROSES", "unknown name wrods", "words"} {
		if !strings.Contains(line, part) {
			t.Errorf("the log does not say %q: %s", part, line)
		}
	}
	if !finds("DAFFODILS") {
		t.Error("a broken file costs the rules of before")
	}
	var health struct {
		Wrong []struct{ Name, Detail string }
	}
	if err := w.Get(ctx, "/healthz", &health); err != nil {
		t.Error(err)
	}
	if !slices.ContainsFunc(health.Wrong, func(c struct{ Name, Detail string }) bool {
		return c.Name == "config" && strings.Contains(c.Detail, "broken.yaml:3:11")
	}) {
		t.Errorf("healthz says %+v", health)
	}
	if got := w.Metric(ctx, "postern_config_valid"); got != "0" {
		t.Errorf("postern_config_valid is %q", got)
	}

	reloads(t, ctx, w, "ok", func() {
		if err := os.Remove(filepath.Join(dir, "broken.yaml")); err != nil {
			t.Fatal(err)
		}
	})
	if got := w.Metric(ctx, "postern_config_valid"); got != "1" {
		t.Errorf("postern_config_valid is %q once the file is gone", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// reloads does something and waits until the program says that it has read
// the configuration again, with that result.
func reloads(t *testing.T, ctx context.Context, w *world.World, result string, do func()) {
	t.Helper()
	name := fmt.Sprintf("postern_config_reloads_total{result=%q}", result)
	before := w.Metric(ctx, name)
	do()
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	for w.Metric(ctx, name) == before {
		select {
		case <-ctx.Done():
			t.Fatalf("no reload with result %s", result)
		case <-ticks.C:
		}
	}
}
