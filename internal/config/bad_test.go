package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/bad/*.txt anew")

// Every file in testdata/bad has the fault that its name says; the .txt beside
// it is what config check prints.
func TestBadFilesAreReportedWhole(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test files", err)
	}
	count := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c, err := Load(testOptions(file))
			var faults Faults
			if c != nil || !errors.As(err, &faults) {
				t.Fatalf("it loads, or %v", err)
			}
			var b strings.Builder
			n, _ := Report(&b, err, nil)
			count += n
			got := strings.ReplaceAll(b.String(), "testdata/bad/", "")
			golden := strings.TrimSuffix(file, "yaml") + "txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Error(d)
			}
		})
	}
	t.Logf("%d bad files, %d faults", len(files), count)
}

func TestBadVariablesAndFlagsAreNamed(t *testing.T) {
	opts := testOptions("")
	opts.Environ = []string{
		"POSTERN_MOED=mark", "POSTERN_LIMITS__TOTAL=5", "POSTERN_LIMITS=5", "POSTERN_LOG__=x", "POSTERN_DNS__SERVERS=a,192.0.2.1",
		"POSTERN_NETWORKS__TRUSTED=[192.0.2.0/24", "POSTERN_FILTERS__SPF__LOOKUPS=0", "POSTERN_HEADERS__SPAM_HEADERS=on",
	}
	opts.Flags = map[string]string{"mode.x": "1", "lst[0]": "2", "mode": "enforec", "limits.total": "7"}
	_, err := Load(opts)
	if err == nil {
		t.Fatal("no faults")
	}
	for _, want := range []string{
		`environment POSTERN_MOED: moed: unknown key (did you mean "mode"?)`,
		`environment POSTERN_LIMITS: not a key such as`,
		`environment POSTERN_LOG__: not a key such as`,
		`environment POSTERN_DNS__SERVERS: dns.servers[0]: "a" is not the address`,
		`environment POSTERN_NETWORKS__TRUSTED: not valid YAML`,
		`environment POSTERN_FILTERS__SPF__LOOKUPS: filters.spf.lookups: must be from 1 to 50, is "0"`,
		`environment POSTERN_HEADERS__SPAM_HEADERS: headers.spam_headers: must be true or false, is "on"`,
		`flag mode.x: in the way of another flag`,
		`flag lst[0]: not a key such as`,
		`flag mode: mode: must be one of observe, mark, enforce, is "enforec" (did you mean "enforce"?)`,
		`flag limits.total: limits.total: "7" is not a duration`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
}

func TestTooLargeAFileIsNotParsed(t *testing.T) {
	for name, text := range map[string]string{
		"bytes": "# " + strings.Repeat("x", maxFile),
		"words": strings.Repeat("a: b\n", maxTokens/2),
	} {
		_, err := Load(testOptions(write(t, map[string]string{"postern.yaml": text})))
		var faults Faults
		if !errors.As(err, &faults) || len(faults) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALongValueDoesNotMakeALongFault(t *testing.T) {
	_, err := Load(testOptions(write(t, map[string]string{"postern.yaml": "mode: " + strings.Repeat("é", 100000)})))
	if err == nil || len(err.Error()) > 1000 {
		t.Errorf("%d bytes", len(err.Error()))
	}
}
