package verdicts

import (
	"crypto/rand"
	"time"
)

// alphabet is Crockford's base 32 in lower case: no i, l, o or u, so that an
// id survives being read out over the telephone.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// idTime and idRandom are the digits of an id that tell the time and those
// drawn by chance: 50 bits of milliseconds, 40 bits of chance.
const (
	idTime   = 10
	idRandom = 8
)

// NewID makes the id of a message judged at the given time: 18 letters and
// digits that sort by time.
func NewID(at time.Time) string {
	var id [idTime + idRandom]byte
	ms := uint64(max(at.UnixMilli(), 0))
	for i := idTime - 1; i >= 0; i-- {
		id[i] = alphabet[ms&31]
		ms >>= 5
	}
	var chance [idRandom]byte
	rand.Read(chance[:])
	for i, b := range chance {
		id[idTime+i] = alphabet[b&31]
	}
	return string(id[:])
}
