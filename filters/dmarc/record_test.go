package dmarc

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/postern-mail/postern/internal/shared"
)

// relaxed are records that the suite, after RFC 7489, wants refused and
// RFC 9989 section 4.8 allows: p may stand anywhere after v.
var relaxed = map[string]Policy{"v=DMARC1; sp=reject; p=reject": PolicyReject}

func TestRecords(t *testing.T) {
	data, err := os.ReadFile(shared.Dir(t, "conformance", "dmarc", "records.json"))
	if err != nil {
		t.Fatal(err)
	}
	var records struct{ Good, Bad []string }
	if err := json.Unmarshal(data, &records); err != nil {
		t.Fatal(err)
	}
	accepted, refused, allowed := 0, 0, 0
	for _, txt := range records.Good {
		if _, err := ParseRecord(txt); err != nil {
			t.Errorf("%q: %v", txt, err)
			continue
		}
		accepted++
	}
	for _, txt := range records.Bad {
		rec, err := ParseRecord(txt)
		switch policy, ok := relaxed[txt]; {
		case err != nil && !ok:
			refused++
		case err == nil && ok && rec.Policy == policy:
			allowed++
		default:
			t.Errorf("%q: %+v, %v", txt, rec, err)
		}
	}
	t.Logf("%d records: %d of %d accepted, %d of %d refused, %d allowed since RFC 9989",
		len(records.Good)+len(records.Bad), accepted, len(records.Good), refused, len(records.Bad), allowed)
}

func TestParseRecord(t *testing.T) {
	for _, c := range []struct {
		name, txt string
		want      Record
		err       error
	}{
		{"all tags", "v=DMARC1; p=reject; sp=quarantine; np=none; adkim=s; aspf=s; psd=n; t=y",
			Record{PolicyReject, PolicyQuarantine, PolicyNone, true, true, "n", true}, nil},
		{"defaults", "v=DMARC1;p=none", Record{Policy: PolicyNone, PSD: "u"}, nil},
		{"any order", "v=DMARC1; t=n; psd=Y; p=Quarantine", Record{Policy: PolicyQuarantine, PSD: "y"}, nil},
		{"old tags mean nothing", "v=DMARC1; p=reject; pct=bogus; ri=; rf=x", Record{Policy: PolicyReject, PSD: "u"}, nil},
		{"values that are not valid are as if not there", "v=DMARC1; p=reject; adkim=x; aspf=; psd=z; t=maybe", Record{Policy: PolicyReject, PSD: "u"}, nil},
		{"what is no tag is left out", "v=DMARC1; p=reject; foo; =x;;", Record{Policy: PolicyReject, PSD: "u"}, nil},
		{"no policy, but somebody to report to", "v=DMARC1; rua=bogus, mailto:a@example.org", Record{Policy: PolicyNone, PSD: "u"}, nil},
		{"a wrong np, but somebody to report to", "v=DMARC1; p=reject; np=x; rua=https://example.org/", Record{Policy: PolicyNone, PSD: "u"}, nil},
		{"a wrong np and nobody to report to", "v=DMARC1; p=reject; np=x", Record{Policy: PolicyNone, PSD: "u"}, ErrNoPolicy},
		{"no policy, but a psd", "v=DMARC1; psd=y", Record{Policy: PolicyNone, PSD: "y"}, ErrNoPolicy},
		{"a tag twice", "v=DMARC1; p=none; P=reject", Record{PSD: "u"}, ErrRepeated},
		{"the version twice", "v=DMARC1; v=DMARC1; p=none", Record{PSD: "u"}, ErrRepeated},
		{"another version", "v=DMARC2; p=none", Record{PSD: "u"}, ErrNotRecord},
		{"another text", "v=spf1 -all", Record{PSD: "u"}, ErrNotRecord},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseRecord(c.txt)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add("v=DMARC1; p=reject; sp=invalid; rua=mailto:a@example.org!10m")
	f.Add("V = DMARC1 ; P = none;\tpsd=y; t=y; adkim=s")
	f.Add("v=DMARC1;;=;p")
	f.Fuzz(func(t *testing.T, txt string) {
		rec, err := ParseRecord(txt)
		if _, valid := parsePolicy(string(rec.Policy)); err == nil && !valid {
			t.Errorf("policy %q", rec.Policy)
		}
		if rec.PSD != "y" && rec.PSD != "n" && rec.PSD != "u" {
			t.Errorf("psd %q", rec.PSD)
		}
	})
}
