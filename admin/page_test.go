package admin

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// tables is the config of an endpoint with one table of the daemon's.
func tables(t *testing.T) Config {
	c := testConfig(t, "")
	c.Hostname = "mx.example.org"
	c.Tables = []func() Table{func() Table {
		return Table{Title: "DNS lists", Note: "Two.", Columns: []string{"list", "state"}, Rows: []Row{
			{Cells: []string{"one", "ok"}}, {Bad: true, Cells: []string{"two", "refused <script>alert(1)</script>"}},
		}}
	}}
	return c
}

func TestTheFirstPageShowsWhatIsWrongTheTablesAndTheVerdicts(t *testing.T) {
	c := tables(t)
	c.Health.Set(Condition{Name: "list two", Detail: "it wants no public resolver; run your own", Blocks: true})
	w := get(c, "/")
	page := w.Body.String()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	for _, want := range []string{
		"mx.example.org", `class="state blocked"`, "run your own", "No mail can be judged", "DNS lists", "Two.", `<tr class="bad"><td>two</td>`,
		"eve@example.com", "anna@example.org", `href="/api/v1/verdicts/new"`, `<td class="tight reject">`, "16.00",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	if strings.Index(page, "eve@") > strings.Index(page, "joe@") {
		t.Error("the newest is not the first")
	}
}

// What strangers wrote makes no elements, and no invisible signs reach the reader.
func TestTheFirstPageHasNoElementsOfStrangers(t *testing.T) {
	page := get(tables(t), "/").Body.String()
	if strings.ContainsAny(page, "\x1b\u2028") {
		t.Errorf("control characters in\n%s", page)
	}
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		if name, _ := z.TagName(); string(name) == "script" {
			t.Errorf("an element of a stranger in\n%s", page)
		}
	}
}

func TestTheFirstPageTakesTheTokenAsAPassword(t *testing.T) {
	c := testConfig(t, "s3cret")
	basic := func(method, credentials string) int {
		return ask(c, method, "/", "Authorization: Basic "+credentials).Code
	}
	const right, wrong = "YW55Ym9keTpzM2NyZXQ=", "YW55Ym9keTp3cm9uZw==" // anybody:s3cret, anybody:wrong
	if code := basic(http.MethodGet, right); code != http.StatusOK {
		t.Errorf("right: %d", code)
	}
	if code := basic(http.MethodGet, wrong); code != http.StatusUnauthorized {
		t.Errorf("wrong: %d", code)
	}
	if code := basic(http.MethodPost, right); code != http.StatusUnauthorized {
		t.Errorf("another site can make a browser write: %d", code)
	}
	if w := get(c, "/"); w.Code != http.StatusUnauthorized || len(w.Header().Values("WWW-Authenticate")) != 2 {
		t.Errorf("none: %d %s", w.Code, w.Header())
	}
}

func TestTheStyleIsTheOnlyThingThePageLoads(t *testing.T) {
	c := testConfig(t, "")
	w := get(c, "/style.css")
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") || !strings.Contains(w.Body.String(), "table") {
		t.Errorf("%d %s", w.Code, w.Header())
	}
	if csp := get(c, "/").Header().Get("Content-Security-Policy"); csp != "default-src 'none'; style-src 'self'; frame-ancestors 'none'" {
		t.Error(csp)
	}
}
