package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/redistest"
)

// learn teaches the daemon one message and tells what it was before.
func (n *node) learn(message, class string) (was string, err error) {
	answer, err := http.Post(n.admin+"/api/v1/learn?class="+class, "message/rfc822", strings.NewReader(message))
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var said struct{ Was, Error string }
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", answer.Status, said.Error)
	}
	return said.Was, nil
}

// lesson is a message that no other number makes.
func lesson(i, j int) string {
	return fmt.Sprintf("From: m%d-%d@example.net\r\nSubject: offer %d\r\n\r\nCheap words number %d of teacher %d.\r\n", i, j, j, j, i)
}

// TestNoLessonThatWasAnsweredIsLostByKill9 kills the program while many teach it. Taught again, it
// knows every lesson that it said it had learned.
func TestNoLessonThatWasAnsweredIsLostByKill9(t *testing.T) {
	redistest.Require(t)
	for name, config := range map[string]string{"embedded": "", "redis": redisKeys(redistest.Start(t)) + "}\n"} {
		t.Run(name, func(t *testing.T) {
			n := startNode(t, dnstest.Serve(t, dnstest.Zone{}), config)
			const lessons, teachers, answers = 400, 4, 150
			var mu sync.Mutex
			learned := map[string]bool{}
			enough := make(chan struct{})
			var all sync.WaitGroup
			for i := range teachers {
				all.Go(func() {
					for j := range lessons / teachers {
						text := lesson(i, j)
						if was, err := n.learn(text, "spam"); err != nil {
							return // killed
						} else if was != "none" {
							t.Errorf("new and yet %q before", was)
						}
						mu.Lock()
						if learned[text] = true; len(learned) == answers {
							close(enough)
						}
						mu.Unlock()
					}
				})
			}
			<-enough
			n.end(t, syscall.SIGKILL)
			all.Wait()
			if len(learned) == lessons {
				t.Fatal("it was killed too late")
			}
			n.run(t)
			redistest.Wait(t, "what waited is handed over", n.well)
			for text := range learned {
				if was, err := n.learn(text, "spam"); err != nil || was != "spam" {
					t.Errorf("learned before the kill, and now %q, %v: %q", was, err, text)
				}
			}
			t.Logf("%d of %d lessons answered before the kill, all known after it", len(learned), lessons)
		})
	}
}
