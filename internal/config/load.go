package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Options say where the configuration comes from and what it may hold.
type Options struct {
	Path     string            // main file; "": none
	Environ  []string          // KEY=value, as os.Environ gives them
	Flags    map[string]string // key path -> value, as in an environment variable
	Sections []Section         // the filter kinds
	Symbols  []Symbol          // what may be scored besides the kinds' symbols

	// Further lists what else may be scored because of what the configuration says, such
	// as the symbols of rules. It is given the decoded, unchecked configuration. nil: nothing.
	Further func(*Config) []Symbol
}

// meta is what a Config knows about itself.
type meta struct {
	opts     Options
	origins  map[string]Origin // of each path that was given
	warnings Faults
}

// Load reads all layers, lays them over the defaults and checks the whole. The
// error, if any, is Faults: all that is wrong, not just the first; the Config
// is nil then.
func Load(opts Options) (*Config, error) {
	sources, faults := readFiles(opts.Path)
	return load(opts, sources, faults)
}

func load(opts Options, sources []source, faults Faults) (*Config, error) {
	all := newLayers()
	add := func(root *node, fs Faults) {
		faults = append(faults, fs...)
		if root.kind != kindMap {
			faults = append(faults, Fault{Origin: root.at, Message: "must be a section, is " + kindNames[root.kind]})
		} else if err := all.add(root); err != nil {
			faults = append(faults, Fault{Origin: root.at, Message: err.Error()})
		}
	}
	for _, s := range sources {
		add(parseYAML(s.file, s.data))
	}
	add(environment(opts.Environ))
	add(flags(opts.Flags))

	cfg := Default()
	cfg.Filters = presetFilters(opts.Sections)
	d := &decoder{sections: opts.Sections, origins: map[string]Origin{}, faults: faults}
	d.structure(all.merged(), reflect.ValueOf(cfg).Elem(), "", nil)
	if opts.Further != nil {
		opts.Symbols = slices.Concat(opts.Symbols, opts.Further(cfg))
	}
	cfg.meta = &meta{opts: opts, origins: d.origins}
	v := &validator{cfg: cfg, faults: d.faults}
	v.run()
	if found := v.faults.once(); len(found) > 0 {
		found.sort()
		return nil, found
	}
	v.warnings.sort()
	cfg.meta.warnings = v.warnings
	return cfg, nil
}

// Warnings lists what is allowed and yet hardly meant.
func (c *Config) Warnings() []Fault {
	if c.meta == nil {
		return nil
	}
	return slices.Clone(c.meta.warnings)
}

// Origin tells where the value at a key path was given. What lies within a
// given list or section, and is not given itself, is a default.
func (c *Config) Origin(path string) Origin {
	if c.meta == nil {
		return Origin{}
	}
	return c.meta.origins[path]
}

// Fault makes a fault of an error that whoever uses the value at a key path
// found, such as a filter's constructor. Its place is where the value was given, or
// else the nearest section or list above it.
func (c *Config) Fault(path string, err error) Fault {
	f := Fault{Key: path, Message: printable(err.Error())}
	for above := path; above != "" && f.Origin == (Origin{}); above = above[:max(0, strings.LastIndexAny(above, ".["))] {
		f.Origin = c.Origin(above)
	}
	return f
}

// Rules are what a message is judged by.
type Rules struct {
	Mode    string
	Scoring Scoring
	DMARC   DMARC
}

// Under gives what holds under a policy, or without one where p is nil: what
// the policy does not say is as above it.
func (c *Config) Under(p *Policy) Rules {
	r := Rules{Mode: c.Mode, Scoring: c.Scoring, DMARC: c.DMARC}
	if p == nil {
		return r
	}
	for _, change := range []struct{ to, from *string }{
		{&r.Mode, &p.Mode}, {&r.DMARC.OnReject, &p.DMARC.OnReject}, {&r.DMARC.OnQuarantine, &p.DMARC.OnQuarantine},
	} {
		if *change.from != "" {
			*change.to = *change.from
		}
	}
	t := &r.Scoring.Thresholds
	for _, change := range []struct{ to, from *Points }{
		{&t.Greylist, p.Thresholds.Greylist}, {&t.Mark, p.Thresholds.Mark},
		{&t.Quarantine, p.Thresholds.Quarantine}, {&t.Reject, p.Thresholds.Reject},
	} {
		if change.from != nil {
			*change.to = *change.from
		}
	}
	r.Scoring.Scores = over(r.Scoring.Scores, p.Scores)
	r.Scoring.Caps = over(r.Scoring.Caps, p.Caps)
	r.Scoring.Actions = over(r.Scoring.Actions, p.Actions)
	r.Scoring.Early = over(r.Scoring.Early, p.Early)
	if p.Shadow != nil {
		r.Scoring.Shadow = p.Shadow
	}
	return r
}

// over is a new map: base, and upper over it.
func over[V any](base, upper map[string]V) map[string]V {
	m := make(map[string]V, len(base)+len(upper))
	maps.Copy(m, base)
	maps.Copy(m, upper)
	return m
}
