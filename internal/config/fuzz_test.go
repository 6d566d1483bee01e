package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad reads any bytes as a configuration. Either there are faults, each
// printable and in its place, or what show prints of it is again a configuration that
// shows as the same.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	var reference bytes.Buffer
	if err := WriteReference(&reference, testSections(), testSymbols()); err != nil {
		f.Fatal(err)
	}
	f.Add(reference.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 || bytes.Contains(data, []byte("_file")) {
			return // secrets would be read from any file
		}
		c, err := load(testOptions(""), []source{{"fuzz.yaml", data}}, nil)
		if err != nil {
			checkFaults(t, err)
			return
		}
		var first, second bytes.Buffer
		if err := Show(&first, c); err != nil {
			t.Fatal(err)
		}
		again, err := load(testOptions(""), []source{{"shown.yaml", first.Bytes()}}, nil)
		if err != nil {
			t.Fatalf("%v\nof %s", err, &first)
		}
		if err := Show(&second, again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("%s\nbecomes\n%s", &first, &second)
		}
	})
}

func checkFaults(t *testing.T, err error) {
	t.Helper()
	var faults Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		t.Fatalf("not faults: %v", err)
	}
	for _, f := range faults {
		if f.File != "fuzz.yaml" || printable(f.String()) != f.String() {
			t.Errorf("%q in %q", f.String(), f.File)
		}
	}
}

// FuzzKeyPath splits any text as a key path; what splits joins to a path that
// splits alike.
func FuzzKeyPath(f *testing.F) {
	for _, s := range []string{"limits.total", `filters.dnsbl.codes["127.0.0.2"]`, "a..b", "a[", `["\x00"].b`, "a[0]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		keys, err := split(s)
		if err != nil {
			return
		}
		path := ""
		for _, k := range keys {
			path = join(path, k)
		}
		again, err := split(path)
		if err != nil || len(again) != len(keys) {
			t.Fatalf("%q: %q, %q, %v", s, keys, again, err)
		}
		for i := range keys {
			if keys[i] != again[i] {
				t.Fatalf("%q: %q, %q", s, keys, again)
			}
		}
	})
}
