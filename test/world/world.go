// Package world is a small world to try Postern in: a private Postfix, a DNS
// server with a zone of its own, the program itself as the Postfix's milter, and
// people who send mail. Everything is real and nothing of it needs the internet.
package world

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/postfix"
	"github.com/postern-mail/postern/verdicts"
)

// Options say what world is wanted.
type Options struct {
	Program string       // path of bin/postern
	Dir     string       // an empty folder of ours
	Config  string       // YAML added to the program's configuration
	TCP     bool         // the milter listens on TCP, else on a unix socket
	Log     io.Writer    // of the program; nil for none
	Zone    dnstest.Zone // names besides the world's own
}

// World is a running one.
type World struct {
	DNS     *dnstest.Server
	Postfix *postfix.Instance
	Keys    *Keys
	Admin   string // base URL of the admin endpoint
	Milter  string // as smtpd_milters has it
	Config  string // path of the program's configuration

	opts   Options
	daemon *exec.Cmd
	exited chan error
}

// Start builds a world. Stop ends it; on an error nothing is left running.
func Start(ctx context.Context, o Options) (w *World, err error) {
	if err := postfix.Available(); err != nil {
		return nil, err
	}
	if err := os.Chmod(o.Dir, 0o755); err != nil { // Postfix's own users pass through it
		return nil, err
	}
	w = &World{opts: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Stop())
		}
	}()
	if w.Keys, err = NewKeys(); err != nil {
		return w, err
	}
	zone := w.Keys.Zone()
	maps.Copy(zone, o.Zone)
	if w.DNS, err = dnstest.Listen(zone); err != nil {
		return w, err
	}
	if err = w.StartDaemon(ctx); err != nil {
		return w, err
	}
	w.Postfix, err = postfix.Start(ctx, postfix.Options{
		Dir: filepath.Join(o.Dir, "postfix"), Hostname: Hostname, Domains: []string{"here.example"},
		Settings: map[string]string{
			"smtpd_milters": w.Milter, "non_smtpd_milters": w.Milter,
			"smtpd_recipient_restrictions": "check_recipient_access inline:{{refused@here.example=REJECT}}, reject_unauth_destination",
		},
	})
	return w, err
}

// Hostname is the name of the world's mail server.
const Hostname = "mx.here.example"

// StartDaemon starts the program and waits until it is ready.
func (w *World) StartDaemon(ctx context.Context) error {
	if err := w.configure(); err != nil {
		return err
	}
	daemon, exited := exec.Command(w.opts.Program, "serve", "--config", w.Config), make(chan error, 1)
	var early bytes.Buffer
	out := &watcher{first: &early, next: w.opts.Log, found: make(chan struct{})}
	daemon.Stderr = out
	if err := daemon.Start(); err != nil {
		return err
	}
	go func() { exited <- daemon.Wait() }()
	w.daemon, w.exited = daemon, exited
	select {
	case <-out.found:
	case err := <-exited:
		w.daemon = nil
		return fmt.Errorf("postern serve ended at once: %w: %s", err, early.String())
	case <-ctx.Done():
		return ctx.Err()
	}
	w.Admin = "http://" + out.admin()
	return w.listening()
}

// listening finds where the milter listens: the socket is open before the
// endpoint is announced.
func (w *World) listening() error {
	if !w.opts.TCP {
		return os.Chmod(w.socket(), 0o666) // Postfix's smtpd is not in our group here
	}
	return nil
}

func (w *World) socket() string { return filepath.Join(w.opts.Dir, "postern.sock") }

func (w *World) configure() error {
	milter := "unix:" + w.socket()
	w.Milter = milter
	if w.opts.TCP {
		port, err := postfix.FreePort()
		if err != nil {
			return err
		}
		milter = fmt.Sprintf("tcp:127.0.0.1:%d", port)
		w.Milter = fmt.Sprintf("inet:127.0.0.1:%d", port)
	}
	w.Config = filepath.Join(w.opts.Dir, "postern.yaml")
	state := "state: {dir: \"\"}\n" // in memory, unless a test says where
	if strings.Contains(w.opts.Config, "state:") {
		state = ""
	}
	text := fmt.Sprintf(`hostname: %s
listeners:
  - {name: inbound, milter: %q, profile: inbound}
admin: {listen: "127.0.0.1:0"}
dns: {servers: [%q], timeout: 2s}
%s%s`, Hostname, milter, w.DNS.Addr, state, w.opts.Config)
	return os.WriteFile(w.Config, []byte(text), 0o644)
}

// Stop ends everything. It is safe on a world that is only half there.
func (w *World) Stop() error {
	var errs []error
	if w.Postfix != nil {
		errs = append(errs, w.Postfix.Stop())
	}
	errs = append(errs, w.StopDaemon(syscall.SIGTERM))
	if w.DNS != nil {
		w.DNS.Close()
	}
	return errors.Join(errs...)
}

// StopDaemon sends the program a signal and waits for its end.
func (w *World) StopDaemon(sig os.Signal) error {
	if w.daemon == nil {
		return nil
	}
	d := w.daemon
	w.daemon = nil
	if err := d.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-w.exited:
		if sig != syscall.SIGTERM {
			return nil
		}
		return err
	case <-time.After(40 * time.Second):
		return errors.Join(errors.New("postern serve did not end in time"), d.Process.Kill())
	}
}

// Signal sends the program a signal.
func (w *World) Signal(sig os.Signal) error { return w.daemon.Process.Signal(sig) }

// PID is the program's process.
func (w *World) PID() int { return w.daemon.Process.Pid }

// Metric is the value of a metric without labels, "" when it cannot be had.
func (w *World) Metric(ctx context.Context, name string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Admin+"/metrics", nil)
	if err != nil {
		return ""
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return value
		}
	}
	return ""
}

// Verdicts asks the admin endpoint.
func (w *World) Verdicts(ctx context.Context, query url.Values) ([]*verdicts.Record, error) {
	var page struct{ Verdicts []*verdicts.Record }
	err := w.Get(ctx, "/api/v1/verdicts?"+query.Encode(), &page)
	return page.Verdicts, err
}

// Get asks the admin endpoint for JSON.
func (w *World) Get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Admin+path, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
		return fmt.Errorf("%s: %s: %s", path, res.Status, said)
	}
	return json.NewDecoder(res.Body).Decode(into)
}

// watcher passes the program's log on and looks for the line that tells where
// the admin endpoint is.
type watcher struct {
	mu    sync.Mutex
	first *bytes.Buffer
	next  io.Writer
	addr  string
	found chan struct{}
}

func (o *watcher) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.addr == "" {
		o.first.Write(p)
		o.look()
	}
	if o.next != nil {
		o.next.Write(p)
	}
	return len(p), nil
}

func (o *watcher) look() {
	lines := bufio.NewScanner(bytes.NewReader(o.first.Bytes()))
	for lines.Scan() {
		if _, addr, ok := strings.Cut(lines.Text(), `msg="listening for the postmaster" addr=`); ok {
			o.addr = addr
			close(o.found)
			return
		}
	}
}

func (o *watcher) admin() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.addr
}
