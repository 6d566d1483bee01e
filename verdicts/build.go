package verdicts

import (
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/mail/mime"
	"github.com/postern-mail/postern/scoring"
)

// Bounds of what a record keeps of a message, so that its size does not depend
// on who wrote to us.
const (
	maxText    = 500 // bytes of any text from the mail
	maxRcpts   = 100
	maxSymbols = 200
	maxDetails = 10 // of one symbol
	maxDetail  = 200
	maxDKIM    = 20

	maxAttachments = 50
	maxHosts       = 100
)

// Build makes the record of a judged message. ex is the verdict's explanation.
func Build(id string, m *mail.Message, ev scoring.Evidence, v scoring.Verdict, ex scoring.Explanation) *Record {
	r := &Record{
		ID: id, Time: m.Now.UTC(), QueueID: clip(m.QueueID, maxText),
		Session:  session(m.Session),
		Envelope: Envelope{From: clip(m.Envelope.From, maxText), Rcpts: []string{}},
		Message:  message(m),
		Action:   v.Action, Score: v.Score, Mode: v.Mode, Policy: v.Policy, Reason: v.Reason,
		Symbols: []Symbol{}, Checks: []Check{},
		Auth:        auth(ev.Auth),
		Explanation: explanation(ex),
	}
	for _, rcpt := range m.Envelope.Rcpts[:min(len(m.Envelope.Rcpts), maxRcpts)] {
		r.Envelope.Rcpts = append(r.Envelope.Rcpts, clip(rcpt, maxText))
	}
	for _, s := range v.Symbols[:min(len(v.Symbols), maxSymbols)] {
		r.Symbols = append(r.Symbols, symbol(s))
	}
	for _, c := range ev.Checks {
		r.Checks = append(r.Checks, Check{c.Name, c.Stage.String(), c.Status, clip(c.Err, maxText), milliseconds(c.Duration)})
	}
	r.Auth.DMARC.Disposition, r.Auth.DMARC.Override = r.disposition()
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func session(s *mail.Session) Session {
	out := Session{
		ClientName: clip(s.ClientName, maxText), Helo: clip(s.Helo, maxText), TLS: clip(s.TLS, maxText),
		AuthUser: clip(s.AuthUser, maxText), Listener: s.Listener,
	}
	if s.ClientIP.IsValid() {
		out.ClientIP = s.ClientIP.String()
	}
	return out
}

func message(m *mail.Message) Message {
	subject, _ := m.Header.Get("Subject")
	messageID, _ := m.Header.Get("Message-ID")
	return Message{
		From:      clip(author(m), maxText),
		Subject:   clip(mime.DecodeWords(subject), maxText),
		MessageID: clip(messageID, maxText),
		Size:      m.Size(),

		Attachments: attachments(m),
		URLHosts:    hosts(m),
	}
}

func attachments(m *mail.Message) []Attachment {
	list := []Attachment{}
	tree, _ := m.Tree() // a body that could not be read is the mime filter's error
	for _, p := range tree.Attachments() {
		if len(list) == maxAttachments {
			break
		}
		a := Attachment{Names: []string{}, Declared: clip(p.Type, maxDetail), Found: p.Found(), Size: p.Size()}
		for _, name := range p.Names {
			a.Names = append(a.Names, clip(name, maxDetail))
		}
		digest := p.Digest()
		a.SHA256 = hex.EncodeToString(digest[:])
		list = append(list, a)
	}
	return list
}

func hosts(m *mail.Message) []string {
	list := m.URLs().Hosts()
	list = append([]string{}, list[:min(len(list), maxHosts)]...)
	for i := range list {
		list[i] = clip(list[i], maxDetail)
	}
	return list
}

// author is the address in From where there is no doubt about it, else the
// fields as they came.
func author(m *mail.Message) string {
	a := m.Author()
	if _, sure := a.Domain(); sure {
		return a.Addresses[0].String()
	}
	fields := m.Header.All("From")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return strings.Join(fields, " | ")
}

func symbol(s scoring.Scored) Symbol {
	out := Symbol{Name: s.Name, Group: s.Group, Factor: s.Factor, Score: s.Points, Shadow: s.Shadow, Details: []string{}}
	for _, d := range s.Details[:min(len(s.Details), maxDetails)] {
		if d != "" {
			out.Details = append(out.Details, clip(d, maxDetail))
		}
	}
	return out
}

func explanation(ex scoring.Explanation) Explanation {
	out := Explanation{Decided: append([]string{}, ex.Decided...), Without: []Without{}}
	for _, w := range ex.Without {
		out.Without = append(out.Without, Without(w))
	}
	return out
}

// auth puts the typed results into the record's form. A method without a
// result, since nothing was there to check or mail of our own is not checked, reads none.
func auth(results []authres.Result) Auth {
	out := Auth{SPF: SPF{Result: authres.None}, DKIM: []DKIM{}, DMARC: DMARC{Result: authres.None}, ARC: ARC{authres.None}}
	spfSeen := false
	for _, res := range results {
		switch res.Method {
		case "spf":
			if !spfSeen {
				out.SPF, spfSeen = spf(res), true
			}
		case "dkim":
			if res.Value != authres.None && len(out.DKIM) < maxDKIM {
				out.DKIM = append(out.DKIM, DKIM{res.Value, clip(res.Get("header", "d"), maxText), clip(res.Get("header", "s"), maxText), clip(res.Reason, maxText)})
			}
		case "dmarc":
			d := res.DMARC()
			out.DMARC = DMARC{
				Result: res.Value, Domain: clip(d.Domain, maxText), PolicyDomain: clip(d.PolicyDomain, maxText),
				Policy: clip(d.Policy, maxText), Override: clip(d.Override, maxText),
			}
		case "arc":
			out.ARC.Result = res.Value
		}
	}
	return out
}

func spf(res authres.Result) SPF {
	identity, value := "mailfrom", res.Get("smtp", "mailfrom")
	if value == "" {
		identity, value = "helo", res.Get("smtp", "helo")
	}
	return SPF{Result: res.Value, Domain: clip(value[strings.LastIndexByte(value, '@')+1:], maxText), Identity: identity}
}

// disposition says what was done about a failed DMARC in the words of RFC 9990,
// and why it is not what the domain asked for.
func (r *Record) disposition() (disposition, override string) {
	switch r.Mode.Applied(r.Action) {
	case scoring.Reject, scoring.Discard:
		disposition = "reject"
	case scoring.Quarantine, scoring.Mark:
		disposition = "quarantine"
	default:
		disposition = "none"
	}
	d := r.Auth.DMARC
	if d.Result != authres.Fail {
		return "none", ""
	}
	if disposition != d.Policy && d.Override == "" {
		return disposition, "local_policy"
	}
	return disposition, d.Override
}

// clip makes text at most n bytes long and valid UTF-8; what was cut is shown
// by an ellipsis after them.
func clip(s string, n int) string {
	whole := len(s) <= n
	s = strings.ToValidUTF8(s[:min(len(s), n+utf8.UTFMax)], "\uFFFD")
	if whole && len(s) <= n {
		return s
	}
	end := min(n, len(s))
	for end > 0 && end < len(s) && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
