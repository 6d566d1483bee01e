package dnsbl

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/internal/dns"
)

// What a zone lists.
const (
	kindIP     = "ip"
	kindDomain = "domain"
	kindHash   = "hash"
)

// Config is the filter's section.
type Config struct {
	Zones      []Zone        `yaml:"zones" doc:"Lists to ask, besides those that ship turned on. An entry with the name of a shipped list turns that on, or off by enabled, and says only what is to differ."`
	Spamhaus   Spamhaus      `yaml:"spamhaus" doc:"Access to Spamhaus' Data Query Service."`
	ProbeEvery time.Duration `yaml:"probe_every" min:"5m" max:"7d" doc:"How often the test points of a list that is well are asked."`
	MaxNames   int           `yaml:"max_names" min:"1" max:"50" doc:"Most domains, and most mailboxes, of one message that are asked about."`
	MaxHops    int           `yaml:"max_hops" min:"0" max:"20" doc:"Most addresses out of the Received fields of one message that are asked about."`
}

// Spamhaus is the key to the Data Query Service.
type Spamhaus struct {
	DQSKey     config.Secret `yaml:"dqs_key" doc:"Key of the Data Query Service: turns zen, dbl, zrd and authbl on, and asks them there."`
	DQSKeyFile string        `yaml:"dqs_key_file" doc:"File that holds the key."`
}

// Zone is one list. In an entry that has the name of a shipped one, what is not
// given is as it ships.
type Zone struct {
	Name     string             `yaml:"name" need:"true" check:"word" doc:"Name in symbols, records and tables."`
	Enabled  *bool              `yaml:"enabled" doc:"Whether it is asked; an entry without it is."`
	Zone     string             `yaml:"zone" check:"hostname" doc:"Domain under which it is asked."`
	Kind     string             `yaml:"kind" oneof:"ip,domain,hash" doc:"What it lists: addresses, domains or hashes of mailboxes; ip by default."`
	Lookup   []string           `yaml:"lookup" oneof:"client,received,helo,rdns,envelope,from,reply_to,dkim,url" doc:"What is looked up. ip: client, received; domain: helo, rdns, envelope, from, reply_to, dkim, url; hash: envelope, from, reply_to. By default client, or all of the kind."`
	Codes    map[string]string  `yaml:"codes" doc:"What answers mean: a code (127.0.0.2), a range (127.0.0.4-127.0.0.7), any octet (127.0.*.1) or a bit (&8), and the end of the symbol's name. By default 127.0.0.2 is LISTED. All other answers mean nothing."`
	Scores   map[string]float64 `yaml:"scores" min:"-1000" max:"1000" doc:"Default points by the end of the symbol's name: SBL, or SBL_RECEIVED when found in a Received field. Not given: 1, half of it when received; 0 for allow lists."`
	Blocked  []string           `yaml:"blocked" doc:"Answers by which the list says that it refuses us."`
	Allow    *bool              `yaml:"allow" doc:"It lists good senders: its symbols are DNSWL_*."`
	TXT      *bool              `yaml:"txt" doc:"Ask for the text about a listing too, which takes a second round."`
	Hash     string             `yaml:"hash" oneof:"sha1,sha256,md5" doc:"How mailboxes are hashed; sha1 by default."`
	Listed   string             `yaml:"listed" doc:"Test point that is listed: 127.0.0.2, test, or none where the list has none (RFC 5782 section 5)."`
	Unlisted string             `yaml:"unlisted" doc:"Test point that is not listed: 127.0.0.1, invalid, or none, for lists of addresses that hold all which may not be in use."`
}

func defaults() *Config {
	return &Config{ProbeEvery: 4 * time.Hour, MaxNames: 30, MaxHops: 8}
}

// zones makes the zones that are asked: the shipped ones first. An error never holds the key.
func (c *Config) zones() ([]*zone, error) {
	key, err := c.Spamhaus.key()
	if err != nil {
		return nil, err
	}
	given, err := c.byName()
	if err != nil {
		return nil, err
	}
	var list []*zone
	add := func(spec Zone, s shippedZone) error {
		z, err := newZone(spec, s, key)
		if err != nil {
			return fmt.Errorf("zone %q: %w", spec.Name, err)
		}
		if i := slices.IndexFunc(list, func(o *zone) bool { return o.prefix == z.prefix }); i >= 0 {
			return fmt.Errorf("zone %q: its symbols would be those of %q", z.name, list[i].name)
		}
		list = append(list, z)
		return nil
	}
	for _, s := range shipped {
		entry, ok := given[s.Name]
		on := s.on || ok || key != "" && s.dqs != ""
		if entry.Enabled != nil {
			on = *entry.Enabled
		}
		delete(given, s.Name)
		if on {
			if err := add(over(s.Zone, entry), s); err != nil {
				return nil, err
			}
		}
	}
	for _, entry := range c.Zones {
		if _, own := given[entry.Name]; own && (entry.Enabled == nil || *entry.Enabled) {
			if err := add(entry, shippedZone{}); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

func (c *Config) byName() (map[string]Zone, error) {
	m := map[string]Zone{}
	for _, z := range c.Zones {
		if _, dup := m[z.Name]; dup {
			return nil, fmt.Errorf("zone %q: given twice", z.Name)
		}
		m[z.Name] = z
	}
	return m, nil
}

// key is the key as it stands in names. It is a label of the DNS, and a secret.
func (s Spamhaus) key() (string, error) {
	key := strings.ToLower(strings.TrimSpace(s.DQSKey.Reveal()))
	if key != "" && (strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || !dns.Valid(key)) {
		return "", fmt.Errorf("spamhaus.dqs_key: must be letters and digits, 63 at most")
	}
	return key, nil
}

// over is a shipped zone with what an entry says otherwise. Scores are taken one by
// one, all else as a whole.
func over(base, entry Zone) Zone {
	z := base
	z.Zone = cmp.Or(entry.Zone, base.Zone)
	z.Kind = cmp.Or(entry.Kind, base.Kind)
	z.Hash = cmp.Or(entry.Hash, base.Hash)
	z.Listed = cmp.Or(entry.Listed, base.Listed)
	z.Unlisted = cmp.Or(entry.Unlisted, base.Unlisted)
	z.Allow = cmp.Or(entry.Allow, base.Allow)
	z.TXT = cmp.Or(entry.TXT, base.TXT)
	if entry.Lookup != nil {
		z.Lookup = entry.Lookup
	}
	z.Scores = maps.Clone(base.Scores)
	if entry.Codes != nil {
		z.Codes = entry.Codes
		kept := slices.Collect(maps.Values(entry.Codes))
		maps.DeleteFunc(z.Scores, func(suffix string, _ float64) bool {
			return !slices.Contains(kept, strings.TrimSuffix(suffix, received))
		})
	}
	if entry.Blocked != nil {
		z.Blocked = entry.Blocked
	}
	maps.Copy(z.Scores, entry.Scores)
	return z
}

// configSymbols are the symbols of the zones that a configuration names. One
// that is faulty has none: New says why.
func configSymbols(section any) []filters.SymbolDoc {
	cfg, ok := section.(*Config)
	if !ok {
		return nil
	}
	zones, err := cfg.zones()
	if err != nil {
		return nil
	}
	var docs []filters.SymbolDoc
	for _, z := range zones {
		docs = append(docs, z.docs...)
	}
	return docs
}

// kindSymbols are those of all shipped zones, and the patterns that cover the rest.
func kindSymbols() []filters.SymbolDoc {
	var docs []filters.SymbolDoc
	for _, s := range shipped {
		z, err := newZone(s.Zone, shippedZone{}, "")
		if err != nil {
			panic(err) // a mistake in the table above, found by every test
		}
		docs = append(docs, z.docs...)
	}
	return append(docs,
		filters.SymbolDoc{Name: "RBL_*", Group: groupIP, Score: 1, Meaning: "A list of addresses that the configuration names; of mailboxes (group uribl)."},
		filters.SymbolDoc{Name: "DBL_*", Group: groupDomain, Score: 1, Meaning: "A list of domains that the configuration names."},
		filters.SymbolDoc{Name: "DNSWL_*", Group: groupIP, Meaning: "A list of good senders that the configuration names."},
	)
}
