package dkim

import (
	"context"
	"sync"

	"github.com/postern-mail/postern/internal/dns"
)

// maxKeys bounds the records tried at one name. RFC 6376 section 3.6.2.2
// leaves open what several mean; all that are good for the signature are tried.
const maxKeys = 4

// keyring holds the answers to the key lookups of one message.
type keyring struct {
	running sync.WaitGroup
	answers map[string]*answer // by name
}

type answer struct {
	done    chan struct{}
	records []string
	err     error
}

// lookUp asks for the keys of all open signatures at once, each name once. It
// does not wait for the answers.
func lookUp(ctx context.Context, r dns.Resolver, sigs []*signature) *keyring {
	k := &keyring{answers: make(map[string]*answer, len(sigs))}
	for _, s := range sigs {
		if !s.open() || k.answers[s.keyName()] != nil {
			continue
		}
		a := &answer{done: make(chan struct{})}
		name := s.keyName()
		k.answers[name] = a
		k.running.Go(func() {
			defer close(a.done)
			ans, err := r.Lookup(ctx, name, dns.TypeTXT)
			a.records, a.err = ans.TXT, err
		})
	}
	return k
}

// wait returns when all lookups have ended.
func (k *keyring) wait() { k.running.Wait() }

// keys returns the keys that may be used for a signature. Where there is none
// the outcome says why: for the first record, if there are several.
func (k *keyring) keys(s *signature) ([]key, outcome) {
	a := k.answers[s.keyName()]
	<-a.done
	switch {
	case a.err == nil:
	case dns.IsNone(a.err):
		// RFC 6376 section 6.1.2: no record is a permanent failure.
		return nil, noKey
	default:
		return nil, keyUnavailable
	}
	var usable []key
	first := noKey
	for i, record := range a.records[:min(len(a.records), maxKeys)] {
		parsed, bad := parseKey(record)
		if bad.value == "" {
			bad = parsed.allows(s)
		}
		if bad.value == "" {
			usable = append(usable, parsed)
		} else if i == 0 {
			first = bad
		}
	}
	return usable, first
}
