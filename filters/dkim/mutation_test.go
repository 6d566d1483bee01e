package dkim

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
)

func TestOneChangedOctetAnywhereBreaksASimpleSignature(t *testing.T) {
	raw := sign(plainMail, strings.Replace(template, "relaxed/relaxed", "simple/simple", 1))
	whole := parse(t, raw)
	r := &dnstest.Resolver{Zone: keyZone(edRecord())}
	octets := 0
	refuse := func(what string, h mail.Header, body []byte) {
		t.Helper()
		octets++
		msg := mail.New(mail.Message{Now: now, Header: h, Body: mail.BodyBytes(body)})
		if got := check(t, msg, r).Auth[0].Value; got == "pass" {
			t.Errorf("%s: still a pass", what)
		}
	}
	// The final line ends of the body do not count; nor do the last bits of b=.
	body, _ := whole.Body.Prefix(whole.Body.Size())
	for i := range len(strings.TrimRight(string(body), "\r\n")) {
		changed := slices.Clone(body)
		changed[i] ^= 1
		refuse("body", whole.Header, changed)
	}
	for i, f := range whole.Header {
		line := f.Name + ":" + f.Value
		for j := range len(line) {
			if i == 0 && j >= len(line)-3 || j == len(f.Name) {
				continue
			}
			changed := []byte(line)
			changed[j] ^= 1
			h := slices.Clone(whole.Header)
			h[i] = mail.Field{Name: string(changed[:len(f.Name)]), Value: string(changed[len(f.Name)+1:])}
			refuse(f.Name, h, body)
		}
	}
	t.Logf("%d octets changed", octets)
}

func TestOneChangedLetterAnywhereBreaksARelaxedSignature(t *testing.T) {
	raw := sign(plainMail, template)
	r := &dnstest.Resolver{Zone: keyZone(edRecord())}
	from := strings.Index(raw, "From:")
	for i := from; i < len(raw); i++ {
		// The names may change case, the colons and white space end the field.
		if strings.ContainsRune(" \t\r\n:", rune(raw[i])) {
			continue
		}
		changed := raw[:i] + string('!'+(raw[i]-'!'+1)%94) + raw[i+1:]
		if changed[i] == ':' {
			continue
		}
		if got := check(t, parse(t, changed), r).Auth[0].Value; got == "pass" {
			t.Errorf("octet %d %q: still a pass", i, raw[i])
		}
	}
}
