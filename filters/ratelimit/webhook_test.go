package ratelimit

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
)

// hooked is a filter that tells a server of its alerts.
func hooked(t *testing.T, server http.Handler) *bench {
	t.Helper()
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	b := made(t, Limit{Name: "x", By: []string{"sender"}, Count: countRecipients, Rate: rate(t, "2/h"), Action: actionTempfail, Alert: 0.5})
	b.host, b.hook = "mx.example.org", newWebhook(s.URL+"/s3cret", b.filter.log)
	return b
}

// alerts makes one alert for each sender.
func alerts(t *testing.T, b *bench, senders ...string) {
	t.Helper()
	for _, from := range senders {
		for range 2 {
			if _, err := b.Check(t.Context(), message(stranger, from, "joe@example.net")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAWebhookIsToldOnceOfEachAlert(t *testing.T) {
	got := make(chan alertEvent, 10)
	b := hooked(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e alertEvent
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil || r.Method != http.MethodPost || r.URL.Path != "/s3cret" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		got <- e
	}))
	alerts(t, b, "anna@example.org", "anna@example.org", "\"\x1b\"@example.net")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	close(got)
	var all []alertEvent
	for e := range got {
		all = append(all, e)
	}
	if len(all) != 2 || all[0].Who != "anna@example.org" || all[0].Limit != "x" || all[0].Kind != "recipients by sender" || all[0].Share != 0.5 || all[0].Host != "mx.example.org" || !all[0].Time.Equal(b.clock.t) {
		t.Errorf("%+v", all)
	}
	if strings.Contains(b.log.String(), "not delivered") {
		t.Error(b.log.String())
	}
}

func TestAWebhookThatFailsIsInTheLogWithoutItsURL(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"an error":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"a redirection": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"a dead line":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		b := hooked(t, h)
		alerts(t, b, "anna@example.org")
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if log := b.log.String(); strings.Count(log, "alert not delivered") != 1 || strings.Contains(log, "s3cret") {
			t.Errorf("%s: %s", name, log)
		}
	}
}

func TestAWebhookThatHangsHoldsNobodyUp(t *testing.T) {
	release, asked := make(chan struct{}), make(chan struct{}, webhookQueue)
	b := hooked(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	alerts(t, b, "first@example.org")
	<-asked // and waits
	var senders []string
	for i := range webhookQueue + 20 {
		senders = append(senders, strings.Repeat("a", i+1)+"@example.org")
	}
	alerts(t, b, senders...)
	if n := strings.Count(b.log.String(), "too many alerts"); n != 20 {
		t.Errorf("%d alerts are dropped, want 20", n)
	}
	close(release)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.hook.tell(alertEvent{}) // by a check that is late
}

func TestAFaultyWebhookIsRefusedAndNotShown(t *testing.T) {
	for _, url := range []string{"ftp://example.org/s3cret", "https:///s3cret", "s3cret", "http://%zz/s3cret"} {
		c := defaults()
		c.Alert.Webhook = config.Secret(url)
		if _, err := newFilter(filters.Env{Config: c}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
