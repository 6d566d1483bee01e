// Package authres reads, writes and strips Authentication-Results fields
// (RFC 8601), and holds the typed results in which filters meet.
package authres

// Result names of RFC 8601 section 2.7.
const (
	None      = "none"
	Neutral   = "neutral"
	Pass      = "pass"
	Fail      = "fail"
	Softfail  = "softfail"
	Policy    = "policy"
	Temperror = "temperror"
	Permerror = "permerror"
)

// Result is one method's result: one "method=result" of a field, or what a
// filter found.
type Result struct {
	Method string // "spf", "dkim", "dmarc", "arc", "auth", ...: lower case
	Value  string // one of the names above: lower case
	Reason string // free text, "" for none
	Props  []Prop // in the order in which they are written
}

// Prop is one property, such as header.d=example.org: {"header", "d", "example.org"}.
type Prop struct {
	Type  string // smtp, header, body, policy, or a registered other
	Name  string
	Value string
}

// Get returns the value of the property "type.name", "" when it is not there.
func (r Result) Get(typ, name string) string {
	for _, p := range r.Props {
		if p.Type == typ && p.Name == name {
			return p.Value
		}
	}
	return ""
}
