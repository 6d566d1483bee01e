package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/test/world"
)

// teach runs `postern learn` against the daemon and gives what it prints.
func teach(t *testing.T, w *world.World, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, append([]string{"learn", "--api", strings.TrimPrefix(w.Admin, "http://"), "--who", "anna"}, args...)...)
	cmd.Env = append(os.Environ(), "MAIL_CONFIG="+w.Postfix.ConfigDir()) // which Postfix postcat asks
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// A message that Postfix holds is the same one by the id of its verdict, by its queue id, and in the
// mailbox: learned one way it is known, or moved, the other ways.
func TestHeldMailIsLearnedByVerdictQueueIDAndFile(t *testing.T) {
	dir := t.TempDir()
	w, ctx := start(t, world.Options{Config: "state: {dir: " + dir + "}\n"})
	all := scenes(t, w)
	i := slices.IndexFunc(all, func(s world.Scene) bool { return s.Fate == world.Held })
	p := play(t, ctx, w, all[i])[0]
	if p.Fate != world.Held || p.Record == nil {
		t.Fatalf("%s, %v", p.Fate, p.Record)
	}
	var out string
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		cmd := exec.Command(program, "learn", "spam", "--verdict", p.Record.ID, "--api", strings.TrimPrefix(w.Admin, "http://"))
		text, err := cmd.CombinedOutput()
		if out = string(text); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if !strings.HasPrefix(out, "1 learned as spam") {
		t.Errorf("by verdict: %s", out)
	}
	if out = teach(t, w, "spam", "--held", p.Record.QueueID); !strings.Contains(out, " 1 known") {
		t.Errorf("the same by queue id: %s", out)
	}
	if out = teach(t, w, "ham", "--held", p.Record.QueueID); !strings.Contains(out, "1 moved from spam") {
		t.Errorf("the other way by queue id: %s", out)
	}
	file := filepath.Join(dir, "mail.eml")
	if err := os.WriteFile(file, all[i].Message, 0o600); err != nil {
		t.Fatal(err)
	}
	if out = teach(t, w, "ham", file); !strings.Contains(out, " 1 known") {
		t.Errorf("as it was sent: %s", out)
	}
}
