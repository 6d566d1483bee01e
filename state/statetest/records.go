package statetest

import (
	"fmt"
	"time"

	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/verdicts"
)

// Record makes the i-th record of a world of ours: of the size and variety of
// real ones, the same for the same i and time but for the id's chance.
func Record(i int, at time.Time) *verdicts.Record {
	at = at.UTC()
	r := &verdicts.Record{
		ID: verdicts.NewID(at), Time: at, QueueID: fmt.Sprintf("4XyZ%08X", i),
		Action: scoring.Accept, Score: -0.4, Mode: scoring.Enforce, Policy: "default", Reason: "score below every threshold",
		DurationMS: float64(i%40) + 0.25,
	}
	sender := fmt.Sprintf("d%d.example.net", i%500)
	r.Session = verdicts.Session{
		ClientIP: fmt.Sprintf("192.0.2.%d", i%256), ClientName: "mail." + sender, Helo: "mail." + sender, TLS: "TLSv1.3", Listener: "inbound",
	}
	r.Envelope = verdicts.Envelope{From: fmt.Sprintf("u%d@%s", i%5000, sender), Rcpts: []string{fmt.Sprintf("r%d@example.org", i%1000)}}
	r.Message = verdicts.Message{
		From:    r.Envelope.From,
		Subject: fmt.Sprintf("%s %s for order %d", subjects[i%len(subjects)], subjects[(i/7)%len(subjects)], i),
		Size:    int64(2000 + i%50000), MessageID: fmt.Sprintf("<%d.%x@%s>", i, i*7919, sender),
	}
	names := []string{"SPF_PASS", "DKIM_PASS", "DMARC_PASS", "FROM_OK", "MIME_OK", "RDNS_OK", fmt.Sprintf("RULE_%d", i%60)}
	if i%10 == 0 {
		r.Action, r.Score, r.Reason = scoring.Reject, 17.5, "score 17.50 reaches reject"
		names = append(names, "RBL_ZEN_XBL", "SPF_FAIL")
	}
	if i%1000 == 1 {
		names = append(names, "RARE_SYMBOL")
	}
	for _, n := range names {
		r.Symbols = append(r.Symbols, verdicts.Symbol{Name: n, Group: "auth", Factor: 1, Score: -0.2, Details: []string{sender}})
	}
	r.Auth.SPF = verdicts.SPF{Result: "pass", Domain: sender, Identity: "mailfrom"}
	r.Auth.DKIM = []verdicts.DKIM{{Result: "pass", Domain: sender, Selector: "s2026"}}
	r.Auth.DMARC = verdicts.DMARC{Result: "pass", Domain: sender, PolicyDomain: sender, Policy: "none", Disposition: "none"}
	for _, name := range []string{"spf", "dkim", "dmarc", "rdns", "from", "dnsbl", "rules", "gtube"} {
		r.Checks = append(r.Checks, verdicts.Check{Name: name, Stage: "data", Status: scoring.StatusOK, DurationMS: float64(i%900) / 100})
	}
	r.Explanation = verdicts.Explanation{Decided: []string{}, Without: []verdicts.Without{{Symbol: names[0], Action: r.Action, Score: r.Score + 0.2}}}
	return r
}

var subjects = []string{"Invoice", "Your weekly report", "Meeting on Tuesday", "发票通知", "Re: holidays", "Delivery status", "Password reset"}
