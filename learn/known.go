package learn

import (
	"context"
	"fmt"

	"github.com/postern-mail/postern/learn/bayes"
)

// Known is what was learned of a message, without its tokens; Class None for nothing.
func (m *Model) Known(ctx context.Context, d Digest) (Record, error) {
	r, err := m.store.Get(ctx, d)
	if err != nil {
		return Record{}, fmt.Errorf("learn: %w", err)
	}
	r.Tokens = nil
	return r, nil
}

// LearnTokens is Learn for a message of which only the digest and the tokens
// are there any more.
func (m *Model) LearnTokens(ctx context.Context, d Digest, list []uint64, c bayes.Class, from Origin) (was bayes.Class, err error) {
	return m.put(ctx, Record{Digest: d, Class: c, Origin: from, Tokens: list})
}
