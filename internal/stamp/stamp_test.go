package stamp

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWhatTellsAChange(t *testing.T) {
	then := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	put := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, path string)
		same   bool
	}{
		{"nothing", func(*testing.T, string) {}, true},
		{"it is read", func(t *testing.T, path string) { _, _ = os.ReadFile(path) }, true},
		{"another size", func(t *testing.T, path string) { put(t, path, "longer") }, false},
		{"another time", func(t *testing.T, path string) { _ = os.Chtimes(path, then, then.Add(1)) }, false},
		{"other rights", func(t *testing.T, path string) { _ = os.Chmod(path, 0o600) }, false},
		{"gone", func(t *testing.T, path string) { _ = os.Remove(path) }, false},
		{"another file of the same size and time in its place", func(t *testing.T, path string) {
			put(t, path+".new", "othr")
			_ = os.Rename(path+".new", path)
		}, false},
	} {
		path := filepath.Join(t.TempDir(), "f")
		put(t, path, "text")
		before, err := Of(path)
		if err != nil {
			t.Fatal(err)
		}
		c.change(t, path)
		after, _ := Of(path)
		if before.Same(after) != c.same || after.Same(before) != c.same {
			t.Errorf("%s: the same is %v", c.name, !c.same)
		}
	}
	if !(Stamp{}).Same(Stamp{}) {
		t.Error("no file is not the same as no file")
	}
}
