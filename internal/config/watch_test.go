package config

import (
	"context"
	"errors"
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
	look    chan time.Time
	more    []string
}

func watch(t *testing.T, files map[string]string) *watched {
	t.Helper()
	x := &watched{path: write(t, files), settle: make(chan time.Time), waiting: make(chan struct{}, 16), told: make(chan struct{}, 16), look: make(chan time.Time)}
	x.more = []string{filepath.Join(filepath.Dir(x.path), "rules.d")}
	w, err := NewWatcher(x.path, func() []string { return x.more })
	if err != nil {
		t.Fatal(err)
	}
	w.look = x.look
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
	if _, err := NewWatcher(filepath.Join(t.TempDir(), "absent", "postern.yaml"), func() []string { return nil }); err == nil {
		t.Error("no error")
	}
}

// TestWhatNoEventTellsOfIsSeen covers changes in folders that were not there,
// or not the same, when the watch began, and behind links.
func TestWhatNoEventTellsOfIsSeen(t *testing.T) {
	in := func(x *watched, name string) string { return filepath.Join(filepath.Dir(x.path), name) }
	for name, change := range map[string]func(*watched) error{
		"a further folder that comes": func(x *watched) error {
			return errors.Join(os.Mkdir(in(x, "rules.d"), 0o755), os.WriteFile(in(x, "rules.d/a.yaml"), nil, 0o640))
		},
		"the target of a link is written": func(x *watched) error {
			return os.WriteFile(in(x, "elsewhere"), []byte("mode: mark"), 0o640)
		},
		"rights": func(x *watched) error { return os.Chmod(in(x, "conf.d/b.yaml"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			x := watch(t, map[string]string{"postern.yaml": "", "conf.d/b.yaml": "", "elsewhere": ""})
			if err := os.Symlink(in(x, "elsewhere"), in(x, "conf.d/link.yaml")); err != nil {
				t.Fatal(err)
			}
			x.expect() // the link
			if err := change(x); err != nil {
				t.Fatal(err)
			}
			x.look <- time.Time{}
			x.expect()
			x.look <- time.Time{}
			x.look <- time.Time{} // nothing has changed since
			if n := len(x.waiting); n != 0 {
				t.Errorf("told %d times more", n)
			}
		})
	}
}

// TestAFolderThatTookAnothersPlaceIsWatched replaces a folder as a whole; what
// is changed in the new one is then told like any other change.
func TestAFolderThatTookAnothersPlaceIsWatched(t *testing.T) {
	x := watch(t, map[string]string{"postern.yaml": "", "conf.d/a.yaml": "", "new/a.yaml": ""})
	folder := filepath.Dir(x.path)
	if err := errors.Join(os.Rename(filepath.Join(folder, "conf.d"), filepath.Join(folder, "old")),
		os.Rename(filepath.Join(folder, "new"), filepath.Join(folder, "conf.d"))); err != nil {
		t.Fatal(err)
	}
	x.expect()
	x.look <- time.Time{}
	x.put(t, "conf.d/b.yaml", "mode: mark\n")
	x.expect()
}
