package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/postern-mail/postern/rules"
)

type rulesCmd struct {
	Check  rulesCheckCmd  `cmd:"" help:"Say everything that is wrong with rule files, and run their examples."`
	Test   rulesTestCmd   `cmd:"" help:"Say which rules meet a message."`
	List   rulesListCmd   `cmd:"" help:"List the rules in force."`
	Fields rulesFieldsCmd `cmd:"" help:"Print the fields that conditions may read."`
}

type rulesCheckCmd struct {
	Paths []string `arg:"" optional:"" help:"Rule files or folders of them (default: those of the configuration)."`
	JSON  bool     `name:"json" help:"Print JSON."`
}

// Run implements the subcommand.
func (c rulesCheckCmd) Run(p *program) error {
	cfg, d, err := p.offline()
	if err != nil {
		return err
	}
	l, err := d.lists(cfg)
	if err != nil {
		return err
	}
	o := d.ruleOptions(cfg, l)
	for _, e := range table(d.kinds, cfg) {
		o.Groups = append(o.Groups, e.Group)
	}
	files, err := ruleFiles(cfg)
	if err == nil && len(c.Paths) > 0 { // those of the configuration may be read by these
		var groups []string
		o.Others, groups = rules.Names(files...)
		o.Groups = append(o.Groups, groups...)
		files, err = filesOf(c.Paths)
	}
	if err != nil {
		return err
	}
	report, err := rules.Inspect(context.Background(), o, files...)
	if err != nil {
		return err
	}
	if c.JSON {
		return errors.Join(p.json(report), report.Err())
	}
	return errors.Join(report.Text(p.out), report.Err())
}

// json prints a value for scripts.
func (p *program) json(v any) error {
	e := json.NewEncoder(p.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// filesOf reads files, and the *.yaml files of folders.
func filesOf(paths []string) ([]rules.File, error) {
	var files []rules.File
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			more, err := rules.ReadDir(os.DirFS(path), path, false)
			if err != nil {
				return nil, err
			}
			files = append(files, more...)
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, rules.File{Name: filepath.Clean(path), Data: data})
	}
	return files, nil
}

type rulesTestCmd struct {
	messageFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Run implements the subcommand: the filters look first, since rules read what they find.
func (c *rulesTestCmd) Run(p *program) error {
	cfg, msg, err := c.prepare(p)
	if err != nil {
		return err
	}
	d, done, err := p.deps(cfg)
	if err != nil {
		return err
	}
	defer done()
	g, err := d.build(cfg)
	if err != nil {
		return err
	}
	ctx := context.Background()
	ev, _ := g.look(ctx, msg)
	msg = msg.WithAuth(ev.Auth)
	symbols := slices.Concat(ev.Symbols, g.book.lists.Ask(g.book.question(msg)))
	met, err := g.book.rules.Test(ctx, rules.FromMessage(msg), symbols, g.policies.Choose(msg), msg.Now)
	write := met.Text
	if c.JSON {
		write = func(io.Writer) error { return p.json(met) }
	}
	return errors.Join(write(p.out), err, g.close())
}

type rulesListCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run implements the subcommand.
func (c rulesListCmd) Run(p *program) error {
	cfg, d, err := p.offline()
	if err != nil {
		return err
	}
	b, err := d.ruleBook(cfg)
	if err != nil {
		return err
	}
	list := b.rules.List(policies(d.kinds, cfg, b, d.now()).Default, d.now())
	if c.JSON {
		return p.json(list)
	}
	return rules.WriteList(p.out, list)
}

type rulesFieldsCmd struct{}

// Run implements the subcommand.
func (rulesFieldsCmd) Run(p *program) error { return rules.WriteFields(p.out) }
