package mime

import (
	"fmt"
	"strings"
	"testing"
)

// hostile messages, each by how much of it there is.
var hostile = []struct {
	name   string
	make   func(n int) string
	n      int
	symbol string
}{
	{"500 levels", func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return b.String() + "\r\nhello"
	}, 500, "MIME_LIMIT_DEPTH"},
	{"500 levels of messages", func(n int) string {
		return strings.Repeat("Content-Type: message/rfc822\r\n\r\n", n) + "\r\nhello"
	}, 500, "MIME_LIMIT_DEPTH"},
	{"50 levels of messages that are files", func(n int) string {
		return strings.Repeat("Content-Type: message/rfc822; name=a\r\n\r\n", 49) + "\r\n" + strings.Repeat("x", n)
	}, 4 << 20, "MIME_LIMIT_DECODED"},
	{"500 levels of messages by name", func(n int) string {
		return strings.Repeat("Content-Type: a/b; name=a.eml\r\n\r\n", n) + "\r\nhello"
	}, 500, "MIME_LIMIT_READINGS"},
	{"30 levels of messages by name", func(n int) string {
		return strings.Repeat("Content-Type: a/b; name=a.eml\r\n\r\n", 30) + "\r\n" + strings.Repeat("x", n)
	}, 4 << 20, "MIME_LIMIT_DECODED"},
	{"20,000 parts", func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", n) + "--b--"
	}, 20000, "MIME_LIMIT_PARTS"},
	{"20,000 parts under two Content-Types", func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" +
			strings.Repeat("--b\r\n\r\nx\r\n--c\r\n\r\ny\r\n", n/2) + "--b--"
	}, 20000, "MIME_LIMIT_PARTS"},
	{"20,000 closing delimiters", func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b; boundary=c\r\n\r\n--b\r\n\r\nx\r\n" + strings.Repeat("--b--\r\n--b\r\n\r\ny\r\n--b--\r\n", n)
	}, 20000, "MIME_LIMIT_PARTS"},
	{"20,000 header fields in a part", func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + strings.Repeat("Content-Type: text/html\r\n", n) + "\r\nx\r\n--b--"
	}, 20000, "MIME_LIMIT_HEADER"},
	{"one field of a MiB", func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; name=" + strings.Repeat("a=(\r\n ", n) + "\r\nx\r\n--b--"
	}, 170000, "MIME_LIMIT_HEADER"},
	{"a MiB of lone CR", func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + strings.Repeat("\r", n)
	}, 1 << 20, "MIME_BARE_CR"},
	{"everything ambiguous at once", func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b; boundary=c\r\nContent-Type: multipart/mixed; boundary=d\r\nContent-Type: multipart/mixed\r\n\r\n" +
			strings.Repeat("--b\r\njunk\r--bb\r\nContent-Type: multipart/mixed; boundary=b\r\n \r\n--b--\r\n--c\r\n\r\n--d\r\n--b\r\n", n)
	}, 5000, "MIME_LIMIT_PARTS"},
	{"multiparts in quoted-printable in one another", func(n int) string {
		return strings.Repeat("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", n) + strings.Repeat("x=41\r\n", 20000)
	}, 100, "MIME_LIMIT_DEPTH"},
	{"20,000 uuencoded files", func(n int) string {
		return "\r\n" + strings.Repeat("begin 644 a.exe\r\n#0V%T\r\nend\r\n", n)
	}, 20000, "MIME_LIMIT_PARTS"},
	{"20,000 findings", func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: a\r\nContent-Transfer-Encoding: z\r\n\r\nx\r\n", n) + "--b--"
	}, 20000, "MIME_LIMIT_FINDINGS"},
}

func TestHostileMessagesCostLinearTime(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			limits := DefaultLimits()
			one, two := test.make(test.n/2), test.make(test.n)
			half, whole := ScanMessage([]byte(one), limits), ScanMessage([]byte(two), limits)
			if !whole.Has(test.symbol) {
				t.Errorf("no %s:\n%.2000s", test.symbol, describe(whole))
			}
			if whole.Work() > workFactor*(len(two)+4096)+2*len(two) {
				t.Errorf("%d bytes looked at for %d", whole.Work(), len(two))
			}
			if whole.Work() > 3*half.Work()+1<<16 {
				t.Errorf("%d bytes cost %d, twice as many %d", len(one), half.Work(), whole.Work())
			}
			if len(whole.All()) > 4*limits.Parts || len(whole.Findings()) > limits.Findings+1+10 {
				t.Errorf("%d parts, %d findings", len(whole.All()), len(whole.Findings()))
			}
			decoded := 0
			for _, p := range whole.Parts() {
				decoded += p.Size()
			}
			files := 0
			for _, p := range whole.Attachments() {
				files += p.Size()
			}
			if most := limits.DecodedBytes + len(two); decoded > most || files > most {
				t.Errorf("%d bytes of content, %d of files", decoded, files)
			}
			t.Logf("%d bytes: %d looked at, %d parts, %d bytes of content", len(two), whole.Work(), len(whole.All()), decoded)
		})
	}
}

func TestEachLimitRaisesItsSymbol(t *testing.T) {
	message := "Content-Type: multipart/mixed; boundary=b; boundary=c\r\n\r\n" +
		"--b\r\nContent-Transfer-Encoding: base64\r\nX: y\r\nContent-Type: text/plain; charset=utf-8; name=a; name=b\r\n\r\naGVsbG8gaGVsbG8gaGVsbG8=\r\n--b\r\n\r\ntwo\r\n--b--\r\n"
	tests := []struct {
		symbol string
		set    func(*Limits)
	}{
		{"MIME_LIMIT_DEPTH", func(l *Limits) { l.Depth = 0 }},
		{"MIME_LIMIT_PARTS", func(l *Limits) { l.Parts = 2 }},
		{"MIME_LIMIT_HEADER", func(l *Limits) { l.HeaderBytes = 10 }},
		{"MIME_LIMIT_HEADER", func(l *Limits) { l.HeaderFields = 1 }},
		{"MIME_LIMIT_DECODED", func(l *Limits) { l.DecodedBytes = 10 }},
		{"MIME_LIMIT_FINDINGS", func(l *Limits) { l.Findings = 1 }},
		{"MIME_LIMIT_NAMES", func(l *Limits) { l.Names = 1 }},
		{"MIME_LIMIT_NAMES", func(l *Limits) { l.Params = 1 }},
		{"MIME_LIMIT_READINGS", func(l *Limits) { l.Readings = 1 }},
	}
	for _, test := range tests {
		t.Run(test.symbol, func(t *testing.T) {
			limits := DefaultLimits()
			test.set(&limits)
			if tree := ScanMessage([]byte(message), limits); !tree.Has(test.symbol) {
				t.Error(describe(tree))
			}
		})
	}
	if tree := Scan(nil, []byte("x"), true, DefaultLimits()); !tree.Has("MIME_CUT") {
		t.Error("no MIME_CUT")
	}
}

func TestWhatLiesBeyondALimitStaysVisible(t *testing.T) {
	limits := DefaultLimits()
	limits.Parts = 3
	tree := ScanMessage([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n"+strings.Repeat("--b\r\n\r\nx\r\n", 10)+"--b\r\n\r\nevil\r\n--b--"), limits)
	last := tree.Parts()[len(tree.Parts())-1]
	if last.Role != RoleRest || !strings.Contains(string(last.Content()), "evil") {
		t.Error(describe(tree))
	}
}

func TestWhatIsTooDeepToBeTakenApartIsTold(t *testing.T) {
	limits := DefaultLimits()
	limits.Depth = 2
	letter := "Content-Type: a/b; name=a.eml\r\n\r\n"
	for levels, want := range []bool{false, false, false, true} {
		tree := ScanMessage([]byte(strings.Repeat(letter, levels)+"Subject: a\r\n\r\nhello"), limits)
		if tree.Has("MIME_LIMIT_DEPTH") != want {
			t.Errorf("%d levels: %s", levels, describe(tree))
		}
	}
}
