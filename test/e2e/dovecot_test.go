package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/postfix"
)

// dovecot is a private Dovecot: its own folder and port, with the files of docs/dovecot
// in it as they ship but for the paths.
type dovecot struct {
	dir, addr string
	cmd       *exec.Cmd
}

// mailUID is whose the mailboxes are: Debian's user mail.
const mailUID = 8

// startDovecot starts one whose lessons go to an admin endpoint.
func startDovecot(t *testing.T, admin string) *dovecot {
	t.Helper()
	for _, name := range []string{"/usr/sbin/dovecot", "/usr/bin/sievec"} {
		if _, err := os.Stat(name); err != nil {
			t.Skipf("%s is not there: install dovecot-imapd and dovecot-sieve", name)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("Dovecot needs root")
	}
	dir, err := os.MkdirTemp("", "postern-dovecot-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	port, err := postfix.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	d := &dovecot{dir: dir, addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	d.install(t, admin)
	conf := d.configure(t, port)
	d.cmd = exec.Command("/usr/sbin/dovecot", "-F", "-c", conf)
	d.cmd.Stdout, d.cmd.Stderr = t.Output(), t.Output()
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.cmd.Process.Signal(syscall.SIGTERM)
		d.cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("what Dovecot logged:\n%s", log)
		}
	})
	return d
}

// install puts the recipe's files into the folder.
func (d *dovecot) install(t *testing.T, admin string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Chmod(d.dir, 0o755))
	for _, sub := range []string{"postern", "mail", "home"} {
		must(os.Mkdir(filepath.Join(d.dir, sub), 0o755))
	}
	must(os.Chown(filepath.Join(d.dir, "mail"), mailUID, mailUID))
	must(os.Chown(filepath.Join(d.dir, "home"), mailUID, mailUID))
	// Everybody may run the program: it is copied to where it can be reached.
	own := filepath.Join(d.dir, "postern.bin")
	text, err := os.ReadFile(program)
	must(err)
	must(os.WriteFile(own, text, 0o755))
	paths := strings.NewReplacer("/etc/dovecot/postern", filepath.Join(d.dir, "postern"), "/usr/local/bin/postern", own, "127.0.0.1:8891", admin, "vmail", "mail")
	for _, name := range []string{"spam.sieve", "ham.sieve", "postern-learn", "99-postern.conf"} {
		text, err := os.ReadFile(filepath.Join("../../docs/dovecot", name))
		must(err)
		must(os.WriteFile(filepath.Join(d.dir, "postern", name), []byte(paths.Replace(string(text))), 0o755))
	}
}

func (d *dovecot) configure(t *testing.T, port int) string {
	t.Helper()
	conf := filepath.Join(d.dir, "dovecot.conf")
	text := fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:%[1]s/mail/%%u
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=%[2]d gid=%[2]d home=%[1]s/home/%%u
}
service imap-login {
  inet_listener imap {
    port = %[3]d
  }
  inet_listener imaps {
    port = 0
  }
}
namespace inbox {
  inbox = yes
  mailbox Junk {
    auto = create
    special_use = \Junk
  }
  mailbox Trash {
    auto = create
    special_use = \Trash
  }
  mailbox Bin {
    auto = create
    special_use = \Trash
  }
}
!include %[1]s/postern/99-postern.conf
`, d.dir, mailUID, port)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"spam.sieve", "ham.sieve"} {
		if out, err := exec.Command("sievec", "-c", conf, filepath.Join(d.dir, "postern", name)).CombinedOutput(); err != nil {
			t.Fatalf("sievec %s: %v\n%s", name, err, out)
		}
	}
	return conf
}

// imap is a user at an IMAP server (RFC 9051).
type imap struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	tag  int
}

// login connects, as soon as somebody listens.
func (d *dovecot) login(t *testing.T, user string) *imap {
	t.Helper()
	var conn net.Conn
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var err error
		if conn, err = net.Dial("tcp", d.addr); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { conn.Close() })
	c := &imap{t: t, conn: conn, in: bufio.NewReader(conn)}
	c.line()
	c.do("LOGIN %s secret", user)
	return c
}

func (c *imap) line() string {
	c.t.Helper()
	c.conn.SetDeadline(time.Now().Add(time.Minute))
	line, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatalf("imap: %v", err)
	}
	return strings.TrimSpace(line)
}

// do sends a command and gives what came before its OK.
func (c *imap) do(format string, args ...any) []string {
	c.t.Helper()
	c.tag++
	tag := fmt.Sprintf("a%d", c.tag)
	fmt.Fprintf(c.conn, "%s %s\r\n", tag, fmt.Sprintf(format, args...))
	return c.until(tag)
}

func (c *imap) until(tag string) (before []string) {
	c.t.Helper()
	for {
		line := c.line()
		if rest, ok := strings.CutPrefix(line, tag+" "); ok {
			if !strings.HasPrefix(rest, "OK") {
				c.t.Fatalf("imap: %s", line)
			}
			return before
		}
		before = append(before, line)
	}
}

// append puts a message into a mailbox.
func (c *imap) append(mailbox, text string) {
	c.t.Helper()
	c.tag++
	tag := fmt.Sprintf("a%d", c.tag)
	text = strings.ReplaceAll(text, "\n", "\r\n")
	fmt.Fprintf(c.conn, "%s APPEND %s {%d}\r\n", tag, mailbox, len(text))
	if line := c.line(); !strings.HasPrefix(line, "+") {
		c.t.Fatalf("imap: %s", line)
	}
	fmt.Fprintf(c.conn, "%s\r\n", text)
	c.until(tag)
}

// only appends a message to a mailbox, and leaves it the selected one's only message.
func (c *imap) only(mailbox, subject string) {
	c.t.Helper()
	c.do("SELECT %s", mailbox)
	c.do(`UID STORE 1:* +FLAGS.SILENT (\Deleted)`)
	c.do("EXPUNGE")
	c.append(mailbox, "From: joe@example.net\nSubject: "+subject+"\nMessage-ID: <"+subject+"@example.net>\n\nThis is "+subject+".\n")
	c.do("NOOP")
}

// daemon is the program alone, without a Postfix.
type daemon struct {
	cmd   *exec.Cmd
	conf  string
	admin string
	ended chan error
}

func startAlone(t *testing.T, more string) *daemon {
	t.Helper()
	dir := t.TempDir()
	port, err := postfix.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{conf: filepath.Join(dir, "postern.yaml"), admin: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), ended: make(chan error, 1)}
	text := fmt.Sprintf("hostname: mx.here.example\nlisteners: [{name: inbound, milter: 'unix:%s/s'}]\nadmin: {listen: '%s'}\nstate: {dir: %q}\ndns: {servers: ['127.0.0.1:1']}\n%s",
		dir, d.admin, filepath.Join(dir, "state"), more)
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d.cmd = exec.Command(program, "serve", "--config", d.conf)
	d.cmd.Stderr = t.Output()
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	t.Cleanup(func() { d.cmd.Process.Kill() })
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", d.admin); err == nil {
			conn.Close()
			return d
		}
		if time.Now().After(end) {
			t.Fatal("the daemon does not listen")
		}
	}
}

// stop ends the daemon and waits for it.
func (d *daemon) stop(t *testing.T) {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-d.ended; err != nil {
		t.Fatal(err)
	}
}

// taught is a lesson as `postern learned --json` tells it.
type taught struct{ Class, Who, Source, Digest string }

func (d *daemon) learned(t *testing.T, args ...string) []taught {
	t.Helper()
	out, err := exec.Command(program, append([]string{"learned", "--config", d.conf, "--json"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var page struct{ Lessons []taught }
	if err := json.Unmarshal(out, &page); err != nil {
		t.Fatal(err)
	}
	return page.Lessons
}

// digestOf is the digest that a message gets, by learning it elsewhere.
func digestOf(t *testing.T, subject string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	conf := filepath.Join(dir, "postern.yaml")
	if err := os.WriteFile(conf, []byte("state: {dir: "+dir+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--config", conf}
	learn := exec.CommandContext(ctx, program, append([]string{"learn", "ham", "-"}, args...)...)
	learn.Stdin = strings.NewReader("From: joe@example.net\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@example.net>\r\n\r\nThis is " + subject + ".\r\n")
	if out, err := learn.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.CommandContext(ctx, program, append([]string{"learned", "--json"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var page struct{ Lessons []taught }
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&page); err != nil || len(page.Lessons) != 1 {
		t.Fatalf("%s, %v", out, err)
	}
	return page.Lessons[0].Digest
}

// What users do in their mailboxes is learned, by the recipe in docs/dovecot as it ships.
func TestMovingMailInDovecotTeaches(t *testing.T) {
	d := startAlone(t, "")
	box := startDovecot(t, d.admin)
	anna, otto := box.login(t, "anna"), box.login(t, "otto")

	anna.only("INBOX", "moved-to-junk")
	anna.do("MOVE 1 Junk")
	anna.only("INBOX", "copied-to-junk")
	anna.do("COPY 1 Junk")
	otto.only("Junk", "rescued")
	otto.do("MOVE 1 INBOX")
	otto.only("Junk", "thrown-away")
	otto.do("MOVE 1 Trash")
	otto.only("Junk", "thrown-into-the-other-bin")
	otto.do("MOVE 1 Bin")
	otto.do("CREATE Junk.older")
	otto.only("Junk", "put-aside")
	otto.do("MOVE 1 Junk.older")
	otto.only("Junk", "expunged")
	otto.do(`STORE 1 +FLAGS (\Deleted)`)
	otto.do("EXPUNGE")
	otto.only("INBOX", "read-and-kept")
	otto.do(`STORE 1 +FLAGS (\Seen)`)
	otto.do("CREATE Archive")
	otto.do("MOVE 1 Archive")
	anna.only("INBOX", "there-and-back")
	anna.do("MOVE 1 Junk")
	anna.do("SELECT Junk")
	last := anna.do(`SEARCH SUBJECT there-and-back`)
	number := strings.Fields(last[0])
	anna.do("MOVE %s INBOX", number[len(number)-1])
	names := map[string]string{}
	for _, subject := range []string{"moved-to-junk", "copied-to-junk", "rescued", "there-and-back"} {
		names[digestOf(t, subject)] = subject
	}
	var got []string
	for _, l := range d.learned(t) { // beside the daemon, which goes on
		name := names[l.Digest]
		if name == "" {
			name = "something else " + l.Digest
		}
		got = append(got, fmt.Sprintf("%s: %s by %s from %s", name, l.Class, l.Who, l.Source))
	}
	d.stop(t)
	anna.only("INBOX", "nobody-listens")
	anna.do("MOVE 1 Junk") // works all the same
	slices.Sort(got)
	want := []string{
		"copied-to-junk: spam by anna from imapsieve",
		"moved-to-junk: spam by anna from imapsieve",
		"rescued: ham by otto from imapsieve",
		"there-and-back: ham by anna from imapsieve",
	}
	if !slices.Equal(got, want) {
		t.Errorf("learned:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
