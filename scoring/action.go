package scoring

import "fmt"

// Action is what is to be done with a message.
type Action string

// The actions, mildest first.
const (
	Accept     Action = "accept"     // deliver
	Mark       Action = "mark"       // deliver, with headers that say what it is
	Greylist   Action = "greylist"   // ask the client to come again later
	Tempfail   Action = "tempfail"   // refuse for now: we could not judge, or a limit is reached
	Quarantine Action = "quarantine" // keep for the postmaster to look at
	Reject     Action = "reject"     // refuse for good
	Discard    Action = "discard"    // take and drop without a word
)

// Actions lists all actions, mildest first.
var Actions = []Action{Accept, Mark, Greylist, Tempfail, Quarantine, Reject, Discard}

// ParseAction reads the name of an action.
func ParseAction(s string) (Action, error) {
	for _, a := range Actions {
		if string(a) == s {
			return a, nil
		}
	}
	return "", fmt.Errorf("scoring: %q is no action, use one of %v", s, Actions)
}

// severity orders actions: of two demands the more severe one is met.
func (a Action) severity() int {
	for i, b := range Actions {
		if a == b {
			return i
		}
	}
	return 0
}

// Mode says how far a verdict may reach into the mail.
type Mode string

// The modes.
const (
	Observe Mode = "observe" // decide and record, touch nothing
	MarkAll Mode = "mark"    // add headers, refuse and hold nothing
	Enforce Mode = "enforce" // do what was decided
)

// Modes lists the modes, gentlest first.
var Modes = []Mode{Observe, MarkAll, Enforce}

// Applied is what the mode makes of a decided action: what really happens.
func (m Mode) Applied(a Action) Action {
	switch {
	case m == Enforce:
		return a
	case m == MarkAll && a != Accept:
		return Mark
	default:
		return Accept
	}
}

// Edits tells whether the mode lets headers be changed at all.
func (m Mode) Edits() bool { return m != Observe }
