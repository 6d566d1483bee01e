package admin

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/postern-mail/postern/verdicts"
)

// Table is a part of the first page that a source of the daemon fills.
type Table struct {
	Title   string
	Note    string // what to know about it, "" for nothing
	Columns []string
	Rows    []Row
}

// Row is one line of a Table. Cells are plain text: the page escapes them.
type Row struct {
	Cells []string
	Bad   bool // something is wrong with it
}

// newest is how many verdicts the first page shows.
const newest = 50

var (
	//go:embed page.html
	pageText string
	//go:embed style.css
	styleText []byte

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
		"printable": verdicts.Printable, "join": func(s []string) string { return strings.Join(s, ", ") },
	}).Parse(pageText))
)

// firstPage is what the page shows.
type firstPage struct {
	Hostname string
	status
	Tables   []Table
	Verdicts []*verdicts.Record
	Problem  string // why there are no verdicts
}

// page shows a postmaster with a browser how Postern does: what is wrong and what to do about
// it, the tables of the daemon, the newest verdicts.
func (a api) page(w http.ResponseWriter, r *http.Request) {
	p := firstPage{Hostname: a.hostname, status: a.status()}
	for _, table := range a.tables {
		p.Tables = append(p.Tables, table())
	}
	var err error
	if p.Verdicts, _, err = a.store.Query(r.Context(), verdicts.Query{Limit: newest}); err != nil {
		a.log.Error("verdicts could not be read", "err", err)
		p.Problem = "the verdicts could not be read, see the log"
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		a.log.Error("page not made", "err", err)
		fail(w, http.StatusInternalServerError, "the page could not be made")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
	w.Write(b.Bytes()) // the client is gone when this fails: nobody to tell
}

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Write(styleText)
}
