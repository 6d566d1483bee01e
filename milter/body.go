package milter

import (
	"os"
	"sync"

	"github.com/postern-mail/postern/mail"
)

// body collects the body of one message: in memory, and from a size on, or when the
// Budget is used up, in a file that has no name and goes with the last who
// holds it open.
//
// The memory in which it grows is used again for other messages. What is handed out is
// a copy, of exactly its size, as a filter that came too late may still be reading it.
type body struct {
	mem    *[]byte // from buffers; nil when empty or spooled
	budget int64   // bytes taken from the Budget
	file   *os.File
	size   int64 // of all that is kept
	cut    bool  // something was left out: what follows is left out too
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxPooled bounds a buffer that is used again: the next message is most
// likely smaller, and its budget is charged for the whole of it.
const maxPooled = 256 << 10

// space makes room for n more bytes in memory and returns it; nil when they
// have to be spooled.
func (b *body) space(n int, limit int64, budget *Budget) []byte {
	if b.file != nil || b.size+int64(n) > limit {
		return nil
	}
	if b.mem == nil {
		b.mem = buffers.Get().(*[]byte)
		*b.mem = (*b.mem)[:0]
	}
	need := len(*b.mem) + n
	size := cap(*b.mem)
	if need > size {
		size = max(need, int(min(2*int64(need), limit)))
	}
	if more := int64(size) - b.budget; more > 0 {
		if !budget.try(more) {
			return nil
		}
		b.budget += more
	}
	if size > cap(*b.mem) {
		*b.mem = append(make([]byte, 0, size), *b.mem...)
	}
	return (*b.mem)[len(*b.mem):need]
}

// wrote says that the n bytes of the last space were filled.
func (b *body) wrote(n int) {
	*b.mem = (*b.mem)[:len(*b.mem)+n]
	b.size += int64(n)
}

// spool appends a chunk to the file; the first call moves there what is in memory.
func (b *body) spool(chunk []byte, dir string, budget *Budget) error {
	if b.file == nil {
		if err := b.open(dir); err != nil {
			return err
		}
		b.free(budget)
	}
	n, err := b.file.Write(chunk)
	b.size += int64(n)
	return err
}

func (b *body) open(dir string) error {
	f, err := os.CreateTemp(dir, "postern-body-*")
	if err != nil {
		return err
	}
	err = os.Remove(f.Name())
	if err == nil && b.mem != nil {
		_, err = f.Write(*b.mem)
	}
	if err != nil {
		f.Close()
		return err
	}
	b.file = f
	return nil
}

// free lets go of the memory.
func (b *body) free(budget *Budget) {
	budget.give(b.budget)
	b.budget = 0
	if b.mem != nil && cap(*b.mem) <= maxPooled {
		buffers.Put(b.mem)
	}
	b.mem = nil
}

// content is the whole body; nothing is added after it.
func (b *body) content(budget *Budget) mail.Body {
	if b.file != nil {
		return mail.BodyFile(b.file, b.size)
	}
	if b.mem == nil {
		return mail.Body{}
	}
	kept := append([]byte(nil), *b.mem...)
	b.free(budget)
	budget.must(b.size)
	b.budget = b.size
	return mail.BodyBytes(kept)
}

// reset forgets the body, closes its file and gives the memory back.
func (b *body) reset(budget *Budget) {
	b.free(budget)
	if b.file != nil {
		b.file.Close()
	}
	*b = body{}
}
