package embedded

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/statetest"
	"github.com/postern-mail/postern/verdicts"
)

func open(t testing.TB, o Options) *DB {
	t.Helper()
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "a folder", "state?.db")
	}
	db, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestSuite(t *testing.T) {
	defer goleak.VerifyNone(t)
	statetest.Run(t, statetest.Backend{Open: func(t testing.TB, r verdicts.Retention) state.Store {
		return open(t, Options{Retention: r})
	}})
}
