package app

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"

	"github.com/postern-mail/postern/rules"
)

// compiled keeps the rules that were compiled last: the configuration is read more often than
// rules change, and compiling those that ship takes a fifth of a second. Sets are immutable.
var compiled struct {
	sync.Mutex
	key [sha256.Size]byte
	set *rules.Set
}

// loadRules is rules.Load, but for files and symbols that are as they were. Rules that may ask
// lists are compiled each time: a set holds on to its lists.
func loadRules(o rules.Options, files []rules.File) (*rules.Set, error) {
	if len(o.Lists.Names()) > 0 {
		return rules.Load(o, files...)
	}
	key := rulesKey(o, files)
	compiled.Lock()
	defer compiled.Unlock()
	if compiled.set != nil && compiled.key == key {
		return compiled.set, nil
	}
	set, err := rules.Load(o, files...)
	if err == nil {
		compiled.key, compiled.set = key, set
	}
	return set, err
}

func rulesKey(o rules.Options, files []rules.File) (key [sha256.Size]byte) {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%q %v %d\n", f.Name, f.Shipped, len(f.Data))
		h.Write(f.Data)
	}
	symbols := slices.Clone(o.Symbols)
	slices.Sort(symbols)
	fmt.Fprintf(h, "%q %s", symbols, o.Now.UTC().Format("2006-01-02")) // an expiry is a day
	h.Sum(key[:0])
	return key
}
