// Package backend opens the state that a configuration asks for: one file when
// no Redis is named, else Redis with what goes on without it.
package backend

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/verdicts"
)

// Config is what the sections state and redis of the configuration say. Zero fields are the
// defaults of the stores; only Prefix has none.
type Config struct {
	Dir       string // folder of the state file, and of what waits for Redis
	Retention verdicts.Retention
	Redis     Redis
}

// Redis says where Redis is. Without a URL there is none.
type Redis struct {
	URL      string   // redis://HOST:PORT/DB, rediss:// with TLS, unix:///PATH?db=N
	URLs     []string // several: nodes of a Cluster or, with Master, the Sentinels
	Master   string   // name under which the Sentinels watch the master
	Cluster  bool     // the one URL leads to a Cluster
	Username string
	Password string

	SentinelUsername string
	SentinelPassword string

	Prefix  string        // of every key
	Timeout time.Duration // of one call
	Waiting int           // verdict records that wait on disk at most
	TLS     TLS
}

// TLS says whom we trust and who we are, with rediss:// only.
type TLS struct {
	CA         string // file with the certificates to trust; "": those of the system
	Cert, Key  string // files: who we are, where the server asks
	ServerName string // "": the host of the URL
}

// Shared tells whether a Redis is named.
func (c Config) Shared() bool { return c.Redis.URL != "" || len(c.Redis.URLs) > 0 }

// place is what a URL says.
type place struct {
	addr               string
	username, password string
	db                 int
	tls                bool
}

// parse reads a URL. Errors never show it: it may hold a password.
func parse(text string) (p place, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return p, errors.New("redis URL: not a URL")
	}
	if u.User != nil {
		p.username = u.User.Username()
		p.password, _ = u.User.Password()
	}
	db := strings.Trim(u.Path, "/")
	switch u.Scheme {
	case "redis", "rediss":
		p.tls = u.Scheme == "rediss"
		if u.Hostname() == "" {
			return p, errors.New("redis URL: no host")
		}
		port := u.Port()
		if port == "" {
			port = "6379"
		}
		p.addr = net.JoinHostPort(u.Hostname(), port)
	case "unix":
		if u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			return p, errors.New("redis URL: unix socket without an absolute path, write unix:///run/redis/redis.sock")
		}
		p.addr, db = u.Path, u.Query().Get("db")
	default:
		return p, fmt.Errorf("redis URL: scheme %q is none of redis, rediss, unix", u.Scheme)
	}
	if db == "" {
		return p, nil
	}
	if p.db, err = strconv.Atoi(db); err != nil || p.db < 0 {
		return p, fmt.Errorf("redis URL: database %q is no number", db)
	}
	return p, nil
}

// config makes the TLS settings.
func (t TLS) config() (*tls.Config, error) {
	// Without a name, each connection demands that of the host it is made to.
	c := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("redis.tls.ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("redis.tls.ca: %q holds no certificate", t.CA)
		}
	}
	if t.Cert != "" || t.Key != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("redis.tls.cert: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
