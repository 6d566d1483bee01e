package dkim

import (
	"crypto"
	"slices"
	"strings"
	"testing"

	msgauth "github.com/emersion/go-msgauth/dkim"
	"pgregory.net/rapid"

	"github.com/postern-mail/postern/internal/dns"
	"github.com/postern-mail/postern/internal/dnstest"
)

// libraryVerdict is what go-msgauth says about a message with one signature.
func libraryVerdict(t *rapid.T, raw string, zone dnstest.Zone) bool {
	list, err := msgauth.VerifyWithOptions(strings.NewReader(raw), &msgauth.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		ans, err := (&dnstest.Resolver{Zone: zone}).Lookup(t.Context(), name, dns.TypeTXT)
		return ans.TXT, err
	}})
	if err != nil || len(list) != 1 {
		t.Fatalf("library: %d results, %v", len(list), err)
	}
	return list[0].Err == nil
}

// The library signs, something on the way changes the message or not, and both
// verify: the verdicts must be the same. Lone CRs and LFs are left out: the
// library mends them, the standard does not.
func TestVerdictsAreThoseOfTheLibrary(outer *testing.T) {
	text := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "B", "é", " ", "\t", "  ", ".", "\r\n", "\r\n\r\n", " \r\n", "=20\r\n"}), 0, 40), func(s []string) string { return strings.Join(s, "") })
	value := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"x", "Y", " ", "\t", "\r\n ", "\r\n\t", ";", ":", "b=c"}), 0, 12), func(s []string) string { return "v" + strings.Join(s, "") + "w" })
	canons := rapid.SampledFrom([]msgauth.Canonicalization{"simple", "relaxed"})
	edits := rapid.SampledFrom([][2]string{{"", ""}, {"  ", " "}, {" ", "\t"}, {"\r\n\r\n", "\r\n"}, {"a", "b"}, {"B", "b"}, {"w\r\n", "w \r\n"}, {"Subject", "subject"}, {"X-One:", "X-Two:"}, {"\r\n ", " "}, {" \r\n", "\r\n"}, {"x", " x"}, {"From:", "From: z\r\nFrom:"}})
	passed, failed := 0, 0
	rapid.Check(outer, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.SampledFrom([]string{"Subject", "X-One", "X-Two", "To"}), 0, 6).Draw(t, "fields")
		raw := "From: a@example.org\r\n"
		for _, n := range names {
			raw += n + rapid.SampledFrom([]string{":", ": ", " :", ":\t"}).Draw(t, "colon") + value.Draw(t, "value") + "\r\n"
		}
		raw += "\r\n" + text.Draw(t, "body")
		var signer crypto.Signer = edKey
		record := edRecord()
		if rapid.Bool().Draw(t, "rsa") {
			signer, record = rsaKey(), rsaRecord(&rsaKey().PublicKey)
		}
		headerKeys := slices.Concat([]string{"From"}, rapid.SliceOfN(rapid.SampledFrom([]string{"subject", "X-ONE", "x-two", "To", "From", "Absent"}), 0, 8).Draw(t, "signed"))
		var signed strings.Builder
		err := msgauth.Sign(&signed, strings.NewReader(raw), &msgauth.SignOptions{
			Domain: "example.org", Selector: "sel", Signer: signer, HeaderKeys: headerKeys,
			HeaderCanonicalization: canons.Draw(t, "header canonicalization"), BodyCanonicalization: canons.Draw(t, "body canonicalization"),
		})
		if err != nil {
			t.Fatal(err)
		}
		// The way changes the header or the body, and not where one ends.
		signature, rest, _ := strings.Cut(signed.String(), "\r\nFrom:")
		head, body, _ := strings.Cut(rest, "\r\n\r\n")
		edit := edits.Draw(t, "edit")
		if rapid.Bool().Draw(t, "edit the body") {
			body = strings.Replace(body, edit[0], edit[1], 1)
		} else {
			head = strings.TrimSuffix(strings.Replace("\r\nFrom:"+head+"\r\n", edit[0], edit[1], 1), "\r\n")[len("\r\nFrom:"):]
		}
		got := signature + "\r\nFrom:" + head + "\r\n\r\n" + body
		msg := parse(outer, got)
		msg.Now = msg.Now.AddDate(50, 0, 0) // the library signs at its own time
		res := check(outer, msg, &dnstest.Resolver{Zone: keyZone(record)}).Auth[0]
		// What we call an unsigned duplicate the library lets pass.
		ours := res.Value == "pass" || res.Reason == fieldUncovered.reason
		if theirs := libraryVerdict(t, got, keyZone(record)); ours != theirs {
			t.Fatalf("ours %s (%s), the library's %t, of\n%q", res.Value, res.Reason, theirs, got)
		}
		if ours {
			passed++
		} else {
			failed++
		}
	})
	outer.Logf("%d passed, %d failed, alike", passed, failed)
	if passed == 0 || failed == 0 {
		outer.Error("the messages were all of one kind")
	}
}
