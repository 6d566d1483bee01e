package embedded

import (
	"os"
	"testing"

	"github.com/postern-mail/postern/state/statetest"
)

func BenchmarkVerdicts(b *testing.B) {
	db := open(b, Options{Sweep: -1})
	defer statetest.Close(b, db)
	statetest.BenchVerdicts(b, db.Verdicts(), func() {
		info, err := os.Stat(db.opts.Path)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%d bytes in the file for each record", info.Size()/int64(statetest.BenchRecords()))
	})
}

func BenchmarkGCRAFourKeys(b *testing.B) {
	db := open(b, Options{Sweep: -1})
	defer statetest.Close(b, db)
	statetest.BenchLimits(b, db.Limits())
}
