package authres

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/shared"
)

func TestVectors(t *testing.T) {
	data, err := os.ReadFile(shared.Dir(t, "conformance", "authres", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Value string
		Error       bool
		ID          string `json:"authserv_id"`
		Version     int
		Results     []struct {
			Method, Result, Reason string
			Props                  map[string]string
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	good := 0
	for _, c := range cases {
		ok := t.Run(c.Name, func(t *testing.T) {
			f, err := Parse(c.Value)
			if (err != nil) != c.Error {
				t.Fatalf("error %v, want one: %v", err, c.Error)
			}
			if c.Error {
				return
			}
			if f.ID != c.ID || f.Version != c.Version || len(f.Results) != len(c.Results) {
				t.Fatalf("got %+v", f)
			}
			for i, r := range f.Results {
				want := c.Results[i]
				if r.Method != want.Method || r.Value != want.Result || r.Reason != want.Reason || len(r.Props) != len(want.Props) {
					t.Errorf("result %d: got %+v, want %+v", i, r, want)
				}
				for name, v := range want.Props {
					typ, prop, _ := strings.Cut(name, ".")
					if got := r.Get(typ, prop); unquoted(got) != unquoted(v) {
						t.Errorf("%s: got %q, want %q", name, got, v)
					}
				}
			}
		})
		if ok {
			good++
		}
	}
	t.Logf("%d vectors, %d as they say", len(cases), good)
}

func unquoted(s string) string { return strings.ReplaceAll(s, `"`, "") }

func TestParseRefuses(t *testing.T) {
	for name, value := range map[string]string{
		"an empty field":                   "",
		"an authserv-id alone":             "mx.example.org",
		"a semicolon and nothing":          "mx.example.org;",
		"none after a result":              "mx.example.org; spf=pass; none",
		"a comment nested too deep":        "mx.example.org; spf=pass " + strings.Repeat("(", maxDepth+1) + strings.Repeat(")", maxDepth+1),
		"a quote that does not end":        `mx.example.org; spf=pass reason="x`,
		"a method version that is unknown": "mx.example.org; spf/2=pass",
		"a result without a value":         "mx.example.org; spf=",
		"a property without a name":        "mx.example.org; spf=pass smtp.=x",
		"too many results":                 "mx.example.org" + strings.Repeat("; spf=pass", maxResults+1),
		"too many properties":              "mx.example.org; spf=pass" + strings.Repeat(" a.b=c", maxProps+1),
		"a field that is too long":         "mx.example.org; spf=pass" + strings.Repeat(" ", maxValue),
		"a NUL":                            "mx.example.org; spf=pass\x00; dkim=pass",
	} {
		t.Run(name, func(t *testing.T) {
			if f, err := Parse(value); err == nil {
				t.Errorf("accepted: %+v", f)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		name    string
		id      string
		results []Result
		want    string
	}{
		{"no results are none", "mx.example.org", nil, "mx.example.org; none"},
		{"a result has a line of its own", "mx.example.org",
			[]Result{{Method: "spf", Value: Pass, Props: []Prop{{"smtp", "mailfrom", "a@example.net"}}}},
			"mx.example.org;\r\n\tspf=pass smtp.mailfrom=a@example.net"},
		{"a long result is folded", "mx.example.org",
			[]Result{{Method: "dkim", Value: Fail, Reason: "body hash does not match", Props: []Prop{{"header", "d", "mail.example.net"}, {"header", "s", "s2048"}}}},
			"mx.example.org;\r\n\tdkim=fail reason=\"body hash does not match\" header.d=mail.example.net\r\n\theader.s=s2048"},
		{"quotes and backslashes are escaped", "mx.example.org",
			[]Result{{Method: "spf", Value: Pass, Reason: `a "b" \c`}},
			"mx.example.org;\r\n\tspf=pass reason=\"a \\\"b\\\" \\\\c\""},
		{"text cannot end the field or start a result", "mx.example.org",
			[]Result{{Method: "spf", Value: Fail, Reason: "x\r\nX-Evil: 1", Props: []Prop{{"smtp", "mailfrom", "a; dmarc=pass (\x00@example.net"}}}},
			"mx.example.org;\r\n\tspf=fail reason=\"x  X-Evil: 1\" smtp.mailfrom=\"a; dmarc=pass (@example.net\""},
		{"a parenthesis in a domain is quoted", "mx.example.org",
			[]Result{{Method: "spf", Value: Pass, Props: []Prop{{"smtp", "mailfrom", "any@example.org(a.example.net"}}}},
			"mx.example.org;\r\n\tspf=pass smtp.mailfrom=\"any@example.org(a.example.net\""},
		{"other letters become question marks", "mx.example.org",
			[]Result{{Method: "auth", Value: Pass, Props: []Prop{{"smtp", "auth", "jörg"}}}},
			"mx.example.org;\r\n\tauth=pass smtp.auth=\"j?rg\""},
		{"our name gets A-labels", "Mx.Bücher.example.", nil, "mx.xn--bcher-kva.example; none"},
		{"a name that is none is quoted", "mx one", nil, "\"mx one\"; none"},
		{"an empty value is written", "mx.example.org",
			[]Result{{Method: "spf", Value: None, Props: []Prop{{"smtp", "mailfrom", ""}}}},
			"mx.example.org;\r\n\tspf=none smtp.mailfrom=\"\""},
		{"a method of other signs is left out", "mx.example.org",
			[]Result{{Method: ";=", Value: Pass}, {Method: "sp\r\nf", Value: Pass}},
			"mx.example.org;\r\n\tspf=pass"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Write(c.id, c.results); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestWriteIsBounded(t *testing.T) {
	r := Result{Method: "spf", Value: Fail, Reason: strings.Repeat("x", 1<<20)}
	got := Write("mx.example.org", times(r, 1000))
	if len(got) > 50*(maxText+40) {
		t.Errorf("%d bytes", len(got))
	}
}

func times(r Result, n int) []Result {
	all := make([]Result, n)
	for i := range all {
		all[i] = r
	}
	return all
}

func TestClaims(t *testing.T) {
	const ours = "mx.bücher.example"
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"our name", "mx.xn--bcher-kva.example; spf=pass", true},
		{"our name as U-labels", "mx.bücher.example; spf=pass", true},
		{"another case", "MX.XN--BCHER-KVA.Example; spf=pass", true},
		{"a final dot", "mx.bücher.example.; spf=pass", true},
		{"a version", "mx.bücher.example 1; spf=pass", true},
		{"a version that is unknown", "mx.bücher.example 2; spf=pass", true},
		{"comments around it", "(a) mx.bücher.example (b) 1 (c); spf=pass", true},
		{"a fold before it", "\r\n\tmx.bücher.example; spf=pass", true},
		{"quotes", `"mx.bücher.example"; spf=pass`, true},
		{"quoted pairs", `"mx.b\ücher.ex\ample"; spf=pass`, true},
		{"no result", "mx.bücher.example", true},
		{"none", "mx.bücher.example; none", true},
		{"nonsense after it", "mx.bücher.example; ;;=(", true},
		{"another name", "mx.example.net; spf=pass", false},
		{"a name below ours", "a.mx.bücher.example; spf=pass", false},
		{"a name above ours", "bücher.example; spf=pass", false},
		{"another name that tells of ours", "mx.example.net; spf=pass (mx.bücher.example) smtp.mailfrom=mx.bücher.example", false},
		{"an empty field", "", false},
		{"broken: no semicolon", "mx.bücher.example spf=pass", true},
		{"broken: a semicolon first", "; mx.bücher.example; spf=pass", true},
		{"broken: a comment that does not end", "(mx.bücher.example; spf=pass", true},
		{"broken: a quote that does not end", `"mx.bücher.example; spf=pass`, true},
		{"broken: a comment within the name", "mx.(x)bücher.example; spf=pass", true},
		{"broken: a NUL within the name", "mx.\x00bücher.example; spf=pass", true},
		{"broken: a backslash within the name", `mx.\bücher.example; spf=pass`, true},
		{"broken: an angle bracket", "<mx.bücher.example>; spf=pass", true},
		{"broken: no name, ours as a property", "spf=pass smtp.mailfrom=mx.bücher.example; dkim=pass header.i=@mx.bücher.example", false},
		{"broken: another name", "mx.example.net; spf", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Claims(c.value, ours); got != c.want {
				t.Errorf("%q: %v", c.value, got)
			}
		})
	}
}

func TestClaimedListsAllOfThem(t *testing.T) {
	got := Claimed([]string{" mx.example.org; none", " mx.example.net; none", " MX.example.org 1; spf=pass"}, "mx.example.org")
	if !reflect.DeepEqual(got, []int{0, 2}) {
		t.Errorf("got %v", got)
	}
}

func TestDMARCProperties(t *testing.T) {
	for _, d := range []DMARC{
		{Domain: "example.org"},
		{Domain: "example.org", PolicyDomain: "example.org", Policy: "reject"},
		{Domain: "a.example.org", PolicyDomain: "example.org", Policy: "none"},
	} {
		f, err := Parse(Write("mx.example.org", []Result{{Method: "dmarc", Value: Pass, Props: d.Props()}}))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Results[0].DMARC(); got != d {
			t.Errorf("got %+v, want %+v", got, d)
		}
	}
}

var seeds = []string{
	"mx.example.org 1; none",
	"foo.example.net (foobar) 1 (baz);\r\n\tdkim (x) / 1 (y) = (z) fail\r\n\t policy (a) . (b) expired (c) = (d) 1362471462",
	`mx.example.org; spf=pass smtp.mailfrom="a b; c"@example.net; dkim=fail reason="x; \"y" header.b=Z9k/yZIA=`,
	"mx.example.org; spf=pass ((((", `"mx.example.org; none`, "mx.(x)example.org; dkim=pass", ";;;", "=\x00=",
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		Claims(value, "mx.example.org")
		field, err := Parse(value)
		if err != nil {
			return
		}
		if !Claims(value, field.ID) {
			t.Errorf("%q: does not claim its own id %q", value, field.ID)
		}
		checkRoundTrip(t, field.ID, field.Results)
	})
}

func FuzzWrite(f *testing.F) {
	f.Add("mx.example.org", "spf", "pass", "all \"good\"", "smtp", "mailfrom", "a@example.net")
	f.Add("a;b", "s(f", "pa=ss", "\r\nX: y", "\x00", "é", "\\\"")
	f.Fuzz(func(t *testing.T, id, method, value, reason, typ, name, prop string) {
		checkRoundTrip(t, id, []Result{
			{Method: method, Value: value, Reason: reason, Props: []Prop{{typ, name, prop}, {"smtp", "mailfrom", prop}}},
			{Method: "dmarc", Value: Fail},
		})
	})
}

// checkRoundTrip: what is written reads as the same, and nothing in it leaves
// its place.
func checkRoundTrip(t *testing.T, id string, results []Result) {
	t.Helper()
	text := Write(id, results)
	if i := strings.IndexFunc(strings.ReplaceAll(text, "\r\n\t", ""), func(c rune) bool { return c < ' ' || c > '~' }); i >= 0 {
		t.Fatalf("%q holds an unsafe byte", text)
	}
	if strings.Contains(text, "\r\n\t\r\n") || strings.HasSuffix(text, "\r\n\t") {
		t.Fatalf("%q has an empty line", text)
	}
	if clean(canonicalID(id)) == "" {
		return // without a name there is no field
	}
	got, err := Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if want := normal(results); !reflect.DeepEqual(got.Results, want) {
		t.Fatalf("%q:\ngot  %+v\nwant %+v", text, got.Results, want)
	}
	if again := Write(got.ID, got.Results); again != text {
		t.Fatalf("written %q\nagain   %q", text, again)
	}
}

// normal is what is left of results when they have been written.
func normal(results []Result) (n []Result) {
	for _, r := range results {
		m := Result{Method: keyword(r.Method), Value: keyword(r.Value), Reason: clean(r.Reason)}
		for _, p := range r.Props {
			if keyword(p.Type) != "" && keyword(p.Name) != "" {
				m.Props = append(m.Props, Prop{keyword(p.Type), keyword(p.Name), clean(p.Value)})
			}
		}
		if m.Method != "" && m.Value != "" && len(n) < maxWritten {
			n = append(n, m)
		}
	}
	return n
}
