// Package config reads Postern's configuration.
//
// The Go types are the one source: a field's tag names its key and says what
// it means, the value of Default() is the default, and the strict decoder, the
// reference, the explanations and the file that init writes are all made from them.
// Layers, weakest first: defaults, the main file, conf.d/*.yaml beside it in
// name order, POSTERN_A__B environment variables, flags. A map is merged key
// by key, a list is replaced whole, a key without a value says nothing.
//
// How it is used:
//
//	opts := config.Options{
//		Path:     config.Find(flag, os.Environ()), // "": there is no file
//		Environ:  os.Environ(),
//		Flags:    map[string]string{"mode": "observe"},
//		Sections: sections, // one for each filters.Kind
//		Symbols:  symbols,  // what scores may name
//	}
//	cfg, err := config.Load(opts)
//	var faults config.Faults
//	if errors.As(err, &faults) { ... }  // every fault, with file, line and key
//	for _, w := range cfg.Warnings() { log.Warn(w.String()) }
//	for _, name := range cfg.FilterNames() {
//		f := cfg.Filters[name] // f.Kind, f.Enabled, f.Config: the pointer that Section.New gave
//	}
//
// The subcommands are one call each: config check is Load and Report, show is
// Show or ShowJSON, explain is Explain, init is Init, reference is
// WriteReference. NewWatcher and Run tell of changes to the files; what to do
// then, and on SIGHUP, is the caller's matter.
//
// A new part of the configuration is one field in Config with its tags:
//
//	yaml    the key; "-" is no key
//	doc     what it means, one sentence or two
//	oneof   the words allowed, with commas between them
//	min max bounds, in the notation of the file (1, 5s, 10MiB)
//	check   a named check of a text: socket, server, hostname, word
//	default the value of a field in a list's entry that does not give it
//	need    "true": an entry of a list must give it
//	keys    what a map's keys are: symbol, group
//
// A field of type Secret prints as stars everywhere; give it a twin string field
// whose key ends in _file, and the secret is read from there.
package config
