package dns

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestServersAreReadInEveryForm(t *testing.T) {
	tests := []struct{ in, want string }{
		{"192.0.2.1", "192.0.2.1:53"},
		{"192.0.2.1:5353", "192.0.2.1:5353"},
		{"2001:db8::1", "[2001:db8::1]:53"},
		{"[2001:db8::1]", "[2001:db8::1]:53"},
		{"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
		{"ns.example.org", ""},
		{"192.0.2.1:0", ""},
		{"192.0.2.1:99999", ""},
		{"[192.0.2.1", ""},
		{"", ""},
	}
	for _, tt := range tests {
		ap, err := ParseServer(tt.in)
		if (err == nil) != (tt.want != "") || (err == nil && ap.String() != tt.want) {
			t.Errorf("%q: %v, %v, want %q", tt.in, ap, err, tt.want)
		}
	}
}

func TestResolvConf(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"servers in their order", "# c\nnameserver 192.0.2.1\nsearch example.org\nnameserver\t2001:db8::1 \n", "[192.0.2.1:53 [2001:db8::1]:53]"},
		{"none means this machine", "search example.org\n", "[127.0.0.1:53]"},
		{"a name is an error", "nameserver ns.example.org\n", "[] nameserver \"ns.example.org\": not an address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := nameservers(strings.NewReader(tt.in))
			got := fmt.Sprint(list)
			if err != nil {
				got += " " + err.Error()
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
	list, err := serverList(nil, filepath.Join(t.TempDir(), "absent"))
	if err != nil || fmt.Sprint(list) != "[127.0.0.1:53]" {
		t.Errorf("without a file: %v, %v", list, err)
	}
}

func TestImpossibleOptionsAreRefused(t *testing.T) {
	for _, servers := range [][]string{{"ns.example.org"}, make([]string, maxServers+1)} {
		if c, err := New(Options{Servers: servers}); err == nil {
			c.Close()
			t.Errorf("%q was taken", servers)
		}
	}
}
