// Postern is a mail filter that plugs into Postfix as a milter.
package main

import (
	"os"

	"github.com/postern-mail/postern/app"
	"github.com/postern-mail/postern/filters/all"
)

func main() {
	os.Exit(app.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, all.Kinds...))
}
