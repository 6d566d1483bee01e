// Package shared finds the public test material that lies beside the
// repository and is never copied into it.
package shared

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir is the path of a folder or file of the shared material, whose root is POSTERN_SHARED,
// by default ../shared beside the repository. It skips the test, naming what is
// missing, where there is none.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("POSTERN_SHARED")
	if root == "" {
		_, self, _, _ := runtime.Caller(0)
		root = filepath.Join(filepath.Dir(self), "..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("shared test material is absent: %s (set POSTERN_SHARED)", filepath.Join(elem...))
	}
	return path
}
