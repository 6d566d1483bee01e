package lists

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/stamp"
)

// Bounds on a file.
const (
	maxFile = 256 << 20 // bytes
	maxLine = 8 << 10   // bytes
)

// byteOrderMark is what some editors put before UTF-8.
const byteOrderMark = "\ufeff"

// timeout bounds one reading of a source.
const timeout = 2 * time.Second

// shared is what is held of a shared set.
type shared struct {
	size int
	at   time.Time // when its entries were read
}

// errSource says that it is the shared set that could not be read.
var errSource = errors.New("shared set")

// refresh reads a list again when it is time and it has changed. One caller
// reads; the others go on with what is held.
func (s *Set) refresh(l *list) {
	if l.config.File == "" && l.config.Source == "" {
		return
	}
	now := s.env.Now()
	l.mu.Lock()
	due := !l.busy && now.Sub(l.checked) >= Every
	if due {
		l.busy, l.checked = true, now
	}
	l.mu.Unlock()
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := l.read(ctx, s.env)
	l.mu.Lock()
	l.busy = false
	l.mu.Unlock()
	if err != nil {
		s.env.Log.Error("list not read again, its entries of before stay", "list", l.name, "error", err)
	}
}

// read reads all entries and puts them in place of those of before. On an
// error these stay; a file that was refused is not read again before it
// changes.
func (l *list) read(ctx context.Context, env Env) error {
	now, err := l.stat()
	if err != nil {
		return err
	}
	set, err := l.look(ctx, env)
	if err != nil {
		return err
	}
	if l.holds != nil && now.Same(l.stamp) && set == l.shared {
		return nil
	}
	l.stamp = now
	holds, err := l.build(ctx, env)
	if err == nil {
		l.shared = set
	}
	if errors.As(err, new(*fs.PathError)) {
		l.stamp = stamp.Stamp{} // the file may be readable next time, though it is the same
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.holds = holds
	l.mu.Unlock()
	return nil
}

// look tells what the shared set is now: the same as is held when it need not
// be read again.
func (l *list) look(ctx context.Context, env Env) (shared, error) {
	if l.config.Source == "" || env.Source == nil {
		return l.shared, nil
	}
	size, err := env.Source.Size(ctx, l.config.Source)
	if err != nil {
		return shared{}, fmt.Errorf("%w %q: %w", errSource, l.config.Source, err)
	}
	now := env.Now()
	if size == l.shared.size && now.Sub(l.shared.at) < EveryEntry {
		return l.shared, nil
	}
	return shared{size, now}, nil
}

// withoutSource reads what does not come from the shared set.
func (l *list) withoutSource(ctx context.Context, env Env) error {
	env.Source = nil
	return l.read(ctx, env)
}

// build reads all entries.
func (l *list) build(ctx context.Context, env Env) (holder, error) {
	b, err := newBuilder(l.config.Kind)
	if err != nil {
		return nil, err
	}
	for _, e := range l.config.Entries {
		if err := b.add(e); err != nil {
			return nil, err
		}
	}
	if err := l.readFile(b); err != nil {
		return nil, err
	}
	if err := l.ask(ctx, b, env.Source); err != nil {
		return nil, err
	}
	return b.done()
}

// ask adds the entries of the shared set.
func (l *list) ask(ctx context.Context, b builder, from Source) error {
	if l.config.Source == "" || from == nil {
		return nil
	}
	entries, err := from.Entries(ctx, l.config.Source, MaxEntries)
	if err != nil {
		return fmt.Errorf("%w %q: %w", errSource, l.config.Source, err)
	}
	for _, e := range entries {
		if err := b.add(e); err != nil {
			return fmt.Errorf("%w %q: %w", errSource, l.config.Source, err)
		}
	}
	return nil
}

func (l *list) stat() (stamp.Stamp, error) {
	if l.config.File == "" {
		return stamp.Stamp{}, nil
	}
	now, err := stamp.Of(l.config.File)
	switch info := now.Info(); {
	case err != nil:
		return stamp.Stamp{}, err
	case !info.Mode().IsRegular():
		return stamp.Stamp{}, fmt.Errorf("%q is no file", l.config.File)
	case info.Size() > maxFile:
		return stamp.Stamp{}, fmt.Errorf("%q: %d bytes, at most %d are taken", l.config.File, info.Size(), maxFile)
	}
	return now, nil
}

// readFile adds the entries of the file.
func (l *list) readFile(b builder) error {
	if l.config.File == "" {
		return nil
	}
	f, err := os.Open(l.config.File)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := lines.Text()
		if n == 1 {
			line = strings.TrimPrefix(line, byteOrderMark)
		}
		entry := strings.TrimSpace(comment.ReplaceAllString(line, ""))
		if entry == "" {
			continue
		}
		if err := b.add(entry); err != nil {
			return fmt.Errorf("%s:%d: %w", l.config.File, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", l.config.File, n+1, err)
	}
	return nil
}
