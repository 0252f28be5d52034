package schedules

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/crash"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// write writes the tables of a day and commits them with its manifest.
func (c *chain) write(ctx context.Context, w *work, later []*work, at standingOf) error {
	m := c.made[w.day]
	daily, headline, err := c.encode(w, later, at)
	if err != nil {
		return err
	}
	defer daily.discard() // they are in the lake by then, or not wanted
	crash.At("fold.tables-checked")
	m.IsFinal = at != unsettled
	m.Tables = maps.Clone(m.Tables)
	for _, f := range daily.made {
		m.Tables[f.Table] = fileOf(f.File)
	}
	others, err := w.encodeOthers(c.rules.others, &m)
	if err != nil {
		return fmt.Errorf("write %s: %w", w.day, err)
	}
	if err := c.commit(ctx, w, m, slices.Concat(w.left, daily.made), others, headline); err != nil {
		return fmt.Errorf("write %s: %w", w.day, err)
	}
	return nil
}

// encode makes the files of the tables of a day that are no state, and what it
// comes to in a few numbers. It refuses tables that cannot be right.
func (c *chain) encode(w *work, later []*work, at standingOf) (_ *tableFiles, headline map[string]float64, err error) {
	files, err := c.startFiles(w.day, load.DailyTables(false))
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, files.discard())
		}
	}()
	definition := c.under.own.Definition()
	audit := transform.NewAudit(&definition, &c.under.analysis)
	sums, err := w.tables(c.under, later, at, func(rows *transform.Tables) error {
		audit.AddRows(rows)
		return files.Write(rows)
	})
	if err != nil {
		return nil, nil, err
	}
	audit.AddSums(&sums)
	if err := files.Write(&sums); err != nil {
		return nil, nil, err
	}
	if breaches := slices.Concat(audit.Breaches(), w.leftBreaches, files.Breaches()); len(breaches) > 0 {
		return nil, nil, &CheckError{Text: fmt.Sprintf("the tables of %s do not agree with each other, and are not published:\n  %s",
			w.day, strings.Join(breaches, "\n  "))}
	}
	if err := files.finish(); err != nil {
		return nil, nil, fmt.Errorf("write %s: %w", w.day, err)
	}
	return files, audit.Headline(), nil
}

// commit puts the files of a day in the place of those of before, and its
// manifest last.
func (c *chain) commit(ctx context.Context, w *work, m lake.Day, tables []tableFile, beside []sideFile, headline map[string]float64) error {
	told, err := c.revise(ctx, w, &m, headline)
	if err != nil {
		return err
	}
	if err := c.put(ctx, w, &m, tables, append(beside, told)); err != nil {
		return err
	}
	crash.At("fold.tables-written")
	c.touch(w.day)
	if err := lake.WriteDay(ctx, c.lake, m); err != nil {
		return err
	}
	crash.At("fold.day-committed")
	c.made[w.day] = m
	w.was, w.committed, w.written = &m, true, true
	return nil
}

// A sideFile is a file of the lake that is no table of the warehouse.
type sideFile struct {
	lake.File
	was  lake.File // what is in its place
	data []byte
}

func (c *chain) isForced(day calendar.Day) bool { return c.forced != nil && c.forced(day) }

// put writes the files of a day that differ from what the lake has; of one that
// is forced all of them, whatever they are now.
func (c *chain) put(ctx context.Context, w *work, m *lake.Day, tables []tableFile, beside []sideFile) error {
	var was lake.Day
	if w.was != nil {
		was = *w.was
	}
	if w.committed && w.carry != nil && c.isForced(w.day) {
		if err := c.takeBack(ctx, was); err != nil {
			return err
		}
		w.committed = false
	}
	if w.carry != nil {
		beside = append(beside, sideFile{m.Carry, was.Carry, w.carry})
	}
	for _, f := range beside {
		if w.committed && f.SHA256 == f.was.SHA256 && f.Object == f.was.Object {
			continue
		}
		if err := c.replace(ctx, w, f.Object, bytes.NewReader(f.data)); err != nil {
			return err
		}
		crash.At("fold.side-file-written")
	}
	for _, f := range tables {
		old := was.Tables[f.Table]
		if w.committed && old.SHA256 == f.SHA256 {
			continue
		}
		if err := c.keepRevision(ctx, w, f.Table, old, f.SHA256); err != nil {
			return err
		}
		if err := c.replace(ctx, w, lake.TableObject(f.Table, f.Day), f.content.Open()); err != nil {
			return err
		}
		crash.At("fold.table-written")
	}
	return nil
}

// encodeOthers notes in a manifest the sessions of definitions that are only
// compared, and returns their files.
func (w *work) encodeOthers(definitions map[string]string, m *lake.Day) ([]sideFile, error) {
	m.Others = nil
	var beside []sideFile
	for _, name := range slices.Sorted(maps.Keys(w.others)) {
		var was lake.Other
		if w.was != nil {
			was = w.was.Others[name]
		}
		s := w.others[name]
		of, err := s.whole(sessionLists | dayLists)
		if err != nil {
			return nil, err
		}
		sessions, err := load.EncodeSessions(of.sessions)
		if err != nil {
			return nil, err
		}
		days, err := load.EncodeSessionDays(of.days)
		if err != nil {
			return nil, err
		}
		file := func(table string, rows int, data []byte) lake.File {
			return lake.File{
				Object: lake.OtherObject(name, table, w.day), Day: w.day, Rows: int64(rows), Bytes: int64(len(data)), SHA256: digest(data),
			}
		}
		other := lake.Other{
			Definition: definitions[name], Ledger: s.ledger,
			Sessions: file("sessions", len(of.sessions), sessions), Days: file("session_days", len(of.days), days),
		}
		beside = append(beside, sideFile{other.Sessions, was.Sessions, sessions}, sideFile{other.Days, was.Days, days})
		if m.Others == nil {
			m.Others = map[string]lake.Other{}
		}
		m.Others[name] = other
	}
	return beside, nil
}

// replace writes a file of a day. A manifest must never name a file of other
// content, or a run that is killed here and not repeated would leave tables
// that pass for those of the manifest: it goes before the first file does.
func (c *chain) replace(ctx context.Context, w *work, object string, data io.Reader) error {
	if w.committed {
		if err := c.takeBack(ctx, *w.was); err != nil {
			return err
		}
		w.committed = false
	}
	return putFrom(ctx, c.lake, object, data)
}

func put(ctx context.Context, b *bucket.Bucket, object string, data []byte) error {
	return putFrom(ctx, b, object, bytes.NewReader(data))
}

func putFrom(ctx context.Context, b *bucket.Bucket, object string, data io.Reader) error {
	return b.Put(ctx, object, func(w io.Writer) error {
		_, err := io.Copy(w, data)
		return err
	})
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func fileOf(f load.File) lake.File {
	return lake.File{Object: lake.TableObject(f.Table, f.Day), Day: f.Day, Rows: f.Rows, Bytes: f.Size, SHA256: f.SHA256, Sums: f.Sums}
}
