package embedded

import (
	"context"
	"database/sql"
	"fmt"
)

// schema holds the steps from one version of the file to the next. A step that
// was released never changes; what changes is a new step.
var schema = []string{
	// value: ends is in milliseconds since 1970. level: tat in microseconds.
	`CREATE TABLE value (key TEXT PRIMARY KEY, data BLOB NOT NULL, ends INTEGER NOT NULL) WITHOUT ROWID;
	CREATE INDEX value_ends ON value (ends);
	CREATE TABLE level (key TEXT PRIMARY KEY, tat INTEGER NOT NULL) WITHOUT ROWID;
	CREATE INDEX level_tat ON level (tat);
	CREATE TABLE log (name TEXT PRIMARY KEY, last INTEGER NOT NULL, ends INTEGER NOT NULL) WITHOUT ROWID;
	CREATE TABLE entry (name TEXT NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (name, n)) WITHOUT ROWID;
	` +
		// seq sorts by time (verdicts.IDNumber); arrived tells the order of
		// coming. term is the index for all that a query can name, hashed: one
		// table instead of ten, with nothing in it but numbers. It is cut into chunks of some
		// thousand records that follow each other in time: an index over all records at
		// once would have every insertion write to thirty places far apart. A chunk holds the
		// records from its first number up to the first of the next chunk.
		`CREATE TABLE verdict (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, arrived INTEGER NOT NULL UNIQUE, data BLOB NOT NULL);
	CREATE TABLE chunk (first INTEGER PRIMARY KEY, n INTEGER NOT NULL UNIQUE, last INTEGER NOT NULL, size INTEGER NOT NULL);
	CREATE TABLE term (chunk INTEGER NOT NULL, term INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (chunk, term, seq)) WITHOUT ROWID;
	CREATE TABLE hour (start INTEGER NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (start, name)) WITHOUT ROWID;`,
	// What was learned. lesson_change is the row of changes; taken is the sample by which the class before
	// it is taken back. learned has one row: the end of the changes, and what the snapshot stands for.
	`CREATE TABLE lesson (name BLOB PRIMARY KEY, class INTEGER NOT NULL, about BLOB NOT NULL) WITHOUT ROWID;
	CREATE TABLE sample (name BLOB PRIMARY KEY, class INTEGER NOT NULL, data BLOB NOT NULL);
	CREATE INDEX sample_class ON sample (class);
	CREATE TABLE lesson_change (n INTEGER PRIMARY KEY, mark INTEGER NOT NULL, name BLOB NOT NULL, was INTEGER NOT NULL, taken BLOB,
		class INTEGER NOT NULL, sample BLOB, note BLOB);
	CREATE TABLE lesson_snapshot (n INTEGER PRIMARY KEY, data BLOB NOT NULL);
	CREATE TABLE learned (n INTEGER NOT NULL, mark INTEGER NOT NULL, snapshot_n INTEGER NOT NULL, snapshot_mark INTEGER NOT NULL);
	INSERT INTO learned VALUES (0, 0, 0, 0);
	CREATE TABLE lesson_waiting (n INTEGER PRIMARY KEY AUTOINCREMENT, name BLOB NOT NULL, class INTEGER NOT NULL, about BLOB NOT NULL, data BLOB);`,
}

// migrate brings the file to the newest version, in one transaction.
func migrate(ctx context.Context, conn *sql.Conn) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(schema) {
		return fmt.Errorf("version %d is from a later Postern, this one knows %d", version, len(schema))
	}
	if version == len(schema) {
		return nil
	}
	for _, step := range schema[version:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(schema))); err != nil {
		return err
	}
	return tx.Commit()
}
