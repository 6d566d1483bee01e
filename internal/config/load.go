package config

// Options say where the configuration comes from and what it may hold.
type Options struct {
	Path     string            // main file; "": none
	Environ  []string          // KEY=value, as os.Environ gives them
	Flags    map[string]string // key path -> value, as in an environment variable
	Sections []Section         // the filter kinds
	Symbols  []Symbol          // what may be scored; empty: names are not checked
}

// Section describes a filter kind's part of the configuration.
type Section struct {
	Kind    string
	Summary string     // one line
	OptIn   bool       // off unless enabled: true
	Symbols []Symbol   // what it can report; may be scored
	New     func() any // a pointer to a struct that holds the defaults; nil: no settings
}

// Symbol is a finding that the configuration may name. A * in the name stands
// for any text, for names that are made at run time.
type Symbol struct {
	Name    string
	Group   string
	Score   float64
	Meaning string
}

type meta struct{}

// Load reads all layers. The error, if any, is Faults: all that is wrong, not just the first.
// The Config is nil then.
func Load(opts Options) (*Config, error) {
	return Default(), nil
}
