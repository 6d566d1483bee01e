package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
)

type learnCmd struct {
	Class    string   `arg:"" enum:"spam,ham" help:"What the messages are: spam or ham."`
	Paths    []string `arg:"" optional:"" help:"Files of one message, mbox files, folders of either, Maildirs; - is standard input."`
	Verdict  string   `help:"Learn the message of this verdict." placeholder:"ID"`
	Held     string   `help:"Learn the message that Postfix holds under this queue id." placeholder:"QUEUEID"`
	Who      string   `help:"On whose word (default: the user who runs the command)." placeholder:"NAME"`
	Source   string   `help:"Where the messages are from (default: the path)." placeholder:"TEXT"`
	JSON     bool     `name:"json" help:"Print the summary as JSON."`
	Progress bool     `help:"Tell how far it is, even where standard error is no terminal."`
	apiFlags
}

// Run implements the subcommand.
func (c *learnCmd) Run(p *program) error {
	class, err := bayes.ParseClass(c.Class)
	if err == nil {
		err = c.one()
	}
	if err != nil {
		return usageError{err}
	}
	ctx, stop := untilStopped()
	defer stop()
	teacher, done, err := c.teacher(ctx, p)
	if err != nil {
		return err
	}
	from := learn.Origin{Who: c.Who, Source: c.Source}
	if from.Who == "" {
		from.Who = whoami()
	}
	l := &lessons{Class: c.Class, class: class, teacher: teacher, from: from, paths: c.Paths}
	return errors.Join(c.learn(ctx, p, l), done(), l.report(p, c.JSON))
}

// one sees to it that there is one thing to learn from.
func (c *learnCmd) one() error {
	n := min(len(c.Paths), 1)
	for _, s := range []string{c.Verdict, c.Held} {
		if s != "" {
			n++
		}
	}
	if n != 1 {
		return errors.New("learn: give either paths, --verdict or --held")
	}
	return nil
}

func (c *learnCmd) learn(ctx context.Context, p *program, l *lessons) error {
	switch {
	case c.Verdict != "":
		return l.verdict(ctx, c.Verdict)
	case c.Held != "":
		return l.held(ctx, c.Held)
	default:
		l.tell = p.newProgress(c.Progress, "messages")
		return l.run(ctx, p.in)
	}
}

// verdict learns the message of a verdict.
func (l *lessons) verdict(ctx context.Context, id string) error {
	if l.from.Source == "" {
		l.from.Source = "verdict " + id
	}
	lesson, err := l.teacher.LearnVerdict(ctx, id, l.class, l.from)
	l.count("verdict "+id, lesson, err)
	return nil
}

// postcat prints the header and the body of a message in Postfix's queue. Its path is
// found by PATH, and beside Postfix's other commands.
func postcat(ctx context.Context, queueID string) ([]byte, error) {
	if strings.ContainsFunc(queueID, func(c rune) bool {
		return !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
	}) {
		return nil, fmt.Errorf("%q is no queue id", queueID)
	}
	path, err := exec.LookPath("postcat")
	if err != nil {
		path = "/usr/sbin/postcat"
	}
	cmd := exec.CommandContext(ctx, path, "-bh", "-q", queueID)
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said := new(strings.Builder)
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w (root of the machine with Postfix may read its queue)", err)
	}
	raw, err := io.ReadAll(io.LimitReader(out, maxCheck))
	if failed := cmd.Wait(); err == nil && failed != nil {
		err = fmt.Errorf("postcat: %s", strings.TrimSpace(said.String()))
	}
	return raw, err
}

// held learns a message that Postfix holds.
func (l *lessons) held(ctx context.Context, queueID string) error {
	if l.from.Source == "" {
		l.from.Source = "held " + queueID
	}
	raw, err := postcat(ctx, queueID)
	var lesson admin.Lesson
	if err == nil {
		lesson, err = l.teacher.Learn(ctx, raw, l.class, l.from)
	}
	l.count("held "+queueID, lesson, err)
	return nil
}

// apiFlags say to whom lessons are given: the state, or a daemon's admin endpoint.
type apiFlags struct {
	API       string `name:"api" help:"Give the lessons to the daemon at this admin endpoint: HOST:PORT or unix:PATH. For users who may not write to its state." placeholder:"ADDR"`
	TokenFile string `help:"File with the endpoint's token." placeholder:"FILE"`
}

// teacher gives what lessons are given to; done ends its use.
func (c apiFlags) teacher(ctx context.Context, p *program) (admin.Teacher, func() error, error) {
	if c.API != "" {
		t, err := newAPIClient(c.API, c.TokenFile)
		return t, func() error { return nil }, err
	}
	if c.TokenFile != "" {
		return nil, nil, usageError{errors.New("--token-file goes with --api")}
	}
	model, done, err := p.openModel(ctx)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := p.load()
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return &school{model: model, recent: cfg.State.Dir, now: time.Now, limits: reading(cfg)}, done, nil
}
