package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/mail"
)

// now is the time at which the tests judge.
var now = time.Unix(1_700_000_000, 0)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

var edKey = ed25519.NewKeyFromSeed([]byte("0123456789abcdef0123456789abcdef"))

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func rsaRecord(k *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		panic(err)
	}
	return "v=DKIM1; p=" + encode(der)
}

func edRecord() string {
	return "v=DKIM1; k=ed25519; p=" + encode(edKey.Public().(ed25519.PublicKey))
}

// keyZone publishes one record at the name that the tests use.
func keyZone(records ...string) dnstest.Zone {
	return dnstest.Zone{"sel._domainkey.example.org": {TXT: records}}
}

// parse splits a message with CRLF line ends as the MTA does.
func parse(t testing.TB, raw string) *mail.Message {
	t.Helper()
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	var h mail.Header
	for line := range strings.SplitSeq(head, "\r\n") {
		if line != "" && (line[0] == ' ' || line[0] == '\t') && len(h) > 0 {
			h[len(h)-1].Value += "\r\n" + line
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("not a header field: %q", line)
		}
		h = append(h, mail.Field{Name: name, Value: value})
	}
	return mail.New(mail.Message{Now: now, Header: h, Body: mail.BodyBytes([]byte(body))})
}

// check runs the filter with its defaults over a zone.
func check(t testing.TB, msg *mail.Message, r *dnstest.Resolver) filters.Result {
	t.Helper()
	f, err := Kind.New(filters.Env{Name: "dkim", Config: Kind.Config(), Resolver: r})
	if err != nil {
		t.Fatal(err)
	}
	res, err := f.Check(t.Context(), msg)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

const plainMail = "From: Alice <alice@example.org>\r\nTo: bob@example.net\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n  and  more\r\n\r\nHello  Bob,\r\n\r\nall well. \r\n\r\n\r\n"

// template is a signature for the test signer: {bh} and {b} are filled in.
const template = "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=sel;\r\n\th=from:to:subject; bh={bh}; b={b}"

// sign puts a signature above a message. It has its own, plain reading of the
// standard, which shares nothing with the filter.
func sign(raw, template string) string {
	tag := func(name string) string {
		m := regexp.MustCompile(`(?:^|;)\s*` + name + `\s*=\s*([^;]*)`).FindStringSubmatch(template)
		if m == nil {
			return ""
		}
		return strings.TrimSpace(m[1])
	}
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	headerCanon, bodyCanon, _ := strings.Cut(tag("c"), "/")
	canonical := plainBody(bodyCanon, body)
	if l := tag("l"); l != "" {
		n := 0
		fmt.Sscan(l, &n)
		canonical = canonical[:min(max(n, 0), len(canonical))]
	}
	sum := sha256.Sum256([]byte(canonical))
	value := " " + strings.Replace(template, "{bh}", encode(sum[:]), 1)

	fields := regexp.MustCompile(`\r\n[^ \t]`).Split(head, -1)
	for i, at := range regexp.MustCompile(`\r\n[^ \t]`).FindAllStringIndex(head, -1) {
		fields[i+1] = head[at[1]-1:at[1]] + fields[i+1]
	}
	signed := ""
	for name := range strings.SplitSeq(tag("h"), ":") {
		for i, f := range slices.Backward(fields) {
			if n, _, _ := strings.Cut(f, ":"); strings.EqualFold(strings.TrimSpace(n), strings.TrimSpace(name)) {
				signed += plainField(headerCanon, f) + "\r\n"
				fields = slices.Delete(slices.Clone(fields), i, i+1)
				break
			}
		}
	}
	signed += plainField(headerCanon, "DKIM-Signature:"+regexp.MustCompile(`\s*\{b\}\s*`).ReplaceAllString(value, ""))
	digest := sha256.Sum256([]byte(signed))
	var sig []byte
	if strings.HasPrefix(strings.ToLower(tag("a")), "ed25519") {
		sig = ed25519.Sign(edKey, digest[:])
	} else {
		sig, _ = rsa.SignPKCS1v15(nil, rsaKey(), crypto.SHA256, digest[:])
	}
	return "DKIM-Signature:" + strings.Replace(value, "{b}", encode(sig), 1) + "\r\n" + raw
}

var (
	runs = regexp.MustCompile(`[ \t]+`)
	tail = regexp.MustCompile(`(\r\n)*$`)
)

func plainField(canon, f string) string {
	if canon != "relaxed" {
		return f
	}
	name, value, _ := strings.Cut(f, ":")
	value = runs.ReplaceAllString(strings.ReplaceAll(value, "\r\n", ""), " ")
	return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.Trim(value, " ")
}

func plainBody(canon, body string) string {
	if canon != "relaxed" {
		return tail.ReplaceAllString(body, "") + "\r\n"
	}
	lines := strings.Split(body, "\r\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(runs.ReplaceAllString(line, " "), " ")
	}
	body = tail.ReplaceAllString(strings.Join(lines, "\r\n"), "")
	if body == "" {
		return ""
	}
	return body + "\r\n"
}
