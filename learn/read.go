package learn

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/postern-mail/postern/mail"
)

// Found is a message that a reader found.
type Found struct {
	Name    string // file, and the number in it where it holds several
	Path    string // file; "" for standard input
	Message *mail.Message
	Raw     []byte // the message as it stands there, read-only
	Read    int64  // bytes read of all that is to be read, this message included
	Total   int64  // bytes to be read in all; 0 when that is not known
}

// maxMessage is the largest message that a reader takes, in bytes. Of a larger one it takes the beginning.
const maxMessage = 64 << 20

// ReadAll yields every message that is in the paths: files of one message, mbox
// files (RFC 4155), folders of either, Maildirs, and "-", which is in. It
// calls each for every message and stops at its first error. A file that
// cannot be read does not stop it; all such errors are returned together in the end.
func ReadAll(ctx context.Context, paths []string, in io.Reader, each func(Found) error) error {
	r := reader{ctx: ctx, each: each}
	for _, p := range paths {
		if p != "-" {
			r.walk(p, func(_ string, info fs.FileInfo) error { r.total += info.Size(); return nil })
		}
	}
	r.faults = nil // met again below
	for _, p := range paths {
		var err error
		if p == "-" {
			r.total, r.path = 0, ""
			err = unstop(r.stream("-", in))
		} else {
			err = r.walk(p, r.file)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(r.faults...)
}

// reader is one ReadAll.
type reader struct {
	ctx         context.Context
	each        func(Found) error
	path        string // of the file that is read; "" for standard input
	read, total int64
	faults      []error
}

// stop is an error that ends the reading; others are faults of one file.
type stop struct{ error }

func (s stop) Unwrap() error { return s.error }

// walk calls f for every file below a path.
func (r *reader) walk(path string, f func(string, fs.FileInfo) error) error {
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if err == nil && skipped(d, name == path) {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if err == nil && d.IsDir() {
			return nil
		}
		var info fs.FileInfo
		if err == nil {
			info, err = os.Stat(name) // follows links to files
		}
		if err == nil && info.Mode().IsRegular() {
			err = f(name, info)
		}
		var s stop
		if errors.As(err, &s) {
			return s.error
		}
		if err != nil {
			r.faults = append(r.faults, fmt.Errorf("learn: %w", err))
		}
		return nil
	})
}

// skipped tells whether a file is none of the user's mail: what a mail server keeps
// beside it, and the unfinished deliveries of a Maildir.
func skipped(d fs.DirEntry, asked bool) bool {
	name := d.Name()
	switch {
	case asked:
		return false
	case d.IsDir():
		return name == "tmp"
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "dovecot") || name == "maildirfolder" || name == "subscriptions"
}

func (r *reader) file(name string, _ fs.FileInfo) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r.path = name
	return r.stream(name, f)
}

// stream reads one file: an mbox when it begins like one, else one message.
func (r *reader) stream(name string, in io.Reader) error {
	b := bufio.NewReaderSize(in, 1<<16)
	if head, _ := b.Peek(5); string(head) == "From " {
		return r.mbox(name, b)
	}
	raw, err := io.ReadAll(io.LimitReader(b, maxMessage))
	if err != nil {
		return err
	}
	return r.found(name, raw)
}

// mbox reads the messages of an mbox file. A line "From " after a blank one
// begins a message (RFC 4155 appendix A); ">From " was one quoted.
func (r *reader) mbox(name string, b *bufio.Reader) error {
	var raw []byte
	n, blank := 0, true
	for {
		line, err := b.ReadSlice('\n')
		full := errors.Is(err, bufio.ErrBufferFull) // the rest of a long line comes next
		if err != nil && err != io.EOF && !full {
			return err
		}
		starts := blank && bytes.HasPrefix(line, []byte("From "))
		if n > 0 && (starts || err == io.EOF) {
			if err == io.EOF && !starts {
				raw = append(raw, line...)
			}
			if err := r.found(fmt.Sprintf("%s:%d", name, n), raw); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		switch {
		case starts:
			raw = nil // the one before was handed out
			n++
		case len(raw) < maxMessage:
			if rest := bytes.TrimLeft(line, ">"); len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From ")) {
				line = line[1:]
			}
			raw = append(raw, line...)
		}
		blank = !full && len(bytes.TrimRight(line, "\r\n")) == 0
	}
}

// found hands one message out.
func (r *reader) found(name string, raw []byte) error {
	if err := r.ctx.Err(); err != nil {
		return stop{err}
	}
	r.read += int64(len(raw))
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	h, body := mail.Read(raw)
	msg := mail.New(mail.Message{Session: &mail.Session{Local: true}, Header: h, Body: body})
	if err := r.each(Found{Name: name, Path: r.path, Message: msg, Raw: raw, Read: r.read, Total: r.total}); err != nil {
		return stop{err}
	}
	return nil
}

// unstop takes the mark off an error.
func unstop(err error) error {
	var s stop
	if errors.As(err, &s) {
		return s.error
	}
	return err
}

// atOnce is how many messages are under way in ReadParallel: more than there are
// processors, since a store writes what comes at once in one go.
const atOnce = 16

// ReadParallel is ReadAll with several calls of each at once, in any order. When ctx ends, those under way are finished; a
// read of in that does not end is left behind.
func ReadParallel(ctx context.Context, paths []string, in io.Reader, each func(Found) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	row, read := make(chan Found), make(chan error, 1)
	go func() {
		read <- ReadAll(ctx, paths, in, func(f Found) error {
			select {
			case row <- f:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		close(row)
	}()
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case f, more := <-row:
					if !more {
						return
					}
					if err := each(f); err != nil {
						stop(err)
						return
					}
				}
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return <-read
}
