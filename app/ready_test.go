package app

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/internal/redistest"
	"github.com/postern-mail/postern/mail"
)

// gate is a filter that holds a message until it is told to let go.
type gate struct{ reached, open chan struct{} }

func (g gate) Check(context.Context, *mail.Message) (filters.Result, error) {
	close(g.reached)
	<-g.open
	return filters.Result{}, nil
}

func (g gate) kind() filters.Kind {
	return filters.Kind{Name: "gate", Stage: mail.StageData, New: func(filters.Env) (filters.Filter, error) { return g, nil }}
}

// ready asks whether the App is.
func ready(t *testing.T, a *App) (code int, body string) {
	t.Helper()
	answer, err := http.Get("http://" + a.AdminAddr().String() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

func TestWhileItDrainsItIsNotReadyAndSaysSo(t *testing.T) {
	g := gate{make(chan struct{}), make(chan struct{})}
	s := newSiteOf(t, []filters.Kind{g.kind()}, "admin.listen", "127.0.0.1:0")
	if code, body := ready(t, s.App); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	c := miltertest.Open(t, s.MilterAddrs()[0])
	c.Mail("<joe@example.net>")
	c.Rcpt("<anna@example.org>")
	c.EndHeader()
	c.Send('E', "")
	<-g.reached
	ended := make(chan struct{})
	go func() { s.stop(); close(ended) }()
	redistest.Wait(t, "it is not ready", func() bool {
		code, body := ready(t, s.App)
		return code == http.StatusServiceUnavailable && strings.Contains(body, "draining")
	})
	close(g.open)
	if r := c.Result(); r.Final.Code != 'c' {
		t.Errorf("the message under way: %+v", r)
	}
	<-ended
}

func TestWithoutAListenerItIsNotReady(t *testing.T) {
	s := newSite(t, "admin.listen", "127.0.0.1:0", "listeners", "[]")
	redistest.Wait(t, "it is not ready", func() bool {
		code, body := ready(t, s.App)
		return code == http.StatusServiceUnavailable && strings.Contains(body, "no mail is seen")
	})
}
