package archive

import (
	"bytes"
	"compress/flate"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// deflatedZeros packs a text and n zeros after it: the packed form of 64 KiB of
// zeros, again and again.
func deflatedZeros(t testing.TB, text []byte, n int) string {
	t.Helper()
	const chunk = 64 << 10
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	put := func(data []byte) string {
		b.Reset()
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	first := put(text)
	return first + strings.Repeat(put(make([]byte, chunk)), n/chunk) + "\x01\x00\x00\xff\xff"
}

// gzipZeros is that as a gzip file, its checksum left out.
func gzipZeros(t testing.TB, text []byte, n int) []byte {
	return le(nil, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", deflatedZeros(t, text, n), uint32(0), uint32(len(text)+n))
}

// look runs Look and gives what was spent: bytes unpacked, steps, and bytes
// allocated.
func look(name string, data []byte, lim Limits) (r Report, unpacked, steps int64, allocated uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := newWalker(len(data), lim)
	start := w.left
	w.visit(Entry{Path: []string{name}, Names: []string{name}, Size: int64(len(data))}, &content{data: data}, nil)
	runtime.ReadMemStats(&after)
	return w.report, start.bytes - w.left.bytes, start.steps - w.left.steps, after.TotalAlloc - before.TotalAlloc
}

// bomb is a 42.zip in small: levels of zips of several zips each, with zeros in
// the last.
func bomb(t testing.TB, levels, wide int) []byte {
	zeros := raw("0.dll", deflatedZeros(t, nil, 64<<20))
	zeros.method, zeros.size = 8, 64<<20
	b := rawZip(zeros)
	for range levels {
		var files []file
		for i := range wide {
			files = append(files, file{fmt.Sprintf("lib %d.zip", i), string(b)})
		}
		b = zipOf(t, files...)
	}
	return b
}

// overlapping makes a ZIP whose entries all mean the same packed bytes.
func overlapping(n int, name, data string, method uint16) []byte {
	files := []rawFile{{local: name, central: name, method: method, localMethod: -1, size: 1 << 30, data: data, at: -1}}
	for i := range n - 1 {
		files = append(files, rawFile{local: "-", central: fmt.Sprintf("%d-%s", i, name), method: method, localMethod: -1, size: 1 << 30, data: data})
	}
	return rawZip(files...)
}

func manyEntries(t testing.TB, n int) []byte {
	var files []rawFile
	for i := range n {
		files = append(files, raw(fmt.Sprintf("%d.txt", i), "x"))
	}
	return rawZip(files...)
}

func TestBombsAreCutShort(t *testing.T) {
	xz := read(t, "plain.xz")
	gz := gzipZeros(t, nil, 100<<20)
	tgz := gzipZeros(t, tarWith(t, "a.txt", []byte("x")), 100<<20)
	nested := zipOf(t, file{"x.txt", "x"})
	for range 20 {
		nested = zipOf(t, file{"x.zip", string(nested)})
	}
	pdf := "%PDF-1.7\n" + strings.Repeat("1 0 obj<</Type/EmbeddedFile>>stream\n", 100_000)
	for _, c := range []struct {
		name    string
		data    []byte
		lim     Limits
		detail  string
		entries int // at most
	}{
		{"zips in zips in zips", bomb(t, 4, 16), Limits{}, "its size", 10_000},
		{"zips in zips in zips, opened as far as they go", bomb(t, 1, 200), Limits{}, "says that it unpacks", 10_000},
		{"a gzip of zeros that a tar begins", tgz, Limits{}, "its size", 10},
		{"a gzip of zeros that is not unpacked", gz, Limits{}, "says that it unpacks to 104857600", 10},
		{"a gzip of a gzip of zeros", gzipOf(t, "", gz), Limits{}, "", 10},
		{"entries that mean the same pdf", overlapping(2000, "a.pdf", deflatedZeros(t, nil, 1<<20), 8), Limits{Bytes: 8 << 20}, "more than 8388608 bytes", 10_000},
		{"entries that mean the same stored bytes", overlapping(2000, "a.pdf", strings.Repeat("x", 1<<20), 0), Limits{}, "bytes", 10_000},
		{"entries that mean the same empty blocks", overlapping(9999, "a.txt", strings.Repeat("\x00\x00\x00\xff\xff", 200_000), 8), Limits{Steps: 12_000}, "steps", 10_000},
		{"entries that mean the same xz", overlapping(9999, "a.pdf", string(xz), zipXZ), Limits{Steps: 20_000}, "steps", 10_000},
		{"entries whose tables are the largest", overlapping(9999, "a.txt", "\x09\x14\x05\x00"+string(le(nil, byte(4*9+8), uint32(1<<16)))+strings.Repeat("\x00", 99), zipLZMA),
			Limits{Steps: 20_000}, "steps", 10_000},
		{"a tag that does not end", zipOf(t, types("x"), text(strings.Repeat("instr=", 600_000))), Limits{}, "", 10},
		{"tags that end in one place", zipOf(t, types("x"), text(strings.Repeat("<w:instrText instr=", 200_000)+">")), Limits{}, "", 10},
		{"twenty levels", nested, Limits{}, "deeper than 8 levels", 10},
		{"100,000 entries", manyEntries(t, 100_000), Limits{}, "more than 9999 entries", 10_000},
		{"20,000 hidden entries", []byte(strings.Repeat(zipLocal+"\x14\x00\x08\x00\x00\x00............\x00\x00\x00\x00\x01\x00\x00\x00a", 20_000)), Limits{}, "", 10_000},
		{"100,000 streams in a pdf", []byte(pdf), Limits{}, "", 10_000},
		{"bytes that the caller limits", zipOf(t, file{"a.pdf", strings.Repeat("x", 9999)}), Limits{Bytes: 1000}, "more than 1000 bytes", 2},
		{"a ratio that the caller limits", tgz, Limits{Ratio: 2}, "2 times its size", 2},
		{"steps that the caller limits", zipOf(t, file{"a.pdf", strings.Repeat("x", 99999)}), Limits{Steps: 9}, "more than 9 steps", 2},
		{"entries that the caller limits", zipOf(t, file{"a", "x"}, file{"b", "x"}), Limits{Entries: 2}, "more than 1 entries", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, unpacked, steps, allocated := look("a.bin", c.data, c.lim)
			t.Logf("%d bytes: %d unpacked, %d steps, %d allocated, %d entries, %v", len(c.data), unpacked, steps, allocated, len(r.Entries), r.Findings)
			if c.detail != "" && !r.says(Limit, c.detail) {
				t.Errorf("no finding %s %q among %q", Limit, c.detail, r.Findings)
			}
			if unpacked > DefaultBytes || steps > DefaultSteps || len(r.Entries) > c.entries {
				t.Errorf("%d bytes unpacked, %d steps, %d entries", unpacked, steps, len(r.Entries))
			}
			// Buffers double as they grow, and what is in memory is listed.
			if most := uint64(4*unpacked) + uint64(8*len(c.data)) + 128<<20; allocated > most {
				t.Errorf("%d bytes allocated, more than %d", allocated, most)
			}
		})
	}
}

// TestHonestFilesMeetNoLimit shows that the limits leave room.
func TestHonestFilesMeetNoLimit(t *testing.T) {
	var files []file
	for i := range 100 {
		files = append(files, file{fmt.Sprintf("xl/worksheets/sheet%d.xml", i), strings.Repeat("<c r=\"A1\"><v>1</v></c>", 4000)})
	}
	if r := Look("a.xlsx", zipOf(t, append(files, types("x"))...), Limits{}); len(r.Findings) > 0 {
		t.Errorf("got %v", r.Findings)
	}
}

// TestLookIsSafeForSeveralAtOnce runs under the race detector.
func TestLookIsSafeForSeveralAtOnce(t *testing.T) {
	data := zipOf(t, file{"b.zip", string(zipOf(t, file{"c.txt", "hello"}))}, file{"d.exe", peProgram})
	want := fmt.Sprint(Look("a.zip", data, Limits{}))
	done := make(chan string)
	for range 8 {
		go func() { done <- fmt.Sprint(Look("a.zip", data, Limits{})) }()
	}
	for range 8 {
		if got := <-done; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
