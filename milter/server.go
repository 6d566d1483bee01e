package milter

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Deps is what a Server is handed from outside. Zero fields take the default
// named beside them.
type Deps struct {
	Log    *slog.Logger     // slog.Default()
	Budget *Budget          // 256 MiB of its own
	Now    func() time.Time // time.Now; tells when a session and a message began, not when a deadline is over
}

// Server is one listener and its connections.
type Server struct {
	cfg     Config
	handler Handler
	log     *slog.Logger
	budget  *Budget
	now     func() time.Time
	stats   counters

	listener net.Listener
	missing  sync.Map // actions the MTA does not offer and that were named in the log

	mu       sync.Mutex
	wires    map[*wire]struct{}
	draining bool
	sessions sync.WaitGroup
}

// New makes a Server; it opens nothing. The error names an impossible setting.
func New(cfg Config, h Handler, deps Deps) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.Default()
	}
	if deps.Budget == nil {
		deps.Budget = NewBudget(256 << 20)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Server{
		cfg:     cfg.withDefaults(),
		handler: h,
		log:     deps.Log.With("listener", cfg.Name),
		budget:  deps.Budget,
		now:     deps.Now,
		wires:   make(map[*wire]struct{}),
	}, nil
}

type wire struct{}
type counters struct{}

// Listen opens the socket, so that the MTA can connect from now on.
func (s *Server) Listen() error { return errors.New("milter: not written yet") }

// Addr is where the Server listens, nil before Listen.
func (s *Server) Addr() net.Addr { return nil }

// Serve serves connections until ctx ends and then drains.
func (s *Server) Serve(ctx context.Context) error { return errors.New("milter: not written yet") }
