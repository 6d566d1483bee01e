package learn

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/postern-mail/postern/learn/bayes"
	"github.com/postern-mail/postern/learn/linear"
)

// Sample chooses n records of one class to keep tokens of: the newer half are
// the newest, because spam changes; the others are taken from all times, by
// their digest, because ham comes round again. The choice depends on the set
// alone. The records must be sorted, the oldest first.
func Sample(sorted []Record, n int) []Record {
	if len(sorted) <= n {
		return sorted
	}
	cut := len(sorted) - n/2
	old := slices.Clone(sorted[:cut])
	slices.SortFunc(old, func(a, b Record) int { return bytes.Compare(a.Digest[:], b.Digest[:]) })
	return append(old[:n-n/2], sorted[cut:]...)
}

func older(a, b Record) int {
	return cmp.Or(a.When.Compare(b.When), bytes.Compare(a.Digest[:], b.Digest[:]))
}

// heldBack is one message in so many that the linear model never learns: by them
// it is told whether a new model is better than the one in use.
const heldBack = 16

func (d Digest) heldBack() bool { return d[len(d)-1]%heldBack == 0 }

// example makes a training example of a record.
func example(r Record) linear.Example {
	return linear.Example{
		Vector: linear.NewVector(r.Tokens), Spam: r.Class == bayes.Spam,
		Key: binary.BigEndian.Uint64(r.Digest[8:]), // other bits than Sample and heldBack use
	}
}
