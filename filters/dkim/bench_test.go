package dkim

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/dnstest"
)

// benchMail is a message of 87 KiB, the mean of the yardstick: half of it
// text, half an attachment in base64.
func benchMail() string {
	head, _, _ := strings.Cut(plainMail, "\r\n\r\n")
	text := "The quick brown fox jumps over the lazy dog, and then it does it again.\r\n"
	blob := strings.Repeat("QUJD", 19) + "\r\n"
	const half = 87 << 10 / 2
	return head + "\r\nMIME-Version: 1.0\r\n\r\n" + strings.Repeat(text, half/len(text)) + strings.Repeat(blob, half/len(blob))
}

func benchmark(b *testing.B, template string, records ...string) {
	msg := parse(b, sign(benchMail(), template))
	f := &filter{resolver: &dnstest.Resolver{Zone: keyZone(records...)}, max: 8}
	b.SetBytes(msg.Body.Size())
	b.ReportAllocs()
	for b.Loop() {
		r, err := f.Check(b.Context(), msg)
		if err != nil || r.Auth[0].Value != "pass" {
			b.Fatal(r, err)
		}
	}
}

func BenchmarkRSA2048Relaxed(b *testing.B) {
	benchmark(b, strings.Replace(template, "ed25519", "rsa", 1), rsaRecord(&rsaKey().PublicKey))
}

func BenchmarkRSA2048Simple(b *testing.B) {
	benchmark(b, strings.NewReplacer("ed25519", "rsa", "relaxed/relaxed", "simple/simple").Replace(template), rsaRecord(&rsaKey().PublicKey))
}

func BenchmarkEd25519Relaxed(b *testing.B) { benchmark(b, template, edRecord()) }
