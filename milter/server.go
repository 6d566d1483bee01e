package milter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Deps is what a Server is handed from outside. Zero fields take the default
// named beside them.
type Deps struct {
	Log    *slog.Logger     // slog.Default()
	Budget *Budget          // 256 MiB of its own
	Now    func() time.Time // time.Now; dates sessions and messages, not deadlines
}

// Server is one listener and its connections. Its methods may be called from
// several goroutines; Listen and Serve once each.
type Server struct {
	cfg     Config
	handler Handler
	log     *slog.Logger
	budget  *Budget
	now     func() time.Time
	stats   counters

	listener net.Listener
	named    sync.Map // actions the MTA does not offer that the log has named

	mu       sync.Mutex
	wires    map[*wire]struct{}
	toldFull time.Time
	sessions sync.WaitGroup
	draining atomic.Bool
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

// Name is the listener's name.
func (s *Server) Name() string { return s.cfg.Name }

// Addr is where the Server listens, nil before Listen.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Serve serves connections until ctx ends. Then it takes no more, closes those
// without a message under way, gives the others Config.Drain to finish theirs,
// ends their contexts and closes them. The error says that the socket was lost
// or that a Dialogue did not come back.
func (s *Server) Serve(ctx context.Context) error {
	if s.listener == nil {
		return errors.New("milter: serve before listen")
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { s.listener.Close() })
	defer stop()
	err := s.accept(ctx, base)
	if ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, s.drain(cancel))
}

// lastGrace is what a Dialogue has left after its context ended.
const lastGrace = 5 * time.Second

func (s *Server) drain(cancel func()) error {
	s.draining.Store(true)
	s.closeAll(func(w *wire) bool { return !w.busy.Load() })
	gone := make(chan struct{})
	go func() {
		s.sessions.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-time.After(s.cfg.Drain):
	}
	cancel()
	s.closeAll(func(*wire) bool { return true })
	select {
	case <-gone:
		return nil
	case <-time.After(lastGrace):
		return fmt.Errorf("milter: %q: %d sessions did not end", s.cfg.Name, s.Stats().Open)
	}
}

func (s *Server) closeAll(which func(*wire) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.wires {
		if which(w) {
			w.Conn.Close()
		}
	}
}

func (s *Server) isDraining() bool { return s.draining.Load() }

// nameMissing names, once for each, the actions that the MTA does not offer.
func (s *Server) nameMissing(t terms) {
	for _, a := range actionNames {
		if t.actions&a.action != 0 {
			continue
		}
		if _, named := s.named.LoadOrStore(a.action, true); !named {
			s.log.Warn("the mta does not offer an action", "action", a.name)
		}
	}
}
