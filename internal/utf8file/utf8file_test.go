package utf8file

import "testing"

func TestFault(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
		found        bool
	}{
		{"", 0, 0, false},
		{"a\nü\ufffd\n", 0, 0, false},
		{"\xff\xfe", 1, 1, true},
		{"a\nü\xb7\xa2", 2, 2, true},
		{"发\xe5\x8f", 1, 2, true},
	} {
		if line, column, found := Fault(c.text); line != c.line || column != c.column || found != c.found {
			t.Errorf("%q: %d:%d %v", c.text, line, column, found)
		}
	}
}
