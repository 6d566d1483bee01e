package mime

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/shared"
	"github.com/postern-mail/postern/mail/text/charset"
)

// wantMessage is a message as the other parser read it.
type wantMessage struct {
	Parts []struct {
		Headers []struct {
			Name  json.RawMessage
			Value json.RawMessage
		}
		Body json.RawMessage
	}
}

// wantLeaf is one leaf of it: its type ("" for none declared), the content as
// text or as bytes.
type wantLeaf struct {
	typ, text string
	bytes     []byte
	isText    bool
}

func (m wantMessage) leaves(t *testing.T) (all []wantLeaf) {
	for _, p := range m.Parts {
		leaf := wantLeaf{}
		for _, h := range p.Headers {
			var v struct {
				ContentType struct {
					Type    string  `json:"c_type"`
					Subtype *string `json:"c_subtype"`
				}
			}
			if string(h.Name) == `"content_type"` && json.Unmarshal(h.Value, &v) == nil && v.ContentType.Subtype != nil {
				leaf.typ = v.ContentType.Type + "/" + *v.ContentType.Subtype
			}
		}
		var body struct {
			Text, Html           *string
			Binary, InlineBinary []int
			Message              *wantMessage
			Multipart            []int
		}
		if err := json.Unmarshal(p.Body, &body); err != nil {
			t.Fatal(err)
		}
		switch {
		case body.Message != nil:
			all = append(all, body.Message.leaves(t)...)
		case body.Text != nil:
			leaf.text, leaf.isText = *body.Text, true
			all = append(all, leaf)
		case body.Html != nil:
			leaf.text, leaf.isText = *body.Html, true
			all = append(all, leaf)
		case body.Binary != nil, body.InlineBinary != nil:
			for _, c := range append(body.Binary, body.InlineBinary...) {
				leaf.bytes = append(leaf.bytes, byte(c))
			}
			all = append(all, leaf)
		}
	}
	return all
}

func squash(s string) string { return strings.Join(strings.Fields(s), " ") }

// same tells whether our part is the leaf, line ends and outer blanks aside.
func (w wantLeaf) same(p *Part) bool {
	if w.typ != "" && w.typ != p.Type {
		return false
	}
	if !w.isText {
		return bytes.Equal(bytes.TrimSpace(w.bytes), bytes.TrimSpace(p.Content()))
	}
	text, _ := charset.Decode(p.Charset, p.Content(), 1<<20)
	return squash(w.text) == squash(text)
}

func TestMailParserMessages(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(shared.Dir(t, "conformance", "mime", "mail-parser"), "*", "*.eml"))
	leaves, first, other, argued := 0, 0, 0, 0
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file)) + "/" + strings.TrimSuffix(filepath.Base(file), ".eml")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(strings.TrimSuffix(file, ".eml") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want wantMessage
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		tree := ScanMessage(raw, DefaultLimits())
		used := map[*Part]bool{}
		for _, w := range want.leaves(t) {
			leaves++
			i := slices.IndexFunc(tree.Parts(), func(p *Part) bool { return !used[p] && w.same(p) })
			switch {
			case i < 0 && differences[name] != "":
				argued++
			case i < 0:
				t.Errorf("%s: no part is %s %q %q\n%s", name, w.typ, w.text, w.bytes, describe(tree))
			default:
				p := tree.Parts()[i]
				used[p] = true
				if p.Reading == "" {
					first++
				} else {
					other++
				}
			}
		}
	}
	t.Logf("%d messages, %d leaves: %d in the first reading, %d in another, %d argued", len(files), leaves, first, other, argued)
}

func describe(tree *Tree) string {
	var b strings.Builder
	for _, p := range tree.All() {
		b.WriteString("  " + p.Path + " [" + p.Reading + "] " + p.Type)
		if p.Container {
			b.WriteString(" container")
		} else {
			b.WriteString(" " + safe(string(p.Content())))
		}
		b.WriteString("\n")
	}
	for _, f := range tree.Findings() {
		b.WriteString("  " + f.Symbol + " " + f.Detail + "\n")
	}
	return b.String()
}

// differences are messages of which the other parser shows a leaf that no
// reading here shows, and why.
var differences = map[string]string{
	"malformed/002":  "a multipart whose boundary never comes: the same text, but it is text/plain here, not multipart/mixed",
	"malformed/022":  "a message/rfc822 without header: the same text, but as the text/plain inside the message",
	"rfc/000":        "base64 that is prose: decoded here with its junk skipped, left as it stands there; both call it damaged",
	"thirdparty/002": "base64 with junk: all of it is decoded here, where the other stops at some of it",
	"thirdparty/005": "a closing delimiter in the middle of a line, which RFC 2046 section 5.1.1 excludes",
}

func TestMailParserContentTypes(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(shared.Dir(t, "conformance", "mime", "mail-parser", "fields"), "content_type.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Header   string
		Expected *struct {
			Type       string  `json:"c_type"`
			Subtype    *string `json:"c_subtype"`
			Attributes [][2]string
		}
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	agree, argued := 0, 0
	for _, c := range cases {
		base, params := ParseValue(c.Header)
		if c.Expected == nil { // no type: ours must not look like one
			if main, sub, _ := strings.Cut(base, "/"); main != "" && sub != "" {
				t.Errorf("%q: base %q, want none", c.Header, base)
			}
			agree++
			continue
		}
		want := c.Expected.Type
		if c.Expected.Subtype != nil {
			want += "/" + *c.Expected.Subtype
		}
		bad := strings.TrimSuffix(base, "/") != strings.ToLower(want)
		for _, a := range c.Expected.Attributes {
			if strings.HasSuffix(a[0], "-language") {
				continue // the language of RFC 2231 is not kept
			}
			bad = bad || !slices.ContainsFunc(params, func(p Param) bool { return p.Name == a[0] && p.Value == a[1] })
		}
		switch {
		case !bad:
			agree++
		case fieldDifferences[c.Header] != "":
			argued++
		default:
			t.Errorf("%q:\n got %q %+v\nwant %q %q", c.Header, base, params, want, c.Expected.Attributes)
		}
	}
	t.Logf("%d fields: %d agree, %d argued", len(cases), agree, argued)
}

// fieldDifferences are Content-Type fields that are read otherwise here.
var fieldDifferences = map[string]string{
	"application/pdf\n   filename*0*=iso-8859-1'es'%D1and%FA\n   filename*1*=iso-8859-1'%20r%E1pido\n   filename*2*=\"iso-8859-1' (versi%F3n \\'99 \\\"oficial\\\").pdf\"\n": "RFC 2231 section 4.1: the charset stands in the first section only",
	"image/jpeg;\n   name=\"=?iso-8859-1?B?4Q==?= =?utf-8?B?w6k=?= =?iso-8859-1?q?=ED?=.jpeg\"\n":                                                                            "RFC 2047 section 6.2: blanks between encoded words go",
	"malicious/attempt; 1*2*=a; 3**=b; 4***=c; *5**6*=d;*****7*8*=e; 9*10*11*12*13*14=f; 15*x***fff*===g;1 * 999999999999999999 *= h; 18 *=*=*=*=*==i;\n":                    "a section number beyond any integer",
}

func TestEnmimeMessagesAreReadSensibly(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(shared.Dir(t, "conformance", "mime", "enmime"), "*", "*.raw"))
	leaves := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree := ScanMessage(raw, DefaultLimits())
		if len(tree.Parts()) == 0 {
			t.Errorf("%s: no parts", filepath.Base(file))
		}
		if tree.Work() > workFactor*(len(raw)+4096) {
			t.Errorf("%s: %d bytes looked at for %d", filepath.Base(file), tree.Work(), len(raw))
		}
		for _, p := range tree.Parts() {
			leaves++
			if len(p.Content()) > len(raw) || p.Found() == "" {
				t.Errorf("%s: part %s has %d bytes, looks like %q", filepath.Base(file), p.Path, p.Size(), p.Found())
			}
		}
		if want := enmimeLeaves[filepath.Base(file)]; want != nil {
			var got []string
			for _, p := range tree.Parts() {
				if p.Reading == "" {
					got = append(got, p.Type)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: leaves %q, want %q", filepath.Base(file), got, want)
			}
		}
	}
	t.Logf("%d messages, %d leaves", len(files), leaves)
}

// enmimeLeaves are the leaves that the first reading must show.
var enmimeLeaves = map[string][]string{
	"attachment.raw":                     {"text/plain", "text/html"},
	"bad-final-boundary.raw":             {"text/plain", "application/x-zip-compressed", "text/plain"},
	"epilogue-sample.raw":                {"text/plain", "text/html"},
	"html-with-boundary.raw":             {"text/html"},
	"missing-ctype.raw":                  {"text/plain", "text/html"},
	"multi-malformed.raw":                {"text/plain", "text/plain", "text/plain"},
	"multimixed-no-closing-boundary.raw": {"text/html"},
	"multipart-wo-boundary.raw":          {"multipart/report"},
	"nestedmulti.raw":                    {"text/plain", "text/html", "text/plain", "text/plain"},
	"similar-boundary.raw":               {"text/plain", "text/plain", "text/html"},
	"unk-encoding-part.raw":              {"text/plain", "application/x-zip-compressed"},
}
