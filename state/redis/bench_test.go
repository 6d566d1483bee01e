package redis

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/state/statetest"
)

func memory(b *testing.B, s *redistest.Server) int64 {
	for line := range strings.Lines(fmt.Sprint(s.Do(b, "INFO", "memory"))) {
		if text, ok := strings.CutPrefix(line, "used_memory:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatal("no used_memory")
	return 0
}

func BenchmarkVerdicts(b *testing.B) {
	server := redistest.Start(b)
	s := open(b, Options{Addrs: []string{server.Addr}, Sweep: -1})
	defer statetest.Close(b, s)
	before := memory(b, server)
	statetest.BenchVerdicts(b, s.Verdicts(), func() {
		b.Logf("%d bytes of Redis memory for each of %d records", (memory(b, server)-before)/int64(statetest.BenchRecords()), statetest.BenchRecords())
	})
}

func BenchmarkGCRAFourKeys(b *testing.B) {
	s := open(b, Options{Addrs: []string{redistest.Start(b).Addr}})
	defer statetest.Close(b, s)
	statetest.BenchLimits(b, s.Limits())
}
