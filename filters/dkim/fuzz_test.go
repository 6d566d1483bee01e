package dkim

import (
	"bytes"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
)

func FuzzSignature(f *testing.F) {
	f.Add(strings.TrimSpace(template))
	f.Add(" v=1;a=rsa-sha256;c=simple;d=example.org;s=sel;h=from;i=@example.org;l=0;t=1;x=2;q=dns/txt;bh=aGk=;b=aGk=")
	f.Add("d=\xc3\xbc.example.org;s=a.b;b=\r\n x; b = y")
	f.Fuzz(func(t *testing.T, value string) {
		sigs, _ := collect(mail.Header{{Name: "DKIM-Signature", Value: value}}, 1, now)
		s := sigs[0]
		for _, name := range []string{s.domain, s.selector} {
			if name != "" && domainName(name) != name {
				t.Errorf("name %q is not in canonical form", name)
			}
		}
		if !s.open() {
			return
		}
		if s.domain == "" || s.selector == "" || s.algorithm == "" || s.sig == nil || s.bodyHash == nil || len(s.keyName()) > maxName {
			t.Errorf("incomplete, yet not refused: %+v", s)
		}
		// What is taken out is the value of b=, and nothing more.
		left := s.unsigned().Value
		tags, ok := parseTags(left)
		if b, _ := tags.get("b"); !ok || b != "" || !strings.HasPrefix(value, left[:s.bStart]) || !strings.HasSuffix(value, left[s.bStart:]) {
			t.Errorf("b= was not taken out of %q: %q", value, left)
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add(edRecord())
	f.Add("v=DKIM1; h=sha1:sha256; s=email:*; t=y:s; n=x; p=")
	f.Add(bareKey(1024))
	f.Fuzz(func(t *testing.T, record string) {
		k, bad := parseKey(record)
		if bad.value != "" {
			return
		}
		if k.public == nil {
			t.Error("a good key without a key")
		}
		if k.verifies(make([]byte, 32), make([]byte, 256)) {
			t.Error("zeros verify")
		}
	})
}

// FuzzCheck runs the filter over arbitrary messages. What passes must be
// covered by the one signature that the key ever made.
func FuzzCheck(f *testing.F) {
	signed := sign(plainMail, template)
	signature, _, _ := strings.Cut(signed, "\r\nFrom:")
	head, body, _ := strings.Cut(signed, "\r\n\r\n")
	f.Add([]byte(head), []byte(body))
	head, body, _ = strings.Cut(strings.Replace(signed, "s=sel;", "s=sel; l=5;", 1), "\r\n\r\n")
	f.Add([]byte(head), []byte(body))
	f.Add([]byte(head+"\r\nDKIM-Signature: v=1; d=\x00"), []byte("\r\n \r\r\n"))
	_, want, _ := strings.Cut(signed, "\r\n\r\n")
	f.Fuzz(func(t *testing.T, head, body []byte) {
		var h mail.Header
		for line := range bytes.SplitSeq(head, []byte("\r\n")) {
			if n := len(h); n > 0 && len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
				h[n-1].Value += "\r\n" + string(line)
				continue
			}
			name, value, _ := bytes.Cut(line, []byte(":"))
			h = append(h, mail.Field{Name: string(name), Value: string(value)})
		}
		msg := mail.New(mail.Message{Now: now, Header: h, Body: mail.BodyBytes(body)})
		res := check(t, msg, &dnstest.Resolver{Zone: keyZone(edRecord())})
		if len(res.Symbols) == 0 || len(res.Auth) == 0 || len(res.Auth) > 9 {
			t.Errorf("%d symbols, %d results", len(res.Symbols), len(res.Auth))
		}
		if !has(res.Symbols, symbolPass) {
			return
		}
		if plainBody("relaxed", string(body)) != plainBody("relaxed", want) {
			t.Errorf("another body passes: %q", body)
		}
		if from := h.All("From"); len(from) != 1 || strings.TrimSpace(from[0]) != "Alice <alice@example.org>" {
			t.Errorf("another author passes: %q (%q)", from, signature)
		}
	})
}
