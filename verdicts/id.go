package verdicts

import (
	"crypto/rand"
	"fmt"
	"strings"
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

// IDTime gives the time that an id of NewID tells, to the millisecond, and ok=false
// for a text that is no such id.
func IDTime(id string) (at time.Time, ok bool) {
	n, ok := idNumber(id, idTime)
	return time.UnixMilli(int64(n)).UTC(), ok
}

// IDNumber gives a number that sorts ids by time: their milliseconds and 20 of
// their bits of chance, 63 bits in all. Two ids of one millisecond may share it.
func IDNumber(id string) (n int64, ok bool) {
	ms, ok := idNumber(id, idTime)
	chance, _ := idNumber(id[min(len(id), idTime):], 4)
	return int64(ms<<20 | chance), ok && ms < 1<<43
}

// idNumber reads the first digits of an id.
func idNumber(id string, digits int) (n uint64, ok bool) {
	ok = len(id) == idTime+idRandom || digits < idTime
	for i := range min(len(id), digits) {
		d := strings.IndexByte(alphabet, id[i])
		ok = ok && d >= 0
		n = n<<5 | uint64(max(d, 0))
	}
	for i := digits; i < len(id); i++ {
		ok = ok && strings.IndexByte(alphabet, id[i]) >= 0
	}
	return n, ok
}

// CheckID demands that a record's id is one of NewID and tells the record's
// time: lasting stores find the one by the other.
func CheckID(r *Record) error {
	if at, ok := IDTime(r.ID); !ok || !at.Equal(r.Time.Truncate(time.Millisecond)) {
		return fmt.Errorf("verdicts: id %.40q is not of time %s", r.ID, r.Time.Format(time.RFC3339Nano))
	}
	return nil
}
