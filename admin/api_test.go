package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-mail/postern/verdicts"
)

// listed asks for verdicts and gives their ids.
func listed(t *testing.T, c Config, query string) (ids []string, next string) {
	t.Helper()
	w := get(c, "/api/v1/verdicts?"+query)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", query, w.Code, w.Body)
	}
	var p page
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Verdicts {
		ids = append(ids, r.ID)
	}
	return ids, p.Next
}

func TestEveryParameterOfAQuery(t *testing.T) {
	c := testConfig(t, "")
	tested := map[string]bool{"cursor": true} // TestPaging
	for _, x := range []struct{ query, want string }{
		{"", "new old"},
		{"action=reject", "new"}, {"action=discard", ""},
		{"since=2026-03-01T12:30:00Z", "new"}, {"since=1772366400", "new old"}, {"since=2026-03-01T14:00:00%2B02:00", "new old"},
		{"until=2026-03-01T12:30:00Z", "old"}, {"until=1772366400", ""},
		{"from=joe@example.net", "old"}, {"from=example.com", "new"},
		{"rcpt=OTTO@example.org", "new"}, {"rcpt=example.org", "new old"},
		{"ip=192.0.2.1", "new"}, {"ip=2001:DB8:0::1", "old"}, {"ip=::ffff:192.0.2.1", "new"},
		{"symbol=gtube", "new"}, {"queue_id=4OLD", "old"},
		{"message_id=1@example.net", "old"}, {"message_id=<1@EXAMPLE.net>", "old"}, {"since=60000d", "new old"}, {"until=60000d", ""}, {"until=1314000h", ""},
		{"min_score=1", "new old"}, {"min_score=1.5", "new"}, {"min_score=-3e2", "new old"},
		{"q=HELLO", "old"}, {"q=%25", ""}, {"limit=1", "new"}, {"limit=1000", "new old"},
		{"action=reject&ip=2001:db8::1", ""},
	} {
		for key := range must(url.ParseQuery(x.query)) {
			tested[key] = true
		}
		if ids, _ := listed(t, c, x.query); strings.Join(ids, " ") != x.want {
			t.Errorf("%s: got %v, want %s", x.query, ids, x.want)
		}
	}
	for _, key := range queryKeys {
		if !tested[key] {
			t.Errorf("%s is not tested", key)
		}
	}
}

func must(v url.Values, err error) url.Values {
	if err != nil {
		panic(err) // the table above is wrong
	}
	return v
}

func TestBadQueriesAreNamed(t *testing.T) {
	c := testConfig(t, "")
	for query, want := range map[string]string{
		"acton=reject":              `\"acton\" is no parameter`,
		"action=delete":             `action: scoring: \"delete\" is no action`,
		"action=accept&action=mark": "action is given twice",
		"since=yesterday":           "since: ",
		"since=-2h":                 "since: ",
		"until=2026-03-01":          "until: ",
		"min_score=high":            "min_score: ",
		"min_score=NaN":             "min_score: ",
		"min_score=-inf":            "min_score: ",
		"limit=0":                   "limit: 0 is not in 1..1000",
		"limit=1001":                "limit: 1001 is not in 1..1000",
		"limit=9999999999999999999": "limit: ",
		"ip=192.0.2":                "ip: ",
		"ip=192.0.2.0/24":           "ip: ",
		"limit=x&since=y":           "since: ",
	} {
		w := get(c, "/api/v1/verdicts?"+query)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

func TestPaging(t *testing.T) {
	c := testConfig(t, "")
	ids, next := listed(t, c, "limit=1")
	if ids[0] != "new" || next == "" {
		t.Fatalf("first page %v, next %q", ids, next)
	}
	ids, next = listed(t, c, "limit=1&cursor="+url.QueryEscape(next))
	if len(ids) != 1 || ids[0] != "old" || next != "" {
		t.Errorf("last page %v, next %q", ids, next)
	}
	if ids, next = listed(t, c, "cursor=forgotten"); len(ids) != 0 || next != "" {
		t.Errorf("a forgotten cursor gives %v, %q", ids, next)
	}
	if body := get(c, "/api/v1/verdicts?cursor=forgotten").Body.String(); !strings.Contains(body, `"verdicts": []`) {
		t.Errorf("an empty page is %s", body)
	}
}

func TestOneVerdict(t *testing.T) {
	c := testConfig(t, "")
	for path, code := range map[string]int{"old": 200, "new": 200, "nobody": 404, "..%2Fold": 404, strings.Repeat("x", 5000): 404} {
		if w := get(c, "/api/v1/verdicts/"+path); w.Code != code {
			t.Errorf("%.20s: %d", path, w.Code)
		}
	}
}

type brokenStore struct{ verdicts.Store }

var errDisk = errors.New("secret path is full")

func (brokenStore) Get(context.Context, string) (*verdicts.Record, error) { return nil, errDisk }

func (brokenStore) Query(context.Context, verdicts.Query) ([]*verdicts.Record, string, error) {
	return nil, "", errDisk
}

func TestABrokenStoreIsNotShownInDetail(t *testing.T) {
	c := testConfig(t, "")
	c.Store = brokenStore{}
	for _, path := range []string{"/api/v1/verdicts", "/api/v1/verdicts/old"} {
		if w := get(c, path); w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("action=reject&since=1&until=2026-03-01T12:30:00Z&min_score=1e3&limit=10")
	f.Add("ip=fe80::1%25eth0&q=%00&cursor=%ff")
	f.Fuzz(func(t *testing.T, query string) {
		v, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		q, err := ParseQuery(v)
		if err == nil && (q.Limit < 0 || q.Limit > verdicts.MaxLimit) {
			t.Fatalf("limit %d", q.Limit)
		}
	})
}
