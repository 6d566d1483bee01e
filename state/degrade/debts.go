package degrade

import (
	"slices"
	"sync"
	"time"

	"github.com/postern-mail/postern/state"
)

// debts are what was written in memory and is owed to the shared store.
type debts struct {
	mu     sync.Mutex
	max    int
	items  map[string]debt
	counts map[string]state.Count
	tats   map[string]int64 // limits: how far this machine had come
}

// debt is a value to be written, with the time it ends at.
type debt struct {
	item state.Item
	ends time.Time
}

// owe notes items that were written in memory at now. Beyond max the debt is forgotten.
func (d *debts) owe(now time.Time, items ...state.Item) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.items == nil {
		d.items = map[string]debt{}
	}
	for _, it := range items {
		if _, there := d.items[it.Key]; there || len(d.items) < d.max {
			d.items[it.Key] = debt{it, now.Add(it.Lifetime)}
		}
	}
}

// forgive takes back what is owed under the keys: they were deleted.
func (d *debts) forgive(keys ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		delete(d.items, k)
		delete(d.counts, k)
	}
}

func (d *debts) oweCounts(counts ...state.Count) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.counts == nil {
		d.counts = map[string]state.Count{}
	}
	for _, c := range counts {
		old, there := d.counts[c.Key]
		if c.By != 0 && (there || len(d.counts) < d.max) {
			c.By += old.By
			d.counts[c.Key] = c
		}
	}
}

func (d *debts) oweLevels(levels []state.Level) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tats == nil {
		d.tats = map[string]int64{}
	}
	for _, v := range levels {
		if _, there := d.tats[v.Key]; v.TAT > 0 && (there || len(d.tats) < d.max) {
			d.tats[v.Key] = v.TAT
		}
	}
}

// floors puts into the takes how far this machine had come, and says whether it did.
func (d *debts) floors(takes []state.Take) ([]state.Take, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.tats) == 0 {
		return takes, false
	}
	out, any := slices.Clone(takes), false
	for i, t := range out {
		if tat, ok := d.tats[t.Key]; ok {
			out[i].Floor, any = max(t.Floor, tat), true
		}
	}
	return out, any
}

// settled forgets how far this machine had come: the shared store knows.
func (d *debts) settled(keys ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		delete(d.tats, k)
	}
}

// take gives some of what is owed and forgets it.
func (d *debts) take(now time.Time, n int) (items []state.Item, counts []state.Count) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for k, v := range d.items {
		if len(items) == n {
			break
		}
		if v.item.Lifetime = v.ends.Sub(now); v.item.Lifetime >= time.Millisecond {
			items = append(items, v.item)
		}
		delete(d.items, k)
	}
	for k, c := range d.counts {
		if len(counts) == n {
			break
		}
		counts = append(counts, c)
		delete(d.counts, k)
	}
	return items, counts
}

// giveBack owes again what could not be paid, where nothing newer is owed.
func (d *debts) giveBack(now time.Time, items []state.Item, counts []state.Count) {
	d.mu.Lock()
	items = slices.DeleteFunc(slices.Clone(items), func(it state.Item) bool { _, newer := d.items[it.Key]; return newer })
	d.mu.Unlock()
	d.owe(now, items...)
	d.oweCounts(counts...)
}
