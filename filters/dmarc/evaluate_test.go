package dmarc

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/shared"
)

// oneOrMany decodes a JSON string or list of strings.
type oneOrMany []string

func (o *oneOrMany) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(o))
	}
	*o = make(oneOrMany, 1)
	return json.Unmarshal(b, &(*o)[0])
}

func TestCases(t *testing.T) {
	data, err := os.ReadFile(shared.Dir(t, "conformance", "dmarc", "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, From string
		DKIM, SPF  []Identifier
		Zone       dnstest.Zone
		Expected   struct {
			Result       oneOrMany
			Policy       *string
			PolicyDomain *string  `json:"policy_domain"`
			AlignedDKIM  *bool    `json:"aligned_dkim"`
			AlignedSPF   *bool    `json:"aligned_spf"`
			Queries      []string `json:"txt_queries"`
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	good := 0
	for _, c := range cases {
		ok := t.Run(c.Name, func(t *testing.T) {
			r := &dnstest.Resolver{Zone: c.Zone, Impatient: true}
			author := strings.ToLower(c.From[strings.LastIndexByte(c.From, '@')+1:])
			got := Evaluate(context.Background(), r, Input{Author: author, DKIM: c.DKIM, SPF: c.SPF})
			want := c.Expected
			if !slices.Contains(want.Result, got.Result) {
				t.Errorf("result %s, want %v: %s", got.Result, want.Result, got.Reason)
			}
			if want.Policy != nil && got.Policy != *want.Policy {
				t.Errorf("policy %q, want %q", got.Policy, *want.Policy)
			}
			if want.PolicyDomain != nil && got.PolicyDomain != *want.PolicyDomain {
				t.Errorf("policy domain %q, want %q", got.PolicyDomain, *want.PolicyDomain)
			}
			if want.AlignedDKIM != nil && got.AlignedDKIM != *want.AlignedDKIM {
				t.Errorf("aligned dkim %v", got.AlignedDKIM)
			}
			if want.AlignedSPF != nil && got.AlignedSPF != *want.AlignedSPF {
				t.Errorf("aligned spf %v", got.AlignedSPF)
			}
			var asked []string
			for _, q := range r.Asked() {
				if name, ok := strings.CutPrefix(q, "TXT "); ok {
					asked = append(asked, name)
				}
			}
			if d := cmp.Diff(want.Queries, asked); want.Queries != nil && d != "" {
				t.Errorf("queries, -want +got:\n%s", d)
			}
		})
		if ok {
			good++
		}
	}
	t.Logf("%d cases, %d as they say", len(cases), good)
}

func TestEvaluate(t *testing.T) {
	const reject = "v=DMARC1; p=reject"
	fail := dnstest.Node{Rcode: "SERVFAIL"}
	txt := func(s ...string) dnstest.Node { return dnstest.Node{TXT: s} }
	pass := func(d string) []Identifier { return []Identifier{{d, "pass"}} }
	temp := func(d string) []Identifier { return []Identifier{{d, "temperror"}} }
	for _, c := range []struct {
		name   string
		zone   dnstest.Zone
		in     Input
		result string
		policy string
	}{
		{"a temporary SPF error of the author domain leaves it open",
			dnstest.Zone{"_dmarc.example.org": txt(reject)}, Input{Author: "example.org", SPF: temp("example.org")}, "temperror", "reject"},
		{"a temporary DKIM error of the same organization leaves it open",
			dnstest.Zone{"_dmarc.example.org": txt(reject)}, Input{Author: "example.org", DKIM: temp("mail.example.org")}, "temperror", "reject"},
		{"a temporary DKIM error of a stranger does not",
			dnstest.Zone{"_dmarc.example.org": txt(reject)}, Input{Author: "example.org", DKIM: temp("example.net")}, "fail", "reject"},
		{"a stranger whose DMARC name fails does not",
			dnstest.Zone{"_dmarc.example.org": txt(reject), "_dmarc.example.net": fail}, Input{Author: "example.org", DKIM: pass("example.net")}, "fail", "reject"},
		{"a pass counts though another result is open",
			dnstest.Zone{"_dmarc.example.org": txt(reject)}, Input{Author: "example.org", SPF: temp("example.org"), DKIM: pass("example.org")}, "pass", "reject"},
		{"a failure above the author domain does not matter when it passes itself",
			dnstest.Zone{"_dmarc.example.org": txt(reject), "_dmarc.org": fail}, Input{Author: "example.org", DKIM: pass("example.org")}, "pass", "reject"},
		{"a failure above the author domain leaves relaxed alignment open",
			dnstest.Zone{"_dmarc.example.org": txt(reject), "_dmarc.org": fail}, Input{Author: "example.org", DKIM: pass("a.example.org")}, "temperror", "reject"},
		{"a failure on the way up leaves the record open",
			dnstest.Zone{"_dmarc.example.org": fail}, Input{Author: "a.example.org"}, "temperror", ""},
		{"whether the domain exists is not known",
			dnstest.Zone{"_dmarc.example.org": txt("v=DMARC1; p=none; np=reject"), "a.example.org": fail}, Input{Author: "a.example.org"}, "temperror", ""},
		{"a public suffix speaks for an organization without a record",
			dnstest.Zone{"_dmarc.example": txt("v=DMARC1; p=none; sp=quarantine; psd=y")}, Input{Author: "a.b.example"}, "fail", "quarantine"},
		{"two organizations below a public suffix are strangers",
			dnstest.Zone{"_dmarc.example": txt("v=DMARC1; p=reject; psd=y")}, Input{Author: "a.example", DKIM: pass("b.example")}, "fail", "reject"},
		{"a public suffix may send mail itself",
			dnstest.Zone{"_dmarc.example": txt("v=DMARC1; p=reject; psd=y")}, Input{Author: "example", DKIM: pass("example")}, "pass", "reject"},
		{"a subdomain that is its own organization is a stranger",
			dnstest.Zone{"_dmarc.example.org": txt(reject), "_dmarc.a.example.org": txt("v=DMARC1; p=none; psd=n")}, Input{Author: "example.org", DKIM: pass("a.example.org")}, "fail", "reject"},
		{"several records above the author domain count as none",
			dnstest.Zone{"_dmarc.b.example.org": txt(reject, reject), "_dmarc.example.org": txt("v=DMARC1; p=quarantine")}, Input{Author: "a.b.example.org"}, "fail", "quarantine"},
		{"a record without a policy is none to go by, though one above is",
			dnstest.Zone{"_dmarc.a.example.org": txt("v=DMARC1"), "_dmarc.example.org": txt(reject)}, Input{Author: "a.example.org"}, "none", ""},
		{"np holds for names that do not exist in test mode too, one step lower",
			dnstest.Zone{"_dmarc.example.org": txt("v=DMARC1; p=none; np=reject; t=y")}, Input{Author: "a.example.org"}, "fail", "quarantine"},
		{"an identifier that is no domain name is not aligned",
			dnstest.Zone{"_dmarc.example.org": txt(reject)}, Input{Author: "example.org", SPF: pass("example.org(a.example.net")}, "fail", "reject"},
		{"the other letters of a signing domain are A-labels",
			dnstest.Zone{"_dmarc.xn--bcher-kva.example": txt(reject)}, Input{Author: "xn--bcher-kva.example", DKIM: pass("bücher.example")}, "pass", "reject"},
		{"the name is too long to hold a record",
			dnstest.Zone{}, Input{Author: strings.Repeat("a.", 123) + "example"}, "none", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &dnstest.Resolver{Zone: c.zone, Impatient: true}
			got := Evaluate(context.Background(), r, c.in)
			if got.Result != c.result || got.Policy != c.policy {
				t.Errorf("got %+v", got)
			}
			if len(r.Asked()) > 2*(maxWalk+2) {
				t.Errorf("%d questions", len(r.Asked()))
			}
		})
	}
}

func TestEveryNameIsAskedOnce(t *testing.T) {
	r := &dnstest.Resolver{Zone: dnstest.Zone{"_dmarc.example.org": {TXT: []string{"v=DMARC1; p=reject"}}}}
	ids := []Identifier{{"a.example.org", "pass"}, {"b.example.org", "pass"}, {"example.org", "pass"}}
	Evaluate(context.Background(), r, Input{Author: "c.example.org", DKIM: ids, SPF: ids})
	asked := r.Asked()
	slices.Sort(asked)
	if n := len(asked); n != len(slices.Compact(asked)) {
		t.Errorf("asked twice: %v", r.Asked())
	}
}

func BenchmarkEvaluate(b *testing.B) {
	r := &dnstest.Resolver{Zone: dnstest.Zone{"_dmarc.example.org": {TXT: []string{"v=DMARC1; p=reject; rua=mailto:a@example.org"}}}}
	in := Input{Author: "example.org", DKIM: []Identifier{{"mail.example.org", "pass"}}, SPF: []Identifier{{"example.org", "pass"}}}
	for b.Loop() {
		Evaluate(context.Background(), r, in)
	}
}
