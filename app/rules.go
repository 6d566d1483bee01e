package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/postern-mail/postern/chain"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/rules"
	shippedrules "github.com/postern-mail/postern/rules/default"
	"github.com/postern-mail/postern/rules/lists"
	"github.com/postern-mail/postern/scoring"
)

// rulesCheck names the rules among the checks of a record.
const rulesCheck = "rules"

// ruleBook is what the postmaster's own words say about mail: rules and lists.
type ruleBook struct {
	rules  *rules.Set
	lists  *lists.Set
	limit  time.Duration // of one message
	log    *slog.Logger
	digest bool // some list is asked about attachments
}

// ruleBook reads rules and lists. The error tells all faults.
func (d *deps) ruleBook(cfg *config.Config) (*ruleBook, error) {
	l, err := d.lists(cfg)
	if err != nil {
		return nil, err
	}
	files, err := ruleFiles(cfg)
	if err != nil {
		return nil, err
	}
	set, err := loadRules(d.ruleOptions(cfg, l), files)
	if err != nil {
		return nil, err
	}
	b := &ruleBook{rules: set, lists: l, limit: cfg.Limits.Filter, log: d.log}
	for _, c := range cfg.Lists {
		b.digest = b.digest || c.Of == "attachment"
	}
	return b, nil
}

func (d *deps) lists(cfg *config.Config) (*lists.Set, error) {
	configs := map[string]lists.Config{}
	for name, c := range cfg.Lists {
		configs[name] = lists.Config{
			Kind: c.Kind, Entries: c.Entries, File: c.File, Source: c.Redis, Use: c.Use, Of: c.Of, Unauthenticated: c.Unauthenticated,
		}
		if c.Redis != "" && !cfg.Redis.Used() {
			return nil, config.Faults{cfg.Fault("lists."+name+".redis", errors.New("there is no redis.url"))}
		}
	}
	env := lists.Env{Now: d.now, Log: d.log}
	if d.sets != nil {
		env.Source = d.sets
	}
	set, err := lists.New(context.Background(), configs, env)
	return set, listFaults(cfg, err)
}

// listFaults says where the lists stand that are wrong.
func listFaults(cfg *config.Config, err error) error {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var faults config.Faults
	for _, one := range all.Unwrap() {
		f := (*lists.Fault)(nil)
		if !errors.As(one, &f) {
			return err
		}
		faults = append(faults, cfg.Fault("lists."+f.List, f.Err))
	}
	return faults
}

func (d *deps) ruleOptions(cfg *config.Config, l *lists.Set) rules.Options {
	symbols := table(d.kinds, cfg)
	maps.Copy(symbols, bookEntries())
	return rules.Options{Now: d.now(), Symbols: slices.Collect(maps.Keys(symbols)), Lists: l}
}

// bookEntries are the places of what the book reports beside its rules.
func bookEntries() map[string]scoring.Entry {
	t := lists.Entries()
	for _, status := range []scoring.Status{scoring.StatusError, scoring.StatusTimeout} {
		t[chain.FailureSymbol(rulesCheck, status)] = scoring.Entry{Group: failureGroup}
	}
	return t
}

// ruleFiles reads the rules that ship, where they are wanted, and those of the folder.
func ruleFiles(cfg *config.Config) ([]rules.File, error) {
	var files []rules.File
	var err error
	if cfg.RuleFiles.Defaults {
		if files, err = shippedrules.Files(); err != nil {
			return nil, err
		}
	}
	if cfg.RuleFiles.Dir == "" {
		return files, nil
	}
	if _, err := os.Stat(cfg.RuleFiles.Dir); errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	own, err := rules.ReadDir(os.DirFS(cfg.RuleFiles.Dir), cfg.RuleFiles.Dir, false)
	if err != nil {
		return nil, err
	}
	return append(files, own...), nil
}

// ruleSymbols are what rules and lists bring about, for the configuration to know. Of rules
// that cannot be read nothing is known, and nothing is called unknown; building tells their faults.
func (d *deps) ruleSymbols(cfg *config.Config) []config.Symbol {
	b, err := d.ruleBook(cfg)
	if err != nil {
		return []config.Symbol{{Name: "*"}}
	}
	t := map[string]scoring.Entry{}
	b.place(t, map[string]float64{})
	var list []config.Symbol
	for name, e := range t {
		list = append(list, config.Symbol{Name: name, Group: e.Group, Score: e.Score})
	}
	for _, r := range b.rules.Rules() {
		i := slices.IndexFunc(list, func(s config.Symbol) bool { return s.Name == r.Symbol })
		list[i].Meaning = r.Title("en")
	}
	return list
}

// place puts the rules' scores, caps and demands beneath those of the configuration.
func (b *ruleBook) place(t map[string]scoring.Entry, caps map[string]float64) {
	maps.Copy(t, b.rules.Entries())
	maps.Copy(t, bookEntries())
	for group, limit := range b.rules.Caps() {
		if _, set := caps[group]; !set {
			caps[group] = limit
		}
	}
}

// read adds to the evidence what rules and lists say, and that they were
// asked. It stays within the time of one filter, and a panic costs the rules'
// evidence only.
func (b *ruleBook) read(ctx context.Context, m *mail.Message, ev *scoring.Evidence) {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	start := time.Now()
	m = m.WithAuth(ev.Auth)
	symbols := b.lists.Ask(b.question(m))
	found, err := b.eval(ctx, m, slices.Concat(ev.Symbols, symbols))
	ev.Symbols = slices.Concat(ev.Symbols, symbols, found)
	check := scoring.Check{Name: rulesCheck, Stage: mail.StageData, Status: scoring.StatusOK, Duration: time.Since(start)}
	if err != nil {
		check.Status, check.Err = scoring.StatusError, err.Error()
		if ctx.Err() != nil {
			check.Status = scoring.StatusTimeout
		}
		ev.Symbols = append(ev.Symbols, scoring.Found(chain.FailureSymbol(rulesCheck, check.Status), check.Err))
	}
	ev.Checks = append(ev.Checks, check)
}

func (b *ruleBook) eval(ctx context.Context, m *mail.Message, symbols []scoring.Symbol) (found []scoring.Symbol, err error) {
	defer func() {
		if v := recover(); v != nil {
			b.log.Error("panic", "check", rulesCheck, "value", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return b.rules.Eval(ctx, rules.FromMessage(m), symbols, m.Now)
}

// question is what allow and deny lists are asked about the message.
func (b *ruleBook) question(m *mail.Message) lists.Question {
	q := lists.Question{Sender: m.Envelope.From}
	if m.Session.ClientIP.IsValid() {
		q.Client = m.Session.ClientIP.String()
	}
	for _, a := range m.Author().Addresses {
		q.Authors = append(q.Authors, a.String())
	}
	if domain, sure := m.Author().Domain(); sure {
		q.Author, q.AuthorIsReal = q.Authors[0], rules.Aligned(m.Auth, domain)
	}
	for _, r := range m.Auth {
		if r.Method == "spf" && r.Value == authres.Pass && r.Get("smtp", "mailfrom") != "" {
			q.SenderIsReal = true
		}
	}
	if b.digest {
		q.Digests = digests(m)
	}
	return q
}

func digests(m *mail.Message) []string {
	var list []string
	tree, _ := m.Tree() // a body that could not be read is the mime filter's error
	for _, p := range tree.Attachments() {
		list = append(list, fmt.Sprintf("%x", p.Digest()))
	}
	return list
}
