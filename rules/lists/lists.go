// Package lists holds the named lists of the configuration: addresses, domains
// with all below them, networks, regular expressions, digests.
//
// A list's entries stand in the configuration, in a file, or in a source of
// another kind, such as a set that several machines share. A file is read
// again when it has changed; one with a bad line is refused, and the entries
// of before stay.
//
// A list may be an allow or a deny list by itself. Anybody can write any
// sender into a mail, so an allow list of senders holds for authenticated mail
// only, unless it says otherwise.
package lists

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/postern-mail/postern/internal/stamp"
)

// Config is one list in the configuration, under its name.
type Config struct {
	Kind            string   `yaml:"kind" need:"true" oneof:"addresses,domains,networks,patterns,digests" doc:"What the entries are: mail addresses, domains with all below them, networks or addresses of hosts, regular expressions, SHA-256 digests."`
	Entries         []string `yaml:"entries" doc:"Entries given here."`
	File            string   `yaml:"file" doc:"File with one entry a line; # begins a comment. It is read again when it changes."`
	Source          string   `yaml:"redis" doc:"Key of a set in Redis that holds further entries, as SADD makes it, without the prefix. It is read again when its size changes, and every minute."`
	Use             string   `yaml:"use" oneof:"rules,allow,deny" default:"rules" doc:"rules: for rules to ask. allow, deny: acts by itself too, as the symbols LIST_ALLOW and LIST_DENY."`
	Of              string   `yaml:"of" oneof:"author,sender,client,attachment" default:"author" doc:"What an allow or deny list is asked about: the author (From), the envelope sender, the client's address, the digests of attachments."`
	Unauthenticated bool     `yaml:"unauthenticated" doc:"An allow list of authors or senders holds for mail without passing authentication too. Anybody can forge such mail."`
}

// Source holds shared sets. It is asked every few seconds at the most, for the
// entries when their number has changed or EveryEntry has passed.
// Implementations are safe for several goroutines.
type Source interface {
	Entries(ctx context.Context, name string, most int) ([]string, error)
	Size(ctx context.Context, name string) (int, error)
}

// Env is what the lists need of the world.
type Env struct {
	Now    func() time.Time
	Log    *slog.Logger
	Source Source // nil: shared sets are empty
}

// Every is how often a file is looked at, and a source asked for the number of
// its entries, at the most.
const Every = 5 * time.Second

// EveryEntry is how long an entry of a shared set that took the place of
// another may go unnoticed.
const EveryEntry = time.Minute

// MaxEntries bounds one list.
const MaxEntries = 2_000_000

// Set is all lists. It is safe for several goroutines.
type Set struct {
	lists map[string]*list
	env   Env
}

// list is one list: what it is, and what it holds now.
type list struct {
	name   string
	config Config

	mu      sync.RWMutex
	holds   holder
	checked time.Time   // when file and source were last looked at
	stamp   stamp.Stamp // of the file that is held
	shared  shared      // what is held of the shared set
	busy    bool        // somebody is reading it again
}

// Fault is what is wrong with one list.
type Fault struct {
	List string // its name
	Err  error
}

// Error names the list.
func (f *Fault) Error() string { return fmt.Sprintf("lists: %q: %v", f.List, f.Err) }

// Unwrap gives what is wrong.
func (f *Fault) Unwrap() error { return f.Err }

// New makes the lists. All faults are reported, joined, each a *Fault. ctx
// bounds the time for asking sources.
func New(ctx context.Context, configs map[string]Config, env Env) (*Set, error) {
	s := &Set{lists: map[string]*list{}, env: env}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		l := &list{name: name, config: configs[name], checked: env.Now()}
		if err := l.check(); err != nil {
			errs = append(errs, &Fault{name, err})
			continue
		}
		err := l.read(ctx, env)
		if errors.Is(err, errSource) { // a shared set that is away comes back
			env.Log.Error("the list lacks the entries of its shared set until that can be read", "list", name, "err", err)
			err = l.withoutSource(ctx, env)
		}
		if err != nil {
			errs = append(errs, &Fault{name, err})
			continue
		}
		s.lists[name] = l
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return s, nil
}

// check sees that the list's settings fit together.
func (l *list) check() error {
	c := &l.config
	c.Use, c.Of = cmp.Or(c.Use, "rules"), cmp.Or(c.Of, "author")
	need := map[string][]string{"author": {"addresses", "domains", "patterns"}, "sender": {"addresses", "domains", "patterns"}, "client": {"networks"}, "attachment": {"digests"}}
	kinds, known := need[c.Of]
	switch {
	case !slices.Contains([]string{"addresses", "domains", "networks", "patterns", "digests"}, c.Kind):
		return fmt.Errorf("%q is no kind of list", c.Kind)
	case !slices.Contains([]string{"rules", "allow", "deny"}, c.Use):
		return fmt.Errorf("%q is no use of a list", c.Use)
	case !known:
		return fmt.Errorf("%q is nothing that a list can be asked about", c.Of)
	case c.Use != "rules" && !slices.Contains(kinds, c.Kind):
		return fmt.Errorf("a list of %s cannot be asked about the %s", c.Kind, c.Of)
	case c.File == "" && c.Source == "" && len(c.Entries) == 0:
		return errors.New("it has neither entries nor file nor source")
	}
	return nil
}

// Warnings remarks, by list, on what is allowed and dangerous.
func (s *Set) Warnings() map[string]string {
	out := map[string]string{}
	for name, l := range s.lists {
		if c := l.config; c.Use == "allow" && c.Unauthenticated && c.Of != "client" {
			out[name] = fmt.Sprintf("lets in mail that nobody has authenticated: whoever writes a listed %s into a mail is let in", c.Of)
		}
	}
	return out
}

// Names lists the lists.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.lists)) }

// Has tells whether a value is in a list; it is not where there is no such list.
// A value that is not of the list's kind is not in it.
func (s *Set) Has(name, value string) bool {
	l := s.lists[name]
	if l == nil {
		return false
	}
	s.refresh(l)
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.holds.has(value)
}

// Len is the number of entries of a list.
func (s *Set) Len(name string) int {
	l := s.lists[name]
	if l == nil {
		return 0
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.holds.len()
}

var comment = regexp.MustCompile(`(^|\s)#.*$`)
