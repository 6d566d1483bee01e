package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/postern-mail/postern/learn"
	"github.com/postern-mail/postern/learn/bayes"
)

// Teacher takes what users say of mail. It is safe for concurrent use.
type Teacher interface {
	// Learn puts a message, as it stands in a mailbox, into a class; None forgets it.
	Learn(ctx context.Context, raw []byte, c bayes.Class, from learn.Origin) (Lesson, error)
	// LearnVerdict does the same with the message of a verdict. It is
	// ErrNotRemembered where only the message itself would help.
	LearnVerdict(ctx context.Context, id string, c bayes.Class, from learn.Origin) (Lesson, error)
}

// Lesson is what became of a message that was learned.
type Lesson struct {
	Digest string `json:"digest"` // names the message
	Was    string `json:"was"`    // none, ham or spam
	Now    string `json:"now"`
	// Waiting says that the shared state is away: the lesson is on this machine's disk and
	// is learned when the state is back. What Was is not known then.
	Waiting bool `json:"waiting,omitempty"`
}

// ErrNotRemembered says that the tokens of a verdict's message are not there
// (any more).
var ErrNotRemembered = errors.New("what the message was made of is not kept on this machine (any more): learn the message itself, from a mailbox or, while Postfix holds it, by postern learn --held QUEUEID")

// The bounds on a request.
const (
	maxLesson  = 64 << 20 // bytes of a message
	maxOrigin  = 200      // bytes of who and source
	atOnce     = 2        // lessons under way, whose messages are in memory
	maxRequest = 4 << 10  // bytes of a JSON request
)

// school takes lessons by HTTP.
type school struct {
	api
	teacher Teacher
	places  chan struct{} // one for each lesson under way
}

// request is a lesson: the query parameters, or the JSON body.
type request struct {
	Verdict string `json:"verdict"`
	Class   string `json:"class"`
	Who     string `json:"who"`
	Source  string `json:"source"`
}

// learn implements POST /api/v1/learn.
func (s school) learn(w http.ResponseWriter, r *http.Request) {
	if s.teacher == nil {
		fail(w, http.StatusServiceUnavailable, "nothing is learned here: the bayes filter is off, or has nowhere to keep lessons")
		return
	}
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	case <-r.Context().Done():
		return
	}
	var tooLarge *http.MaxBytesError
	lesson, err := s.lesson(w, r)
	switch {
	case err == nil:
		answer(w, http.StatusOK, lesson)
	case errors.As(err, &tooLarge):
		fail(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("more than %d bytes", tooLarge.Limit))
	case errors.Is(err, ErrNotRemembered):
		fail(w, http.StatusNotFound, err.Error())
	case errors.Is(err, learn.ErrSettled):
		fail(w, http.StatusConflict, err.Error())
	case errors.As(err, new(badRequest)):
		fail(w, http.StatusBadRequest, err.Error())
	default:
		s.log.Error("lesson not learned", "err", err)
		fail(w, http.StatusInternalServerError, "the lesson could not be kept")
	}
}

// badRequest is an error of the client.
type badRequest struct{ error }

func (b badRequest) Unwrap() error { return b.error }

// errForm says that a body is not announced as what it must be. It is asked for
// because a page on the web can have the postmaster's browser send anything here
// but a body of these types.
var errForm = errors.New("send a message as Content-Type message/rfc822, or application/json for a verdict")

func (s school) lesson(w http.ResponseWriter, r *http.Request) (Lesson, error) {
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "application/json":
		return s.byVerdict(w, r)
	case "message/rfc822":
		return s.byMessage(w, r)
	default:
		return Lesson{}, badRequest{errForm}
	}
}

func (s school) byMessage(w http.ResponseWriter, r *http.Request) (Lesson, error) {
	q, err := parseLesson(r)
	if err != nil {
		return Lesson{}, badRequest{err}
	}
	class, from, err := q.parse()
	if err != nil {
		return Lesson{}, badRequest{err}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLesson))
	if err == nil && len(strings.TrimSpace(string(raw[:min(len(raw), 1024)]))) == 0 {
		err = errors.New("the body is no message")
	}
	if err != nil {
		return Lesson{}, badRequest{err}
	}
	return s.teacher.Learn(r.Context(), raw, class, from)
}

func (s school) byVerdict(w http.ResponseWriter, r *http.Request) (Lesson, error) {
	var q request
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		return Lesson{}, badRequest{err}
	}
	class, from, err := q.parse()
	if err == nil && q.Verdict == "" {
		err = errors.New("verdict: the id is missing; to learn a message, send it as message/rfc822")
	}
	if err != nil {
		return Lesson{}, badRequest{err}
	}
	return s.teacher.LearnVerdict(r.Context(), q.Verdict, class, from)
}

// parseLesson reads the parameters of a lesson whose body is the message.
func parseLesson(r *http.Request) (request, error) {
	var q request
	for key, values := range r.URL.Query() {
		if len(values) > 1 {
			return q, fmt.Errorf("%s is given twice", key)
		}
		switch key {
		case "class":
			q.Class = values[0]
		case "who":
			q.Who = values[0]
		case "source":
			q.Source = values[0]
		default:
			return q, fmt.Errorf("%q is no parameter, use class, who and source", key)
		}
	}
	return q, nil
}

// parse checks what both forms have.
func (q request) parse() (c bayes.Class, from learn.Origin, err error) {
	if c, err = bayes.ParseClass(q.Class); err != nil {
		return c, from, fmt.Errorf("class: %w", err)
	}
	if len(q.Who) > maxOrigin || len(q.Source) > maxOrigin {
		return c, from, fmt.Errorf("who and source have at most %d bytes", maxOrigin)
	}
	from = learn.Origin{Who: strings.ToValidUTF8(q.Who, "\uFFFD"), Source: strings.ToValidUTF8(q.Source, "\uFFFD")}
	if from.Who == "" {
		from.Who = "api"
	}
	if from.Source == "" {
		from.Source = "api"
	}
	return c, from, nil
}
