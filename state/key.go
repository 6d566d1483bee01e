package state

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of what is kept under one key.
const (
	MaxKey   = 512      // bytes
	MaxValue = 64 << 10 // bytes
	maxPart  = 120      // bytes of one part of a key
)

// Key joins parts to a key: with colons between, in lower case, with everything
// but visible ASCII, and what has a meaning to us or to Redis, as %XX; all bytes that are no
// UTF-8 count as the same sign. A part that is longer than 120 bytes is
// cut and told from others by a hash. The first part is the namespace and is
// the caller's own word.
func Key(namespace string, parts ...string) string {
	var b strings.Builder
	b.WriteString(namespace)
	for _, p := range parts {
		b.WriteByte(':')
		writePart(&b, strings.ToLower(p))
	}
	if b.Len() <= MaxKey {
		return b.String()
	}
	return namespace + ":" + digest(b.String())
}

func writePart(b *strings.Builder, part string) {
	start := b.Len()
	for i := range len(part) {
		switch c := part[i]; {
		case b.Len()-start > maxPart:
			b.WriteString("~" + digest(part))
			return
		case c <= ' ' || c >= 0x7f || strings.IndexByte(`%:{}*?[]\`, c) >= 0:
			fmt.Fprintf(b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
}

// Parts gives the parts that Key made a key of, the namespace first, as far as the key still
// tells: in lower case, and a long one cut, with a hash after "~".
func Parts(key string) []string {
	parts := strings.Split(key, ":")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			parts[i] = strings.ToValidUTF8(plain, "\uFFFD")
		}
	}
	return parts
}

// digest is 120 bits of a hash: enough that nobody finds two that agree.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

// Namespace is what stands before the first colon, with ok=false where that is not
// a word of a-z, 0-9, _ and -.
func Namespace(key string) (ns string, ok bool) {
	ns, _, ok = strings.Cut(key, ":")
	ok = ok && ns != ""
	for i := range len(ns) {
		c := ns[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-')
	}
	return ns, ok
}

// CheckKeys tells what is wrong with the keys of one call: ErrKey.
func CheckKeys(keys ...string) error {
	first := ""
	for i, k := range keys {
		ns, ok := Namespace(k)
		if !ok || len(k) > MaxKey || !utf8.ValidString(k) {
			return fmt.Errorf("%w: key %.80q", ErrKey, k)
		}
		if i > 0 && ns != first {
			return fmt.Errorf("%w: keys of %q and %q in one call", ErrKey, first, ns)
		}
		first = ns
	}
	return nil
}

// CheckItems tells what is wrong with the items of one call: ErrKey.
func CheckItems(items ...Item) error {
	keys := make([]string, len(items))
	for i, it := range items {
		keys[i] = it.Key
		if len(it.Value) > MaxValue {
			return fmt.Errorf("%w: %d bytes under key %.80q", ErrKey, len(it.Value), it.Key)
		}
		if err := checkLifetime(it.Key, it.Lifetime); err != nil {
			return err
		}
	}
	return CheckKeys(keys...)
}

// CheckCounts tells what is wrong with the counts of one call: ErrKey.
func CheckCounts(counts ...Count) error {
	keys := make([]string, len(counts))
	for i, c := range counts {
		keys[i] = c.Key
		if c.By == 0 {
			continue
		}
		if err := checkLifetime(c.Key, c.Lifetime); err != nil {
			return err
		}
	}
	return CheckKeys(keys...)
}

// CheckTakes tells what is wrong with the takes of one call: ErrKey.
func CheckTakes(takes ...Take) error {
	for _, t := range takes {
		if t.Key == "" || len(t.Key) > MaxKey || !utf8.ValidString(t.Key) {
			return fmt.Errorf("%w: key %.80q", ErrKey, t.Key)
		}
		if err := t.Limit.Check(); err != nil {
			return fmt.Errorf("%w: limit %.80q: %v", ErrKey, t.Key, err)
		}
	}
	return nil
}

// CheckLog tells what is wrong with an appending: ErrKey.
func CheckLog(log Log, entries ...[]byte) error {
	if ns, ok := Namespace(log.Name + ":"); !ok || ns != log.Name || log.Max <= 0 {
		return fmt.Errorf("%w: log %.80q of %d entries", ErrKey, log.Name, log.Max)
	}
	for _, e := range entries {
		if len(e) > MaxValue {
			return fmt.Errorf("%w: %d bytes for log %q", ErrKey, len(e), log.Name)
		}
	}
	return checkLifetime(log.Name, log.Lifetime)
}

// checkLifetime demands a millisecond at least, which is what Redis counts in.
func checkLifetime(key string, d time.Duration) error {
	if d < time.Millisecond {
		return fmt.Errorf("%w: lifetime %v of key %.80q", ErrKey, d, key)
	}
	return nil
}
