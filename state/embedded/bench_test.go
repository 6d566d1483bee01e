package embedded

import (
	"os"
	"testing"

	"github.com/postern-mail/postern/state/statetest"
)

func BenchmarkVerdicts(b *testing.B) {
	db := open(b, Options{Sweep: -1})
	defer statetest.Close(b, db)
	statetest.BenchVerdicts(b, db.Verdicts())
	info, err := os.Stat(db.opts.Path)
	n, _ := db.count(b.Context(), "verdict")
	if err == nil {
		b.Logf("%d bytes in the file for each of %d records", info.Size()/int64(n), n)
	}
}

func BenchmarkGCRAFourKeys(b *testing.B) {
	db := open(b, Options{Sweep: -1})
	defer statetest.Close(b, db)
	statetest.BenchLimits(b, db.Limits())
}
