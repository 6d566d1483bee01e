package admin

import (
	"slices"
	"sync"
)

// Condition is one thing that may be wrong, by a name of ours.
type Condition struct {
	Name   string `json:"name"`
	Detail string `json:"detail"`
	// Blocks says that mail cannot be judged while it lasts; readyz then says no.
	Blocks bool `json:"blocks"`
}

// Health is what is wrong at present. The zero value is well. Safe for several
// goroutines.
type Health struct {
	mu     sync.Mutex
	wrong  []Condition
	lookUp []func() []Condition
}

// Ask adds a source that is asked for what is wrong whenever somebody wants to know.
func (h *Health) Ask(source func() []Condition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lookUp = append(h.lookUp, source)
}

// Set notes a condition, in place of an earlier one of the same name.
func (h *Health) Set(c Condition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c.Name)
	h.wrong = append(h.wrong, c)
}

// Clear says that a condition is over.
func (h *Health) Clear(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(name)
}

func (h *Health) drop(name string) {
	h.wrong = slices.DeleteFunc(h.wrong, func(c Condition) bool { return c.Name == name })
}

// Conditions lists what is wrong, and whether anything of it blocks.
func (h *Health) Conditions() (wrong []Condition, blocked bool) {
	h.mu.Lock()
	wrong = append([]Condition{}, h.wrong...)
	sources := slices.Clone(h.lookUp)
	h.mu.Unlock()
	for _, source := range sources {
		wrong = append(wrong, source()...)
	}
	for _, c := range wrong {
		blocked = blocked || c.Blocks
	}
	return wrong, blocked
}
