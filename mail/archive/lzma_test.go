package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// The files in testdata were made with 7-Zip and with Python's lzma module from a folder
// "in" with a text, and a program in "sub".

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecodersGiveWhatWasPacked(t *testing.T) {
	const want = "fc28c351128eb09d2952ff56068d8bbfbc37020b7696dcbeb73122cec3bca10b"
	lzma := read(t, "plain.lzma")
	alone, err := newLZMA(lzma[:5], lzma[13:], -1)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]worker{"xz": newXZ(read(t, "plain.xz")), "lzma": alone} {
		b, err := io.ReadAll(r)
		sum := sha256.Sum256(b)
		if got := hex.EncodeToString(sum[:]); err != nil || got != want {
			t.Errorf("%s: %d bytes with digest %s (%v), want %s", name, len(b), got, err, want)
		}
		if w := r.work(); w <= 0 || w > 100_000 {
			t.Errorf("%s: work %d", name, w)
		}
	}
}

// TestDecodersEndOnDamage cuts and changes packed data in many places: each must end,
// and none may give more than it was asked for.
func TestDecodersEndOnDamage(t *testing.T) {
	whole := read(t, "plain.xz")
	for i := 0; i < len(whole); i += 97 {
		damaged := append([]byte(nil), whole...)
		damaged[i] ^= 1 << (i % 8)
		for _, data := range [][]byte{whole[:i], damaged} {
			if n, _ := io.Copy(io.Discard, io.LimitReader(newXZ(data), 1<<20)); n > 1<<19 {
				t.Errorf("%d bytes after damage at %d", n, i)
			}
		}
	}
}
