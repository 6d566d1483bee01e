package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/postern-mail/postern/admin"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
)

// apiClient gives lessons to a daemon by its admin endpoint.
type apiClient struct {
	http  http.Client
	token string
}

var _ admin.Teacher = (*apiClient)(nil)

// apiPatience is how long the daemon may take for one lesson.
const apiPatience = time.Minute

// newAPIClient speaks to the endpoint at a socket, HOST:PORT or unix:PATH.
func newAPIClient(socket, tokenFile string) (*apiClient, error) {
	network, address, err := config.ParseSocket(socket)
	if err != nil {
		return nil, usageError{fmt.Errorf("--api: %w", err)}
	}
	c := &apiClient{}
	if tokenFile != "" {
		token, err := os.ReadFile(tokenFile)
		if err != nil {
			return nil, err
		}
		c.token = strings.TrimSpace(string(token))
	}
	c.http = http.Client{Timeout: apiPatience, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		},
	}}
	return c, nil
}

// Learn implements admin.Teacher.
func (c *apiClient) Learn(ctx context.Context, raw []byte, class bayes.Class, from learn.Origin) (admin.Lesson, error) {
	q := url.Values{"class": {class.String()}, "who": {from.Who}, "source": {from.Source}}
	return c.post(ctx, "?"+q.Encode(), "message/rfc822", raw)
}

// LearnVerdict implements admin.Teacher.
func (c *apiClient) LearnVerdict(ctx context.Context, id string, class bayes.Class, from learn.Origin) (admin.Lesson, error) {
	body, err := json.Marshal(map[string]string{"verdict": id, "class": class.String(), "who": from.Who, "source": from.Source})
	if err != nil {
		return admin.Lesson{}, err
	}
	return c.post(ctx, "", "application/json", body)
}

func (c *apiClient) post(ctx context.Context, query, kind string, body []byte) (lesson admin.Lesson, err error) {
	// Whatever the socket is, the endpoint is asked for by a name of this machine.
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/api/v1/learn"+query, bytes.NewReader(body))
	if err != nil {
		return lesson, err
	}
	r.Header.Set("Content-Type", kind)
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return lesson, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil {
		return lesson, err
	}
	if answer.StatusCode != http.StatusOK {
		var said struct{ Error string }
		if json.Unmarshal(text, &said) != nil || said.Error == "" {
			said.Error = answer.Status
		}
		return lesson, fmt.Errorf("the admin endpoint says: %s", said.Error)
	}
	return lesson, json.Unmarshal(text, &lesson)
}
