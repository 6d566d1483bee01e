package dnsbl

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/dnstest"
)

func benchZones() (dnstest.Zone, *Config) {
	return points("a.example.net", "b.example.net", "c.example.net", "dom.example.net"), only(
		Zone{Name: "a", Zone: "a.example.net", Lookup: []string{"client", "received"}},
		Zone{Name: "b", Zone: "b.example.net"},
		Zone{Name: "c", Zone: "c.example.net"},
		Zone{Name: "dom", Zone: "dom.example.net", Kind: kindDomain})
}

// BenchmarkWarm is a message that names something everywhere, with every answer in the cache.
func BenchmarkWarm(b *testing.B) {
	zone, c := benchZones()
	f, _, _ := served(b, zone, 2*time.Second, c)
	m := everything()
	check(b, f, m)
	b.ReportAllocs()
	for b.Loop() {
		check(b, f, m)
	}
}

// BenchmarkClients is a new client for each message: three questions to the test server.
func BenchmarkClients(b *testing.B) {
	zone, c := benchZones()
	f, _, _ := served(b, zone, 2*time.Second, c)
	var n atomic.Uint32
	before := time.Now()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			m := from4("203.0.113.1")
			s := *m.Session
			s.ClientIP = netip.AddrFrom4([4]byte{203, byte(i >> 16), byte(i >> 8), byte(i)})
			m.Session = &s
			check(b, f, m)
		}
	})
	b.ReportMetric(float64(3*n.Load())/time.Since(before).Seconds(), "questions/s")
}

// BenchmarkSubjects is what it takes to find what to ask about.
func BenchmarkSubjects(b *testing.B) {
	zone, c := benchZones()
	f := start(b, &dnstest.Resolver{Zone: zone}, c)
	m := everything()
	_ = m.Author()
	b.ReportAllocs()
	for b.Loop() {
		if len(f.subjects(m, verified(m))) == 0 {
			b.Fatal("nothing")
		}
	}
}
