package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/backend"
	"github.com/postern-mail/postern/verdicts"
)

type stateCmd struct {
	Show stateShowCmd `cmd:"" default:"withargs" help:"Say where the state is and what it holds."`
	Copy stateCopyCmd `cmd:"" help:"Copy the state from one place to another."`
}

type stateShowCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// stateInfo is what the subcommand prints.
type stateInfo struct {
	Kind    string `json:"kind"`
	Place   string `json:"place"`
	Records int    `json:"verdicts"`
	Newest  string `json:"newest"`  // time of the newest verdict, "" where there is none
	Waiting int    `json:"waiting"` // on this machine, for Redis
}

// Run implements the subcommand.
func (c *stateShowCmd) Run(p *program) error {
	s, cfg, err := p.openState()
	if err != nil {
		return err
	}
	info, err := describeState(context.Background(), s, cfg)
	if err == nil {
		err = info.write(p.out, c.JSON)
	}
	return errors.Join(err, s.Close())
}

func describeState(ctx context.Context, s state.Store, cfg *config.Config) (i stateInfo, err error) {
	i.Kind, i.Place = s.Status().Kind, filepath.Join(cfg.State.Dir, backend.File)
	if cfg.Redis.Used() {
		i.Place = redisPlace(cfg.Redis)
		if i.Waiting, err = waiting(ctx, stateConfig(cfg)); err != nil {
			return i, err
		}
	}
	if c, ok := s.(state.Counted); ok {
		if i.Records, err = c.Records(ctx); err != nil {
			return i, err
		}
	}
	rs, _, err := s.Verdicts().Query(ctx, verdicts.Query{Limit: 1})
	if err != nil || len(rs) == 0 {
		return i, err
	}
	i.Newest = rs[0].Time.UTC().Format(time.RFC3339)
	return i, nil
}

// waiting tells how many verdicts wait on this machine for Redis.
func waiting(ctx context.Context, c backend.Config) (n int, err error) {
	queue, err := c.Queue()
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if counted, ok := queue.(state.Counted); ok {
		n, err = counted.Records(ctx)
	}
	return n, errors.Join(err, queue.Close())
}

func redisPlace(r config.Redis) string {
	var places []string
	if r.URL != "" {
		places = append(places, r.URL.String())
	}
	for _, u := range r.URLs {
		places = append(places, u.String())
	}
	return strings.Join(places, " ")
}

func (i stateInfo) write(out io.Writer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(i)
	}
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "kind\t%s\nplace\t%s\nverdicts\t%d\n", i.Kind, i.Place, i.Records)
	if i.Newest != "" {
		fmt.Fprintf(t, "newest\t%s\n", i.Newest)
	}
	if i.Kind == "redis" {
		fmt.Fprintf(t, "waiting\t%d verdicts on this machine\n", i.Waiting)
	}
	return t.Flush()
}

type stateCopyCmd struct {
	From     string `required:"" help:"Where from: a folder, a Redis URL, or embedded or redis: as the configuration has them." placeholder:"PLACE"`
	To       string `required:"" help:"Where to: in the same forms." placeholder:"PLACE"`
	Progress bool   `help:"Show the progress even where standard error is no terminal."`
}

// Run implements the subcommand.
func (c *stateCopyCmd) Run(p *program) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	from, err := placeOf(c.From, cfg)
	if err != nil {
		return err
	}
	to, err := placeOf(c.To, cfg)
	if err != nil {
		return err
	}
	if from.Dir == to.Dir && from.Redis.URL == to.Redis.URL && slices.Equal(from.Redis.URLs, to.Redis.URLs) {
		return usageError{errors.New("--from and --to are the same place")}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	source, err := backend.Look(ctx, from)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	target, err := backend.Look(ctx, to)
	if err != nil {
		return errors.Join(fmt.Errorf("--to: %w", err), source.Close())
	}
	err = p.copyState(ctx, source, target, c.Progress)
	return errors.Join(err, target.Close(), source.Close())
}

// placeOf reads a place. A Redis has the further settings of the section redis, so that password, prefix and
// certificates need not stand on a command line.
func placeOf(text string, cfg *config.Config) (backend.Config, error) {
	c := stateConfig(cfg)
	switch {
	case text == "redis" && !c.Shared():
		return c, usageError{errors.New("redis: the configuration names none (redis.url)")}
	case text == "redis":
		c.Dir = ""
	case text == "embedded":
		c.Redis = backend.Redis{}
	case strings.Contains(text, "://"):
		c.Dir, c.Redis.URL, c.Redis.URLs = "", text, nil
	default:
		c.Dir, c.Redis = filepath.Clean(text), backend.Redis{}
	}
	return c, c.Check()
}

// copyState copies, tells how far it has come, and what it copied.
func (p *program) copyState(ctx context.Context, from, to state.Store, asked bool) error {
	total := 0
	if c, ok := from.(state.Counted); ok {
		var err error
		if total, err = c.Records(ctx); err != nil {
			return err
		}
	}
	done := map[string]int{}
	var bar *progress
	err := state.Copy(ctx, from, to, func(what string, n int) {
		if _, begun := done[what]; !begun {
			bar.end()
			bar = p.newProgress(asked, what)
		}
		done[what] = n
		share := 0.0
		if what == "verdicts" && total > 0 {
			share = float64(n) / float64(total)
		}
		bar.at(n, share)
	})
	bar.end()
	if err == nil {
		bar = p.newProgress(asked, "lessons")
		err = learn.Copy(ctx, from.Lessons(), to.Lessons(), func(n int) {
			done["lessons"] = n
			bar.at(n, 0)
		})
		bar.end()
	}
	for _, what := range slices.Sorted(maps.Keys(done)) {
		fmt.Fprintf(p.out, "%s: %d\n", what, done[what])
	}
	return err
}
