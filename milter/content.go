package milter

import (
	"io"

	gm "github.com/emersion/go-milter"
)

// What was not kept of a message (mail.Message.Truncated). A message too large
// is not answered here: to refuse it, for good or for now, or to let it pass as
// the mode "observe" must, is the Handler's to decide and to record. It sees
// the beginning, and that it is no more than that.
const (
	truncatedHeader = "header"
	truncatedBody   = "body"
	truncatedSpool  = "spool"
)

// begin marks the start of a transaction.
func (w *wire) begin() {
	w.busy.Store(true)
	w.begun = w.srv.now()
}

// drop forgets the message and gives back what it holds.
func (w *wire) drop() {
	w.header.reset(w.srv.budget)
	w.body.reset(w.srv.budget)
	w.args, w.envelope, w.truncated = nil, 0, ""
}

func (w *wire) truncate(what string) {
	if w.truncated == "" {
		w.truncated = what
	}
}

func (w *wire) takeHeader(data []byte) {
	cfg := w.srv.cfg
	lead := w.terms.protocol&gm.OptHeaderLeadingSpace != 0
	// A field after one that was left out is left out too: no gaps.
	if w.truncated != "" || !w.header.add(data, lead, cfg.MaxHeader, cfg.MaxFields, w.srv.budget) {
		w.truncate(truncatedHeader)
	}
	if w.terms.protocol&gm.OptNoHeaderReply == 0 {
		w.reply()
	}
}

// takeBody reads a body chunk of n bytes, straight to where it stays.
func (w *wire) takeBody(n int) error {
	if _, err := w.in.Discard(headSize); err != nil {
		return err
	}
	if w.terms.protocol&gm.OptNoBodyReply == 0 {
		w.reply()
	}
	if w.fits(n) {
		if room := w.body.space(n, w.srv.cfg.MaxMemory, w.srv.budget); room != nil {
			if _, err := io.ReadFull(w.in, room); err != nil {
				return cut(err)
			}
			w.body.wrote(n)
			return nil
		}
	}
	if err := w.readFrame(n - 4); err != nil {
		return err
	}
	w.keepBody(w.frame)
	return nil
}

// fits tells whether n more bytes are within what is kept of a message.
func (w *wire) fits(n int) bool {
	return !w.body.cut && w.body.size+int64(n) <= w.srv.cfg.MaxMessage
}

// keepBody keeps a chunk that was read already.
func (w *wire) keepBody(chunk []byte) {
	if len(chunk) == 0 {
		return
	}
	if !w.fits(len(chunk)) {
		w.body.cut = true
		w.truncate(truncatedBody)
		return
	}
	if room := w.body.space(len(chunk), w.srv.cfg.MaxMemory, w.srv.budget); room != nil {
		w.body.wrote(copy(room, chunk))
		return
	}
	if w.body.file == nil {
		w.srv.stats.spooled.Add(1)
	}
	if err := w.body.spool(chunk, w.srv.cfg.SpoolDir, w.srv.budget); err != nil {
		w.body.cut = true
		w.truncate(truncatedSpool)
		w.srv.log.Error("body cannot be spooled", "error", err)
	}
}
