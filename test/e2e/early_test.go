package e2e

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/test/world"
)

// badClient is listed in the list of the world below.
const badClient = "198.51.100.99"

var listed = dnstest.Zone{
	"2.0.0.127.bl.world.example":     {A: []string{"127.0.0.2"}, TXT: []string{"test point"}},
	"99.100.51.198.bl.world.example": {A: []string{"127.0.0.9"}, TXT: []string{"dropped"}},
}

// refusing is a configuration in which a listing refuses at a stage.
func refusing(stage string) string {
	return fmt.Sprintf(`filters:
  dnsbl:
    zones:
      - {name: own, zone: bl.world.example, kind: ip, lookup: [client], codes: {127.0.0.2: SBL, 127.0.0.9: DROP}}
scoring: {early: {RBL_OWN_DROP: %s}}
`, stage)
}

func TestAListedClientIsRefusedBeforeItSendsAnything(t *testing.T) {
	for _, stage := range []string{"connect", "rcpt"} {
		t.Run(stage, func(t *testing.T) {
			w, ctx := start(t, world.Options{Config: refusing(stage), Zone: listed})
			s := scenes(t, w)[0]
			if p := play(t, ctx, w, s)[0]; p.Problem() != "" {
				t.Fatalf("a client that is not listed: %s", p.Problem())
			}
			c, err := w.Connect(ctx, badClient, "bad.example")
			if err != nil { // refused at connect: the greeting or EHLO says so
				t.Logf("refused: %v", err)
			} else {
				defer c.Close()
				mail, err := c.Cmd("MAIL FROM:<x@bad.example>")
				if err != nil {
					t.Fatal(err)
				}
				rcpt, err := c.Cmd("RCPT TO:<anna@here.example>")
				if err != nil {
					t.Fatal(err)
				}
				if rcpt.Code/100 != 5 {
					t.Errorf("MAIL: %s, RCPT: %s", mail, rcpt)
				}
			}
			found, err := w.Verdicts(ctx, url.Values{"ip": {badClient}})
			if err != nil || len(found) == 0 {
				t.Fatalf("no verdict of the refusal: %v", err)
			}
			if r := found[0]; r.Action != "reject" || r.Reason != "RBL_OWN_DROP refuses at "+stage || r.Reply == "" {
				t.Errorf("%s: %s (%s)", r.Action, r.Reason, r.Reply)
			}
		})
	}
}
