package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
)

// Exit codes of every subcommand.
const (
	ExitOK     = 0 // it was done
	ExitFailed = 1 // it was not: the message on standard error says why
	ExitUsage  = 2 // the command line is wrong
	ExitConfig = 3 // the configuration is faulty: every fault is on standard error
	// Of `postern check --exit-code` only:
	ExitLater      = 10 // greylist or tempfail
	ExitQuarantine = 11
	ExitRefused    = 12 // reject or discard
)

const description = `Postern judges mail for a Postfix that it is a milter of.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 faulty configuration;
check --exit-code also: 10 greylist or tempfail, 11 quarantine, 12 reject or discard.`

// cli is the command line.
type cli struct {
	Config string            `short:"c" type:"path" placeholder:"FILE" help:"Configuration file (default: $POSTERN_CONFIG, then /etc/postern/postern.yaml where it exists)."`
	Set    map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"Set a key of the configuration; may be repeated; stronger than file and environment."`

	Serve    serveCmd    `cmd:"" help:"Serve the MTA until told to stop. SIGHUP reloads the configuration."`
	Health   healthCmd   `cmd:"" help:"Say whether the daemon on this machine can judge mail."`
	Check    checkCmd    `cmd:"" help:"Judge one message and print the verdict."`
	Conf     configCmd   `cmd:"" name:"config" help:"Look at the configuration."`
	Rules    rulesCmd    `cmd:"" help:"Look at the rules."`
	Lists    listsCmd    `cmd:"" help:"Look at the DNS lists."`
	Verdicts verdictsCmd `cmd:"" help:"Look at what was decided."`
	Limits   limitsCmd   `cmd:"" help:"Look at rate limits, and reset them."`
	Greylist greylistCmd `cmd:"" help:"Look at what waits, and let it in."`
	State    stateCmd    `cmd:"" help:"Look at the state, and copy it."`
	Learn    learnCmd    `cmd:"" help:"Learn messages as spam or ham."`
	Forget   forgetCmd   `cmd:"" help:"Take back what was learned."`
	Learned  learnedCmd  `cmd:"" help:"List what was learned: what, when, by whom, from where."`
	Evaluate evaluateCmd `cmd:"" help:"Measure how well learning works on your own mail, without touching what is learned."`
	Why      whyCmd      `cmd:"" help:"Say why learning takes a message for spam or ham."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// program is what subcommands work with.
type program struct {
	kinds       []filters.Kind
	path        string // of the configuration, "" for none
	set         map[string]string
	in          io.Reader
	out, errOut io.Writer
}

// exitError carries an exit code out of a subcommand; its message, if any, was
// printed already.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// usageError says that a value on the command line cannot be.
type usageError struct{ error }

// Main is the whole program with these kinds of filters: what cmd/postern
// runs, and what a third party runs with kinds of its own added. It gives the exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer, kinds ...filters.Kind) int {
	var c cli
	code := -1
	parser, err := kong.New(&c, kong.Name("postern"), kong.Description(description), kong.Writers(out, errOut),
		kong.Exit(func(n int) { code = n }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(errOut, "postern:", err)
		return ExitFailed
	}
	ctx, err := parser.Parse(args)
	if code >= 0 {
		return code // help was asked for and printed
	}
	if err != nil {
		fmt.Fprintf(errOut, "postern: %v (see postern --help)\n", err)
		return ExitUsage
	}
	p := &program{kinds: kinds, path: config.Find(c.Config, os.Environ()), set: c.Set, in: in, out: out, errOut: errOut}
	return p.exit(ctx.Run(p))
}

// exit reports an error as a user wants to read it and gives its exit code.
func (p *program) exit(err error) int {
	var code exitError
	var faults config.Faults
	var usage usageError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &code):
		return code.code
	case errors.As(err, &faults):
		for _, f := range faults {
			fmt.Fprintln(p.errOut, f.String())
		}
		return ExitConfig
	case errors.As(err, &usage):
		fmt.Fprintln(p.errOut, "postern:", err)
		return ExitUsage
	default:
		fmt.Fprintln(p.errOut, "postern:", err)
		return ExitFailed
	}
}

// options are how the configuration is loaded.
func (p *program) options() config.Options {
	d := newDeps(p.kinds, slog.New(slog.DiscardHandler))
	return config.Options{
		Path: p.path, Environ: os.Environ(), Flags: p.set,
		Sections: Sections(p.kinds), Symbols: ownSymbols(), Further: d.ruleSymbols,
	}
}

func (p *program) load() (*config.Config, error) { return config.Load(p.options()) }
