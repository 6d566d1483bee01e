package recent

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/postern-mail/postern/learn"
)

func message(i int) Message {
	m := Message{ID: fmt.Sprintf("v%d", i), Digest: learn.Digest{byte(i)}}
	for t := range 10 {
		m.Tokens = append(m.Tokens, uint64(i)<<32+uint64(t))
	}
	return m
}

func open(t *testing.T, dir string, most Limits) *Ring {
	t.Helper()
	r, err := Open(dir, most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func add(t *testing.T, r *Ring, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := r.Add(message(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func found(t *testing.T, dir string, i int) bool {
	t.Helper()
	m, ok, err := Find(dir, fmt.Sprintf("v%d", i))
	if err != nil {
		t.Fatal(err)
	}
	if want := message(i); ok && (m.Digest != want.Digest || !slices.Equal(m.Tokens, want.Tokens)) {
		t.Fatalf("%v, want %v", m, want)
	}
	return ok
}

var plenty = Limits{Bytes: 1 << 20, Count: 1000}

func TestWhatIsAddedIsFoundByItsID(t *testing.T) {
	dir := t.TempDir()
	add(t, open(t, dir, plenty), 0, 50)
	for i := range 50 {
		if !found(t, dir, i) {
			t.Errorf("%d is not found", i)
		}
	}
	if found(t, dir, 50) {
		t.Error("what was never added is found")
	}
	if _, ok, err := Find(dir, ""); ok || err != nil {
		t.Errorf("no id: %v, %v", ok, err)
	}
}

func TestItIsBoundedByCountAndBytes(t *testing.T) {
	one := int64(len(encode(message(10))))
	for name, most := range map[string]Limits{"count": {Bytes: 1 << 20, Count: 20}, "bytes": {Bytes: 20 * one, Count: 1000}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			add(t, open(t, dir, most), 100, 200)
			kept := 0
			for i := 100; i < 200; i++ {
				if found(t, dir, i) {
					kept++
				}
			}
			if kept < 10 || kept > 20 || !found(t, dir, 199) || found(t, dir, 100) {
				t.Errorf("%d kept", kept)
			}
			var size int64
			for _, name := range []string{current, previous} {
				info, err := os.Stat(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				if info.Mode().Perm() != 0o600 {
					t.Errorf("mode %v", info.Mode())
				}
				size += info.Size()
			}
			if size > 20*(one+1) {
				t.Errorf("%d bytes", size)
			}
		})
	}
}

func TestItGoesOnAfterACrashInTheMiddleOfAWrite(t *testing.T) {
	dir := t.TempDir()
	add(t, open(t, dir, plenty), 0, 3)
	path := filepath.Join(dir, current)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := append(whole, encode(message(3))[:60]...)
	if err := os.WriteFile(path, cut, 0o600); err != nil {
		t.Fatal(err)
	}
	if !found(t, dir, 2) || found(t, dir, 3) {
		t.Error("the reader does not stop at the cut")
	}
	add(t, open(t, dir, plenty), 4, 6)
	for i, want := range []bool{true, true, true, false, true, true} {
		if found(t, dir, i) != want {
			t.Errorf("%d: found %v", i, !want)
		}
	}
}

func TestADamagedMessageIsNotFound(t *testing.T) {
	dir := t.TempDir()
	add(t, open(t, dir, plenty), 0, 1)
	path := filepath.Join(dir, current)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-10] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if found(t, dir, 0) {
		t.Error("found")
	}
}

func TestWhatCannotBeAMessageIsRefused(t *testing.T) {
	r := open(t, t.TempDir(), plenty)
	for _, m := range []Message{{}, {ID: string(make([]byte, maxID+1))}, {ID: "x", Tokens: make([]uint64, maxTokens+1)}} {
		if r.Add(m) == nil {
			t.Errorf("%q, %d tokens: no error", m.ID, len(m.Tokens))
		}
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	add(t, open(t, dir, Limits{Bytes: 1 << 20, Count: 4}), 0, 5)
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	if err := Remove(dir); err != nil {
		t.Errorf("twice: %v", err)
	}
}

func FuzzScan(f *testing.F) {
	whole := encode(message(1))
	f.Add(whole)
	f.Add(append(whole, whole[:20]...))
	f.Add([]byte("pcr1\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		size, count, _, err := scan(bytes.NewReader(data), "v1")
		if err != nil || size > int64(len(data)) || (count > 0) != (size > 0) {
			t.Fatalf("%d bytes, %d messages of %d, %v", size, count, len(data), err)
		}
		again, n, _, err := scan(bytes.NewReader(data[:size]), "")
		if err != nil || again != size || n != count {
			t.Fatalf("what is whole is not: %d, %d, %v", again, n, err)
		}
	})
}
