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
)

// Config is the sections state and redis.
type Config struct {
	State State `yaml:"state" doc:"What lasts: verdicts, limits, greylist, learning."`
	Redis Redis `yaml:"redis" doc:"Redis, where several machines share their state. Without a URL, one file on this machine does."`
}

// State is the section of that name.
type State struct {
	Dir       string    `yaml:"dir" doc:"Folder of the state file, and of what waits for Redis."`
	Retention Retention `yaml:"retention" doc:"How long verdicts are kept."`
}

// Retention bounds the verdict store.
type Retention struct {
	Age     time.Duration `yaml:"age" min:"1h" max:"3650d" doc:"Age up to which verdict records are kept."`
	Records int           `yaml:"records" min:"1000" max:"100000000" doc:"Number of verdict records that are kept; the oldest go first."`
	Hours   time.Duration `yaml:"hours" min:"24h" max:"3650d" doc:"Age up to which the hourly figures behind the charts are kept."`
}

// Redis is the section of that name.
type Redis struct {
	URL      string   `yaml:"url" doc:"redis://HOST:PORT/DB, rediss:// with TLS, or unix:///PATH?db=N."`
	URLs     []string `yaml:"urls" doc:"Several: nodes of a Cluster or, with master, the Sentinels."`
	Master   string   `yaml:"master" doc:"Name under which the Sentinels watch the master."`
	Cluster  bool     `yaml:"cluster" doc:"The one URL leads to a Cluster."`
	Username string   `yaml:"username" doc:"User of the access list. Empty: the default user."`
	Password string   `yaml:"password" doc:"Password of the user."`
	// PasswordFile is read by config where Password is a config.Secret, and by Open else.
	PasswordFile         string        `yaml:"password_file" doc:"File that holds the password."`
	SentinelUsername     string        `yaml:"sentinel_username" doc:"User at the Sentinels."`
	SentinelPassword     string        `yaml:"sentinel_password" doc:"Password at the Sentinels."`
	SentinelPasswordFile string        `yaml:"sentinel_password_file" doc:"File that holds it."`
	Prefix               string        `yaml:"prefix" doc:"Put before every key."`
	Timeout              time.Duration `yaml:"timeout" min:"10ms" max:"5s" doc:"How long one call may take before this machine goes on without Redis."`
	Waiting              int           `yaml:"waiting" min:"1000" max:"10000000" doc:"Verdict records that wait on disk at most while Redis is away."`
	TLS                  TLS           `yaml:"tls" doc:"TLS, with rediss:// only."`
}

// TLS says whom we trust and who we are.
type TLS struct {
	CA         string `yaml:"ca" doc:"File with the certificates to trust. Empty: those of the system."`
	Cert       string `yaml:"cert" doc:"File with our certificate, where Redis asks for one."`
	Key        string `yaml:"key" doc:"File with the key of cert."`
	ServerName string `yaml:"server_name" doc:"Name that the certificate of Redis must have. Empty: the host of the URL."`
}

// Default is the configuration of somebody who wrote nothing.
func Default() Config {
	return Config{
		State: State{Dir: "/var/lib/postern", Retention: Retention{Age: 30 * 24 * time.Hour, Records: 1_000_000, Hours: 400 * 24 * time.Hour}},
		Redis: Redis{Prefix: "postern:", Timeout: 250 * time.Millisecond, Waiting: 200_000},
	}
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

// maxSecret bounds a password file.
const maxSecret = 64 << 10

// secret gives the password, or what its file holds.
func secret(text, file string) (string, error) {
	if file == "" {
		return text, nil
	}
	if text != "" {
		return "", fmt.Errorf("password and password file %q are both given", file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text = strings.TrimRight(string(data), "\r\n")
	if text == "" || len(text) > maxSecret {
		return "", fmt.Errorf("password file %q: %d bytes", file, len(text))
	}
	return text, nil
}
