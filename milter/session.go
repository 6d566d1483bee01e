package milter

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"runtime/debug"
	"strings"

	gm "github.com/emersion/go-milter"

	"github.com/postern-mail/postern/mail"
)

// session turns the commands that go-milter calls it with into calls of a Dialogue. There
// is one for each connection, whatever was answered: go-milter asks for a new
// Milter after each final answer, while the MTA tells client and HELO once.
type session struct {
	srv    *Server
	w      *wire
	base   context.Context
	ctx    context.Context // ends with the SMTP client
	cancel context.CancelFunc

	client   *mail.Session
	dialogue Dialogue // nil before connect, or when the Handler gave none
	env      mail.Envelope
	open     bool // the Dialogue is in a transaction
	broken   bool // the Dialogue panicked: it is not asked again
}

var _ gm.Milter = (*session)(nil)

// Connect begins the dialogue.
func (s *session) Connect(host, family string, port uint16, addr net.IP, _ *gm.Modifier) (gm.Response, error) {
	s.client = s.newClient(host, family, port, addr)
	s.ctx, s.cancel = context.WithCancel(s.base)
	s.broken = false
	var reply *Reply
	if !s.guard(func() { s.dialogue, reply = s.srv.handler.Connect(s.ctx, s.client) }) {
		reply = &brokenHere
	}
	return s.answer(mail.StageConnect, reply), nil
}

// newClient describes the SMTP client.
func (s *session) newClient(host, family string, port uint16, addr net.IP) *mail.Session {
	ip, _ := netip.AddrFromSlice(addr)
	ip = ip.Unmap()
	return &mail.Session{
		ID:         rand.Text()[:12],
		Listener:   s.srv.cfg.Name,
		Profile:    s.srv.cfg.Profile,
		MTAHost:    s.w.macros.get("j"),
		ClientIP:   ip,
		ClientPort: port,
		ClientName: hostName(host),
		ClientPTR:  hostName(s.w.macros.get("client_ptr")),
		Local:      local(family, port, ip),
		Started:    s.srv.now(),
	}
}

// local tells mail that no SMTP client brought: for non_smtpd_milters Postfix's cleanup(8) plays
// one, localhost at 127.0.0.1, with port 0, which no TCP client has. Other MTAs
// name no IP address at all.
func local(family string, port uint16, ip netip.Addr) bool {
	return !strings.HasPrefix(family, "tcp") || port == 0 && ip.IsLoopback()
}

// hostName is a name that the MTA vouches for: it writes "unknown", or the
// address in brackets, where it has none.
func hostName(s string) string {
	if strings.EqualFold(s, "unknown") || strings.HasPrefix(s, "[") {
		return ""
	}
	return s
}

// Helo hands on the name, and TLS: after STARTTLS it comes again.
func (s *session) Helo(name string, _ *gm.Modifier) (gm.Response, error) {
	s.abort()
	c := *s.client
	c.Helo, c.TLS = name, s.tls()
	s.client = &c
	reply := s.ask(func(d Dialogue) *Reply { return d.Helo(s.ctx, s.client) })
	return s.answer(mail.StageHelo, reply), nil
}

func (s *session) tls() string {
	return strings.TrimSpace(s.w.macros.get("tls_version") + " " + s.w.macros.get("cipher"))
}

// MailFrom opens a transaction.
func (s *session) MailFrom(string, *gm.Modifier) (gm.Response, error) {
	s.abort()
	s.env = mail.Envelope{From: s.w.args[0], FromArgs: s.w.args[1:]}
	if user, tls := s.w.macros.get("auth_authen"), s.tls(); user != s.client.AuthUser || tls != s.client.TLS {
		c := *s.client
		c.AuthUser, c.TLS = user, tls
		s.client = &c
	}
	reply := s.ask(func(d Dialogue) *Reply { return d.Mail(s.ctx, s.client, s.env) })
	s.open = reply == nil || !s.effective(mail.StageMail)
	if !s.open {
		s.w.state = stateClient
		s.w.drop()
	}
	return s.answer(mail.StageMail, reply), nil
}

// RcptTo adds a recipient, unless it is refused.
func (s *session) RcptTo(string, *gm.Modifier) (gm.Response, error) {
	rcpt, args := s.w.args[0], s.w.args[1:]
	reply := s.ask(func(d Dialogue) *Reply { return d.Rcpt(s.ctx, rcpt, args) })
	if reply == nil || !s.effective(mail.StageRcpt) {
		s.env.Rcpts = append(s.env.Rcpts, rcpt)
	}
	return s.answer(mail.StageRcpt, reply), nil
}

// Header is not called: wire keeps the fields.
func (s *session) Header(string, string, *gm.Modifier) (gm.Response, error) { return nil, nil }

// Headers is the end of the header.
func (s *session) Headers(textproto.MIMEHeader, *gm.Modifier) (gm.Response, error) {
	if s.w.terms.protocol&gm.OptNoEOHReply != 0 {
		return nil, nil
	}
	return gm.RespContinue, nil
}

// BodyChunk is not called: wire keeps the body.
func (s *session) BodyChunk([]byte, *gm.Modifier) (gm.Response, error) { return nil, nil }

// Body is the end of the message: it is judged, and nothing of it stays.
func (s *session) Body(m *gm.Modifier) (gm.Response, error) {
	s.srv.stats.messages.Add(1)
	msg := mail.New(mail.Message{
		Session:   s.client,
		Envelope:  s.env,
		QueueID:   s.w.macros.get("i"),
		Now:       s.w.begun,
		Header:    s.w.header.fields(),
		Body:      s.w.body.content(s.srv.budget),
		Truncated: s.w.truncated,
	})
	resp := s.apply(s.judge(msg), msg.Header, m)
	s.open, s.env = false, mail.Envelope{}
	s.w.drop()
	s.w.macros.reset()
	return resp, nil
}

// Abort drops the transaction. Postfix sends it after every message too.
func (s *session) Abort(*gm.Modifier) error {
	s.abort()
	return nil
}

func (s *session) abort() {
	if s.open {
		s.open, s.env = false, mail.Envelope{}
		s.ask(func(d Dialogue) *Reply { d.Abort(); return nil })
	}
}

// over ends the dialogue: the SMTP client is gone.
func (s *session) over() {
	if s.cancel == nil {
		return
	}
	s.cancel()
	s.abort()
	if s.dialogue != nil {
		s.guard(s.dialogue.Close)
	}
	s.dialogue, s.cancel = nil, nil
}

// ask calls the Dialogue, unless it is broken or there is none.
func (s *session) ask(f func(Dialogue) *Reply) (reply *Reply) {
	if s.broken || s.dialogue == nil {
		return &brokenHere
	}
	if !s.guard(func() { reply = f(s.dialogue) }) {
		s.broken = true
		return &brokenHere
	}
	return reply
}

// guard calls f and tells whether it came back without a panic.
func (s *session) guard(f func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			s.srv.log.Error("panic", "session", s.client.ID, "value", fmt.Sprint(v), "stack", string(debug.Stack()))
		}
	}()
	f()
	return true
}

// effective tells whether a refusal at the stage reaches the client. Mail
// without an SMTP client is never refused before its end: Postfix could only
// bounce the whole message for it.
func (s *session) effective(stage mail.Stage) bool {
	return !s.client.Local && !s.w.terms.silent(stage)
}

// answer is the reply to an early stage; nil where the MTA waits for none.
func (s *session) answer(stage mail.Stage, reply *Reply) gm.Response {
	if reply != nil && s.effective(stage) {
		return reply.response()
	}
	if reply != nil {
		s.srv.log.Debug("refusal without effect", "session", s.client.ID, "stage", stage.String(), "reply", reply.line())
	}
	if s.w.terms.silent(stage) {
		return nil
	}
	return gm.RespContinue
}
