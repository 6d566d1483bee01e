package bayes

import "fmt"

// ParseClass reads what String wrote: none, ham or spam.
func ParseClass(s string) (Class, error) {
	for _, c := range []Class{None, Ham, Spam} {
		if c.String() == s {
			return c, nil
		}
	}
	return None, fmt.Errorf("learn: %q is no class, use spam, ham or none", s)
}
