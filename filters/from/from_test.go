package from

import (
	"context"
	"slices"
	"testing"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/mail"
)

func TestEveryFlawIsDescribed(t *testing.T) {
	var described []string
	for _, s := range Kind.Symbols {
		described = append(described, s.Name)
	}
	if !slices.Equal(described, mail.FromFlaws) {
		t.Errorf("described %v\nflaws %v", described, mail.FromFlaws)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		header mail.Header
		want   []string
	}{
		{"one address is nothing to report", mail.Header{{Name: "From", Value: " a@example.org"}}, nil},
		{"no field", nil, []string{mail.FromMissing}},
		{"two fields", mail.Header{{Name: "From", Value: " a@example.org"}, {Name: "FROM", Value: " b@example.net"}},
			[]string{mail.FromMultipleFields, mail.FromMultipleAddresses}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := New(filters.Env{})
			if err != nil {
				t.Fatal(err)
			}
			res, err := f.Check(context.Background(), mail.New(mail.Message{Header: c.header}))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range res.Symbols {
				got = append(got, s.Name)
				if s.Factor != 1 {
					t.Errorf("%s has factor %v", s.Name, s.Factor)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}
