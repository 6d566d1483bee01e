package chain

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state"
)

// toll charges each recipient by name, and the message at its end.
type toll struct{}

func charges(key string) filters.Result {
	return filters.Result{Symbols: []scoring.Symbol{scoring.Found("TOLL", key)}, Charges: []state.Charge{{Take: state.Take{Key: key}}}}
}

func (toll) Check(_ context.Context, m *mail.Message) (filters.Result, error) {
	return charges(m.Envelope.Rcpts[0]), nil
}

func (toll) Late(_ context.Context, m *mail.Message) (filters.Result, error) {
	return charges(fmt.Sprintf("message to %d", len(m.Envelope.Rcpts))), nil
}

func keys(charges []state.Charge) string {
	var list []string
	for _, c := range charges {
		list = append(list, c.Key)
	}
	return strings.Join(list, ", ")
}

func TestARcptFilterLooksOnceMoreAtTheEnd(t *testing.T) {
	c := build(t, Options{}, Instance{Name: "toll", Kind: filters.Kind{Name: "toll", Stage: mail.StageRcpt}, Filter: toll{}})
	r := c.Connect(context.Background(), session, time.Now)
	defer r.Close()
	tx := r.Mail(session, mail.Envelope{})
	for _, rcpt := range []string{"a", "b", "a"} {
		tx.Rcpt(rcpt)
		tx.Early(rcpt, nil)
	}
	if got := keys(tx.Drop()); got != "a" {
		t.Errorf("the refused recipient: %s", got)
	}
	if got := keys(tx.Drop()); got != "" {
		t.Errorf("refused twice: %s", got)
	}
	ev, _ := tx.Data(context.Background(), mail.New(mail.Message{Session: session, Envelope: mail.Envelope{Rcpts: []string{"a", "b"}}}))
	if got := summary(ev); got != "toll=ok toll=ok TOLL TOLL" || len(ev.Symbols[0].Details) != 2 || ev.Symbols[1].Details[0] != "message to 2" {
		t.Errorf("%s %v", got, ev.Symbols)
	}
	if got := len(tx.Charges()); got != 3 {
		t.Errorf("%d charges: %s", got, keys(tx.Charges()))
	}
}

func TestEarlyWaitsForWhoIsWanted(t *testing.T) {
	c := build(t, Options{}, instance("slow", mail.StageMail, waits),
		Instance{Name: "toll", Kind: filters.Kind{Name: "toll", Stage: mail.StageRcpt}, Filter: toll{}})
	r := c.Connect(context.Background(), session, time.Now)
	defer r.Close()
	tx := r.Mail(session, mail.Envelope{})
	tx.Rcpt("a")
	if got := summary(tx.Early("a", func(name string) bool { return name == "toll" })); got != "toll=ok TOLL" {
		t.Error(got)
	}
}
