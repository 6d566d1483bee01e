package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/config"
	"github.com/postern-mail/postern/verdicts"
)

// NewLog makes the log that the configuration asks for.
func NewLog(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// logVerdict writes the one line of a verdict. Both slog handlers quote control
// characters, so that nothing a stranger wrote breaks the line.
func logVerdict(log *slog.Logger, r *verdicts.Record, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("id", r.ID), slog.String("queue_id", r.QueueID), slog.String("listener", r.Session.Listener),
		slog.String("client", r.Session.ClientIP), slog.String("from", r.Envelope.From), slog.Int("rcpts", len(r.Envelope.Rcpts)),
		slog.String("author", r.Message.From), slog.Int64("size", r.Message.Size),
		slog.String("action", string(r.Action)), slog.Float64("score", r.Score), slog.String("mode", string(r.Mode)),
		slog.String("policy", r.Policy), slog.String("reason", r.Reason), slog.String("symbols", symbolList(r)),
		slog.Duration("took", took.Round(10*time.Microsecond)),
	}
	if failed := failedChecks(r); failed != "" {
		attrs = append(attrs, slog.String("failed", failed))
	}
	if r.Degraded {
		attrs = append(attrs, slog.Bool("degraded", true))
	}
	log.LogAttrs(context.Background(), slog.LevelInfo, "verdict", attrs...)
}

func symbolList(r *verdicts.Record) string {
	var list []string
	for _, s := range r.Symbols {
		list = append(list, fmt.Sprintf("%s(%g)", s.Name, s.Score))
	}
	return strings.Join(list, " ")
}

func failedChecks(r *verdicts.Record) string {
	var list []string
	for _, c := range r.Checks {
		if c.Status != "ok" {
			list = append(list, c.Name+"="+string(c.Status))
		}
	}
	return strings.Join(list, " ")
}
