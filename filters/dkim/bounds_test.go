package dkim

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
)

func TestOnlyTheFirstSignaturesAreChecked(t *testing.T) {
	raw := plainMail
	for i := range 40 {
		raw = sign(raw, strings.Replace(template, "s=sel;", fmt.Sprintf("s=sel%d;", i), 1))
	}
	r := &dnstest.Resolver{}
	got := check(t, parse(t, raw), r)
	if len(got.Auth) != 9 {
		t.Fatalf("got %d results, want 8 and one for the rest", len(got.Auth))
	}
	if rest := got.Auth[8]; rest.Value != "neutral" || rest.Reason != "too many signatures" || rest.Props != nil {
		t.Errorf("got %+v", rest)
	}
	asked := r.Asked()
	slices.Sort(asked)
	if len(asked) != 8 || asked[0] != "TXT sel32._domainkey.example.org" || asked[7] != "TXT sel39._domainkey.example.org" {
		t.Errorf("asked %q", asked)
	}
}

func TestAKeyThatManySignaturesNeedIsAskedForOnce(t *testing.T) {
	raw := plainMail
	for range 5 {
		raw = sign(raw, template)
	}
	r := &dnstest.Resolver{Zone: keyZone(edRecord())}
	got := check(t, parse(t, raw), r)
	if n := len(r.Asked()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	for i, a := range got.Auth {
		if a.Value != "pass" {
			t.Errorf("signature %d: %s (%s)", i, a.Value, a.Reason)
		}
	}
}

func TestUnusableSignaturesCostNoLookupAndNoReading(t *testing.T) {
	msg := parse(t, sign(plainMail, strings.Replace(template, "v=1", "v=7", 1)))
	msg.Body = mail.BodyFile(readerAt(func([]byte, int64) (int, error) { t.Error("the body was read"); return 0, nil }), 10)
	r := &dnstest.Resolver{}
	check(t, msg, r)
	if asked := r.Asked(); len(asked) > 0 {
		t.Errorf("asked %q", asked)
	}
}

func TestTheBodyIsReadOnceAndHashedOncePerCanonicalization(t *testing.T) {
	raw := plainMail
	for i := range 8 {
		c := []string{"relaxed/relaxed", "relaxed/simple"}[i%2]
		raw = sign(raw, strings.NewReplacer("relaxed/relaxed", c, "s=sel;", fmt.Sprintf("s=sel; l=%d;", i)).Replace(template))
	}
	msg := parse(t, raw)
	body, _ := msg.Body.Prefix(msg.Body.Size())
	read := 0
	msg.Body = mail.BodyFile(readerAt(func(p []byte, off int64) (int, error) {
		n := copy(p, body[off:])
		read += n
		return n, nil
	}), int64(len(body)))
	sigs, _ := collect(msg.Header, 8, now)
	b, err := hashBodies(t.Context(), msg.Body, sigs)
	if err != nil {
		t.Fatal(err)
	}
	if read != len(body) {
		t.Errorf("read %d bytes of %d", read, len(body))
	}
	for c, m := range b {
		if want := int64(len(plainBody([]string{"simple", "relaxed"}[c], string(body)))); m.size != want {
			t.Errorf("canonicalization %d: hashed %d bytes, want %d", c, m.size, want)
		}
		if len(m.sums) != 5 {
			t.Errorf("canonicalization %d: %d sums, want 4 for l= and the whole", c, len(m.sums))
		}
	}
	for i, s := range sigs {
		if got := b.matches(s); got != bodyUncovered {
			t.Errorf("signature %d: %+v", i, got)
		}
	}
}

func TestManyFieldsAreWalkedOnce(t *testing.T) {
	// 100,000 fields of one name and h= naming it thousands of times: linear, or
	// this test does not end.
	raw := strings.Replace(plainMail, "To: bob@example.net\r\n", "To: bob@example.net\r\n"+strings.Repeat("X: y\r\n", 100_000), 1)
	msg := parse(t, sign(plainMail, strings.Replace(template, "h=from:to:subject", "h=from:to:subject"+strings.Repeat(":x", 10_000), 1)))
	msg.Header = append(msg.Header[:1:1], parse(t, raw).Header...)
	if got := check(t, msg, &dnstest.Resolver{Zone: keyZone(edRecord())}).Auth[0]; got.Reason != doesNotMatch.reason {
		t.Errorf("got %s (%s)", got.Value, got.Reason)
	}
}
