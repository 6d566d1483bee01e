package greylist

import (
	"strconv"
	"time"

	"github.com/postern-mail/postern/filters"
	"github.com/postern-mail/postern/state"
)

var _ filters.WaitKeeper = (*filter)(nil)

// Waiting implements filters.WaitKeeper.
func (f *filter) Waiting() string { return namespace + ":" }

// ReadWait implements filters.WaitKeeper.
func (f *filter) ReadWait(item state.Item) (w filters.Wait, ok bool) {
	parts := state.Parts(item.Key)
	switch {
	case len(parts) == 3 && parts[1] == byDomain:
		w.Domain = parts[2]
	case len(parts) == 5 && parts[1] == byNetwork:
		w.Network, w.From, w.Rcpt = parts[2], parts[3], parts[4]
	case len(parts) == 5 && parts[1] == byContent:
		w.Content, w.From, w.Rcpt = true, parts[3], parts[4]
	default:
		return w, false
	}
	if string(item.Value) == known {
		w.Known = true
		return w, true
	}
	first, err := strconv.ParseInt(string(item.Value), 10, 64)
	w.First = time.Unix(first, 0)
	w.Left = max(f.cfg.Delay-f.now().Sub(w.First), 0)
	return w, err == nil
}

// Release implements filters.WaitKeeper: it is as if the first attempt had been long ago.
func (f *filter) Release(item state.Item) state.Item {
	item.Value = []byte{'0'}
	return item
}
