package app

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker: -X github.com/postern-mail/postern/app.version=...
var version string

// Version is the program's version: what the linker was told, else the
// module's.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

type versionCmd struct{}

// Run implements the subcommand.
func (versionCmd) Run(p *program) error {
	_, err := fmt.Fprintf(p.out, "postern %s (%s, %s/%s)\n", Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
