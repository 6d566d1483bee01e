package ratelimit

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/scoring"
	"github.com/postern-mail/postern/state/gcra"
)

// What is counted.
const (
	countMessages   = "messages"
	countRecipients = "recipients"
	countBytes      = "bytes"
)

// What is done when a limit is reached.
const (
	actionTempfail = "tempfail"
	actionEvidence = "evidence"
)

// maxLimits bounds the limits of one instance: each is asked at each recipient.
const maxLimits = 32

// Config is the filter's section.
type Config struct {
	Limits []Limit `yaml:"limits" doc:"The limits, in place of those that ship."`
	Alert  Alerts  `yaml:"alert" doc:"Who is told when much of a limit is in use."`
}

// Alerts says who is told of alerts besides the log.
type Alerts struct {
	Webhook     config.Secret `yaml:"webhook" doc:"URL that each alert is posted to as JSON. Empty: the log and the record tell."`
	WebhookFile string        `yaml:"webhook_file" doc:"File that holds the URL."`
}

// Limit is one limit.
type Limit struct {
	Name   string   `yaml:"name" need:"true" check:"word" doc:"Name in symbols and in the log: per-user is RATELIMIT_PER_USER."`
	By     []string `yaml:"by" need:"true" oneof:"client,network,helo,sender,sender_domain,rcpt,rcpt_domain,user" doc:"For whom it is kept: one of these or a pair. client is an IPv4 address or an IPv6 /64, network a /24 or a /48, user the authenticated user."`
	Count  string   `yaml:"count" oneof:"messages,recipients,bytes" default:"messages" doc:"What is counted."`
	Rate   Rate     `yaml:"rate" need:"true" doc:"How much in a time: 100/h, 100MB/h, 5/10m. Units are s, m, h, d."`
	Burst  Amount   `yaml:"burst" doc:"How much at once; not given: as much as the rate names."`
	Action string   `yaml:"action" oneof:"tempfail,evidence" default:"tempfail" doc:"tempfail: answer 4yz at RCPT, or at the end of the message; evidence: only report."`
	Alert  float64  `yaml:"alert" min:"0" max:"1" default:"0.5" doc:"Share of the burst from which on log and record warn; 0: never."`
	All    bool     `yaml:"all" doc:"Holds for authenticated users, trusted networks and local mail too. A limit by user holds for users anyway."`
}

// defaults are Postern's own figures: users first, since their passwords get
// stolen, and the volume of strangers.
func defaults() *Config {
	return &Config{Limits: []Limit{
		{Name: "per-user", By: []string{"user"}, Count: countRecipients, Rate: Rate{100, time.Hour, false}, Burst: 60, Action: actionTempfail, Alert: 0.5},
		{Name: "per-user-day", By: []string{"user"}, Count: countRecipients, Rate: Rate{500, 24 * time.Hour, false}, Burst: 500, Action: actionTempfail, Alert: 0.5},
		{Name: "per-client", By: []string{"client"}, Count: countBytes, Rate: Rate{100e6, time.Hour, true}, Burst: 100e6, Action: actionTempfail},
	}}
}

// check tells what only the filter can tell of its section.
func (c *Config) check() error {
	if url := c.Alert.Webhook.Reveal(); url != "" {
		if err := checkWebhook(url); err != nil {
			return err
		}
	}
	if len(c.Limits) > maxLimits {
		return fmt.Errorf("%d limits, %d at most", len(c.Limits), maxLimits)
	}
	names := map[string]bool{symbolOf("alert"): true, symbolOf("error"): true, symbolOf("timeout"): true}
	for i := range c.Limits {
		l := &c.Limits[i]
		if names[l.symbol()] {
			return fmt.Errorf("limit %q: its symbol %s has another meaning already", l.Name, l.symbol())
		}
		names[l.symbol()] = true
		if err := l.check(); err != nil {
			return fmt.Errorf("limit %q: %w", l.Name, err)
		}
	}
	return nil
}

func (l *Limit) check() error {
	if len(l.By) < 1 || len(l.By) > 2 || len(l.By) == 2 && l.By[0] == l.By[1] {
		return fmt.Errorf("by names %d, one or a pair is due", len(l.By))
	}
	if l.Rate.Bytes != (l.Count == countBytes) {
		return fmt.Errorf("rate %s does not fit the count of %s", l.Rate, l.Count)
	}
	return l.gcra().Check()
}

// gcra is the limit as the arithmetic has it.
func (l *Limit) gcra() gcra.Limit {
	burst := int64(l.Burst)
	if burst == 0 {
		burst = l.Rate.N
	}
	return gcra.Limit{Count: l.Rate.N, Period: l.Rate.Period, Burst: burst}
}

func symbolOf(name string) string { return "RATELIMIT_" + config.SymbolPrefix(name) }

func (l *Limit) symbol() string { return symbolOf(l.Name) }

// kind says what the limit counts and by whom, in words of ours alone: the reply to the
// client is made of them (verdicts.Record.ReplyTo).
func (l *Limit) kind() string { return l.Count + " by " + strings.Join(l.By, " ") }

// symbols are those of the limits. One that refuses does so at RCPT, without further words.
func (c *Config) symbols() []filters.SymbolDoc {
	var docs []filters.SymbolDoc
	for _, l := range c.Limits {
		d := filters.SymbolDoc{Name: l.symbol(), Group: group, Meaning: "The limit " + l.Name + " is reached."}
		if l.Action == actionTempfail {
			d.Action, d.Early = scoring.Tempfail, mail.StageRcpt
		}
		docs = append(docs, d)
	}
	return docs
}

// Rate is an amount in a time.
type Rate struct {
	N      int64
	Period time.Duration
	Bytes  bool // N has a unit of bytes
}

var periods = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// UnmarshalText reads 100/h, 100MB/h or 5/10m.
func (r *Rate) UnmarshalText(text []byte) error {
	amount, per, ok := strings.Cut(string(text), "/")
	per = strings.TrimSpace(per)
	digits := strings.TrimRight(per, "smhd")
	unit, times := periods[per[len(digits):]], int64(1)
	if digits != "" {
		n, err := strconv.ParseInt(digits, 10, 32)
		ok, times = ok && err == nil && n > 0, n
	}
	var n Amount
	if !ok || unit == 0 || n.UnmarshalText([]byte(amount)) != nil || n <= 0 || times > int64(10*365*24*time.Hour/unit) {
		return fmt.Errorf("%q is no rate such as 100/h, 100MB/h or 5/10m", text)
	}
	*r = Rate{int64(n), time.Duration(times) * unit, strings.Trim(strings.TrimSpace(amount), "0123456789_") != ""}
	return nil
}

// String gives the rate as UnmarshalText reads it.
func (r Rate) String() string {
	amount := strconv.FormatInt(r.N, 10)
	if r.Bytes {
		amount = config.Size(r.N).String()
	}
	for _, unit := range []string{"d", "h", "m", "s"} {
		if p := periods[unit]; r.Period%p == 0 && r.Period > 0 {
			if n := int64(r.Period / p); n > 1 {
				return fmt.Sprintf("%s/%d%s", amount, n, unit)
			}
			return amount + "/" + unit
		}
	}
	return amount + "/" + r.Period.String()
}

// MarshalText is String.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Amount is a number, of bytes with a unit.
type Amount int64

// UnmarshalText reads 60 or 20MB.
func (a *Amount) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64); err == nil && n >= 0 {
		*a = Amount(n)
		return nil
	}
	var size config.Size
	if err := size.UnmarshalText([]byte(s)); err != nil {
		return fmt.Errorf("%q is neither a number nor a size such as 20MB", text)
	}
	*a = Amount(size)
	return nil
}

// String gives the number.
func (a Amount) String() string { return strconv.FormatInt(int64(a), 10) }

// MarshalText is String.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
