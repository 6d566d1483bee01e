package mail

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/shared"
)

func TestParseAuthor(t *testing.T) {
	joe := []Address{{"Joe", "joe", "example.org"}}
	for _, c := range []struct {
		name   string
		values []string
		want   []Address
		flaws  []string
		domain string // "": none
	}{
		{"an address in angle brackets", []string{" Joe <joe@example.org>"}, joe, nil, "example.org"},
		{"a bare address", []string{" joe@example.org"}, []Address{{"", "joe", "example.org"}}, nil, "example.org"},
		{"a name in a comment", []string{" joe@example.org (Joe)"}, joe, nil, "example.org"},
		{"a quoted name", []string{` "Joe" <joe@example.org>`}, joe, nil, "example.org"},
		{"a folded field", []string{" Joe\r\n\t<joe@example.org>"}, joe, nil, "example.org"},
		{"white space inside the brackets", []string{" Joe < joe@example.org >"}, joe, nil, "example.org"},
		{"an upper-case domain with a final dot", []string{" Joe <joe@EXAMPLE.org.>"}, joe, nil, "example.org"},
		{"a domain of other letters", []string{" joe@Bücher.example"}, []Address{{"", "joe", "xn--bcher-kva.example"}}, nil, "xn--bcher-kva.example"},
		{"an encoded name", []string{" =?utf-8?q?J=C3=B6?= =?utf-8?b?ZQ==?= <joe@example.org>"}, []Address{{"Jöe", "joe", "example.org"}}, nil, "example.org"},
		{"an encoded name with a comma", []string{" =?utf-8?q?Doe=2C_Joe?= <joe@example.org>"}, []Address{{"Doe, Joe", "joe", "example.org"}}, nil, "example.org"},
		{"an encoded name with an address", []string{" =?utf-8?q?joe=40example.net?= <joe@example.org>"}, []Address{{"joe@example.net", "joe", "example.org"}}, nil, "example.org"},
		{"a quoted local part", []string{` "joe doe"@example.org`}, []Address{{"", "joe doe", "example.org"}}, nil, "example.org"},
		{"a name of dots", []string{" Joe Q. Public <joe@example.org>"}, []Address{{"Joe Q. Public", "joe", "example.org"}}, nil, "example.org"},
		{"a name in brackets", []string{" [Team] Joe <joe@example.org>"}, []Address{{"[Team] Joe", "joe", "example.org"}}, []string{FromUnquotedName}, "example.org"},
		{"the address as its own name", []string{" joe@example.org <joe@example.org>"}, []Address{{"joe@example.org", "joe", "example.org"}}, []string{FromUnquotedName}, "example.org"},
		{"an unquoted comma in the name", []string{" Doe, Joe <joe@example.org>"}, joe, []string{FromBareName}, "example.org"},
		{"a name that is no UTF-8", []string{" J\xf6 <joe@example.org>"}, []Address{{"Jö", "joe", "example.org"}}, []string{From8Bit}, "example.org"},

		{"no field", nil, nil, []string{FromMissing}, ""},
		{"an empty field", []string{" "}, nil, []string{FromEmpty}, ""},
		{"empty brackets", []string{" <>"}, nil, []string{FromEmpty}, ""},
		{"a name alone", []string{" Joe"}, nil, []string{FromBareName, FromEmpty}, ""},
		{"two fields", []string{" Joe <joe@example.org>", " Joe <joe@example.org>"}, []Address{joe[0], joe[0]}, []string{FromMultipleFields, FromMultipleAddresses}, ""},
		{"two fields, one of them empty", []string{" Joe <joe@example.org>", ""}, joe, []string{FromMultipleFields}, ""},
		{"two addresses", []string{" a@example.org, b@example.net"}, []Address{{"", "a", "example.org"}, {"", "b", "example.net"}}, []string{FromMultipleAddresses}, ""},
		{"another address as the name", []string{" joe@example.net <joe@example.org>"}, []Address{{"joe@example.net", "joe", "example.org"}}, []string{FromUnquotedName, FromUnparsable}, ""},
		{"a group", []string{" Friends: joe@example.org;"}, []Address{{"", "joe", "example.org"}}, []string{FromGroup}, ""},
		{"a group of brackets", []string{" Friends: Joe <joe@example.org>;"}, joe, []string{FromGroup}, ""},
		{"an empty group", []string{" undisclosed: ;"}, nil, []string{FromGroup, FromEmpty}, ""},
		{"a group that does not end", []string{" Re: Joe <joe@example.org>"}, joe, []string{FromGroup}, ""},
		{"text after the address", []string{" <a@example.net>b@example.org"}, []Address{{"", "a", "example.net"}, {"", "b", "example.org"}}, []string{FromUnparsable, FromMultipleAddresses}, ""},
		{"a backslash outside quotes", []string{` <a@example.org>\,<b@example.net>`}, []Address{{"", "a", "example.org"}, {"", "b", "example.net"}}, []string{FromUnparsable, FromMultipleAddresses}, ""},
		{"a bracket that does not end", []string{" Joe <joe@example.org"}, joe, []string{FromUnparsable}, ""},
		{"a quote that does not end", []string{` "Joe <joe@example.org>`}, nil, []string{FromUnparsable, FromEmpty}, ""},
		{"a comment that does not end", []string{" joe@example.org (Joe"}, []Address{{"", "joe", "example.org"}}, []string{FromUnparsable}, ""},
		{"two at signs", []string{" a@example.net@example.org"}, []Address{{"", "a@example.net", "example.org"}}, []string{FromUnparsable}, ""},
		{"a quoted at sign", []string{` "a@example.net"@example.org`}, []Address{{"", "a@example.net", "example.org"}}, []string{FromAtInLocal}, ""},
		{"a source route", []string{" <@example.net:joe@example.org>"}, []Address{{"", "joe", "example.org"}}, []string{FromRoute}, ""},
		{"a comment within the address", []string{" joe@example.org(x).example.net"}, []Address{{"x", "joe", "example.org.example.net"}}, []string{FromSplitAddress}, ""},
		{"white space within the address", []string{" joe@example . org"}, []Address{{"", "joe", "example.org"}}, []string{FromSplitAddress}, ""},
		{"an address literal", []string{" joe@[192.0.2.1]"}, []Address{{"", "joe", ""}}, []string{FromBadDomain}, ""},
		{"no domain", []string{" <joe>"}, []Address{{"", "joe", ""}}, []string{FromUnparsable, FromBadDomain}, ""},
		{"an empty label", []string{" joe@example..org"}, []Address{{"", "joe", ""}}, []string{FromBadDomain}, ""},
		{"an encoded address", []string{" =?utf-8?B?PGFkbWluQGV4YW1wbGUub3JnPg==?=,<b@example.net>"}, []Address{{"", "b", "example.net"}}, []string{FromBareName, FromEncodedAddress}, ""},
		{"an encoded bracket in the name", []string{" =?utf-8?q?=3Ca=40example.org=3E?= <b@example.net>"}, []Address{{"<a@example.org>", "b", "example.net"}}, []string{FromEncodedAddress}, ""},
		{"an encoded word in the address", []string{" =?utf-8?q?a?=@example.org"}, []Address{{"", "=?utf-8?q?a?=", "example.org"}}, []string{FromEncodedAddress}, ""},
		{"a NUL", []string{" <joe@example.org\x00@example.net>"}, []Address{{"", "joe@example.org", "example.net"}}, []string{FromNUL, FromUnparsable}, ""},
		{"a bare line feed and another field", []string{" <a@example.net>\nFrom: <b@example.org>"}, []Address{{"", "a", "example.net"}, {"", "b", "example.org"}}, []string{FromControl, FromUnparsable, FromGroup, FromMultipleAddresses}, ""},
		{"a carriage return at the end", []string{" joe@example.org\r"}, []Address{{"", "joe", "example.org"}}, []string{FromControl}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h Header
			for _, v := range c.values {
				h = append(h, Field{"fRoM", v})
			}
			a := ParseAuthor(h)
			if d := cmp.Diff(c.want, a.Addresses); d != "" {
				t.Errorf("addresses, -want +got:\n%s", d)
			}
			slices.Sort(c.flaws)
			slices.Sort(a.Flaws)
			if d := cmp.Diff(c.flaws, a.Flaws); d != "" {
				t.Errorf("flaws, -want +got:\n%s", d)
			}
			if domain, ok := a.Domain(); domain != c.domain || ok != (c.domain != "") {
				t.Errorf("domain %q, %v", domain, ok)
			}
		})
	}
}

func TestFromNamesThatSomeReadersSee(t *testing.T) {
	for name, field := range map[string]string{"a space": "From ", "a tab": "From\t", "a fold": "From\r\n "} {
		t.Run(name, func(t *testing.T) {
			a := ParseAuthor(Header{{field, " joe@example.org"}})
			if _, ok := a.Domain(); ok || !slices.Contains(a.Flaws, FromSpaceBeforeColon) || len(a.Addresses) != 1 {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestParseAuthorIsBounded(t *testing.T) {
	for name, value := range map[string]string{
		"many addresses":        strings.Repeat("a@example.org,", 1<<20),
		"many brackets":         strings.Repeat("<", 1<<20),
		"many comments":         "a" + strings.Repeat("(x)", 1<<20) + "@example.org",
		"deep comments":         strings.Repeat("(", 1<<20),
		"many open literals":    strings.Repeat("[", 1<<20),
		"many encoded openings": strings.Repeat("=?a?q?", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			a := ParseAuthor(Header{{"From", value}})
			if !slices.Contains(a.Flaws, FromLong) || len(a.Addresses) > maxAuthors {
				t.Errorf("%d addresses, %v", len(a.Addresses), a.Flaws)
			}
		})
	}
	h := make(Header, 100_000)
	for i := range h {
		h[i] = Field{"From", "a@example.org"}
	}
	if a := ParseAuthor(h); len(a.Addresses) != maxFromFields || !slices.Contains(a.Flaws, FromLong) {
		t.Errorf("%d addresses, %v", len(a.Addresses), a.Flaws)
	}
}

// TestAddressVectors compares with what another parser makes of a field, where
// that is a list of addresses with domains.
func TestAddressVectors(t *testing.T) {
	data, err := os.ReadFile(shared.Dir(t, "conformance", "mime", "mail-parser", "fields", "address.json"))
	if err != nil {
		t.Fatal(err)
	}
	type mailbox struct{ Name, Address string }
	var cases []struct {
		Header   string
		Expected struct {
			List  []mailbox
			Group []struct{ Addresses []mailbox }
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	same, other := 0, 0
	for _, c := range cases {
		var want, got []string
		for _, m := range c.Expected.List {
			want = append(want, strings.ToLower(m.Address))
		}
		for _, g := range c.Expected.Group {
			for _, m := range g.Addresses {
				want = append(want, strings.ToLower(m.Address))
			}
		}
		a := ParseAuthor(Header{{"From", strings.ReplaceAll(c.Header, "\n", "\r\n")}})
		for _, m := range a.Addresses {
			got = append(got, strings.ToLower(m.Local+"@"+m.Domain))
		}
		if slices.Equal(got, want) {
			same++
			continue
		}
		other++
		if !a.Ambiguous() && len(want) > 0 {
			t.Errorf("%q: %q, the vector says %q, and no flaw: %v", c.Header, got, want, a.Flaws)
		}
	}
	t.Logf("%d fields, %d with the same addresses, %d others with a flaw", len(cases), same, other)
	if same < 40 {
		t.Errorf("only %d agree", same)
	}
}

func FuzzParseAuthor(f *testing.F) {
	for _, s := range []string{
		" Joe <joe@example.org>", ` "a@b"@example.org`, " A: <a@b>, c@d;", " =?utf-8?q?=3Ca=3E?= <@a,@b:c@example.net> (x (y))",
		" <a@example.org>\nFrom: b", " [x] a@[192.0.2.1], \\ ;:<<>>",
	} {
		f.Add("From", s)
	}
	f.Add("From ", "\x00\xff(\"")
	f.Fuzz(func(t *testing.T, name, value string) {
		a := ParseAuthor(Header{{name, value}})
		domain, ok := a.Domain()
		if again, valid := ASCIIDomain(domain); ok && (!valid || again != domain) {
			t.Errorf("%q is no domain", domain)
		}
		if ok && (len(a.Addresses) != 1 || a.Ambiguous()) {
			t.Errorf("%+v has a domain", a)
		}
		if two := ParseAuthor(Header{{name, value}, {name, value}}); ok && len(two.Addresses) > 0 {
			if _, ok := two.Domain(); ok {
				t.Error("two fields have a domain")
			}
		}
		for _, flaw := range a.Flaws {
			if !slices.Contains(FromFlaws, flaw) {
				t.Errorf("unknown flaw %s", flaw)
			}
		}
	})
}

func BenchmarkParseAuthor(b *testing.B) {
	h := Header{{"Received", " x"}, {"From", " =?utf-8?q?J=C3=B6rg?= Doe <joe@example.org>"}, {"To", " x"}}
	for b.Loop() {
		ParseAuthor(h)
	}
}
