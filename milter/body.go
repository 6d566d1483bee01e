package milter

import (
	"os"

	"github.com/postern-mail/postern/mail"
)

// body collects the body of one message: in memory, and from a size on, or when the
// Budget is used up, in a file that has no name and goes with the last who
// holds it open. The memory is not used again for another message: a
// filter that came too late may still be reading.
type body struct {
	mem    []byte
	budget int64 // bytes taken from the Budget
	file   *os.File
	size   int64 // of all that is kept
	cut    bool  // something was left out: what follows is left out too
}

// smallBody is the greatest first chunk that is taken for the whole body, as an MTA
// fills chunks up to 65,535 bytes.
const smallBody = 65_000

// space makes room for n more bytes in memory and returns it; nil when they
// have to be spooled.
func (b *body) space(n int, limit int64, budget *Budget) []byte {
	if b.file != nil || b.size+int64(n) > limit {
		return nil
	}
	need := len(b.mem) + n
	if need > cap(b.mem) {
		grown := n
		if len(b.mem) > 0 || n > smallBody {
			grown = max(need, int(min(2*int64(need), limit)))
		}
		if !budget.try(int64(grown - cap(b.mem))) {
			return nil
		}
		b.budget += int64(grown - cap(b.mem))
		b.mem = append(make([]byte, 0, grown), b.mem...)
	}
	return b.mem[len(b.mem):need]
}

// wrote says that the n bytes of the last space were filled.
func (b *body) wrote(n int) {
	b.mem = b.mem[:len(b.mem)+n]
	b.size += int64(n)
}

// spool appends a chunk to the file; the first call moves there what is in memory.
func (b *body) spool(chunk []byte, dir string, budget *Budget) error {
	if b.file == nil {
		f, err := os.CreateTemp(dir, "postern-body-*")
		if err != nil {
			return err
		}
		if err := os.Remove(f.Name()); err != nil {
			f.Close()
			return err
		}
		if _, err := f.Write(b.mem); err != nil {
			f.Close()
			return err
		}
		b.file, b.mem = f, nil
		budget.give(b.budget)
		b.budget = 0
	}
	n, err := b.file.Write(chunk)
	b.size += int64(n)
	return err
}

// content is the body so far.
func (b *body) content() mail.Body {
	if b.file != nil {
		return mail.BodyFile(b.file, b.size)
	}
	return mail.BodyBytes(b.mem)
}

// reset forgets the body, closes its file and gives the memory back.
func (b *body) reset(budget *Budget) {
	budget.give(b.budget)
	if b.file != nil {
		b.file.Close()
	}
	*b = body{}
}
