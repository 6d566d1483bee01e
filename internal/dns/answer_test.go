package dns

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/miekg/dns"
)

func records(t testing.TB, lines ...string) []dns.RR {
	t.Helper()
	var rrs []dns.RR
	for _, l := range lines {
		rr, err := dns.NewRR(l)
		if err != nil {
			t.Fatal(err)
		}
		rrs = append(rrs, rr)
	}
	return rrs
}

// chain is an alias chain of n links from example.org, with an address at its end.
func chain(n int) []string {
	var lines []string
	owner := "example.org."
	for i := range n {
		next := "a" + strconv.Itoa(i) + ".example.net."
		lines = append(lines, owner+" 60 IN CNAME "+next)
		owner = next
	}
	return append(lines, owner+" 60 IN A 192.0.2.1")
}

func TestInterpretReadsAnAnswer(t *testing.T) {
	one := netip.MustParseAddr("192.0.2.1")
	tests := []struct {
		name      string
		typ       Type
		rcode     int
		answer    []string
		authority []string
		want      Answer
		err       error
	}{
		{name: "addresses, the shortest lifetime", typ: TypeA, answer: []string{"example.org. 300 IN A 192.0.2.1", "EXAMPLE.org. 60 IN A 192.0.2.2"},
			want: Answer{Addrs: []netip.Addr{one, netip.MustParseAddr("192.0.2.2")}, TTL: time.Minute}},
		{name: "an alias counts for the lifetime", typ: TypeAAAA, answer: []string{"w.example.net. 300 IN AAAA 2001:db8::1", "example.org. 9 IN CNAME W.example.net."},
			want: Answer{Addrs: []netip.Addr{netip.MustParseAddr("2001:db8::1")}, TTL: 9 * time.Second}},
		{name: "strings of one record are joined, records are not", typ: TypeTXT, answer: []string{`example.org. 60 IN TXT "a" "b"`, `example.org. 60 IN TXT "c"`},
			want: Answer{TXT: []string{"ab", "c"}, TTL: time.Minute}},
		{name: "escapes are undone", typ: TypeTXT, answer: []string{`example.org. 60 IN TXT "q\"b\\s\000\2551"`},
			want: Answer{TXT: []string{"q\"b\\s\x00\xff1"}, TTL: time.Minute}},
		{name: "mail exchangers", typ: TypeMX, answer: []string{"example.org. 60 IN MX 10 MX.example.org.", "example.org. 60 IN MX 0 ."},
			want: Answer{MX: []MX{{10, "mx.example.org"}, {0, ""}}, TTL: time.Minute}},
		{name: "a pointer with odd bytes stays escaped", typ: TypePTR, answer: []string{`example.org. 60 IN PTR a\007b\.c.Example.org.`},
			want: Answer{PTR: []string{`a\007b\.c.example.org`}, TTL: time.Minute}},
		{name: "records of other names and types are passed over", typ: TypeA, answer: []string{"other.example. 60 IN A 192.0.2.9", `example.org. 60 IN TXT "x"`, "example.org. 70 IN A 192.0.2.1"},
			want: Answer{Addrs: []netip.Addr{one}, TTL: 70 * time.Second}},
		{name: "records of another class are passed over", typ: TypeA, answer: []string{"example.org. 60 CH A 192.0.2.9"}, err: ErrNoData},
		{name: "a lifetime with the top bit is 0", typ: TypeA, answer: []string{"example.org. 2147483648 IN A 192.0.2.1"}, want: Answer{Addrs: []netip.Addr{one}}},
		{name: "ten aliases", typ: TypeA, answer: chain(10), want: Answer{Addrs: []netip.Addr{one}, TTL: time.Minute}},
		{name: "eleven aliases", typ: TypeA, answer: chain(11), err: ErrServfail},
		{name: "an alias loop", typ: TypeA, answer: []string{"example.org. 60 IN CNAME x.org.", "x.org. 60 IN CNAME example.org."}, err: ErrServfail},
		{name: "no such name, for the minimum", typ: TypeA, rcode: dns.RcodeNameError, authority: []string{"org. 900 IN SOA a. b. 1 2 3 4 300"},
			want: Answer{TTL: 5 * time.Minute}, err: ErrNotFound},
		{name: "no data, for the lifetime of the SOA", typ: TypeA, authority: []string{"example.org. 30 IN SOA a. b. 1 2 3 4 300"},
			want: Answer{TTL: 30 * time.Second}, err: ErrNoData},
		{name: "an alias to nothing lasts as long as the alias", typ: TypeA, rcode: dns.RcodeNameError, answer: []string{"example.org. 7 IN CNAME gone.example.net."},
			authority: []string{"example.net. 900 IN SOA a. b. 1 2 3 4 300"}, want: Answer{TTL: 7 * time.Second}, err: ErrNotFound},
		{name: "records under a name that does not exist are none", typ: TypeA, rcode: dns.RcodeNameError, answer: []string{"example.org. 60 IN A 192.0.2.1"}, err: ErrNotFound},
		{name: "a SOA of a stranger says nothing", typ: TypeA, authority: []string{"example.net. 30 IN SOA a. b. 1 2 3 4 300"}, err: ErrNoData},
		{name: "no data without a word", typ: TypeA, err: ErrNoData},
		{name: "a referral", typ: TypeA, authority: []string{"org. 60 IN NS ns.example.net."}, err: ErrServfail},
		{name: "SERVFAIL", typ: TypeA, rcode: dns.RcodeServerFailure, err: ErrServfail},
		{name: "REFUSED, whatever stands in it", typ: TypeA, rcode: dns.RcodeRefused, answer: []string{"example.org. 60 IN A 127.0.0.2"}, err: ErrServfail},
		{name: "a code nobody knows", typ: TypeA, rcode: 3999, err: ErrServfail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &dns.Msg{Answer: records(t, tt.answer...), Ns: records(t, tt.authority...)}
			m.Rcode = tt.rcode
			got, err := interpret(m, "example.org", tt.typ)
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if d := cmp.Diff(tt.want, got, cmpopts.EquateComparable(netip.Addr{})); d != "" {
				t.Errorf("answer (-want +got):\n%s", d)
			}
		})
	}
	t.Logf("%d answers", len(tests))
}

func TestMatchTakesOnlyTheAnswerToTheQuestion(t *testing.T) {
	q := new(dns.Msg).SetQuestion("example.org.", dns.TypeA)
	q.Id = 7
	tests := []struct {
		name  string
		spoil func(*dns.Msg)
		cut   int
		err   error
	}{
		{"the answer", func(*dns.Msg) {}, 0, nil},
		{"other case", func(m *dns.Msg) { m.Question[0].Name = "EXAMPLE.org." }, 0, nil},
		{"a bare error", func(m *dns.Msg) { m.Question, m.Rcode = nil, dns.RcodeFormatError }, 0, nil},
		{"a bare success", func(m *dns.Msg) { m.Question = nil }, 0, errForeign},
		{"another ID", func(m *dns.Msg) { m.Id++ }, 0, errForeign},
		{"a question", func(m *dns.Msg) { m.Response = false }, 0, errForeign},
		{"another name", func(m *dns.Msg) { m.Question[0].Name = "example.net." }, 0, errForeign},
		{"another type", func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeTXT }, 0, errForeign},
		{"another class", func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }, 0, errForeign},
		{"another opcode", func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }, 0, errForeign},
		{"two questions", func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }, 0, errForeign},
		{"truncated", func(m *dns.Msg) { m.Truncated = true }, 0, errTruncated},
		{"truncated in the middle of a record", func(m *dns.Msg) { m.Truncated, m.Answer = true, records(t, "example.org. 1 IN A 192.0.2.1") }, 3, errTruncated},
		{"mangled", func(m *dns.Msg) { m.Answer = records(t, "example.org. 1 IN A 192.0.2.1") }, 3, ErrServfail},
		{"shorter than a header", func(m *dns.Msg) { m.Question = nil }, 1, errForeign},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := new(dns.Msg).SetReply(q)
			tt.spoil(m)
			p, err := m.Pack()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := match(p[:len(p)-tt.cut], q); !errors.Is(err, tt.err) {
				t.Errorf("%v, want %v", err, tt.err)
			}
		})
	}
}

// FuzzAnswer reads packets as a server could send them: nothing may panic, an
// answer must be what its type promises, and no time may be negative.
func FuzzAnswer(f *testing.F) {
	q := new(dns.Msg).SetQuestion("example.org.", dns.TypeA)
	q.Id = 7
	for _, lines := range [][]string{chain(3), {`example.org. 60 IN TXT "a\000" "b"`}, {`example.org. 1 IN MX 1 .`}, {`example.org. 1 IN PTR a\.b.`}, {"example.org. 1 IN AAAA ::1"}} {
		m := new(dns.Msg).SetReply(q)
		m.Answer = records(f, lines...)
		m.Ns = records(f, "org. 900 IN SOA a. b. 1 2 3 4 300")
		p, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if _, err := match(p, q); err != nil && !errors.Is(err, errForeign) && !errors.Is(err, errTruncated) && !errors.Is(err, ErrServfail) {
			t.Errorf("match: %v", err)
		}
		m := new(dns.Msg)
		if m.Unpack(p) != nil {
			return
		}
		for _, typ := range []Type{TypeA, TypeAAAA, TypeTXT, TypeMX, TypePTR} {
			ans, err := interpret(m, "example.org", typ)
			n := len(ans.Addrs) + len(ans.TXT) + len(ans.MX) + len(ans.PTR)
			if (err == nil) != (n > 0) || ans.TTL < 0 {
				t.Errorf("%s: %d records, lifetime %v, %v", typ, n, ans.TTL, err)
			}
			for _, a := range ans.Addrs {
				if !a.IsValid() || a.Is4() != (typ == TypeA) {
					t.Errorf("%s: %v", typ, a)
				}
			}
			for _, host := range ans.PTR {
				if strings.ContainsFunc(host, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("a name that is not safe to print: %q", host)
				}
			}
		}
	})
}
