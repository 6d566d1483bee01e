package embedded

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/state"
	"github.com/postern-mail/postern/state/statetest"
	"github.com/postern-mail/postern/verdicts"
)

const crashEnv = "POSTERN_TEST_CRASH_FILE"

// TestMain lets the test's own binary play the daemon that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		answerUntilKilled(path)
	}
	os.Exit(m.Run())
}

// answerUntilKilled adds records from several goroutines and prints the id of
// each as soon as it was answered.
func answerUntilKilled(path string) {
	db, err := Open(Options{Path: path})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	ids := make(chan string)
	for i := range 4 {
		go func() {
			for j := 0; ; j++ {
				r := statetest.Record(i*1000000+j, time.Now())
				if err := db.Verdicts().Add(context.Background(), r); err != nil {
					r.ID = "error " + err.Error()
				}
				ids <- r.ID
			}
		}()
	}
	for id := range ids {
		fmt.Println(id)
	}
}

func TestWhatWasAnsweredSurvivesKill9(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	answered := map[string]bool{}
	for round, count := range []int{1, 40, 250} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if strings.HasPrefix(lines.Text(), "error") {
				t.Error(lines.Text())
			}
			answered[lines.Text()] = true
			if n == count {
				if err := cmd.Process.Kill(); err != nil {
					t.Error(err)
				}
			}
		}
		_ = cmd.Wait() // it was killed

		db := open(t, Options{Path: path, Sweep: -1})
		var state string
		if err := db.read.QueryRow("PRAGMA integrity_check").Scan(&state); err != nil || state != "ok" {
			t.Errorf("round %d: %q, %v", round, state, err)
		}
		for id := range answered {
			if _, err := db.Verdicts().Get(t.Context(), id); err != nil {
				t.Errorf("round %d: %s: %v", round, id, err)
			}
		}
		kept, err := db.count(t.Context(), "verdict")
		// Each kill leaves at most what the four wait to tell and what is being told.
		if most := len(answered) + 5*(round+1); err != nil || kept < len(answered) || kept > most {
			t.Errorf("round %d: %d kept, %d answered, %v", round, kept, len(answered), err)
		}
		counted := int64(0)
		hours, err := db.Verdicts().Hours(t.Context(), time.Time{}, time.Now().Add(time.Hour))
		for _, h := range hours {
			counted += h.Counts["symbol:SPF_PASS"]
		}
		if err != nil || counted != int64(kept) {
			t.Errorf("round %d: %d kept, %d counted, %v", round, kept, counted, err)
		}
		statetest.Close(t, db)
	}
	t.Logf("%d records were answered before a kill -9, all of them are kept", len(answered))
}

func TestAFileOfALaterVersionIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	db := open(t, Options{Path: path})
	if _, err := db.write.exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	statetest.Close(t, db)
	if _, err := Open(Options{Path: path}); err == nil || !strings.Contains(err.Error(), "later Postern") || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, []byte("this is no database at all, but long enough to be looked at"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Path: path}); err == nil {
		t.Error("junk is taken for a database")
	}
}

func TestOnlyWeMayReadTheFile(t *testing.T) {
	db := open(t, Options{})
	defer statetest.Close(t, db)
	if err := db.KV().Set(t.Context(), state.Item{Key: "a:b", Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(db.opts.Path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v, %v", suffix, info, err)
		}
	}
}

func TestASweepForgetsKeysAndTrimsThem(t *testing.T) {
	now := time.Now()
	db := open(t, Options{Now: func() time.Time { return now }, MaxKeys: 300, Sweep: -1})
	defer statetest.Close(t, db)
	ctx := t.Context()
	for i := range 600 {
		life := time.Duration(i+1) * time.Minute
		if err := db.KV().Set(ctx, state.Item{Key: fmt.Sprintf("a:%d", i), Lifetime: life}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Logs().Append(ctx, state.Log{Name: "x", Max: 5, Lifetime: time.Minute}, []byte("1")); err != nil {
		t.Fatal(err)
	}
	if err := db.Verdicts().PutHours(ctx, verdicts.Hour{Start: verdicts.HourOf(now.Add(-401 * 24 * time.Hour)), Counts: map[string]int64{"a": 1}}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(100 * time.Minute)
	if _, err := db.Verdicts().Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]int{"value": 300, "entry": 0, "hour": 0} {
		if n, err := db.count(ctx, table); n != want || err != nil {
			t.Errorf("%s: %d rows, %v", table, n, err)
		}
	}
	var first string
	if err := db.read.QueryRow("SELECT key FROM value ORDER BY ends LIMIT 1").Scan(&first); err != nil || first != "a:300" {
		t.Errorf("the first that is left is %q, %v", first, err)
	}
}

func TestOneFaultyWriteDoesNotHarmItsBatch(t *testing.T) {
	db := open(t, Options{Sweep: -1})
	defer statetest.Close(t, db)
	good := &job{durable: true, done: make(chan error, 1), run: func(w *writer) error {
		_, err := w.exec(sqlPut, "a:good", []byte{}, int64(1)<<50)
		return err
	}}
	bad := &job{done: make(chan error, 1), run: func(w *writer) error {
		if _, err := w.exec(sqlPut, "a:bad", []byte{}, int64(1)<<50); err != nil {
			return err
		}
		return fmt.Errorf("no")
	}}
	hold := make(chan struct{})
	go func() { _ = db.write.do(context.Background(), false, func(*writer) error { <-hold; return nil }) }()
	for _, j := range []*job{bad, good} {
		if err := db.write.send(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	close(hold)
	if err := <-bad.done; err == nil || err.Error() != "no" {
		t.Errorf("bad: %v", err)
	}
	if err := <-good.done; err != nil {
		t.Errorf("good: %v", err)
	}
	got, err := db.KV().Get(t.Context(), "a:good", "a:bad")
	if err != nil || got[0] == nil || got[1] != nil {
		t.Errorf("%q, %v", got, err)
	}
}
