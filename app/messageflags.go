package app

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
)

// messageFlags are those of subcommands that look at one message: the message,
// and the SMTP transaction that it is taken to have come in.
type messageFlags struct {
	File     string   `arg:"" optional:"" default:"-" help:"The message, CRLF or LF; - or nothing: standard input."`
	IP       string   `help:"Address of the client." placeholder:"ADDR"`
	Helo     string   `help:"HELO name." placeholder:"NAME"`
	From     string   `help:"MAIL FROM; empty: the null sender." placeholder:"ADDR"`
	Rcpt     []string `sep:"none" help:"A recipient; may be repeated." placeholder:"ADDR"`
	AuthUser string   `help:"Authenticated user." placeholder:"USER"`
	Hostname string   `help:"Our own name, in place of the configured one." placeholder:"NAME"`
	DNS      []string `name:"dns" help:"DNS server to ask, in place of the configured ones." placeholder:"ADDR"`
	Now      string   `help:"Judge as of this time: RFC 3339 or seconds since 1970." placeholder:"TIME"`
	Listener string   `help:"Judge as if it came through this listener (default: the first)." placeholder:"NAME"`
}

// maxCheck is the largest message that is read for a check.
const maxCheck = 512 << 20

// prepare reads the configuration, as the flags change it, and the message.
func (c *messageFlags) prepare(p *program) (*config.Config, *mail.Message, error) {
	cfg, err := p.load()
	if err != nil {
		return nil, nil, err
	}
	if c.Hostname != "" {
		cfg.Hostname, cfg.AuthservID = c.Hostname, ""
	}
	if len(c.DNS) > 0 {
		cfg.DNS.Servers = c.DNS
	}
	msg, err := c.message(p.in, cfg)
	return cfg, msg, err
}

func (c *messageFlags) message(in io.Reader, cfg *config.Config) (*mail.Message, error) {
	raw, err := c.read(in)
	if err != nil {
		return nil, err
	}
	now, err := parseNow(c.Now)
	if err != nil {
		return nil, err
	}
	s := &mail.Session{Helo: c.Helo, AuthUser: c.AuthUser, Started: now, MTAHost: hostname(cfg)}
	if c.IP != "" {
		if s.ClientIP, err = netip.ParseAddr(c.IP); err != nil {
			return nil, usageError{fmt.Errorf("--ip: %w", err)}
		}
		s.ClientIP = s.ClientIP.Unmap()
	}
	if s.Listener, s.Profile, err = c.listener(cfg); err != nil {
		return nil, err
	}
	rcpts := make([]string, len(c.Rcpt))
	for i, rcpt := range c.Rcpt {
		rcpts[i] = trimAngle(rcpt)
	}
	h, b := mail.Read(raw)
	return mail.New(mail.Message{
		Session: s, Envelope: mail.Envelope{From: trimAngle(c.From), Rcpts: rcpts}, Now: now, Header: h, Body: b, Limits: reading(cfg),
	}), nil
}

func (c *messageFlags) read(in io.Reader) ([]byte, error) {
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxCheck+1))
	if err == nil && len(raw) > maxCheck {
		err = fmt.Errorf("%s: larger than %d MiB", c.File, maxCheck>>20)
	}
	return raw, err
}

func (c *messageFlags) listener(cfg *config.Config) (name, profile string, err error) {
	for _, l := range cfg.Listeners {
		if c.Listener == "" || c.Listener == l.Name {
			return l.Name, l.Profile, nil
		}
	}
	if c.Listener != "" {
		return "", "", usageError{fmt.Errorf("--listener: no listener is named %q", c.Listener)}
	}
	return "check", "inbound", nil
}

// parseNow reads RFC 3339 or seconds since 1970; nothing means the present.
func parseNow(s string) (time.Time, error) {
	if s == "" {
		return time.Now(), nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, usageError{fmt.Errorf("--now: %q is neither RFC 3339 nor seconds since 1970", s)}
	}
	return t, nil
}

func trimAngle(s string) string {
	if n := len(s); n >= 2 && s[0] == '<' && s[n-1] == '>' {
		return s[1 : n-1]
	}
	return s
}
