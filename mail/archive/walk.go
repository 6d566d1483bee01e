package archive

import (
	"io"
	"strings"
)

// walker carries one Look through all levels.
type walker struct {
	lim       Limits
	left      budget
	report    Report
	told      map[string]int // findings by symbol
	inflaters []io.ReadCloser
}

func newWalker(size int, lim Limits) *walker {
	lim = lim.withDefaults()
	return &walker{lim: lim, left: newBudget(size, lim), told: map[string]int{}}
}

// inside begins an entry of the container at path, under the names that
// readers could use for it.
func inside(path []string, names []string) Entry {
	p := make([]string, len(path), len(path)+1)
	copy(p, path)
	return Entry{Path: append(p, names[0]), Names: names, Size: -1}
}

// visit lists an entry, and looks at its content (nil where there is none to
// be had), and at what that contains. Where part is given, it is handed the
// whole content as well. It reports false when no more entries are wanted.
func (w *walker) visit(e Entry, c *content, part func([]byte)) bool {
	if len(w.report.Entries) >= w.lim.Entries {
		w.cut(e.Path, "holds more than %d entries", w.lim.Entries-1)
		return false
	}
	e.Extension = runnable(e.Names)
	index := len(w.report.Entries)
	w.report.Entries = append(w.report.Entries, e)
	entry := func() *Entry { return &w.report.Entries[index] } // the slice may move
	if len(e.Path) > 1 {
		w.checkNames(e)
		if e.Size > w.left.all {
			// It may be left packed here, but whoever opens it will unpack it.
			w.find(e.Path, Limit, "says that it unpacks to %d bytes", e.Size)
		}
	}
	if c != nil && w.left.steps > 0 {
		w.lookAt(entry, c, part)
	}
	w.checkProgram(*entry())
	return true
}

// lookAt finds the type of an entry from its content, and looks into it where
// there may be something inside.
func (w *walker) lookAt(entry func() *Entry, c *content, part func([]byte)) {
	e := entry()
	path := e.Path
	head, whole, err := w.head(path, c)
	if len(head) > 0 {
		e.Type, e.Program = typeOf(head), program(head, e.Size)
	}
	if err == nil && (part != nil || len(path) == 1 || mayContain(head, e.Names) || c.r == nil && mayEndContainer(c.data)) {
		var data []byte
		if data, err = w.rest(path, c); err == nil {
			entry().Size = int64(len(data))
			if part != nil {
				part(data)
			}
			w.open(entry, data)
		}
	} else if err == nil && whole {
		e.Size = int64(len(head))
	}
	if err != nil && err != errLimit {
		w.find(path, Broken, "content: %s", plain(err))
	}
}

// plain is the text of a decoder's error, which may hold bytes of the input.
func plain(err error) string {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return "ends early"
	}
	return strings.Trim(quote(err.Error()), `"`)
}

// open looks into content with every reader that some program would use.
func (w *walker) open(entry func() *Entry, data []byte) {
	path, names := entry().Path, entry().Names
	found := recognise(data, names)
	if len(found) == 0 {
		if name := unreadFormat(data); name != "" {
			w.find(path, Unread, "%s is recognised only", name)
		}
		return
	}
	if len(path) > w.lim.Depth {
		w.cut(path, "nested deeper than %d levels", w.lim.Depth)
		return
	}
	if len(found) > 1 {
		w.find(path, Polyglot, "%s and %s in one", found[0].name, found[1].name)
	}
	for _, f := range found {
		if f.offset > 0 {
			w.find(path, Polyglot, "%s after %d bytes of other data", f.name, f.offset)
		}
		f.read(&place{walker: w, path: path, entry: entry}, data)
	}
}

// place is one container being read.
type place struct {
	*walker
	path  []string
	entry func() *Entry // the container's own
}

// found notes a finding about the container itself.
func (p *place) found(symbol, format string, args ...any) { p.find(p.path, symbol, format, args...) }

// broken says what is wrong with the container.
func (p *place) broken(format string, args ...any) { p.found(Broken, format, args...) }

// paid takes a step for a record read; false: stop reading.
func (p *place) paid(n int64) bool { return p.step(p.path, n) }
