package greylist

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/netip"
	"regexp"
	"strings"

	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/state"
)

// vouched is the domain that authentication vouches for: the author's by DMARC, else that of MAIL
// FROM by SPF, else a signer's. "" where none does.
func vouched(results []authres.Result) string {
	for _, by := range []struct{ method, typ, name string }{{"dmarc", "header", "from"}, {"spf", "smtp", "mailfrom"}, {"dkim", "header", "d"}} {
		for _, r := range results {
			if r.Method != by.method || r.Value != authres.Pass {
				continue
			}
			value := r.Get(by.typ, by.name)
			if domain, ok := mail.ASCIIDomain(value[strings.LastIndexByte(value, '@')+1:]); ok {
				return domain
			}
		}
	}
	return ""
}

// namespace of all keys, and what they begin with.
const (
	namespace = "greylist"
	byDomain  = "domain"
	byNetwork = "network"
	byContent = "content"
)

// keys are the two under which it is known whether the message has waited.
func keys(m *mail.Message, domain string) (who, content string, err error) {
	rcpt := ""
	if len(m.Envelope.Rcpts) > 0 {
		rcpt = m.Envelope.Rcpts[0]
	}
	if domain != "" {
		who = state.Key(namespace, byDomain, domain)
	} else {
		who = state.Key(namespace, byNetwork, network(m.Session.ClientIP), m.Envelope.From, rcpt)
	}
	h := sha256.New()
	if _, err := io.Copy(h, m.Body.Reader()); err != nil {
		return "", "", err
	}
	return who, state.Key(namespace, byContent, hex.EncodeToString(h.Sum(nil)), m.Envelope.From, rcpt), nil
}

// network is the /24 or /64 of an address.
func network(a netip.Addr) string {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil || !p.IsValid() {
		return "none"
	}
	return p.String()
}

// maxCodeText is how much of a text is looked at for a code, in bytes: such mail is short.
const maxCodeText = 4 << 10

// codeWord is what mail says that brings a code, and code is one.
var (
	codeWord = regexp.MustCompile(`(?i)\b(one[- ]?time|verification|security|login|sign[- ]?in|confirmation|authentication|access)[- ](code|pin|password|passcode)|\b(OTP|passcode|2FA|Einmalcode|Einmalpasswort|Bestätigungscode|Sicherheitscode|Anmeldecode|mTAN|code de (vérification|confirmation|sécurité)|código de (verificación|seguridad))|验证码|驗證碼|認証コード|確認コード|인증번호`)
	code     = regexp.MustCompile(`(^|[^0-9A-Za-z])([0-9]{4,8}|[0-9]{3}[ -][0-9]{3})($|[^0-9A-Za-z])`)
)

// codeIn tells whether the message looks like one that brings a one-time code.
func codeIn(m *mail.Message) bool {
	text := m.Text()
	shown := text.Plain
	if shown == "" {
		shown = text.HTML
	}
	return bringsCode(text.Subject + "\n" + shown)
}

// bringsCode tells whether a text speaks of a code, and has one.
func bringsCode(text string) bool {
	text = text[:min(len(text), maxCodeText)]
	return codeWord.MatchString(text) && code.MatchString(text)
}
