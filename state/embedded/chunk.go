package embedded

// chunkSize is how many records a chunk of the index takes before the next one begins.
// A million records are 250 chunks, in each of which a rare term is looked for.
const chunkSize = 4096

// chunkFor gives the chunk that a record belongs to and counts it in. A full
// chunk is followed by a new one as soon as a record comes that is younger
// than all of its own; a record that comes late goes where its time is.
func (w *writer) chunkFor(seq int64) (n int64, err error) {
	var first, last, size int64
	found, err := w.get("SELECT first, n, last, size FROM chunk WHERE first <= ? ORDER BY first DESC LIMIT 1", []any{seq}, &first, &n, &last, &size)
	if err != nil {
		return 0, err
	}
	if found && (size < w.chunk || seq < last) {
		_, err = w.exec("UPDATE chunk SET last = ?, size = ? WHERE first = ?", max(last, seq), size+1, first)
		return n, err
	}
	if !found {
		seq = 0 // the oldest chunk begins with time itself
	}
	_, err = w.get("INSERT INTO chunk (first, n, last, size) VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM chunk), ?, 1) RETURNING n", []any{seq, seq}, &n)
	return n, err
}

// leaveChunk counts a record out of its chunk and gives the chunk. A chunk
// that is empty goes, unless it is the oldest.
func (w *writer) leaveChunk(seq int64) (n int64, err error) {
	var first int64
	if _, err = w.get("SELECT first, n FROM chunk WHERE first <= ? ORDER BY first DESC LIMIT 1", []any{seq}, &first, &n); err != nil {
		return 0, err
	}
	if _, err = w.exec("UPDATE chunk SET size = size - 1 WHERE first = ?", first); err != nil {
		return 0, err
	}
	_, err = w.exec("DELETE FROM chunk WHERE first = ? AND size <= 0 AND first > 0", first)
	return n, err
}
