package config

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/postern-mail/postern/internal/stamp"
)

// settle is how long changes are gathered before they are told: one save is
// several events, and several files are often saved together.
const settle = 250 * time.Millisecond

// every is how often the files themselves are looked at, for what no event
// tells of: a folder that comes, goes or is put in another's place, what a link
// leads to, rights.
const every = 5 * time.Second

// Watcher tells when the files of a configuration change. It watches the
// folders, because many programs save by putting a new file in the old one's
// place.
type Watcher struct {
	fs    *fsnotify.Watcher
	path  string
	parts string          // conf.d beside the main file
	more  func() []string // further folders
	seen  map[string]stamp.Stamp
	after func(time.Duration) <-chan time.Time
	look  <-chan time.Time // nil until Run, but for tests
}

// NewWatcher begins to watch the main file's folder, conf.d beside it, and
// further folders of *.yaml files, which more names anew each time, as far as
// they are there. Changes from now on are told by Run, which must be called, or
// Close.
func NewWatcher(path string, more func() []string) (*Watcher, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("config: watch: %w", err)
	}
	w := &Watcher{
		fs:    fs,
		path:  filepath.Clean(path),
		parts: filepath.Join(filepath.Dir(path), confFolder),
		more:  more,
		after: time.After,
	}
	if err := fs.Add(filepath.Dir(w.path)); err != nil {
		fs.Close()
		return nil, fmt.Errorf("config: watch: %w", err)
	}
	w.addFolders()
	w.seen = w.stamps()
	return w, nil
}

// folders are those that hold nothing but files of the configuration.
func (w *Watcher) folders() []string {
	list := []string{w.parts}
	for _, folder := range w.more() {
		if folder != "" {
			list = append(list, filepath.Clean(folder))
		}
	}
	return list
}

// addFolders watches the folders that are there. One that was watched before
// stays so; one that took another's place is watched from now on.
func (w *Watcher) addFolders() {
	for _, folder := range w.folders() {
		_ = w.fs.Add(folder) // where there is none there is nothing to watch
	}
}

// stamps looks at all files.
func (w *Watcher) stamps() map[string]stamp.Stamp {
	all := map[string]stamp.Stamp{}
	all[w.path], _ = stamp.Of(w.path)
	for _, folder := range w.folders() {
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			if file := filepath.Join(folder, e.Name()); isConfFile(e.Name()) {
				all[file], _ = stamp.Of(file)
			}
		}
	}
	return all
}

// changed looks at all files and tells whether one is not as it was seen last.
func (w *Watcher) changed() bool {
	w.addFolders()
	return !maps.EqualFunc(w.seen, w.stamps(), stamp.Stamp.Same)
}

// Close ends the watch.
func (w *Watcher) Close() error { return w.fs.Close() }

// Run calls onChange after each change, from the calling goroutine and never
// twice at once, until ctx ends; then it closes the watcher. Many changes
// within a moment are one.
func (w *Watcher) Run(ctx context.Context, onChange func()) {
	defer w.fs.Close()
	if w.look == nil {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		w.look = ticker.C
	}
	var due <-chan time.Time
	for {
		changed := false
		select {
		case <-ctx.Done():
			return
		case <-due:
			due = nil
			w.seen = w.stamps() // before they are read, so that no change is missed
			onChange()
		case <-w.look:
			changed = w.changed()
		case event, ok := <-w.fs.Events:
			if !ok {
				return
			}
			changed = w.concerns(event)
		case _, ok := <-w.fs.Errors:
			if !ok {
				return
			}
			changed = true // events were lost: one of them may have been ours
		}
		if changed && due == nil {
			due = w.after(settle)
		}
	}
}

// concerns tells whether an event is about a file that Load reads.
func (w *Watcher) concerns(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	name := filepath.Clean(e.Name)
	switch {
	case name == w.parts:
		w.addFolders()
		return true
	case name == w.path:
		return true
	case slices.Contains(w.folders(), filepath.Dir(name)):
		return isConfFile(filepath.Base(name))
	}
	// Kubernetes swaps a link of this name, through which the files are seen.
	return strings.HasPrefix(filepath.Base(name), "..data")
}
