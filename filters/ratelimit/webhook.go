package ratelimit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Bounds of telling others: no message waits for it, and who does not listen makes nothing grow.
const (
	webhookQueue   = 100             // alerts that wait; what is more is in the log alone
	webhookTimeout = 5 * time.Second // of one alert
	webhookParting = 2 * time.Second // for what waits when the filter is closed
	webhookAnswer  = 64 << 10        // bytes of an answer that are read
	webhookType    = "application/json"
)

// alertEvent is what a webhook is sent, as JSON.
type alertEvent struct {
	Event string    `json:"event"` // ratelimit_alert
	Time  time.Time `json:"time"`
	Host  string    `json:"host"`  // our own name
	Limit string    `json:"limit"` // its name
	Kind  string    `json:"kind"`  // what it counts and by whom
	Who   string    `json:"who"`   // for whom; may hold text from the client
	Share float64   `json:"share"` // of the burst, in use
}

// webhook tells a server of alerts, one after the other, in a goroutine of its own.
type webhook struct {
	url    string
	client http.Client
	log    *slog.Logger
	queue  chan alertEvent
	stop   context.CancelFunc
	ended  sync.WaitGroup

	closing chan struct{}
}

func newWebhook(url string, log *slog.Logger) *webhook {
	ctx, stop := context.WithCancel(context.Background())
	w := &webhook{url: url, log: log, queue: make(chan alertEvent, webhookQueue), closing: make(chan struct{}), stop: stop, client: http.Client{
		Timeout:       webhookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	w.ended.Go(func() { w.run(ctx) })
	return w
}

// tell queues an alert, and never waits.
func (w *webhook) tell(e alertEvent) {
	select {
	case w.queue <- e:
	default:
		w.log.Warn("alert not delivered", "limit", e.Limit, "err", "too many alerts wait for the webhook")
	}
}

// run delivers alerts until the filter is closed, and then what waits still.
func (w *webhook) run(ctx context.Context) {
	for {
		select {
		case e := <-w.queue:
			w.deliver(ctx, e)
			continue
		case <-w.closing:
		}
		for {
			select {
			case e := <-w.queue:
				w.deliver(ctx, e)
			default:
				return
			}
		}
	}
}

func (w *webhook) deliver(ctx context.Context, e alertEvent) {
	if err := w.post(ctx, e); err != nil {
		w.log.Warn("alert not delivered", "limit", e.Limit, "err", err)
	}
}

func (w *webhook) post(ctx context.Context, e alertEvent) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return errWebhook
	}
	r.Header.Set("Content-Type", webhookType)
	r.Header.Set("User-Agent", "postern")
	answer, err := w.client.Do(r)
	var shown *url.Error
	if errors.As(err, &shown) {
		return shown.Err // without the URL, which may hold a secret
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, webhookAnswer))
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("webhook answers %d", answer.StatusCode)
	}
	return nil
}

// close delivers what waits, as far as that goes in a moment. What a late check still tells
// is not delivered.
func (w *webhook) close() {
	close(w.closing)
	late := time.AfterFunc(webhookParting, w.stop)
	w.ended.Wait()
	late.Stop()
	w.stop()
	w.client.CloseIdleConnections()
}

var errWebhook = errors.New("not an URL of the form https://HOST/PATH")

// checkWebhook demands a URL of HTTP. The error does not show it: it may hold a secret.
func checkWebhook(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("alert.webhook: %w", errWebhook)
	}
	return nil
}
