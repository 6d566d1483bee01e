package archive

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// noise is data that does not pack.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func bench(b *testing.B, name string, data []byte) {
	b.Helper()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		Look(name, data, Limits{})
	}
}

// BenchmarkZip looks into a ZIP of 1 MiB with 100 entries.
func BenchmarkZip(b *testing.B) {
	var files []file
	for i := range 100 {
		files = append(files, file{fmt.Sprintf("photo %d.jpg", i), "\xff\xd8\xff\xe0\x00\x10JFIF" + noise(10<<10)})
	}
	bench(b, "a.zip", zipOf(b, files...))
}

// BenchmarkNestedZip looks into the same packed once more.
func BenchmarkNestedZip(b *testing.B) {
	var files []file
	for i := range 100 {
		files = append(files, file{fmt.Sprintf("photo %d.jpg", i), "\xff\xd8\xff\xe0\x00\x10JFIF" + noise(10<<10)})
	}
	bench(b, "a.zip", zipOf(b, file{"b.zip", string(zipOf(b, files...))}))
}

// BenchmarkPDF looks for names in 1 MiB.
func BenchmarkPDF(b *testing.B) {
	bench(b, "a.pdf", []byte("%PDF-1.7\n"+stream("", []byte(noise(1<<20)))))
}

// BenchmarkXZ unpacks LZMA2.
func BenchmarkXZ(b *testing.B) {
	data := read(b, "plain.xz")
	b.SetBytes(14028) // what comes out
	for b.Loop() {
		Look("a.pdf", data, Limits{})
	}
}
