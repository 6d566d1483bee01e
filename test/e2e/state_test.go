package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/internal/postfix"
	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/verdicts"
)

// node is one machine: the program with a state folder of its own, and no Postfix.
type node struct {
	config string
	milter net.Addr
	admin  string
	daemon *exec.Cmd
}

// startNode starts the program with this configuration added, in a new folder.
func startNode(t *testing.T, dns *dnstest.Server, config string) *node {
	t.Helper()
	dir := t.TempDir()
	milter, admin := freePort(t), freePort(t)
	n := &node{
		config: filepath.Join(dir, "postern.yaml"), milter: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: milter},
		admin: fmt.Sprintf("http://127.0.0.1:%d", admin),
	}
	text := fmt.Sprintf(`hostname: mx.example.org
listeners: [{name: inbound, milter: "tcp:127.0.0.1:%d"}]
admin: {listen: "127.0.0.1:%d"}
dns: {servers: [%q]}
state: {dir: %q}
rules: {defaults: false}
log: {level: warn}
%s`, milter, admin, dns.Addr, dir, config)
	if err := os.WriteFile(n.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	n.run(t)
	return n
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := postfix.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// run starts the program, again perhaps, and waits until it is ready. It ends with the test.
func (n *node) run(t *testing.T) {
	t.Helper()
	d := exec.Command(program, "serve", "--config", n.config, "--set", "filters.dnsbl.enabled=false")
	d.Stderr = t.Output()
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	n.daemon = d
	t.Cleanup(func() {
		if d.ProcessState == nil {
			n.end(t, syscall.SIGTERM)
		}
	})
	redistest.Wait(t, "the daemon is ready", func() bool { return strings.Contains(n.get("/readyz"), `"status"`) })
}

// end ends the program by a signal.
func (n *node) end(t *testing.T, sig syscall.Signal) {
	if err := n.daemon.Process.Signal(sig); err != nil {
		t.Error(err)
	}
	if err := n.daemon.Wait(); err != nil && sig == syscall.SIGTERM {
		t.Error(err)
	}
}

// get asks the admin endpoint, "" where it does not answer.
func (n *node) get(path string) string {
	answer, err := http.Get(n.admin + path)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return string(b)
}

// well tells whether the state is as it should be, and nothing waits.
func (n *node) well() bool {
	text := n.get("/metrics")
	return strings.Contains(text, "postern_state_degraded 0\n") && strings.Contains(text, "postern_state_waiting 0\n")
}

// send sends a message and tells what became of it: accepted, held, or the code of the refusal.
func (n *node) send(client, from, text string) (string, error) {
	r, err := miltertest.Attempt(n.milter, client, miltertest.Message{
		From: from, Rcpts: []string{"anna@example.org"}, Body: text + "\r\n",
		Header: [][2]string{{"From", " " + from}, {"To", " anna@example.org"}, {"Subject", " hello"}},
	})
	if err != nil {
		return "", err
	}
	for _, e := range r.Edits {
		if e.Code == 'q' {
			return "held", nil
		}
	}
	switch r.Final.Code {
	case 'c', 'a':
		return "accepted", nil
	case 'y':
		return r.Final.Data[:3], nil
	}
	return "", fmt.Errorf("odd answer %q", r.Final)
}

// must is send where an error ends the test.
func (n *node) must(t *testing.T, client, from, text string) string {
	t.Helper()
	what, err := n.send(client, from, text)
	if err != nil {
		t.Fatal(err)
	}
	return what
}

// records are what `postern verdicts` lists, by envelope sender.
func (n *node) records(t *testing.T) map[string][]*verdicts.Record {
	t.Helper()
	var out, errOut bytes.Buffer
	found := map[string][]*verdicts.Record{}
	cmd := exec.Command(program, "--config", n.config, "verdicts", "--json", "--limit", "1000")
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, errOut.String())
	}
	for d := json.NewDecoder(&out); ; {
		r := new(verdicts.Record)
		if err := d.Decode(r); err == io.EOF {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found[r.Envelope.From] = append(found[r.Envelope.From], r)
	}
}

// redisKeys are the section redis.
func redisKeys(servers ...*redistest.Server) string {
	var urls []string
	for _, s := range servers {
		urls = append(urls, fmt.Sprintf("%q", "redis://"+s.Addr))
	}
	return "redis: {urls: [" + strings.Join(urls, ", ") + "]"
}

func TestTwoDaemonsShareALimitAndAGreylist(t *testing.T) {
	redistest.Require(t)
	for name, start := range map[string]func() string{
		"redis":   func() string { return redisKeys(redistest.Start(t)) },
		"cluster": func() string { return redisKeys(redistest.Cluster(t)...) },
	} {
		t.Run(name, func(t *testing.T) {
			dns := dnstest.Serve(t, dnstest.Zone{})
			config := start() + `, timeout: 5s}
scoring: {actions: {SPF_NONE: accept, DKIM_NONE: greylist}}
filters:
  greylist: {delay: 1s}
  ratelimit: {limits: [{name: net, by: [sender_domain], count: messages, rate: 10/d}]}
`
			a, b := startNode(t, dns, config), startNode(t, dns, config)
			// Who has waited at one daemon need not wait at the other, where he never was.
			if got := a.must(t, "192.0.2.1", "joe@wait.example.net", "hello"); got != "451" {
				t.Fatalf("the first attempt: %s", got)
			}
			redistest.Wait(t, "the message has waited", func() bool { return a.must(t, "192.0.2.1", "joe@wait.example.net", "hello") == "accepted" })
			if got := b.must(t, "192.0.2.1", "joe@wait.example.net", "hello again"); got != "accepted" {
				t.Errorf("known at one daemon, at the other: %s", got)
			}
			if got := b.must(t, "198.51.100.1", "eve@wait.example.net", "hello"); got != "451" {
				t.Errorf("a stranger: %s", got)
			}
			// What waits is given back; what passes is counted, wherever.
			if got := a.must(t, "192.0.2.2", "joe@many.example.net", "hello"); got != "451" {
				t.Fatalf("the first attempt: %s", got)
			}
			passed := 0
			redistest.Wait(t, "the limit is reached", func() bool {
				for _, n := range []*node{a, b} {
					if n.must(t, "192.0.2.2", "joe@many.example.net", "hello") == "accepted" {
						passed++
					}
				}
				return passed >= 10
			})
			for _, n := range []*node{a, b} {
				if got := n.must(t, "192.0.2.2", "joe@many.example.net", "hello"); got != "451" {
					t.Errorf("beyond the limit: %s", got)
				}
			}
			if rs := b.records(t)["joe@many.example.net"]; passed != 10 || !strings.Contains(rs[len(rs)-1].Reply, "too many messages from this") {
				t.Errorf("%d passed a limit of 10; the last reply is %q", passed, rs[len(rs)-1].Reply)
			}
		})
	}
}

const (
	ledgerMessages = 240
	ledgerBurst    = 20
	ledgerTimeout  = 2 * time.Second
)

// ledger sends mail through two daemons while something happens to Redis. In the end each message
// has one record that says what its sender was told, no limit let pass more than its burst on each
// machine, and nobody waited for three calls.
func ledger(t *testing.T, redis string, harm, mend func()) {
	dns := dnstest.Serve(t, dnstest.Zone{})
	config := redis + fmt.Sprintf(`, timeout: %s}
policies:
  - {name: held, match: {sender_domains: [held.example.net]}, thresholds: {greylist: off, mark: off, quarantine: -100, reject: off}}
  - {name: refused, match: {sender_domains: [refused.example.net]}, thresholds: {greylist: off, mark: off, quarantine: off, reject: -100}}
filters:
  ratelimit: {limits: [{name: few, by: [sender_domain, client], count: messages, rate: %d/d}]}
`, ledgerTimeout, ledgerBurst)
	nodes := []*node{startNode(t, dns, config), startNode(t, dns, config)}
	var mu sync.Mutex
	told := map[string]string{}
	var slowest, limited atomic.Int64
	harmed := make(chan struct{})
	var all sync.WaitGroup
	const workers = 8
	for i := range workers {
		all.Go(func() {
			for j := range ledgerMessages / workers {
				if i == 0 && j == ledgerMessages/workers/4 {
					harm()
					close(harmed)
				} else if j == ledgerMessages/workers/2 {
					<-harmed // half of the messages come afterwards for sure
				}
				// One domain is held to its limit, the others have addresses enough.
				domain, client := []string{"few", "held", "refused", "many"}[j%4], fmt.Sprintf("192.0.2.%d", 1+(i*31+j)%250)
				if domain == "few" {
					client = "192.0.2.1"
				}
				from := fmt.Sprintf("m%d-%d@%s.example.net", i, j, domain)
				start := time.Now()
				what, err := nodes[i%2].send(client, from, "hello")
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				told[from] = what
				slowest.Store(max(slowest.Load(), int64(time.Since(start))))
				mu.Unlock()
				if domain == "few" && what == "accepted" {
					limited.Add(1)
				}
			}
		})
	}
	all.Wait()
	mend()
	mended := time.Now()
	for _, n := range nodes {
		redistest.Wait(t, "all is well again", n.well)
	}
	took := time.Since(mended)
	if took > recovery {
		t.Errorf("well again after %v, within %v is due", took, recovery)
	}
	balance(t, told, nodes[0].records(t))
	if timeouts := time.Duration(slowest.Load()) / ledgerTimeout; timeouts >= 3 {
		t.Errorf("a message waited for %d calls", timeouts)
	}
	if n := limited.Load(); n > 2*ledgerBurst || n < ledgerBurst {
		t.Errorf("%d passed a limit of %d on two machines", n, ledgerBurst)
	}
	t.Logf("well again after %v; the slowest message took %v; %d passed the limit of %d", took.Round(time.Millisecond), time.Duration(slowest.Load()).Round(time.Millisecond), limited.Load(), ledgerBurst)
}

// balance compares what senders were told with what is recorded: sent = accepted + refused + held.
func balance(t *testing.T, told map[string]string, found map[string][]*verdicts.Record) {
	t.Helper()
	counts := map[string]int{}
	for from, what := range told {
		counts[what]++
		rs := found[from]
		if len(rs) != 1 {
			t.Errorf("%s was told %s and has %d records", from, what, len(rs))
			continue
		}
		want := rs[0].Reply[:min(len(rs[0].Reply), 3)]
		if rs[0].Action == "quarantine" {
			want = "held"
		}
		if want == "" {
			want = "accepted"
		}
		if what != want {
			t.Errorf("%s was told %s, the record says %s %q", from, what, rs[0].Action, rs[0].Reply)
		}
	}
	if len(told) != ledgerMessages || len(found) != ledgerMessages {
		t.Errorf("%d sent, %d recorded", len(told), len(found))
	}
	t.Logf("%d sent: %v", len(told), counts)
}

// recovery is how soon a daemon must notice that Redis is back.
const recovery = 10 * time.Second

func TestLedgerThroughTwoDaemons(t *testing.T) {
	redistest.Require(t)
	t.Run("redis is killed", func(t *testing.T) {
		s := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "everysec")
		ledger(t, redisKeys(s), s.Kill, func() { s.Run(t) })
	})
	t.Run("redis hangs", func(t *testing.T) {
		s := redistest.Start(t)
		ledger(t, redisKeys(s), func() { s.Hang(t) }, func() { s.Resume(t) })
	})
	t.Run("redis is read-only", func(t *testing.T) {
		s := redistest.Start(t)
		ledger(t, redisKeys(s), func() { s.Do(t, "REPLICAOF", "127.0.0.1", redistest.Port(t)) }, func() { s.Do(t, "REPLICAOF", "NO", "ONE") })
	})
	t.Run("redis is full", func(t *testing.T) {
		s := redistest.Start(t, "--maxmemory-policy", "noeviction")
		ledger(t, redisKeys(s), func() { s.Do(t, "CONFIG", "SET", "maxmemory", 1) }, func() { s.Do(t, "CONFIG", "SET", "maxmemory", 0) })
	})
	t.Run("a cluster loses the node of the limits", func(t *testing.T) {
		nodes := redistest.Cluster(t)
		const slots = 16384 // shared out in order
		slot := nodes[0].Do(t, "CLUSTER", "KEYSLOT", "postern:l:{l}:").(int64)
		limits := nodes[int(slot)*len(nodes)/slots]
		ledger(t, redisKeys(nodes...), func() { limits.Hang(t) }, func() { limits.Resume(t) })
	})
	t.Run("the master under sentinels is killed", func(t *testing.T) {
		w := redistest.Sentinel(t)
		ledger(t, redisKeys(w.Sentinels...)+", master: "+redistest.MasterName, w.Master.Kill, func() {
			redistest.Wait(t, "the replica is the master", func() bool { return w.Replica.Do(t, "ROLE").([]any)[0] == "master" })
		})
	})
}

func TestNoVerdictThatWasAnsweredIsLostByKill9(t *testing.T) {
	redistest.Require(t)
	for name, config := range map[string]string{"embedded": "", "redis": redisKeys(redistest.Start(t)) + "}\n"} {
		t.Run(name, func(t *testing.T) {
			n := startNode(t, dnstest.Serve(t, dnstest.Zone{}), config+"filters: {ratelimit: {enabled: false}}\n")
			const messages, workers, answers = 1000, 8, 400
			var mu sync.Mutex
			told := map[string]bool{}
			enough := make(chan struct{})
			var all sync.WaitGroup
			for i := range workers {
				all.Go(func() {
					for j := range messages / workers {
						from := fmt.Sprintf("m%d-%d@example.net", i, j)
						if _, err := n.send("192.0.2.1", from, "hello"); err != nil {
							return // killed
						}
						mu.Lock()
						if told[from] = true; len(told) == answers {
							close(enough)
						}
						mu.Unlock()
					}
				})
			}
			<-enough
			n.end(t, syscall.SIGKILL)
			all.Wait()
			if len(told) == messages {
				t.Fatal("it was killed too late")
			}
			n.run(t)
			redistest.Wait(t, "what waited is handed over", n.well)
			found := n.records(t)
			for from := range told {
				if len(found[from]) != 1 {
					t.Errorf("%s was answered and has %d records", from, len(found[from]))
				}
			}
			if more := len(found) - len(told); more > workers {
				t.Errorf("%d records of messages that were not answered", more)
			}
			t.Logf("%d of %d messages answered before the kill, %d recorded", len(told), messages, len(found))
		})
	}
}
