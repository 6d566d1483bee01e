package config

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// watched runs a watcher whose moment of settling ends when the test says so.
type watched struct {
	path    string
	settle  chan time.Time
	waiting chan struct{} // something changed and settles
	told    chan struct{}
}

func watch(t *testing.T, files map[string]string) *watched {
	t.Helper()
	x := &watched{path: write(t, files), settle: make(chan time.Time), waiting: make(chan struct{}, 16), told: make(chan struct{}, 16)}
	w, err := NewWatcher(x.path)
	if err != nil {
		t.Fatal(err)
	}
	w.after = func(time.Duration) <-chan time.Time {
		x.waiting <- struct{}{}
		return x.settle
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, func() { x.told <- struct{}{} })
	}()
	t.Cleanup(func() { cancel(); <-done })
	return x
}

func (x *watched) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(x.path), name), []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

// expect waits for one change to be told, which ends the test by its time
// limit where it never is.
func (x *watched) expect() {
	<-x.waiting
	x.settle <- time.Time{}
	<-x.told
}

func TestAChangeIsToldHoweverItIsSaved(t *testing.T) {
	files := map[string]string{"postern.yaml": "mode: mark\n", "conf.d/a.yaml": ""}
	for name, save := range map[string]func(*testing.T, *watched){
		"written in place": func(t *testing.T, x *watched) { x.put(t, "postern.yaml", "mode: observe\n") },
		"renamed over": func(t *testing.T, x *watched) {
			x.put(t, ".new", "mode: observe\n")
			if err := os.Rename(filepath.Join(filepath.Dir(x.path), ".new"), x.path); err != nil {
				t.Fatal(err)
			}
		},
		"removed": func(t *testing.T, x *watched) {
			if err := os.Remove(x.path); err != nil {
				t.Fatal(err)
			}
		},
		"a new part in conf.d": func(t *testing.T, x *watched) { x.put(t, "conf.d/b.yaml", "mode: mark\n") },
	} {
		t.Run(name, func(t *testing.T) {
			x := watch(t, files)
			save(t, x)
			x.expect()
		})
	}
}

func TestManyChangesWithinAMomentAreOne(t *testing.T) {
	x := watch(t, map[string]string{"postern.yaml": "", "conf.d/a.yaml": ""})
	for range 20 {
		x.put(t, "postern.yaml", "mode: mark\n")
		x.put(t, "conf.d/a.yaml", "mode: mark\n")
	}
	x.expect()
	if n := len(x.told); n != 0 {
		t.Errorf("told %d times more", n)
	}
}

func TestOtherFilesAreNobodysMatter(t *testing.T) {
	x := watch(t, map[string]string{"postern.yaml": "", "conf.d/a.yaml": ""})
	x.put(t, "notes.txt", "x")
	x.put(t, "conf.d/.a.yaml.swp", "x")
	x.put(t, "conf.d/a.yaml~", "x")
	if err := os.Chmod(x.path, 0o600); err != nil {
		t.Fatal(err)
	}
	// Events come in order: were one of the above told, it would begin a
	// moment of its own, and this change would not settle in the first.
	x.put(t, "postern.yaml", "mode: mark\n")
	<-x.waiting
	if n := len(x.waiting); n != 0 {
		t.Errorf("%d further moments", n)
	}
	x.settle <- time.Time{}
	<-x.told
}

func TestConfDThatComesLaterIsWatched(t *testing.T) {
	x := watch(t, map[string]string{"postern.yaml": ""})
	if err := os.Mkdir(filepath.Join(filepath.Dir(x.path), "conf.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	x.expect()
	x.put(t, "conf.d/a.yaml", "mode: mark\n")
	x.expect()
}

func TestAFolderThatIsNotThereCannotBeWatched(t *testing.T) {
	if _, err := NewWatcher(filepath.Join(t.TempDir(), "absent", "postern.yaml")); err == nil {
		t.Error("no error")
	}
}
