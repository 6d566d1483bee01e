package dkim

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
	"github.com/postern-mail/postern/mail/authres"
	"github.com/postern-mail/postern/scoring"
)

// bareKey is a key record of so many bits, to which nobody has the private key.
func bareKey(bits uint) string {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return "p=" + encode(x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}))
}

func TestEachReasonIsReportedForWhatCausesIt(t *testing.T) {
	ed, rsaRec := edRecord(), rsaRecord(&rsaKey().PublicKey)
	with := func(old, new string) string { return strings.Replace(template, old, new, 1) }
	asRSA := with("ed25519-sha256", "rsa-sha256")
	tests := []struct {
		name     string
		template string
		records  []string
		after    func(string) string // changes the signed message
		want     outcome
	}{
		{name: "an ed25519 signature passes", want: pass},
		{name: "an rsa signature passes", template: asRSA, records: []string{rsaRec}, want: pass},
		{name: "simple canonicalization passes", template: with("relaxed/relaxed", "simple/simple"), want: pass},
		{name: "absent c= means simple", template: with("c=relaxed/relaxed; ", ""), want: pass},
		{name: "relaxed alone leaves the body simple", template: with("relaxed/relaxed", "relaxed"), want: pass},
		{name: "white space inside the tags is allowed", template: "\r\n\tv = 1 ;a= ed25519-sha256;c=relaxed/relaxed;\r\n d=example.org;s =sel; h = from :\r\n to: subject;bh={bh} ;\r\n b = {b} ;", want: pass},
		{name: "tag values do not mind case where the standard says so", template: with("a=ed25519-sha256; c=relaxed/relaxed; d=example.org", "a=ED25519-SHA256; c=relaxed/relaxed; d=EXAMPLE.org"), want: pass},
		{name: "unknown tags are ignored", template: with("s=sel;", "s=sel; z=From:a|b=; r=y;"), want: pass},
		{name: "names of absent fields cover their absence", template: with("h=from:to", "h=from:to:cc:from:dkim-signature"), want: pass},
		{name: "any usable record of several will do", records: []string{"v=spf1 -all", "p=", ed}, want: pass},
		{name: "an identity below the domain passes", template: with("s=sel;", "s=sel; i=@news.example.org;"), want: pass},
		{name: "known query methods may stand beside unknown", template: with("s=sel;", "s=sel; q=dns/doh:dns/txt;"), want: pass},
		{name: "an expiry that has not come passes", template: with("s=sel;", "s=sel; t=1699999999; x=1700000000;"), want: pass},
		{name: "an expiry of very many digits never comes", template: with("s=sel;", "s=sel; x=9999999999999999999999999;"), want: pass},
		{name: "a clock of another time zone passes", template: with("s=sel;", "s=sel; t=1700080000;"), want: pass},
		{name: "a key with its type unnamed is rsa", template: asRSA, records: []string{strings.Replace(rsaRec, "v=DKIM1; ", "n=note;;", 1)}, want: pass},
		{name: "a bare RSAPublicKey is a key too", template: asRSA, records: []string{"p=" + encode(x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey))}, want: pass},
		{name: "a key for mail and sha256 passes", records: []string{ed + "; s=other:email; h=sha1:sha256; t=s"}, want: pass},

		{name: "a changed body fails", after: replace("Hello", "Hullo"), want: bodyDiffers},
		{name: "a changed field fails", after: replace("bob@", "bib@"), want: doesNotMatch},
		{name: "an added field that was signed as absent fails", template: with("h=from:", "h=from:from:"), after: prepend("From: x@example.net\r\n"), want: doesNotMatch},
		{name: "another's key fails", template: with("ed25519-sha256", "rsa-sha256"), records: []string{strings.Replace(bareKey(2048), "v=", "", 1)}, want: doesNotMatch},
		{name: "simple canonicalization minds white space", template: with("relaxed/relaxed", "simple/relaxed"), after: replace("To: ", "To:  "), want: doesNotMatch},

		{name: "l= of the whole body passes", template: with("s=sel;", "s=sel; l=25;"), want: pass},
		{name: "empty lines after the end are not content", template: with("s=sel;", "s=sel; l=25;"), after: func(s string) string { return s + "\r\n\r\n" }, want: pass},
		{name: "l= of a part is no full pass", template: with("s=sel;", "s=sel; l=10;"), want: bodyUncovered},
		{name: "l= of nothing is no full pass", template: with("s=sel;", "s=sel; l=0;"), want: bodyUncovered},
		{name: "text added after l= is no full pass", template: with("s=sel;", "s=sel; l=25;"), after: func(s string) string { return s + "Buy!\r\n" }, want: bodyUncovered},
		{name: "a change before l= fails", template: with("s=sel;", "s=sel; l=10;"), after: replace("Hello", "Hullo"), want: bodyDiffers},
		{name: "a forged signature with l= fails", template: with("s=sel;", "s=sel; l=10;"), after: replace("bob@", "bib@"), want: doesNotMatch},
		{name: "l= beyond the body is an error", template: with("s=sel;", "s=sel; l=26;"), want: longerThanBody},
		{name: "l= of very many digits is an error", template: with("s=sel;", "s=sel; l="+strings.Repeat("9", 76)+";"), want: longerThanBody},
		{name: "a negative l= is malformed", template: with("s=sel;", "s=sel; l=-1;"), want: malformed},
		{name: "an unsigned second From is no full pass", after: prepend("From: x@example.net\r\n"), want: fieldUncovered},
		{name: "an unsigned second Subject is no full pass", after: prepend("sUBJECT : Buy!\r\n"), want: fieldUncovered},
		{name: "an added field of another kind does not matter", after: prepend("Received: x\r\nTo: x\r\n"), want: pass},

		{name: "a field that is not a tag list is malformed", template: "hello {bh} {b}", want: malformed},
		{name: "a tag given twice is malformed", template: with("s=sel;", "s=sel; s=sel;"), want: malformed},
		{name: "a tag name of wrong letters is malformed", template: with("s=sel;", "s=sel; 1=2;"), want: malformed},
		{name: "very many tags are malformed", template: with("s=sel;", "s=sel;"+manyTags()), want: malformed},
		{name: "base64 with other letters is malformed", template: with("b={b}", "b=%{b}"), want: malformed},
		{name: "an empty b= is malformed", template: with("b={b}", "b="), want: malformed},
		{name: "a time of letters is malformed", template: with("s=sel;", "s=sel; x=soon;"), want: malformed},
		{name: "a very long field is refused", template: template + "; z=" + strings.Repeat("z", maxField), want: tooLong},
		{name: "version 2 is unknown", template: with("v=1", "v=2"), want: badVersion},
		{name: "a missing version is refused", template: with("v=1; ", ""), want: missingTag},
		{name: "a missing domain is refused", template: with("d=example.org; ", ""), want: missingTag},
		{name: "a missing selector is refused", template: with("s=sel;", ""), want: missingTag},
		{name: "a missing algorithm is refused", template: with("a=ed25519-sha256; ", ""), want: missingTag},
		{name: "a missing field list is refused", template: with("h=from:to:subject; ", ""), want: missingTag},
		{name: "a missing body hash is refused", template: with("bh={bh}; ", ""), want: missingTag},
		{name: "a missing signature is refused", template: with("; b={b}", ""), want: missingTag},
		{name: "a domain with a space is none", template: with("d=example.org", "d=example .org"), want: badDomain},
		{name: "a domain with an empty label is none", template: with("d=example.org", "d=example..org"), want: badDomain},
		{name: "a selector with a NUL is none", template: with("s=sel", "s=sel\x00.x"), want: badSelector},
		{name: "a name of selector and domain that is too long is refused", template: with("s=sel", "s="+strings.Repeat("abcdefg.", 30)+"x"), want: badSelector},
		{name: "nobody signs for a public suffix", template: with("d=example.org", "d=co.uk"), want: publicSuffix},
		{name: "nobody signs for a top-level domain", template: with("d=example.org", "d=example"), want: publicSuffix},
		{name: "an identity of another domain is refused", template: with("s=sel;", "s=sel; i=a@example.net;"), want: badIdentity},
		{name: "an identity that only ends alike is refused", template: with("s=sel;", "s=sel; i=a@badexample.org;"), want: badIdentity},
		{name: "an identity without @ is refused", template: with("s=sel;", "s=sel; i=example.org;"), want: badIdentity},
		{name: "an unknown algorithm is refused", template: with("ed25519-sha256", "ed25519-sha512"), want: badAlgorithm},
		{name: "rsa-sha1 never passes", template: with("ed25519-sha256", "rsa-sha1"), want: historic},
		{name: "an unknown canonicalization is refused", template: with("relaxed/relaxed", "relaxed/nowsp"), want: badCanon},
		{name: "an unknown query method alone is refused", template: with("s=sel;", "s=sel; q=dns/doh;"), want: badQuery},
		{name: "From must be signed", template: with("h=from:", "h=sender:"), want: fromUnsigned},
		{name: "an expired signature does not pass", template: with("s=sel;", "s=sel; x=1699999999;"), want: expired},
		{name: "an expiry not after the time of signing is refused", template: with("s=sel;", "s=sel; t=1700000100; x=1700000100;"), want: expiresTooEarly},
		{name: "a signature of tomorrow is refused", template: with("s=sel;", "s=sel; t=1700086401;"), want: fromTheFuture},

		{name: "a selector without a name has no key", template: with("s=sel", "s=other"), want: noKey},
		{name: "a name without a record has no key", records: []string{}, want: noKey},
		{name: "an empty key is a revoked one", records: []string{"v=DKIM1; p="}, want: keyRevoked},
		{name: "a record without p= is malformed", records: []string{"v=DKIM1"}, want: keyMalformed},
		{name: "a record with a tag twice is malformed", records: []string{ed + "; k=ed25519"}, want: keyMalformed},
		{name: "a key of wrong letters is malformed", records: []string{"k=ed25519; p=$$"}, want: keyMalformed},
		{name: "an ed25519 key of wrong length is malformed", records: []string{"k=ed25519; p=aGVsbG8="}, want: keyMalformed},
		{name: "an rsa key that is none is malformed", template: asRSA, records: []string{"p=aGVsbG8="}, want: keyMalformed},
		{name: "a very long record is malformed", records: []string{ed + "; n=" + strings.Repeat("n", maxRecord)}, want: keyMalformed},
		{name: "a record of another version is refused", records: []string{strings.Replace(ed, "DKIM1", "DKIM2", 1)}, want: keyVersion},
		{name: "a key of another type is refused", records: []string{rsaRec}, want: keyType},
		{name: "a key of an unknown type is refused", records: []string{"k=dsa; p=aGVsbG8="}, want: keyType},
		{name: "a key for other hashes is refused", records: []string{ed + "; h=sha1"}, want: keyHash},
		{name: "a key for another service is refused", records: []string{ed + "; s=tlsrpt"}, want: keyService},
		{name: "a strict key does not sign below its domain", template: with("s=sel;", "s=sel; i=@a.example.org;"), records: []string{ed + "; t=s"}, want: keyNotSubdomains},
		{name: "an rsa key of 1023 bits is too short", template: asRSA, records: []string{bareKey(1023)}, want: keyTooShort},
		{name: "an rsa key of 16384 bits is too long", template: asRSA, records: []string{bareKey(16384)}, want: keyTooLong},
	}
	reached := map[string]bool{tooMany.reason: true, keyUnavailable.reason: true}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.template == "" {
				tt.template = template
			}
			if tt.records == nil {
				tt.records = []string{ed}
			}
			raw := sign(plainMail, tt.template)
			if tt.after != nil {
				raw = tt.after(raw)
			}
			res := check(t, parse(t, raw), &dnstest.Resolver{Zone: keyZone(tt.records...)})
			if len(res.Auth) != 1 {
				t.Fatalf("got %d results, want 1", len(res.Auth))
			}
			if got := res.Auth[0]; got.Value != tt.want.value || got.Reason != tt.want.reason {
				t.Errorf("got %s (%s), want %s (%s)", got.Value, got.Reason, tt.want.value, tt.want.reason)
			}
			if weak := has(res.Symbols, symbolWeak); weak != tt.want.weak {
				t.Errorf("DKIM_WEAK is %t, want %t", weak, tt.want.weak)
			}
			if got := has(res.Symbols, symbolPass); got != (tt.want == pass) {
				t.Errorf("DKIM_PASS is %t", got)
			}
			if len(tt.want.reason) > 0 {
				reached[tt.want.reason] = true
			}
		})
	}
	for _, reason := range reasons(t) {
		if !reached[reason] {
			t.Errorf("no case for the reason %q", reason)
		}
	}
	t.Logf("%d cases, %d reasons", len(tests), len(reached))
}

// reasons lists the fixed words of outcome.go.
func reasons(t *testing.T) (list []string) {
	source, err := os.ReadFile("outcome.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?:reason: |permanent\()"([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		list = append(list, m[1])
	}
	return list
}

func replace(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}

func prepend(field string) func(string) string {
	return func(s string) string { return field + s }
}

func manyTags() string {
	var b strings.Builder
	for i := range maxTags {
		b.WriteString("t" + strings.Repeat("x", i) + "=1;")
	}
	return b.String()
}

func has(list []scoring.Symbol, name string) bool {
	for _, s := range list {
		if s.Name == name {
			return true
		}
	}
	return false
}

func TestASignatureIsReportedWithItsProperties(t *testing.T) {
	raw := sign(plainMail, strings.Replace(template, "s=sel;", "s=sel; i=alice@example.org;", 1))
	_, b, _ := strings.Cut(raw, " b=")
	got := check(t, parse(t, raw), &dnstest.Resolver{Zone: keyZone(edRecord())})
	want := filters.Result{
		Symbols: []scoring.Symbol{scoring.Found("DKIM_PASS", "example.org:sel")},
		Auth: []authres.Result{{Method: "dkim", Value: "pass", Props: []authres.Prop{
			{Type: "header", Name: "d", Value: "example.org"},
			{Type: "header", Name: "s", Value: "sel"},
			{Type: "header", Name: "a", Value: "ed25519-sha256"},
			{Type: "header", Name: "b", Value: b[:8]},
			{Type: "header", Name: "i", Value: "alice@example.org"},
		}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnInternationalDomainIsReportedInALabels(t *testing.T) {
	raw := sign(plainMail, strings.Replace(template, "d=example.org", "d=bücher.example.org", 1))
	got := check(t, parse(t, raw), &dnstest.Resolver{Zone: dnstest.Zone{"sel._domainkey.xn--bcher-kva.example.org": {TXT: []string{edRecord()}}}})
	if r := got.Auth[0]; r.Value != "pass" || r.Get("header", "d") != "xn--bcher-kva.example.org" {
		t.Errorf("got %+v", r)
	}
}

func TestNothingOfAMalformedSignatureIsReportedAsItCame(t *testing.T) {
	const evil = "\x1b[31m<b>\x00"
	for _, tag := range []string{"v=1", "a=ed25519-sha256", "d=example.org", "s=sel", "h=from", "bh={bh}", "b={b}", "i=", "q="} {
		raw := sign(plainMail, strings.Replace(template+"; i=@example.org; q=dns/txt", tag, tag+evil, 1))
		got := check(t, parse(t, raw), &dnstest.Resolver{Zone: keyZone(edRecord())})
		var all strings.Builder
		for _, r := range got.Auth {
			all.WriteString(r.Value + r.Reason)
			for _, p := range r.Props {
				all.WriteString(p.Value)
			}
		}
		for _, s := range got.Symbols {
			all.WriteString(strings.Join(s.Details, ""))
		}
		if strings.ContainsAny(all.String(), "\x1b<\x00") {
			t.Errorf("%s: %q", tag, all.String())
		}
	}
}

func TestTheBestResultSpeaksForTheMessage(t *testing.T) {
	signed := func(change ...string) string {
		return strings.NewReplacer(append(change, "\x00", "")...).Replace(template)
	}
	good, other := signed(), signed("d=example.org", "d=example.net")
	partial := signed("s=sel;", "s=sel; l=3;")
	old := signed("ed25519-sha256", "rsa-sha1")
	zone := keyZone(edRecord())
	testKey := dnstest.Zone{"sel._domainkey.example.org": {TXT: []string{edRecord() + "; t=y:s"}}}
	servfail := dnstest.Zone{"sel._domainkey.example.org": {TXT: []string{edRecord()}}, "sel._domainkey.example.net": {Rcode: "SERVFAIL"}}
	tests := []struct {
		name       string
		signatures []string
		zone       dnstest.Zone
		after      func(string) string
		want       []scoring.Symbol
	}{
		{name: "no signature", want: []scoring.Symbol{scoring.Found("DKIM_NONE")}},
		{name: "a pass beats a permerror", signatures: []string{good, other}, want: []scoring.Symbol{scoring.Found("DKIM_PASS", "example.org:sel")}},
		{name: "a pass with a weak one beside it", signatures: []string{partial, good},
			want: []scoring.Symbol{scoring.Found("DKIM_PASS", "example.org:sel"), scoring.Found("DKIM_WEAK", "example.org:sel: body not covered by l=")}},
		{name: "only a weak one", signatures: []string{partial, other}, want: []scoring.Symbol{scoring.Found("DKIM_WEAK", "example.org:sel: body not covered by l=")}},
		{name: "a historic one is weak and a permerror", signatures: []string{old},
			want: []scoring.Symbol{scoring.Found("DKIM_PERMERROR", "example.org:sel: rsa-sha1 is historic"), scoring.Found("DKIM_WEAK", "example.org:sel: rsa-sha1 is historic")}},
		{name: "a fail beats a permerror", signatures: []string{good, other}, after: replace("Hello", "Hullo"),
			want: []scoring.Symbol{scoring.Found("DKIM_FAIL", "example.org:sel: body hash differs")}},
		{name: "doubt beats a fail", signatures: []string{good, other}, zone: servfail, after: replace("Hello", "Hullo"),
			want: []scoring.Symbol{scoring.Found("DKIM_TEMPERROR", "example.net:sel: key lookup failed")}},
		{name: "a fail under a test key is as no signature", signatures: []string{good}, zone: testKey, after: replace("Hello", "Hullo"),
			want: []scoring.Symbol{scoring.Found("DKIM_NONE")}},
		{name: "a pass under a test key is a pass", signatures: []string{good}, zone: testKey, want: []scoring.Symbol{scoring.Found("DKIM_PASS", "example.org:sel")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := plainMail
			for _, s := range tt.signatures {
				raw = sign(raw, s)
			}
			if tt.after != nil {
				raw = tt.after(raw)
			}
			if tt.zone == nil {
				tt.zone = zone
			}
			got := check(t, parse(t, raw), &dnstest.Resolver{Zone: tt.zone})
			if diff := cmp.Diff(tt.want, got.Symbols); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestATestKeyIsNamedInTheReason(t *testing.T) {
	zone := keyZone(edRecord() + "; t=y")
	raw := sign(plainMail, template)
	if got := check(t, parse(t, raw), &dnstest.Resolver{Zone: zone}).Auth[0]; got.Value != "pass" || got.Reason != "key in test mode" {
		t.Errorf("got %s (%s)", got.Value, got.Reason)
	}
	raw = replace("Hello", "Hullo")(raw)
	if got := check(t, parse(t, raw), &dnstest.Resolver{Zone: zone}).Auth[0]; got.Value != "fail" || got.Reason != "body hash differs, key in test mode" {
		t.Errorf("got %s (%s)", got.Value, got.Reason)
	}
}

func TestAnUnreachableKeyIsATemporaryError(t *testing.T) {
	for _, rcode := range []string{"SERVFAIL", "TIMEOUT"} {
		zone := dnstest.Zone{"sel._domainkey.example.org": {Rcode: rcode}}
		got := check(t, parse(t, sign(plainMail, template)), &dnstest.Resolver{Zone: zone, Impatient: true})
		if r := got.Auth[0]; r.Value != "temperror" || r.Reason != "key lookup failed" {
			t.Errorf("%s: got %s (%s)", rcode, r.Value, r.Reason)
		}
	}
}

func TestMailThatLeavesByUsIsNotLookedAt(t *testing.T) {
	msg := parse(t, sign(plainMail, template))
	msg.Session = &mail.Session{Profile: "outbound"}
	r := &dnstest.Resolver{Zone: keyZone(edRecord())}
	if diff := cmp.Diff(filters.Result{}, check(t, msg, r)); diff != "" || len(r.Asked()) > 0 {
		t.Errorf("%s\nasked %v", diff, r.Asked())
	}
	msg.Session = &mail.Session{Profile: "inbound", AuthUser: "alice", ClientIP: netip.MustParseAddr("192.0.2.1")}
	if got := check(t, msg, r); !has(got.Symbols, "DKIM_PASS") {
		t.Error("an authenticated user's mail on an inbound listener was not verified")
	}
}

func TestABodyThatCannotBeReadIsAnError(t *testing.T) {
	broken := errors.New("disk on fire")
	msg := parse(t, sign(plainMail, template))
	msg.Body = mail.BodyFile(readerAt(func([]byte, int64) (int, error) { return 0, broken }), 10)
	f := &filter{resolver: &dnstest.Resolver{Zone: keyZone(edRecord())}, max: 1}
	if _, err := f.Check(t.Context(), msg); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestAnEndedContextEndsTheCheck(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &filter{resolver: &dnstest.Resolver{Zone: dnstest.Zone{"sel._domainkey.example.org": {Rcode: "TIMEOUT"}}}, max: 1}
	if _, err := f.Check(ctx, parse(t, sign(plainMail, template))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

type readerAt func(p []byte, off int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

func TestANumberOfSignaturesOutOfRangeIsRefused(t *testing.T) {
	for _, n := range []int{-1, 0, limitSignatures + 1} {
		if _, err := Kind.New(filters.Env{Config: &Config{MaxSignatures: n}}); err == nil || !strings.Contains(err.Error(), "max_signatures") {
			t.Errorf("%d: got %v", n, err)
		}
	}
}

func TestTheReadmeNamesEverySymbolWithItsScoreAndEveryReason(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Kind.Symbols {
		line := "| " + s.Name + " | " + strconv.FormatFloat(s.Score, 'g', -1, 64) + " | "
		if !strings.Contains(string(readme), line) {
			t.Errorf("README.md lacks %q", line)
		}
	}
	if !strings.Contains(string(readme), "`max_signatures` | 8 |") {
		t.Error("README.md lacks the default of max_signatures")
	}
	for _, reason := range reasons(t) {
		if !strings.Contains(string(readme), "`"+reason+"`") {
			t.Errorf("README.md lacks the reason %q", reason)
		}
	}
}
