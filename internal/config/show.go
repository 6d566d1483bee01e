package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Show writes the whole configuration in force as YAML. Secrets are stars.
func Show(w io.Writer, c *Config) error {
	var p printer
	p.section(c.items().kids, 0)
	_, err := io.WriteString(w, p.String())
	return err
}

// ShowJSON is Show as JSON.
func ShowJSON(w io.Writer, c *Config) error {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(toJSON(c.items())), "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// Report writes what config check prints: every fault with its place, key,
// remedy and, for faults of syntax, the line in question; then the warnings.
// It gives the number of faults.
func Report(w io.Writer, err error, warnings []Fault) (int, error) {
	var b strings.Builder
	faults, ok := err.(Faults)
	if !ok && err != nil {
		faults = Faults{{Message: err.Error()}}
	}
	for _, f := range faults {
		fmt.Fprintln(&b, f)
		if f.Excerpt != "" {
			fmt.Fprintln(&b, f.Excerpt)
		}
	}
	for _, f := range warnings {
		fmt.Fprintln(&b, "warning: "+f.String())
	}
	_, err = io.WriteString(w, b.String())
	return len(faults), err
}

// Explain writes what a key is about: the value in force, who set it, type,
// default, meaning. For a section it lists all keys below. An unknown key is a
// Fault that suggests the nearest.
func Explain(w io.Writer, c *Config, key string) error {
	tree := c.items()
	it := tree.find(key)
	if it == nil || key == "" {
		return c.explainOther(w, tree, key)
	}
	var b strings.Builder
	if it.isLeaf() {
		c.explainLeaf(&b, it)
	} else {
		if it.doc != "" {
			fmt.Fprintf(&b, "%s: %s\n", it.path, it.doc)
		}
		for _, leaf := range it.leaves() {
			fmt.Fprintf(&b, "%s: %s  [%s]\n", leaf.path, inline(leaf), c.Origin(leaf.path))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *Config) explainLeaf(b *strings.Builder, it *item) {
	fmt.Fprintf(b, "%s: %s\n", it.path, inline(it))
	fmt.Fprintf(b, "  set by   %s\n", c.Origin(it.path))
	fmt.Fprintf(b, "  type     %s\n", it.typ)
	if preset := c.presets().items().find(it.path); preset != nil && preset.isLeaf() {
		fmt.Fprintf(b, "  default  %s\n", inline(preset))
	}
	if it.doc != "" {
		fmt.Fprintf(b, "  %s\n", it.doc)
	}
	for _, line := range it.entry {
		fmt.Fprintf(b, "    %s\n", line)
	}
}

// presets is what c would be had nobody given a value, with the same filter instances.
func (c *Config) presets() *Config {
	p := Default()
	for name, f := range c.Filters {
		if s := findSection(c.meta.opts.Sections, f.Kind); s != nil {
			p.Filters[name] = s.instance()
		}
	}
	return p
}

// explainOther explains a score nobody changed, or refuses an unknown key.
func (c *Config) explainOther(w io.Writer, tree *item, key string) error {
	if name, ok := strings.CutPrefix(key, "scoring.scores."); ok {
		for _, s := range c.symbols() {
			if s.Name == name {
				_, err := fmt.Fprintf(w, "%s: %g\n  set by   default\n  type     number\n  group    %s\n  %s\n", key, s.Score, s.Group, s.Meaning)
				return err
			}
		}
	}
	return Fault{Key: printable(key), Message: "unknown key", Remedy: didYouMean(key, tree.paths())}
}

// Error makes a single fault an error.
func (f Fault) Error() string { return f.String() }

// paths lists all keys.
func (it *item) paths() []string {
	var list []string
	for _, kid := range it.kids {
		list = append(append(list, kid.path), kid.paths()...)
	}
	return list
}
