package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/verdicts"
)

// lessons is one run over many messages, and in the end what became of them.
type lessons struct {
	Class       string     `json:"class"`   // none: forgotten
	Learned     int        `json:"learned"` // was not known
	Moved       int        `json:"moved"`   // was in the other class
	Forgotten   int        `json:"forgotten"`
	Known       int        `json:"known"`   // nothing changed: it was so already
	Waiting     int        `json:"waiting"` // on disk, for the shared state that is away
	Failed      []faultyIn `json:"failed"`
	Seconds     float64    `json:"seconds"`
	Interrupted bool       `json:"interrupted"`

	mu      sync.Mutex
	teacher admin.Teacher
	class   bayes.Class
	from    learn.Origin // source "": the path in which a message is
	paths   []string
	tell    *progress
	given   error // why it was given up
}

// faultyIn is a message that was not learned, and why.
type faultyIn struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// giveUp is how many messages in a row may fail before nothing more is tried: the fault is
// then not theirs.
const giveUp = 20

// untilStopped is a context that ends when the user stops the command. Being stopped a second time
// ends it at once.
func untilStopped() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// run learns everything in the paths. What is under way when ctx ends is
// finished. Only an error that is not of single messages is returned.
func (l *lessons) run(ctx context.Context, in io.Reader) error {
	start := time.Now()
	err := learn.ReadParallel(ctx, l.paths, in, func(f learn.Found) error { return l.one(context.WithoutCancel(ctx), f) })
	l.tell.end()
	l.Seconds = time.Since(start).Seconds()
	if l.Interrupted = ctx.Err() != nil; l.Interrupted || l.given != nil {
		return l.given
	}
	l.unread(err)
	return nil
}

// one learns one message. The error says that there is no sense in going on.
func (l *lessons) one(ctx context.Context, f learn.Found) error {
	from := l.from
	if from.Source == "" {
		from.Source = sourceOf(l.paths, f.Name)
	}
	lesson, err := l.teacher.Learn(ctx, f.Raw, l.class, from)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(f.Name, lesson, err)
	share := 0.0
	if f.Total > 0 {
		share = float64(f.Read) / float64(f.Total)
	}
	l.tell.at(l.done(), share)
	if n := len(l.Failed); err != nil && n >= giveUp && l.done() == n {
		l.given = fmt.Errorf("given up after %d messages, none of which could be learned: %w", n, err)
	}
	return l.given
}

func (l *lessons) done() int {
	return l.Learned + l.Moved + l.Forgotten + l.Known + l.Waiting + len(l.Failed)
}

// count puts one message's fate into the sums; under mu.
func (l *lessons) count(name string, lesson admin.Lesson, err error) {
	switch {
	case err != nil:
		l.Failed = append(l.Failed, faultyIn{name, err.Error()})
	case lesson.Waiting:
		l.Waiting++
	case lesson.Was == lesson.Now:
		l.Known++
	case l.class == bayes.None:
		l.Forgotten++
	case lesson.Was == bayes.None.String():
		l.Learned++
	default:
		l.Moved++
	}
}

// unread notes the files that could not be read.
func (l *lessons) unread(err error) {
	var several interface{ Unwrap() []error }
	if errors.As(err, &several) {
		for _, e := range several.Unwrap() {
			l.unread(e)
		}
		return
	}
	if err == nil {
		return
	}
	var path *os.PathError
	if errors.As(err, &path) {
		l.Failed = append(l.Failed, faultyIn{path.Path, path.Err.Error()})
		return
	}
	l.Failed = append(l.Failed, faultyIn{"", err.Error()})
}

// sourceOf is the path that was given, of those in which a message is.
func sourceOf(paths []string, name string) string {
	for _, p := range paths {
		if p == "-" && strings.HasPrefix(name, "-") {
			return "stdin"
		}
		if rest, ok := strings.CutPrefix(name, p); ok && (rest == "" || strings.HasSuffix(p, "/") || rest[0] == '/' || rest[0] == ':') {
			if whole, err := filepath.Abs(p); err == nil {
				return whole
			}
			return p
		}
	}
	return name
}

// whoami is the user who gives a command; for sudo the one who called it.
func whoami() string {
	if name := os.Getenv("SUDO_USER"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}

// report prints the sums. It is an error when something failed.
func (l *lessons) report(p *program, asJSON bool) error {
	if l.Failed == nil {
		l.Failed = []faultyIn{}
	}
	if asJSON {
		e := json.NewEncoder(p.out)
		e.SetIndent("", "  ")
		if err := e.Encode(l); err != nil {
			return err
		}
	} else {
		l.text(p)
	}
	if l.Interrupted || len(l.Failed) > 0 {
		return exitError{ExitFailed}
	}
	return nil
}

// shownFaults is how many messages that failed are named to a reader.
const shownFaults = 20

func (l *lessons) text(p *program) {
	for i, f := range l.Failed {
		if i == shownFaults {
			fmt.Fprintf(p.errOut, "postern: %d more failed (--json names all)\n", len(l.Failed)-i)
			break
		}
		fmt.Fprintf(p.errOut, "postern: %s: %s\n", verdicts.Printable(f.Name), verdicts.Printable(f.Error))
	}
	rate := float64(l.done()) / max(l.Seconds, 1e-3)
	if l.class == bayes.None {
		fmt.Fprintf(p.out, "%d forgotten, %d were not known", l.Forgotten, l.Known)
	} else {
		fmt.Fprintf(p.out, "%d learned as %s, %d moved from %s, %d known", l.Learned, l.class, l.Moved, other(l.class), l.Known)
	}
	fmt.Fprintf(p.out, ", %d failed; %.0f a second\n", len(l.Failed), rate)
	if l.Waiting > 0 {
		fmt.Fprintf(p.out, "%d wait on this machine's disk: the shared state is away, the daemon hands them over when it is back\n", l.Waiting)
	}
	if l.Interrupted {
		fmt.Fprintln(p.out, "interrupted: the same command goes on where this one ended")
	}
}

func other(c bayes.Class) bayes.Class { return bayes.Ham + bayes.Spam - c }
