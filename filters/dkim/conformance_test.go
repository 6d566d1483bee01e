package dkim

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/dnstest"
	"github.com/postern-mail/postern/internal/shared"
)

// oneOf is a string or a list of strings.
type oneOf []string

func (o *oneOf) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(o))
	}
	*o = oneOf{""}
	return json.Unmarshal(b, &(*o)[0])
}

func TestTheConformanceCasesComeOutAsTheirAuthorsSay(t *testing.T) {
	dir := shared.Dir(t, "conformance", "dkim")
	raw, err := os.ReadFile(filepath.Join(dir, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Message string
		Now           int64
		Zone          dnstest.Zone
		Expected      struct {
			All  oneOf `json:"dkim_all"`
			Last oneOf `json:"dkim_last"`
			Best oneOf `json:"dkim_best"`
		}
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	good := 0
	for _, c := range cases {
		ok := t.Run(c.Name, func(t *testing.T) {
			eml, err := os.ReadFile(filepath.Join(dir, c.Message))
			if err != nil {
				t.Fatal(err)
			}
			msg := parse(t, string(eml))
			msg.Now = time.Unix(c.Now, 0)
			var got []string
			res := check(t, msg, &dnstest.Resolver{Zone: c.Zone, Impatient: true})
			for _, r := range res.Auth {
				got = append(got, r.Value)
			}
			t.Logf("got %q, %v", got, res.Symbols)
			for _, value := range got {
				if c.Expected.All != nil && !slices.Contains(c.Expected.All, value) {
					t.Errorf("want all of %q", c.Expected.All)
				}
			}
			if last := got[len(got)-1]; c.Expected.Last != nil && !slices.Contains(c.Expected.Last, last) {
				t.Errorf("want the last of %q", c.Expected.Last)
			}
			if c.Expected.Best != nil && !slices.ContainsFunc(got, func(v string) bool { return slices.Contains(c.Expected.Best, v) }) {
				t.Errorf("want one of %q", c.Expected.Best)
			}
			if c.Expected.All == nil && c.Expected.Last == nil && c.Expected.Best == nil {
				t.Error("the case expects nothing that this test knows")
			}
		})
		if ok {
			good++
		}
	}
	t.Logf("%d cases, %d as expected", len(cases), good)
}
