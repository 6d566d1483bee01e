package milter

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/postern-mail/postern/internal/miltertest"
	"github.com/postern-mail/postern/mail"
)

// apply does to a header what Postfix 3.7 was seen to do: it leaves the topmost field
// out when it looks for one to change, and counts all when it inserts.
func apply(header [][2]string, edits []miltertest.Packet) [][2]string {
	header = append([][2]string{{"Received", " by us"}}, header...)
	for _, e := range edits {
		data := e.Data
		var index int
		if e.Code != 'h' {
			index, data = int(binary.BigEndian.Uint32([]byte(data))), data[4:]
		}
		parts := strings.Split(data, "\x00")
		name, value := parts[0], parts[1]
		switch e.Code {
		case 'h':
			header = append(header, [2]string{name, value})
		case 'i':
			header = slices.Insert(header, min(index, len(header)), [2]string{name, value})
		case 'm':
			header = change(header, index, name, value)
		}
	}
	return header
}

func change(header [][2]string, n int, name, value string) [][2]string {
	for i := 1; i < len(header); i++ {
		if !strings.EqualFold(strings.TrimRight(header[i][0], " "), name) {
			continue
		}
		if n--; n > 0 {
			continue
		}
		if value == "" {
			return slices.Delete(header, i, i+1)
		}
		header[i] = [2]string{name, value}
		return header
	}
	return append(header, [2]string{name, value})
}

func TestEditsDoNotMoveEachOther(t *testing.T) {
	header := [][2]string{{"A", " 1"}, {"B", " 1"}, {"a", " 2"}, {"C", " 1"}, {"A ", " 3"}}
	for _, tt := range []struct {
		name  string
		edits []mail.Edit
		want  [][2]string
	}{
		{"fields at the top stand in the order of the list", []mail.Edit{
			{Kind: mail.EditInsert, Name: "X", Value: "1"}, {Kind: mail.EditInsert, Name: "X", Value: "2"},
		}, [][2]string{{"X", " 1"}, {"X", " 2"}, {"Received", " by us"}, {"A", " 1"}, {"B", " 1"}, {"a", " 2"}, {"C", " 1"}, {"A ", " 3"}}},
		{"removals count the fields as they came", []mail.Edit{
			{Kind: mail.EditRemove, Name: "a", N: 1}, {Kind: mail.EditRemove, Name: "A", N: 3}, {Kind: mail.EditReplace, Name: "A", N: 2, Value: "new"},
		}, [][2]string{{"Received", " by us"}, {"B", " 1"}, {"A", " new"}, {"C", " 1"}}},
		{"insertions too", []mail.Edit{
			{Kind: mail.EditInsert, Name: "A", Value: "top"}, {Kind: mail.EditInsert, Name: "X", Value: "before C", Index: 3},
			{Kind: mail.EditRemove, Name: "A", N: 1}, {Kind: mail.EditAppend, Name: "A", Value: "end"},
		}, [][2]string{{"A", " top"}, {"Received", " by us"}, {"B", " 1"}, {"a", " 2"}, {"X", " before C"}, {"C", " 1"}, {"A ", " 3"}, {"A", " end"}}},
		{"fields that are not there are left alone", []mail.Edit{
			{Kind: mail.EditReplace, Name: "A", N: 4, Value: "x"}, {Kind: mail.EditReplace, Name: "A", Value: "x"}, {Kind: mail.EditRemove, Name: "D", N: 1},
		}, append([][2]string{{"Received", " by us"}}, header...)},
		{"an empty value does not remove", []mail.Edit{{Kind: mail.EditReplace, Name: "C", N: 1}},
			[][2]string{{"Received", " by us"}, {"A", " 1"}, {"B", " 1"}, {"a", " 2"}, {"C", " "}, {"A ", " 3"}}},
		{"of a removal and a replacement the removal counts", []mail.Edit{{Kind: mail.EditRemove, Name: "C", N: 1}, {Kind: mail.EditReplace, Name: "C", N: 1, Value: "x"}},
			[][2]string{{"Received", " by us"}, {"A", " 1"}, {"B", " 1"}, {"a", " 2"}, {"A ", " 3"}}},
		{"what is no field name is not sent", []mail.Edit{{Kind: mail.EditAppend, Name: "X: y\r\nZ", Value: "1"}, {Kind: mail.EditAppend, Value: "1"}},
			append([][2]string{{"Received", " by us"}}, header...)},
		{"folds stay and other control characters go", []mail.Edit{{Kind: mail.EditAppend, Name: "X", Value: "a\r\n\tb\r\nBcc: c\x00\x7f\nd\r"}},
			append(append([][2]string{{"Received", " by us"}}, header...), [2]string{"X", " a\n\tb  Bcc: c   d "})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &script{decide: func(context.Context, *mail.Message) Decision { return Decision{Action: Continue, Edits: tt.edits} }}
			c := miltertest.Open(t, serve(t, Config{}, h).Addr())
			r := c.Deliver(miltertest.Message{Header: header})
			if d := cmp.Diff(tt.want, apply(header, r.Edits)); d != "" {
				t.Error(d)
			}
		})
	}
}

// Whatever the edits, each field that is not named by one is still there, in order, and
// each one named has fared as it was to.
func TestAnyEditsDoWhatTheySay(t *testing.T) {
	var edits []mail.Edit
	h := &script{decide: func(context.Context, *mail.Message) Decision { return Decision{Action: Continue, Edits: edits} }}
	c := miltertest.Open(t, serve(t, Config{}, h).Addr())
	names := rapid.SampledFrom([]string{"A", "a", "B", "Received"})
	rapid.Check(t, func(rt *rapid.T) {
		var header [][2]string
		for range rapid.IntRange(0, 8).Draw(rt, "fields") {
			header = append(header, [2]string{names.Draw(rt, "name"), " old"})
		}
		edits = nil
		for range rapid.IntRange(0, 8).Draw(rt, "edits") {
			edits = append(edits, mail.Edit{
				Kind: mail.EditKind(rapid.IntRange(1, 4).Draw(rt, "kind")), Name: names.Draw(rt, "name"), Value: "new",
				N: rapid.IntRange(0, 5).Draw(rt, "n"), Index: rapid.IntRange(0, len(header)).Draw(rt, "index"),
			})
		}
		got := apply(header, c.Deliver(miltertest.Message{Header: header}).Edits)
		if d := cmp.Diff(expected(header, edits), got); d != "" {
			rt.Fatal(d)
		}
	})
}

// expected applies edits as mail.Edit describes them: all at once.
func expected(header [][2]string, edits []mail.Edit) [][2]string {
	type slot struct {
		field   [2]string
		removed bool
		before  [][2]string
	}
	slots := make([]slot, len(header)+1)
	count := map[string]int{}
	at := map[target]int{}
	for i, f := range header {
		key := strings.ToLower(f[0])
		count[key]++
		at[target{key, count[key]}] = i
		slots[i].field = f
	}
	var top, end [][2]string
	for _, e := range edits {
		i, there := at[target{strings.ToLower(e.Name), e.N}]
		field := [2]string{e.Name, " " + e.Value}
		switch {
		case e.Kind == mail.EditInsert && e.Index == 0:
			top = append(top, field)
		case e.Kind == mail.EditInsert:
			slots[e.Index].before = append(slots[e.Index].before, field)
		case e.Kind == mail.EditAppend:
			end = append(end, field)
		case e.Kind == mail.EditReplace && there:
			slots[i].field = field
		case e.Kind == mail.EditRemove && there:
			slots[i].removed = true
		}
	}
	out := append(top, [2]string{"Received", " by us"})
	for i, s := range slots {
		out = append(out, s.before...)
		if i < len(header) && !s.removed {
			out = append(out, s.field)
		}
	}
	return append(out, end...)
}
