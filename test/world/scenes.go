package world

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/smtpc"
)

// Scene is one message: who sends it, what it says, and what must become of it.
type Scene struct {
	Name     string
	Session  string // scenes of one name share an SMTP connection
	Client   string
	Helo     string
	Envelope smtpc.Envelope
	Message  []byte // CRLF; its Message-ID is ID
	ID       string

	Action  string   // the verdict wanted
	Symbols []string // that must be found
	Absent  []string // that must not be found
	Fate    Fate
	Refused int // recipients that Postfix refuses
}

// Fate is where a message ends.
type Fate string

// The fates.
const (
	Delivered Fate = "delivered"
	Held      Fate = "held"
	Refused   Fate = "refused"
	Lost      Fate = "lost" // answered with yes and found nowhere
)

const (
	goodClient = "192.0.2.10"
	attacker   = "198.51.100.66"
	gtube      = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
)

// letter writes a simple message; further header lines come first.
func letter(id, from, subject, body string, header ...string) []byte {
	var b strings.Builder
	for _, h := range header {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: <anna@here.example>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		from, subject, time.Now().Format(time.RFC1123Z), id, body)
	return []byte(b.String())
}

func to(from string, rcpts ...string) smtpc.Envelope {
	if len(rcpts) == 0 {
		rcpts = []string{"anna@here.example"}
	}
	return smtpc.Envelope{From: from, Rcpts: rcpts}
}

// Scenes are the messages of the demonstration.
func (k *Keys) Scenes() ([]Scene, error) {
	id := func(n int) string { return fmt.Sprintf("<scene-%d@world.example>", n) }
	signed := func(message []byte, domain, algorithm string) []byte {
		out, err := k.Sign(message, domain, algorithm)
		if err != nil {
			panic(err) // well-formed by construction
		}
		return out
	}
	altered := bytes.Replace(signed(letter(id(4), "News <editor@news.example>", "Weekly", "Pay 10 coins."), "news.example", RSA),
		[]byte("10 coins"), []byte("99 coins"), 1)
	good := func(n int, subject string) []byte {
		return signed(letter(id(n), "Gwen <gwen@good.example>", subject, "See you on Friday."), "good.example", RSA)
	}
	scenes := []Scene{
		{Name: "good, signed with rsa", Client: goodClient, Helo: "mail.good.example", Envelope: to("gwen@good.example"), Message: good(1, "Friday"),
			Action: "accept", Symbols: []string{"SPF_PASS", "DKIM_PASS", "DMARC_PASS"}, Fate: Delivered},
		{Name: "good, signed with ed25519, forwarded", Client: "192.0.2.77", Helo: "forwarder.example", Envelope: to("list@plain.example"),
			Message: signed(letter(id(2), "Gwen <gwen@good.example>", "Friday", "See you."), "good.example", Ed25519),
			Action:  "accept", Symbols: []string{"SPF_FAIL", "DKIM_PASS", "DMARC_PASS"}, Fate: Delivered},
		{Name: "SPF fails", Client: attacker, Helo: "mail.attacker.example", Envelope: to("bob@plain.example"),
			Message: letter(id(3), "Bob <bob@plain.example>", "Hello", "It is me."),
			Action:  "accept", Symbols: []string{"SPF_FAIL", "DMARC_NONE"}, Absent: []string{"DKIM_PASS"}, Fate: Delivered},
		{Name: "body altered after signing", Client: attacker, Helo: "mail.attacker.example", Envelope: to("editor@news.example"), Message: altered,
			Action: "accept", Symbols: []string{"SPF_FAIL", "DKIM_FAIL", "DMARC_FAIL_NONE"}, Fate: Delivered},
		{Name: "spoof of a p=reject domain", Client: attacker, Helo: "mail.attacker.example", Envelope: to("x@mail.attacker.example"),
			Message: letter(id(5), "Your Bank <service@bank.example>", "Account closed", "Log in now."),
			Action:  "quarantine", Symbols: []string{"DMARC_FAIL_REJECT"}, Fate: Held},
		{Name: "spoof of a p=quarantine domain", Client: attacker, Helo: "mail.attacker.example", Envelope: to("x@mail.attacker.example"),
			Message: letter(id(6), "Shop <orders@shop.example>", "Your order", "Open the invoice."),
			Action:  "mark", Symbols: []string{"DMARC_FAIL_QUARANTINE"}, Fate: Delivered},
		{Name: "two From fields", Client: goodClient, Helo: "mail.good.example", Envelope: to("gwen@good.example"),
			Message: signed(letter(id(7), "Gwen <gwen@good.example>", "Two faces", "Who am I?", "From: Boss <boss@bank.example>"), "good.example", RSA),
			Action:  "reject", Symbols: []string{"FROM_MULTIPLE_FIELDS"}, Absent: []string{"DMARC_PASS"}, Fate: Refused},
		{Name: "GTUBE", Client: "192.0.2.40", Helo: "plain.example", Envelope: to("test@plain.example"),
			Message: letter(id(8), "Test <test@plain.example>", "Test", gtube),
			Action:  "reject", Symbols: []string{"GTUBE", "SPF_PASS"}, Fate: Refused},
		{Name: "bounce, null sender", Client: goodClient, Helo: "mail.good.example", Envelope: to(""),
			Message: letter(id(9), "Mail Delivery System <mailer-daemon@good.example>", "Undelivered", "Nobody home."),
			Action:  "accept", Symbols: []string{"SPF_PASS", "DMARC_PASS"}, Fate: Delivered},
		{Name: "IPv6 client", Client: "2001:db8:1::25", Helo: "mail.good.example", Envelope: to("gwen@good.example"), Message: good(10, "Over six"),
			Action: "accept", Symbols: []string{"SPF_PASS", "DKIM_PASS", "DMARC_PASS"}, Fate: Delivered},
		{Name: "one connection, first", Session: "three", Client: goodClient, Helo: "mail.good.example", Envelope: to("gwen@good.example"), Message: good(11, "One"),
			Action: "accept", Symbols: []string{"SPF_PASS", "DMARC_PASS"}, Absent: []string{"GTUBE"}, Fate: Delivered},
		{Name: "one connection, second: GTUBE", Session: "three", Client: goodClient, Helo: "mail.good.example", Envelope: to("test@plain.example"),
			Message: letter(id(12), "Test <test@plain.example>", "Test", gtube),
			Action:  "reject", Symbols: []string{"GTUBE", "SPF_FAIL"}, Absent: []string{"SPF_PASS", "DKIM_PASS"}, Fate: Refused},
		{Name: "one connection, third", Session: "three", Client: goodClient, Helo: "mail.good.example", Envelope: to("gwen@good.example"), Message: good(13, "Three"),
			Action: "accept", Symbols: []string{"SPF_PASS", "DKIM_PASS", "DMARC_PASS"}, Absent: []string{"GTUBE", "SPF_FAIL"}, Fate: Delivered},
		{Name: "one refused recipient of three", Client: goodClient, Helo: "mail.good.example",
			Envelope: to("gwen@good.example", "anna@here.example", "refused@here.example", "otto@here.example"), Message: good(14, "For three"),
			Action: "accept", Symbols: []string{"SPF_PASS", "DKIM_PASS"}, Fate: Delivered, Refused: 1},
	}
	for i := range scenes {
		scenes[i].ID = id(i + 1)
		if scenes[i].Session == "" {
			scenes[i].Session = scenes[i].Name
		}
		if !bytes.Contains(scenes[i].Message, []byte(scenes[i].ID)) {
			return nil, fmt.Errorf("scene %q does not carry %s", scenes[i].Name, scenes[i].ID)
		}
	}
	return scenes, nil
}
