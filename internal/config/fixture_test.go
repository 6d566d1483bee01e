package config

import (
	"net/netip"
	"time"
)

// The kinds that the tests configure: between them they have every type a
// section may hold.
type listsConfig struct {
	Zones   []zoneConfig   `yaml:"zones" doc:"Lists to ask."`
	Timeout time.Duration  `yaml:"timeout" min:"1s" max:"1m" doc:"Time for one list."`
	Key     Secret         `yaml:"key" doc:"Access key."`
	KeyFile string         `yaml:"key_file" doc:"File that holds the key."`
	Exempt  []netip.Prefix `yaml:"exempt" doc:"Clients that are not asked about."`
}

type zoneConfig struct {
	Name   string            `yaml:"name" need:"true" check:"word" doc:"Name in symbols."`
	Zone   string            `yaml:"zone" need:"true" check:"hostname" doc:"Domain of the list."`
	Kind   string            `yaml:"kind" oneof:"ip,domain" default:"ip" doc:"What it lists."`
	Lookup []string          `yaml:"lookup" doc:"What is looked up."`
	Codes  map[string]string `yaml:"codes" doc:"Answers and what they are called."`
}

type spfConfig struct {
	Lookups  uint32  `yaml:"lookups" min:"1" max:"50" doc:"Lookups for one message."`
	Helo     bool    `yaml:"helo" doc:"Also check the HELO name."`
	Weight   float32 `yaml:"weight" min:"0" max:"1" doc:"Factor of a softfail."`
	Untagged int
	Hidden   int `yaml:"-"`
}

func testSections() []Section {
	return []Section{
		{Kind: "spf", Summary: "Checks the sender's address against its domain's record.",
			Symbols: []Symbol{{Name: "SPF_FAIL", Group: "auth", Score: 1, Meaning: "The domain says no."}, {Name: "SPF_PASS", Group: "auth", Score: -0.2, Meaning: "The domain says yes."}},
			New:     func() any { return &spfConfig{Lookups: 10, Helo: true, Weight: 0.5} }},
		{Kind: "dnsbl", Summary: "Asks lists.", OptIn: true,
			Symbols: []Symbol{{Name: "RBL_*", Group: "lists", Score: 2, Meaning: "A list names the client."}},
			New:     func() any { return &listsConfig{Timeout: 2 * time.Second} }},
		{Kind: "gtube", Summary: "Knows the test message."},
	}
}

func testSymbols() []Symbol {
	return []Symbol{{Name: "GTUBE", Score: 0, Meaning: "The test message."}}
}

func testOptions(path string) Options {
	return Options{Path: path, Sections: testSections(), Symbols: testSymbols()}
}
