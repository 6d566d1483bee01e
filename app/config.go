package app

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/postern-mail/postern/internal/config"
)

type configCmd struct {
	Check     configCheckCmd     `cmd:"" help:"Say everything that is wrong with the configuration."`
	Show      configShowCmd      `cmd:"" help:"Print the configuration in force."`
	Explain   configExplainCmd   `cmd:"" help:"Say what a key is set to, where, and what it means."`
	Init      configInitCmd      `cmd:"" help:"Write a commented configuration with the defaults."`
	Reference configReferenceCmd `cmd:"" help:"Print every key with its type, default and meaning."`
}

type configCheckCmd struct{}

// Run implements the subcommand. Besides reading the files it makes filters and rules, since
// some of what can be wrong only they know. It asks nobody.
func (configCheckCmd) Run(p *program) error {
	cfg, d, err := p.offline()
	var warnings []config.Fault
	if err == nil {
		warnings = cfg.Warnings()
		if err = d.tryBuild(cfg); err == nil {
			warnings = append(warnings, d.remarks(cfg)...)
		}
	}
	n, werr := config.Report(p.out, err, warnings)
	if werr != nil {
		return werr
	}
	if n > 0 {
		return exitError{ExitConfig}
	}
	_, err = fmt.Fprintln(p.out, "the configuration is sound")
	return err
}

// remarks are what is allowed in rules and lists and hardly meant, or dangerous.
func (d *deps) remarks(cfg *config.Config) []config.Fault {
	var out []config.Fault
	if _, err := os.Stat(cfg.RuleFiles.Dir); cfg.RuleFiles.Dir != "" && cfg.Origin("rules.dir") != (config.Origin{}) && errors.Is(err, fs.ErrNotExist) {
		out = append(out, cfg.Fault("rules.dir", fmt.Errorf("there is no folder %q: no rules of yours are read", cfg.RuleFiles.Dir)))
	}
	l, err := d.lists(cfg)
	if err != nil {
		return out // tryBuild has told
	}
	warnings := l.Warnings()
	for _, name := range slices.Sorted(maps.Keys(warnings)) {
		out = append(out, cfg.Fault("lists."+name+".unauthenticated", errors.New(warnings[name])))
	}
	return out
}

// tryBuild makes the filters as the daemon would, and throws them away.
func (d *deps) tryBuild(cfg *config.Config) error {
	g, err := d.build(cfg)
	if err != nil {
		return err
	}
	return g.close()
}

type configShowCmd struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run implements the subcommand.
func (c configShowCmd) Run(p *program) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	if c.JSON {
		return config.ShowJSON(p.out, cfg)
	}
	return config.Show(p.out, cfg)
}

type configExplainCmd struct {
	Key string `arg:"" help:"A key, such as scoring.thresholds.reject, or a section."`
}

// Run implements the subcommand.
func (c configExplainCmd) Run(p *program) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	return config.Explain(p.out, cfg, c.Key)
}

type configInitCmd struct {
	Path  string `arg:"" optional:"" default:"/etc/postern/postern.yaml" help:"Where to write; - for standard output."`
	Force bool   `help:"Replace a file that is there."`
}

// Run implements the subcommand.
func (c configInitCmd) Run(p *program) error {
	return config.Init(p.out, c.Path, c.Force, Sections(p.kinds))
}

type configReferenceCmd struct{}

// Run implements the subcommand.
func (configReferenceCmd) Run(p *program) error {
	return config.WriteReference(p.out, Sections(p.kinds), ownSymbols())
}
