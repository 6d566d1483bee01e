package rules

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	exprfile "github.com/expr-lang/expr/file"

	"github.com/postern-mail/postern/rules/match"
)

// File is a rule file.
type File struct {
	Name    string // for messages
	Data    []byte
	Shipped bool // it comes with the program: a rule of another file takes the place of one of its rules
}

// Options is what rules are loaded against.
type Options struct {
	Now     time.Time // rules that expired before are warned of
	Symbols []string  // what filters report; nil: not known, so that no symbol is warned of
	Others  []string  // symbols of rules that are not among the files
	Groups  []string  // of all these symbols; nil: not known, so that no cap is warned of
	Lists   Lists     // nil: there are none
}

// ReadDir reads the *.yaml files of a folder in the order of their names, but
// for hidden ones, which editors leave. The prefix is put before the names in
// messages. A file that cannot be read is an error, and so is *.yml: a rule
// that nobody reads is missed too late.
func ReadDir(fsys fs.FS, prefix string, shipped bool) ([]File, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("rules: %s: %w", prefix, cause(err))
	}
	var files []File
	for _, e := range entries {
		name, full := e.Name(), path.Join(prefix, e.Name())
		switch ext := path.Ext(name); {
		case strings.HasPrefix(name, ".") || ext != ".yaml" && ext != ".yml":
			continue
		case ext == ".yml":
			return nil, fmt.Errorf("rules: %s: only *.yaml is read: name it %s.yaml", full, strings.TrimSuffix(name, ext))
		}
		data, err := readFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("rules: %s: %w", full, cause(err))
		}
		files = append(files, File{Name: full, Data: data, Shipped: shipped})
	}
	return files, nil
}

// readFile reads no more of a file than tells that it is too large, and nothing
// that may have no end.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is no file")
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// cause is an error without the name that the file system gave it.
func cause(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// Load reads and compiles rules. On any fault the error is Faults, all there
// are, and there is no set: the caller keeps the one it has.
func Load(o Options, files ...File) (*Set, error) {
	s, faults, err := loadAll(o, files...)
	if errs, _ := faults.split(); len(errs) > 0 {
		return nil, errs
	}
	return s, err
}

// loadAll is Load with all faults, warnings among them. Where there are errors
// there is no set.
func loadAll(o Options, files ...File) (*Set, Faults, error) {
	l := newLoader(o)
	for _, f := range files {
		l.read(f)
	}
	l.choose()
	for _, r := range l.rules {
		l.compile(r)
	}
	l.order()
	l.lint()
	if errs, _ := l.faults.split(); len(errs) > 0 {
		return nil, l.faults, nil
	}
	s, err := l.set()
	return s, l.faults, err
}

// Names reads which symbols and groups the rules of files have, whatever else
// may be wrong with them.
func Names(files ...File) (symbols, groups []string) {
	l := newLoader(Options{})
	for _, f := range files {
		l.read(f)
	}
	for _, r := range l.rules {
		symbols, groups = append(symbols, r.Symbol), append(groups, r.Group)
	}
	return symbols, groups
}

// loader collects what becomes a set.
type loader struct {
	options  Options
	compiler *compiler
	rules    []*Rule
	shipped  map[*Rule]bool
	caps     map[string]*groupCap
	faults   Faults
	guesses  int // at what unknown symbols were meant to be
}

func newLoader(o Options) *loader {
	if o.Lists == nil {
		o.Lists = noLists{}
	}
	return &loader{options: o, compiler: newCompiler(o.Lists.Names()), shipped: map[*Rule]bool{}, caps: map[string]*groupCap{}}
}

func (l *loader) read(f File) {
	r := &reader{file: f.Name, text: strings.TrimPrefix(string(f.Data), "\ufeff")} // some editors put it before UTF-8
	if root := r.parse(); root != nil && root.kind != null {
		rules, caps := r.document(root)
		for _, rule := range rules {
			rule.source = r
			l.shipped[rule] = f.Shipped
		}
		l.rules = append(l.rules, rules...)
		for _, c := range caps {
			c.shipped = f.Shipped
			l.cap(c)
		}
	}
	l.faults = append(l.faults, r.faults...)
}

// fault reports something about a rule at a place in its file.
func (l *loader) fault(r *Rule, at *node, warning bool, format string, args ...any) *Fault {
	f := Fault{
		File: r.File, Line: at.line, Column: at.column, Rule: r.Symbol, Warning: warning,
		Message: fmt.Sprintf(format, args...), Excerpt: excerpt(r.source.text, at.line, at.column),
	}
	l.faults = append(l.faults, f)
	return &l.faults[len(l.faults)-1]
}

// choose leaves one rule for each symbol.
func (l *loader) choose() {
	kept := map[string]*Rule{}
	for _, r := range l.rules {
		first, twice := kept[r.Symbol]
		switch {
		case !twice || l.shipped[first] && !l.shipped[r]:
			kept[r.Symbol] = r
		case l.shipped[r] && !l.shipped[first]: // shipped files may be read last
		case r.Symbol == "": // that it has none is said
		default:
			l.fault(r, r.at, false, "the symbol is given twice, first in %s:%d", first.File, first.Line)
		}
	}
	l.rules = slices.DeleteFunc(l.rules, func(r *Rule) bool { return kept[r.Symbol] != r })
	if len(l.rules) > MaxRules {
		l.faults = append(l.faults, Fault{File: l.rules[MaxRules].File, Message: fmt.Sprintf("more than %d rules", MaxRules)})
		l.rules = l.rules[:MaxRules]
	}
}

// compile compiles a rule's condition and counted pattern.
func (l *loader) compile(r *Rule) {
	if c := r.Count; c != nil && c.Field != "" && c.Pattern != "" {
		c.field, _ = textField(c.Field)
		c.slot = l.compiler.pattern(c.field, c.Pattern)
	}
	if r.When == "" {
		return
	}
	cond, err := l.compiler.compile(r.When)
	if err != nil {
		l.condition(r, err, false)
		return
	}
	r.cond = cond
	for _, odd := range cond.odd {
		l.condition(r, odd, true)
	}
}

// condition reports what is wrong with a condition, with an excerpt of it.
func (l *loader) condition(r *Rule, err error, warning bool) {
	f := l.fault(r, r.whenAt, warning, "when: %s", strings.Trim(firstLine(err), " "))
	var at *exprfile.Error
	if !errors.As(err, &at) {
		return
	}
	message := strings.ReplaceAll(at.Message, "rules.", "") // before names of types
	f.Message = "when: " + message
	f.Excerpt = excerpt(r.When, at.Line, at.Column+1)
	var refused *refusal
	if f.Remedy = remedyOf(message); errors.As(err, &refused) {
		f.Remedy = refused.remedy
	}
	if !warning && f.Remedy == "" && r.cutShort() {
		f.Remedy = "what follows # is a comment: put the condition between single quotes"
	}
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func topNames() []string {
	names := slices.Clone(builtins)
	for _, f := range fields() {
		if !strings.ContainsAny(f.path, ".[") {
			names = append(names, f.path)
		}
	}
	return names
}

// set makes the patterns' automata. They were checked one by one before.
func (l *loader) set() (*Set, error) {
	c := l.compiler
	s := &Set{rules: l.rules, caps: l.limits(), uses: c.uses, seats: make([]seat, c.slots), names: c.names, lengths: c.lengths, lists: l.options.Lists}
	for field, name := range sortedKeys(c.byField) {
		p := c.byField[name]
		set, err := match.Compile(p.exprs)
		if err != nil {
			return nil, fmt.Errorf("rules: %s: %w", name, err)
		}
		p.set = set
		for i, slot := range p.slots {
			s.seats[slot] = seat{field, i}
		}
		l.lintPatterns(p)
		s.patterns = append(s.patterns, p)
	}
	for _, r := range s.rules {
		s.shadows = s.shadows || r.Shadow || !r.Expires.IsZero()
		if c := r.Count; c != nil {
			p := l.compiler.byField[c.Field]
			c.program = p.set.Program(slices.Index(p.slots, c.slot))
		}
	}
	_, s.warnings = l.faults.split()
	return s, nil
}

// shorten leaves the first and the last of very many names.
func shorten(names []string) []string {
	const most = 20
	if len(names) <= most {
		return names
	}
	return append(append(names[:most-2:most-2], "..."), names[len(names)-1])
}

// order sorts the rules so that each comes after those it reads.
func (l *loader) order() {
	bySymbol := map[string]*Rule{}
	for _, r := range l.rules {
		bySymbol[r.Symbol] = r
	}
	var out []*Rule
	const begun, done = 1, 2
	state := map[*Rule]int{}
	var way []string // the rules begun
	var visit func(r *Rule)
	visit = func(r *Rule) {
		switch state[r] {
		case begun:
			circle := append(slices.Clone(way[slices.Index(way, r.Symbol):]), r.Symbol)
			l.fault(r, r.at, false, "the rule waits for itself: %s", strings.Join(shorten(circle), " reads "))
			return
		case done:
			return
		}
		state[r] = begun
		way = append(way, r.Symbol)
		for _, name := range r.reads() {
			if other := bySymbol[name]; other != nil {
				visit(other)
			}
		}
		way = way[:len(way)-1]
		state[r] = done
		out = append(out, r)
	}
	slices.SortStableFunc(l.rules, func(a, b *Rule) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	for _, r := range l.rules {
		visit(r)
	}
	l.rules = out
}
