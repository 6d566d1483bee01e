package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/verdicts"
)

// healthCmd is for health checks where there is no other program that could ask, such as in a container.
type healthCmd struct {
	Live bool `help:"Only whether it lives, not whether it can judge mail."`
}

// healthLimit is how long the daemon may take to answer, and maxHealth how long the answer may be.
const (
	healthLimit = 5 * time.Second
	maxHealth   = 1 << 20
)

// Run implements the subcommand: exit code 0 while the daemon on this machine is ready.
func (c healthCmd) Run(p *program) error {
	cfg, err := p.load()
	if err != nil {
		return err
	}
	if cfg.Admin.Listen == "" {
		return errors.New("there is no admin endpoint to ask: set admin.listen")
	}
	path := "/readyz"
	if c.Live {
		path = "/healthz"
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthLimit)
	defer cancel()
	return p.askHealth(ctx, cfg.Admin.Listen, path)
}

func (p *program) askHealth(ctx context.Context, listen, path string) error {
	network, addr, err := config.ParseSocket(listen)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, own(addr))
	}}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var said struct {
		Status string            `json:"status"`
		Wrong  []admin.Condition `json:"wrong"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxHealth)).Decode(&said); err != nil {
		return fmt.Errorf("%s answers %d, and that makes no sense: %w", listen, answer.StatusCode, err)
	}
	fmt.Fprintln(p.out, verdicts.Printable(said.Status))
	for _, w := range said.Wrong {
		fmt.Fprintf(p.out, "%s: %s\n", verdicts.Printable(w.Name), verdicts.Printable(w.Detail))
	}
	if answer.StatusCode != http.StatusOK {
		return exitError{ExitFailed}
	}
	return nil
}

// own is an address of this machine for a listener on all of its addresses.
func own(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return addr
}
