// Package postfix runs a private Postfix: own configuration, queue and port in
// one folder, mail delivered into Maildirs there. The machine's own Postfix, if one
// runs, is neither touched nor stopped. It needs root and Debian's postfix package.
package postfix

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options say how the instance is set up.
type Options struct {
	Dir      string            // an empty folder of ours
	Hostname string            // myhostname
	Domains  []string          // domains whose mail is delivered here, every local part of them
	Settings map[string]string // further lines of main.cf
}

// Instance is a running Postfix.
type Instance struct {
	dir  string
	addr string
}

// ErrUnavailable says that no Postfix can be run here, and why.
var ErrUnavailable = errors.New("no private Postfix can be run here")

// Available tells why no instance can be run, nil when one can.
func Available() error {
	if os.Getuid() != 0 {
		return fmt.Errorf("%w: it needs root", ErrUnavailable)
	}
	if _, err := os.Stat(daemons + "/master"); err != nil {
		return fmt.Errorf("%w: install the package postfix", ErrUnavailable)
	}
	return nil
}

// Start sets an instance up and waits until it greets.
func Start(ctx context.Context, o Options) (*Instance, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	p := &Instance{dir: o.Dir, addr: "127.0.0.1:" + strconv.Itoa(port)}
	if err := p.configure(o, port); err != nil {
		return nil, err
	}
	if err := p.postfix(ctx, "start"); err != nil {
		return nil, err
	}
	if err := p.greets(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

// FreePort finds a TCP port of the loopback address that is free now.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Addr is where it takes SMTP.
func (p *Instance) Addr() string { return p.addr }

// ConfigDir is its configuration, for sendmail -C and postqueue -c.
func (p *Instance) ConfigDir() string { return filepath.Join(p.dir, "etc") }

// Stop ends it and waits until its master is gone.
func (p *Instance) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return p.postfix(ctx, "stop")
}

// Reload makes it read its configuration again, with these settings changed.
func (p *Instance) Reload(ctx context.Context, settings map[string]string) error {
	for k, v := range settings {
		if out, err := exec.CommandContext(ctx, "postconf", "-c", p.ConfigDir(), "-e", k+" = "+v).CombinedOutput(); err != nil {
			return fmt.Errorf("postconf %s: %w: %s", k, err, out)
		}
	}
	return p.postfix(ctx, "reload")
}

func (p *Instance) postfix(ctx context.Context, verb string) error {
	cmd := exec.CommandContext(ctx, "postfix", "-c", p.ConfigDir(), verb)
	cmd.WaitDelay = 5 * time.Second // its master inherits the output
	out, err := os.Create(filepath.Join(p.dir, verb+".log"))
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("postfix %s: %w: %s", verb, err, said)
	}
	return nil
}

func (p *Instance) greets(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var dialer net.Dialer
	for {
		c, err := dialer.DialContext(ctx, "tcp", p.addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("postfix does not listen on %s: %w; its log: %s", p.addr, err, p.Log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Log is what it has logged.
func (p *Instance) Log() string {
	b, _ := os.ReadFile(filepath.Join(p.dir, "maillog")) // none yet: nothing logged
	return string(b)
}

// Held lists the queue ids of the mail in the hold queue.
func (p *Instance) Held() ([]string, error) { return p.queue("hold") }

// Waiting lists the queue ids of the mail that is still to be delivered.
func (p *Instance) Waiting() ([]string, error) {
	var ids []string
	for _, q := range []string{"maildrop", "incoming", "active", "deferred"} {
		more, err := p.queue(q)
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	return ids, nil
}

func (p *Instance) queue(name string) ([]string, error) {
	var ids []string
	err := filepath.WalkDir(filepath.Join(p.dir, "queue", name), func(_ string, d os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil // delivered meanwhile
		}
		if err == nil && d.Type().IsRegular() {
			ids = append(ids, d.Name())
		}
		return err
	})
	return ids, err
}

// Delivered gives every message that was delivered, as it stands in the Maildirs.
func (p *Instance) Delivered() ([][]byte, error) {
	files, err := filepath.Glob(filepath.Join(p.dir, "mail", "*", "new", "*"))
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

const daemons = "/usr/lib/postfix/sbin"

func (p *Instance) configure(o Options, port int) error {
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		return err
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		return err
	}
	postfixUID, err := strconv.Atoi(owner.Uid)
	if err != nil {
		return err
	}
	for dir, uid := range map[string]int{"": 0, "etc": 0, "queue": 0, "data": postfixUID, "mail": uid} {
		path := filepath.Join(o.Dir, dir)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		if err := os.Chmod(path, 0o755); err != nil {
			return err
		}
		if err := os.Chown(path, uid, -1); err != nil {
			return err
		}
	}
	var maildirs strings.Builder
	for _, d := range o.Domains {
		fmt.Fprintf(&maildirs, "@%s %s/\n", d, d)
	}
	for name, text := range map[string]string{
		"main.cf":   p.mainCF(o, nobody.Uid),
		"master.cf": fmt.Sprintf(masterCF, port),
		"maildirs":  maildirs.String(),
	} {
		if err := os.WriteFile(filepath.Join(o.Dir, "etc", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// mainCF names each setting once: Postfix warns of every repetition in every
// process, and postlogd, which logs through its own socket, waits for itself forever
// once ten such lines are in there (net.unix.max_dgram_qlen).
func (p *Instance) mainCF(o Options, uid string) string {
	all := maps.Clone(settings)
	maps.Copy(all, map[string]string{
		"queue_directory": o.Dir + "/queue", "data_directory": o.Dir + "/data", "daemon_directory": daemons,
		"maillog_file": o.Dir + "/maillog", "maillog_file_prefixes": o.Dir, "myhostname": o.Hostname,
		"virtual_mailbox_base": o.Dir + "/mail", "virtual_mailbox_domains": strings.Join(o.Domains, " "),
		"virtual_mailbox_maps": "texthash:" + o.Dir + "/etc/maildirs", "virtual_uid_maps": "static:" + uid, "virtual_gid_maps": "static:" + uid,
	})
	maps.Copy(all, o.Settings)
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s = %s\n", k, all[k])
	}
	return b.String()
}

// settings are those of every instance. Nothing leaves this machine.
var settings = map[string]string{
	"compatibility_level":                 "3.6",
	"command_directory":                   "/usr/sbin",
	"mail_owner":                          "postfix",
	"setgid_group":                        "postdrop",
	"inet_interfaces":                     "127.0.0.1",
	"inet_protocols":                      "all",
	"mydestination":                       "",
	"mynetworks":                          "127.0.0.2/32",
	"smtpd_recipient_restrictions":        "reject_unauth_destination",
	"smtpd_authorized_xclient_hosts":      "127.0.0.0/8",
	"smtpd_client_connection_count_limit": "0",
	"smtpd_client_connection_rate_limit":  "0",
	"smtpd_peername_lookup":               "no",
	"smtputf8_enable":                     "yes",
	"default_transport":                   "error:nothing leaves this machine",
	"relay_transport":                     "error:nothing leaves this machine",
	"local_transport":                     "error:there is no local delivery",
	"alias_maps":                          "",
	"alias_database":                      "",
	"in_flow_delay":                       "0",
	"milter_protocol":                     "6",
	"milter_default_action":               "tempfail",
}

// masterCF has only what receiving and local delivery need; nothing in it can
// send mail anywhere.
const masterCF = `127.0.0.1:%d inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
proxymap  unix  - - n - - proxymap
error     unix  - - n - - error
retry     unix  - - n - - error
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
showq     unix  n - n - - showq
postlog   unix-dgram n - n - 1 postlogd
`
