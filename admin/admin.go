// Package admin is the HTTP endpoint for the postmaster: verdicts, health and
// metrics.
//
//	GET /                       a page: what is wrong, DNS lists, the newest verdicts
//	GET /api/v1/verdicts        newest first; action, since, until, from, rcpt, ip, symbol,
//	                            queue_id, message_id, min_score, q, limit, cursor
//	GET /api/v1/verdicts/{id}   one verdict record
//	POST /api/v1/learn          a message, or {"verdict": id}, as spam, ham or none
//	GET /healthz                200 while the process lives; what is wrong, as JSON
//	GET /readyz                 200 while mail can be judged, else 503
//	GET /metrics                Prometheus
//
// Whoever reaches the endpoint reads what strangers and users wrote to each
// other, so it is open only on loopback, to requests for localhost, and on unix sockets;
// anywhere else every request but /healthz and /readyz needs a token, as a bearer's or, to read with
// a browser, as the password of any user.
package admin

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/postern-mail/postern/verdicts"
)

// Config says where the endpoint listens and what it shows.
type Config struct {
	Listen  string // HOST:PORT, tcp:HOST:PORT or unix:PATH
	Token   string // "": none is needed
	Store   verdicts.Store
	Teacher Teacher // nil: nothing is learned
	Health  *Health
	Metrics prometheus.Gatherer
	Log     *slog.Logger

	Hostname string         // for the page
	Tables   []func() Table // what the page shows beside conditions and verdicts
}

// ErrToken says that an endpoint which others can reach has no token.
var ErrToken = errors.New("admin: listening beyond loopback needs a token: set admin.token_file")

// Server is the endpoint.
type Server struct {
	http     http.Server
	listener net.Listener
}

// Listen opens the socket. It fails with ErrToken when others could reach it
// without a token.
func Listen(c Config) (*Server, error) {
	network, address := "tcp", strings.TrimPrefix(c.Listen, "tcp:")
	if path, ok := strings.CutPrefix(c.Listen, "unix:"); ok {
		network, address = "unix", path
		if err := removeStale(path); err != nil {
			return nil, err
		}
	}
	if c.Token == "" && network == "tcp" && !loopback(address) {
		return nil, fmt.Errorf("%w (it listens on %q)", ErrToken, c.Listen)
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	if network == "unix" {
		if err := os.Chmod(address, 0o660); err != nil {
			return nil, errors.Join(fmt.Errorf("admin: %w", err), l.Close())
		}
	}
	s := &Server{listener: l}
	s.http = http.Server{
		Handler:           handler(c),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(c.Log.Handler(), slog.LevelWarn),
	}
	return s, nil
}

// removeStale takes a socket away that nobody serves any more.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	if info.Mode()&os.ModeSocket == 0 {
		return fmt.Errorf("admin: %s is there and is no socket", path)
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return fmt.Errorf("admin: %s is served by another process", path)
	}
	return os.Remove(path)
}

// loopback tells whether only this machine can reach the address.
func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	return err == nil && local(host)
}

// local tells whether a name or address without port is this machine's own.
func local(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// Addr is where the endpoint listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers requests until ctx ends; requests under way may finish within
// five seconds.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if s.http.Shutdown(short) != nil {
			s.http.Close()
		}
	})
	defer stop()
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin: %w", err)
	}
	return nil
}

func handler(c Config) http.Handler {
	a := api{store: c.Store, health: c.Health, log: c.Log, hostname: c.Hostname, tables: c.Tables}
	closed := http.NewServeMux()
	closed.HandleFunc("GET /{$}", a.page)
	closed.HandleFunc("GET /style.css", style)
	closed.HandleFunc("GET /api/v1/verdicts", a.list)
	closed.HandleFunc("GET /api/v1/verdicts/{id}", a.show)
	closed.HandleFunc("POST /api/v1/learn", school{a, c.Teacher, make(chan struct{}, atOnce)}.learn)
	closed.Handle("GET /metrics", promhttp.HandlerFor(c.Metrics, promhttp.HandlerOpts{}))
	open := http.NewServeMux()
	open.HandleFunc("GET /healthz", a.healthz)
	open.HandleFunc("GET /readyz", a.readyz)
	switch {
	case c.Token != "":
		open.Handle("/", withToken(c.Token, closed))
	case strings.HasPrefix(c.Listen, "unix:"):
		open.Handle("/", closed)
	default:
		open.Handle("/", forLocal(closed))
	}
	return safe(open)
}

// withToken lets requests through that carry the token.
func withToken(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := credential(r)
		if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(token)) != 1 {
			w.Header().Add("WWW-Authenticate", `Bearer realm="postern"`)
			w.Header().Add("WWW-Authenticate", `Basic realm="postern", charset="UTF-8"`)
			fail(w, http.StatusUnauthorized, "a token is needed")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// credential is the token that a request carries. As a password it counts for reading only: a browser
// sends passwords along with requests that other sites make it send.
func credential(r *http.Request) (string, bool) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if _, password, ok := r.BasicAuth(); ok {
			return password, true
		}
	}
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// forLocal lets requests through that ask for this machine by its own name. A page on the
// web can have a name of its own resolve to 127.0.0.1 and then read, through
// the postmaster's browser, what needs no token.
func forLocal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local(r.Host) && !loopback(r.Host) {
			fail(w, http.StatusForbidden, "ask for localhost, or set admin.token_file")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// safe keeps what strangers wrote from being taken for anything but data.
func safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
