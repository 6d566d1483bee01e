// Package redistest starts real Redis servers for tests: one, a Cluster of
// three masters, or a master and its replica under two Sentinels. They listen
// on free ports of the loopback, keep their files in folders of the test and
// end with it.
package redistest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience is how long a server may take to come up on a busy machine.
const patience = 30 * time.Second

// Server is one process of redis-server.
type Server struct {
	Addr   string // host and port
	Socket string // unix socket, "" for sentinels
	args   []string

	mu  sync.Mutex
	cmd *exec.Cmd
	out bytes.Buffer
}

// Require skips the test where redis-server is not installed.
func Require(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed (Debian package redis-server)")
	}
}

// Start starts a server that keeps nothing on disk. args are further arguments
// as redis-server takes them.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	Require(t)
	dir, err := os.MkdirTemp("", "redis") // a short name: socket paths are limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{Addr: "127.0.0.1:" + strconv.Itoa(Port(t)), Socket: filepath.Join(dir, "s")}
	_, port, _ := net.SplitHostPort(s.Addr)
	s.args = append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--unixsocket", s.Socket,
		"--save", "", "--appendonly", "no", "--daemonize", "no"}, args...)
	t.Cleanup(s.Kill)
	s.Run(t)
	return s
}

// Port finds a port that is free now.
func Port(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Run starts the server (again) and waits until it answers.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	s.out.Reset()
	s.cmd = exec.Command("redis-server", s.args...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	err := s.cmd.Start()
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	Wait(t, "redis-server at "+s.Addr+" answers", func() bool {
		conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

// Kill ends the server at once, as kill -9 does. It does nothing to one that was killed.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Hang stops the server in its tracks: it takes connections and says nothing.
func (s *Server) Hang(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Resume lets a hung server go on.
func (s *Server) Resume(t testing.TB) { s.signal(t, syscall.SIGCONT) }

func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// Client is a client of this server alone, for the test's own commands.
func (s *Server) Client(t testing.TB) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, Protocol: 2})
	t.Cleanup(func() { c.Close() })
	return c
}

// Do runs one command and demands that it works.
func (s *Server) Do(t testing.TB, args ...any) any {
	t.Helper()
	v, err := s.Client(t).Do(context.Background(), args...).Result()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return v
}

// Wait waits for what comes by itself.
func Wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// Cluster starts three masters that share the slots.
func Cluster(t testing.TB) []*Server {
	t.Helper()
	var nodes []*Server
	var bus []int
	for range 3 {
		port := Port(t)
		bus = append(bus, port)
		nodes = append(nodes, Start(t, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(port), "--cluster-node-timeout", "2000"))
	}
	const slots = 16384
	for i, n := range nodes {
		n.Do(t, "CLUSTER", "SET-CONFIG-EPOCH", i+1)
		n.Do(t, "CLUSTER", "ADDSLOTSRANGE", i*slots/3, (i+1)*slots/3-1)
		host, port, _ := net.SplitHostPort(n.Addr)
		nodes[0].Do(t, "CLUSTER", "MEET", host, port, bus[i])
	}
	Wait(t, "the cluster is ok", func() bool {
		for _, n := range nodes {
			info := fmt.Sprint(n.Do(t, "CLUSTER", "INFO"))
			if !bytes.Contains([]byte(info), []byte("cluster_state:ok")) || !bytes.Contains([]byte(info), []byte("cluster_known_nodes:3")) {
				return false
			}
		}
		return true
	})
	return nodes
}

// Watched is a master with its replica under two Sentinels.
type Watched struct {
	Master, Replica *Server
	Sentinels       []*Server
}

// MasterName is what the Sentinels call their master.
const MasterName = "posterntest"

// Sentinel starts a watched pair. A master that is silent for a second is given up.
func Sentinel(t testing.TB) *Watched {
	t.Helper()
	w := &Watched{Master: Start(t)}
	host, port, _ := net.SplitHostPort(w.Master.Addr)
	w.Replica = Start(t, "--replicaof", host+" "+port)
	Wait(t, "the replica follows", func() bool {
		return bytes.Contains([]byte(fmt.Sprint(w.Replica.Do(t, "INFO", "replication"))), []byte("master_link_status:up"))
	})
	for range 2 {
		w.Sentinels = append(w.Sentinels, startSentinel(t, host, port))
	}
	for _, s := range w.Sentinels {
		Wait(t, "the sentinels know each other and the replica", func() bool {
			m, err := redis.NewSentinelClient(&redis.Options{Addr: s.Addr}).Master(context.Background(), MasterName).Result()
			return err == nil && m["num-other-sentinels"] == "1" && m["num-slaves"] == "1"
		})
	}
	return w
}

func startSentinel(t testing.TB, host, port string) *Server {
	dir := t.TempDir()
	own := strconv.Itoa(Port(t))
	conf := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor %s %s %s 2\nsentinel down-after-milliseconds %s 1000\nsentinel failover-timeout %s 5000\n",
		own, dir, MasterName, host, port, MasterName, MasterName)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: "127.0.0.1:" + own, args: []string{conf, "--sentinel"}}
	t.Cleanup(s.Kill)
	s.Run(t)
	return s
}
