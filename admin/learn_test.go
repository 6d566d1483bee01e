package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
)

// pupil notes what it was taught.
type pupil struct{ heard string }

func (p *pupil) Learn(_ context.Context, raw []byte, c bayes.Class, from learn.Origin) (Lesson, error) {
	p.heard = fmt.Sprintf("%s %q by %s from %s", c, raw, from.Who, from.Source)
	switch string(raw) {
	case "settled":
		return Lesson{}, fmt.Errorf("x: %w", learn.ErrSettled)
	case "broken":
		return Lesson{}, errors.New("secret path")
	}
	return Lesson{Digest: "00", Was: "ham", Now: c.String()}, nil
}

func (p *pupil) LearnVerdict(_ context.Context, id string, c bayes.Class, from learn.Origin) (Lesson, error) {
	p.heard = fmt.Sprintf("%s verdict %s by %s from %s", c, id, from.Who, from.Source)
	if id == "gone" {
		return Lesson{}, ErrNotRemembered
	}
	return Lesson{Digest: "00", Was: "none", Now: c.String()}, nil
}

func post(c Config, path, kind, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Host = "127.0.0.1:8891"
	r.Header.Set("Content-Type", kind)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	handler(c).ServeHTTP(w, r)
	return w
}

func TestLearnEndpoint(t *testing.T) {
	const path, mail, object = "/api/v1/learn", "message/rfc822", "application/json; charset=utf-8"
	for name, x := range map[string]struct {
		query, kind, body string
		code              int
		heard, says       string
	}{
		"a message is learned":                   {"?class=spam&who=anna&source=imap", mail, "A: b", 200, `spam "A: b" by anna from imap`, `"was": "ham"`},
		"who and source have defaults":           {"?class=ham", mail, "A: b", 200, `ham "A: b" by api from api`, `"now": "ham"`},
		"class none forgets":                     {"?class=none", mail, "A: b", 200, `none "A: b" by api from api`, `"now": "none"`},
		"a verdict is learned":                   {"", object, `{"verdict": "v1", "class": "spam", "who": "eve"}`, 200, "spam verdict v1 by eve from api", `"now": "spam"`},
		"a verdict that is gone says what to do": {"", object, `{"verdict": "gone", "class": "spam"}`, 404, "spam verdict gone by api from api", "learn the message itself"},
		"a verdict without an id":                {"", object, `{"class": "spam"}`, 400, "", "verdict: the id is missing"},
		"an unknown member":                      {"", object, `{"verdict": "v1", "klass": "spam"}`, 400, "", "klass"},
		"a class that is none":                   {"?class=junk", mail, "A: b", 400, "", `\"junk\" is no class`},
		"no class":                               {"", mail, "A: b", 400, "", "class"},
		"an unknown parameter":                   {"?class=ham&user=x", mail, "A: b", 400, "", `\"user\" is no parameter`},
		"a parameter given twice":                {"?class=ham&class=spam", mail, "A: b", 400, "", "given twice"},
		"an endless who":                         {"?class=ham&who=" + strings.Repeat("x", 201), mail, "A: b", 400, "", "at most 200"},
		"an empty body":                          {"?class=ham", mail, "\r\n", 400, "", "no message"},
		"a form of a web page is refused":        {"?class=ham", "application/x-www-form-urlencoded", "A: b", 400, "", "message/rfc822"},
		"plain text of a web page is refused":    {"?class=ham", "text/plain", "A: b", 400, "", "message/rfc822"},
		"a settled message":                      {"?class=none", mail, "settled", 409, `none "settled" by api from api`, "show the message"},
		"our own error is not shown":             {"?class=ham", mail, "broken", 500, `ham "broken" by api from api`, "could not be kept"},
		"too large a request":                    {"", object, `{"verdict": "` + strings.Repeat("x", 5000) + `"}`, 413, "", "4096"},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := testConfig(t, ""), &pupil{}
			c.Teacher = p
			w := post(c, path+x.query, x.kind, x.body)
			if w.Code != x.code || p.heard != x.heard || !strings.Contains(w.Body.String(), x.says) {
				t.Errorf("%d %s, heard %q; want %d, %q, %q", w.Code, w.Body, p.heard, x.code, x.heard, x.says)
			}
			if strings.Contains(w.Body.String(), "secret path") {
				t.Error("an inner error is shown")
			}
		})
	}
}

func TestLearnEndpointIsGuarded(t *testing.T) {
	c, p := testConfig(t, "s3cret"), &pupil{}
	c.Teacher = p
	if w := post(c, "/api/v1/learn?class=spam", "message/rfc822", "A: b"); w.Code != http.StatusUnauthorized || p.heard != "" {
		t.Errorf("without the token: %d, heard %q", w.Code, p.heard)
	}
	if w := post(c, "/api/v1/learn?class=spam", "message/rfc822", "A: b", "Authorization: Bearer s3cret"); w.Code != http.StatusOK {
		t.Errorf("with the token: %d", w.Code)
	}
	if w := get(c, "/api/v1/learn?class=spam", "Authorization: Bearer s3cret"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
}

func TestLearnEndpointWithoutAModelSaysSo(t *testing.T) {
	if w := post(testConfig(t, ""), "/api/v1/learn?class=spam", "message/rfc822", "A: b"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
