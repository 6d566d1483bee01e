package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/verdicts"
)

func TestWithoutRedisItStartsAndSaysSoAndRecovers(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	s := newSite(t, "redis.url", "redis://"+server.Addr, "state.dir", t.TempDir())
	d := s.dial(t)
	defer d.Close()
	if _, r := s.send(t, d); !r.Degraded {
		t.Error("the record does not tell")
	}
	wrong, blocked := s.health.Conditions()
	if len(wrong) != 1 || wrong[0].Name != "state" || blocked || !strings.Contains(wrong[0].Detail, "1 verdicts wait") {
		t.Errorf("%+v, blocked %v", wrong, blocked)
	}
	if value(t, s.App, "postern_state_degraded") != 1 || value(t, s.App, "postern_state_waiting") != 1 {
		t.Error("the metrics do not tell")
	}
	if log := s.log.String(); strings.Count(log, "shared state is away") != 1 || !strings.Contains(log, "degraded=true") {
		t.Error(log)
	}
	server.Run(t)
	redistest.Wait(t, "the verdict is in Redis", func() bool { return s.stateStatus().Waiting == 0 && !s.stateStatus().Degraded })
	if _, r := s.send(t, d); r.Degraded {
		t.Error("degraded when it is back")
	}
	if wrong, _ := s.health.Conditions(); len(wrong) > 0 || strings.Count(s.log.String(), "shared state is back") != 1 {
		t.Errorf("%v\n%s", wrong, s.log)
	}
	all, _, err := s.store.Query(t.Context(), verdicts.Query{})
	if err != nil || len(all) != 2 {
		t.Errorf("%d records, %v", len(all), err)
	}
}

func TestWithRedisAndNoFolderTheQueueIsForThisProcessAlone(t *testing.T) {
	server := redistest.Start(t)
	s := newSite(t, "redis.url", "redis://"+server.Addr, "state.dir", filepath.Join(t.TempDir(), "nowhere"))
	if s.stateStatus().Kind != "redis" || !strings.Contains(s.log.String(), "do not outlast this process") {
		t.Error(s.log.String())
	}
	s.stop()
	if _, err := os.Stat(s.scratch); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", s.scratch, err)
	}
}

func TestAStateThatDoesNotLastThoughItShouldIsAFaultOfHealth(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	wrong, blocked := newSite(t, "state.dir", nowhere).health.Conditions()
	if len(wrong) != 1 || wrong[0].Name != "state" || blocked || !strings.Contains(wrong[0].Detail, nowhere) || !strings.Contains(wrong[0].Detail, "make the folder") {
		t.Errorf("%+v, blocked %v", wrong, blocked)
	}
	if wrong, _ := newSite(t, "state.dir", "").health.Conditions(); len(wrong) > 0 {
		t.Errorf("memory was asked for, and yet %+v", wrong)
	}
}

func TestAFaultyRedisIsAFaultOfTheConfiguration(t *testing.T) {
	s := newSite(t, "state.dir", t.TempDir())
	for _, url := range []string{"http://127.0.0.1", "redis://:s3cret@127.0.0.1/x"} {
		s.set("redis.url", url)
		if err := s.Reload(); err == nil || !strings.Contains(err.Error(), "redis") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", url, err)
		}
	}
	s.set("redis.url", "redis://127.0.0.1:1")
	if err := s.Reload(); err != nil || !strings.Contains(s.log.String(), "key=redis") {
		t.Errorf("%v\n%s", err, s.log)
	}
	if s.stateStatus().Kind != "embedded" {
		t.Error("a reload went over to Redis")
	}
}
