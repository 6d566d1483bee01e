package degrade

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/learn/lessons"
	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/redis"
	"github.com/postern-mail/postern/state/statetest"
)

func mustPut(t *testing.T, s *Store, name string, class uint8, want error) {
	t.Helper()
	l := lessons.Lesson{Name: name, Class: class, About: []byte("x"), Sample: []byte("tokens of " + name)}
	if _, err := s.Lessons().Put(t.Context(), l); !errors.Is(err, want) {
		t.Fatalf("%s: %v, want %v", name, err, want)
	}
}

// What is taught while Redis is away is known when it is back, in the order of
// teaching, even if the machine was restarted meanwhile.
func TestLessonsWaitForRedis(t *testing.T) {
	server := redistest.Start(t)
	dir := t.TempDir()
	open := func() *Store {
		return machineIn(t, dir, openRedis(t, redis.Options{Addrs: []string{server.Addr}, Timeout: time.Second}), Options{Lessons: 5})
	}
	s := open()
	mustPut(t, s, "before", 1, nil)
	server.Kill()
	mustPut(t, s, "a", 1, lessons.ErrWaiting)
	mustPut(t, s, "b", 2, lessons.ErrWaiting)
	statetest.Close(t, s)
	s = open()
	mustPut(t, s, "a", 2, lessons.ErrWaiting)
	mustPut(t, s, "b", 0, lessons.ErrWaiting)
	mustPut(t, s, "c", 1, lessons.ErrWaiting)
	mustPut(t, s, "d", 1, errLessons)
	if st := s.Status(); st.Lessons != 5 || !st.Degraded {
		t.Errorf("%+v", st)
	}
	if _, err := s.Lessons().Changes(t.Context(), lessons.Position{}, 10); !errors.Is(err, state.ErrAway) {
		t.Errorf("changes: %v", err)
	}
	server.Run(t)
	redistest.Wait(t, "nothing waits", func() bool { st := s.Status(); return !st.Degraded && st.Lessons == 0 })
	for name, class := range map[string]uint8{"a": 2, "b": 0, "c": 1, "d": 0} {
		l, err := s.Lessons().Get(t.Context(), name)
		if err != nil || l.Class != class || class != 0 && string(l.Sample) != "tokens of "+name {
			t.Errorf("%s: %+v, %v", name, l, err)
		}
	}
	changes, err := s.Lessons().Changes(t.Context(), lessons.Position{}, 10)
	if err != nil || len(changes) != 5 {
		t.Errorf("%d changes, %v", len(changes), err)
	}
	mustPut(t, s, "e", 1, nil)
	statetest.Close(t, s)
}

// A Redis that comes back without what it had answered is taught it again.
func TestWhatRedisLostIsTaughtAgain(t *testing.T) {
	server := redistest.Start(t)
	s := machine(t, openRedis(t, redis.Options{Addrs: []string{server.Addr}, Timeout: time.Second}), Options{})
	defer statetest.Close(t, s)
	for i := range 20 {
		mustPut(t, s, fmt.Sprint("m", i), 1, nil)
	}
	mustPut(t, s, "m3", 0, nil)
	server.Kill()
	mustPut(t, s, "after", 1, lessons.ErrWaiting)
	server.Run(t) // it keeps nothing on disk
	redistest.Wait(t, "all is known again", func() bool {
		st, err := s.Lessons().Stats(t.Context())
		return err == nil && st.Lessons == 20
	})
	if l, err := s.Lessons().Get(t.Context(), "m3"); err != nil || l.Class != 0 {
		t.Errorf("what was forgotten is known: %+v, %v", l, err)
	}
}
