package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/evaluate"
	"github.com/postern-mail/postern/mail"
)

type evaluateCmd struct {
	Paths     []string `arg:"" optional:"" help:"With --cross: folders that hold a folder ham and a folder spam each, at whatever depth."`
	Train     []string `sep:"none" help:"Learn the mail in this folder, and judge that of --test; may be repeated." placeholder:"DIR"`
	Test      []string `sep:"none" help:"Judge the mail in this folder; may be repeated." placeholder:"DIR"`
	Cross     int      `help:"Judge each of N parts by what was learned from the others." placeholder:"N"`
	OnLine    []string `name:"online" sep:"none" help:"Judge each message of this folder in the order of time, then learn it, beginning from nothing; may be repeated." placeholder:"DIR"`
	Threshold float64  `help:"Log-odds above which a message counts as spam in the table (3: BAYES_SPAM with factor one half)." default:"3"`
	Worst     int      `help:"Name so many of the worst mistakes of each side." default:"10" placeholder:"N"`
	SVG       string   `name:"svg" help:"Draw the ROC curve into this file." placeholder:"FILE"`
	JSON      bool     `name:"json" help:"Print JSON."`
	Progress  bool     `help:"Tell how far it is, even where standard error is no terminal."`
}

// reasonsOfMistake is how many tokens are named of each of the worst mistakes.
const reasonsOfMistake = 6

// evaluation is what is printed as JSON.
type evaluation struct {
	Protocol string `json:"protocol"` // split, cross or online
	evaluate.Report
	Trained int        `json:"trained,omitempty"` // split: messages learned
	Twice   int        `json:"twice,omitempty"`   // split: messages that are in both sets
	Course  []milepost `json:"course,omitempty"`  // online: how it went with time
}

// milepost is the state of the on-line protocol after the first so many messages.
type milepost struct {
	Messages   int     `json:"messages"`
	AboveCurve float64 `json:"1-auc_percent"`
	RecallAt01 float64 `json:"recall_percent_at_0.1"`
}

// Run implements the subcommand. What was learned is neither read nor touched.
func (c *evaluateCmd) Run(p *program) error {
	if err := c.check(); err != nil {
		return usageError{err}
	}
	ctx, stop := untilStopped()
	defer stop()
	var e evaluation
	scores, err := c.scores(ctx, p, &e)
	if err != nil {
		return err
	}
	e.Report = evaluate.New(scores, c.Threshold, c.Worst)
	if c.SVG != "" {
		if err := c.draw(e.Protocol, scores); err != nil {
			return err
		}
	}
	if c.JSON {
		j := json.NewEncoder(p.out)
		j.SetIndent("", "  ")
		return j.Encode(e)
	}
	return e.text(p.out)
}

// check sees to it that one protocol is asked for.
func (c *evaluateCmd) check() error {
	split, cross, online := len(c.Train)+len(c.Test) > 0, c.Cross != 0 || len(c.Paths) > 0, len(c.OnLine) > 0
	switch {
	case split && !cross && !online && len(c.Train) > 0 && len(c.Test) > 0:
	case cross && !split && !online && len(c.Paths) > 0 && c.Cross >= 2:
	case online && !split && !cross:
	default:
		return errors.New("evaluate: give --train DIR --test DIR, or --cross N DIR (N at least 2), or --online DIR")
	}
	return nil
}

func (c *evaluateCmd) scores(ctx context.Context, p *program, e *evaluation) ([]evaluate.Score, error) {
	switch {
	case len(c.Train) > 0:
		e.Protocol = "split"
		return c.split(ctx, p, e)
	case c.Cross > 0:
		e.Protocol = "cross"
		list, err := c.read(ctx, p, c.Paths)
		if err != nil {
			return nil, err
		}
		tell := p.newProgress(c.Progress, "messages judged")
		defer tell.end()
		done := 0
		return evaluate.Cross(ctx, list, c.Cross, func(j learn.Judge, part []evaluate.Score) error {
			done += len(part)
			tell.at(done, float64(done)/float64(len(list)))
			return evaluate.Explain(j, part, c.Worst, reasonsOfMistake)
		})
	default:
		e.Protocol = "online"
		return c.online(ctx, p, e)
	}
}

func (c *evaluateCmd) split(ctx context.Context, p *program, e *evaluation) ([]evaluate.Score, error) {
	train, err := c.read(ctx, p, c.Train)
	if err != nil {
		return nil, err
	}
	test, err := c.read(ctx, p, c.Test)
	if err != nil {
		return nil, err
	}
	e.Trained, e.Twice = len(train), evaluate.Overlap(train, test)
	scores, j, err := evaluate.Split(ctx, train, test)
	if err != nil {
		return nil, err
	}
	return scores, evaluate.Explain(j, scores, c.Worst, reasonsOfMistake)
}

func (c *evaluateCmd) online(ctx context.Context, p *program, e *evaluation) ([]evaluate.Score, error) {
	list, err := c.read(ctx, p, c.OnLine)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b evaluate.Mail) int { return a.When.Compare(b.When) })
	tell := p.newProgress(c.Progress, "messages judged")
	defer tell.end()
	done, worst := 0, worstSoFar{most: c.Worst}
	scores, err := evaluate.OnLine(ctx, list, func(j learn.Judge, one []evaluate.Score) error {
		done++
		tell.at(done, float64(done)/float64(len(list)))
		if !worst.among(one[0], c.Threshold) {
			return nil
		}
		return evaluate.Explain(j, one, 1, reasonsOfMistake)
	})
	for _, n := range []int{50, 100, 500, 1000, 5000, 10000, 50000} {
		if n < len(scores) && bothClasses(scores[:n]) {
			e.Course = append(e.Course, milepost{n, evaluate.AboveCurve(scores[:n]), evaluate.Recall(scores[:n], 0.001)})
		}
	}
	return scores, err
}

// bothClasses tells whether there is a curve to be drawn.
func bothClasses(scores []evaluate.Score) bool {
	return slices.ContainsFunc(scores, func(s evaluate.Score) bool { return s.Spam != scores[0].Spam })
}

// worstSoFar tells which mistakes are worth explaining while they come in one by one.
type worstSoFar struct {
	most int
	odds map[bool][]float64 // by class, how wrong, the worst first
}

func (w *worstSoFar) among(s evaluate.Score, threshold float64) bool {
	wrong := s.Odds - threshold
	if s.Spam {
		wrong = -wrong
	}
	if wrong < 0 || w.most == 0 {
		return false
	}
	if w.odds == nil {
		w.odds = map[bool][]float64{}
	}
	list := append(w.odds[s.Spam], wrong)
	slices.SortFunc(list, func(a, b float64) int { return cmp.Compare(b, a) })
	w.odds[s.Spam] = list[:min(len(list), w.most)]
	return len(list) <= w.most || wrong > list[w.most]
}

// read reads the mail of folders, both classes.
func (c *evaluateCmd) read(ctx context.Context, p *program, dirs []string) ([]evaluate.Mail, error) {
	tell := p.newProgress(c.Progress, "messages read")
	defer tell.end()
	var mu sync.Mutex
	n := 0
	count := func(f learn.Found) {
		mu.Lock()
		defer mu.Unlock()
		n++
		tell.at(n, 0)
	}
	limits := p.readingOrDefault()
	var all []evaluate.Mail
	for _, spam := range []bool{false, true} {
		paths, err := classFolders(dirs, map[bool]string{false: "ham", true: "spam"}[spam])
		if err != nil {
			return nil, err
		}
		list, err := evaluate.Read(ctx, paths, nil, spam, limits, count)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// readingOrDefault is for commands that need no configuration: who may not read it, or has a
// faulty one, measures with the defaults and is told.
func (p *program) readingOrDefault() *mail.Limits {
	cfg, err := p.load()
	if err != nil {
		fmt.Fprintln(p.errOut, "postern: the configuration cannot be read, so the default bounds of reading: hold:", err)
		return nil
	}
	return reading(cfg)
}

// classFolders finds the folders and files of a class: those named so, with
// whatever ending, below the given ones.
func classFolders(dirs []string, class string) ([]string, error) {
	var paths []string
	for _, dir := range dirs {
		before := len(paths)
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := strings.ToLower(strings.TrimPrefix(d.Name(), ".")) // a Maildir's folders begin with a dot
			if name != class && !(d.Type().IsRegular() && strings.TrimSuffix(name, filepath.Ext(name)) == class) {
				return nil
			}
			paths = append(paths, path)
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(paths) == before {
			return nil, fmt.Errorf("%q: no folder or mbox file named %q is in it", dir, class)
		}
	}
	return paths, nil
}

func (c *evaluateCmd) draw(protocol string, scores []evaluate.Score) error {
	f, err := os.Create(c.SVG)
	if err != nil {
		return err
	}
	return errors.Join(evaluate.SVG(f, "postern evaluate: "+protocol, evaluate.Curve{Name: "this mail", Scores: scores}), f.Close())
}

func (e evaluation) text(w io.Writer) error {
	if e.Trained > 0 {
		fmt.Fprintf(w, "%d messages learned, %d judged\n", e.Trained, e.Ham+e.Spam)
	}
	if e.Twice > 0 {
		fmt.Fprintf(w, "CAUTION: %d of those judged were learned too, so that the figures are too good\n", e.Twice)
	}
	if err := e.Report.Text(w); err != nil || len(e.Course) == 0 {
		return err
	}
	fmt.Fprintf(w, "\nof the first  (1-AUC) %%  spam found at 0.1 %% of ham\n")
	for _, m := range e.Course {
		fmt.Fprintf(w, "%12d %9.4f  %7.2f %%\n", m.Messages, m.AboveCurve, m.RecallAt01)
	}
	return nil
}
