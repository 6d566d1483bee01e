package config

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long changes are gathered before they are told: one save is
// several events, and several files are often saved together.
const settle = 250 * time.Millisecond

// Watcher tells when the files of a configuration change. It watches the
// folders, because many programs save by putting a new file in the old one's place.
type Watcher struct {
	fs    *fsnotify.Watcher
	path  string
	parts string // conf.d beside the main file
	more  []string
	after func(time.Duration) <-chan time.Time
}

// NewWatcher begins to watch the main file's folder, conf.d beside it, and
// further folders of *.yaml files, as far as they are there.
// Changes from now on are told by Run, which must be called, or Close.
func NewWatcher(path string, folders ...string) (*Watcher, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("config: watch: %w", err)
	}
	w := &Watcher{
		fs:    fs,
		path:  filepath.Clean(path),
		parts: filepath.Join(filepath.Dir(path), confFolder),
		after: time.After,
	}
	if err := fs.Add(filepath.Dir(w.path)); err != nil {
		fs.Close()
		return nil, fmt.Errorf("config: watch: %w", err)
	}
	w.addParts()
	for _, folder := range folders {
		if folder == "" {
			continue
		}
		w.more = append(w.more, filepath.Clean(folder))
		_ = w.fs.Add(folder) // where there is none there is nothing to watch
	}
	return w, nil
}

// addParts watches conf.d where there is one. Without it there is nothing to
// watch, and its folder will say when it comes.
func (w *Watcher) addParts() { _ = w.fs.Add(w.parts) }

// Close ends the watch.
func (w *Watcher) Close() error { return w.fs.Close() }

// Run calls onChange after each change, from the calling goroutine and never
// twice at once, until ctx ends; then it closes the watcher. Many changes
// within a moment are one.
func (w *Watcher) Run(ctx context.Context, onChange func()) {
	defer w.fs.Close()
	var due <-chan time.Time
	for {
		changed := false
		select {
		case <-ctx.Done():
			return
		case <-due:
			due = nil
			onChange()
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
		w.addParts()
		return true
	case name == w.path:
		return true
	case filepath.Dir(name) == w.parts, slices.Contains(w.more, filepath.Dir(name)):
		return isConfFile(filepath.Base(name))
	}
	// Kubernetes swaps a link of this name, through which the files are seen.
	return strings.HasPrefix(filepath.Base(name), "..data")
}
