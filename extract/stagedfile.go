package extract

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// blockRows is the number of rows that are decoded at once.
const blockRows = 1024

// A stagedFile reads the events of a staged file in order.
type stagedFile struct {
	name       string
	spooled    *spooled
	groups     []parquet.RowGroup // not begun yet
	columns    []*column          // of the current row group
	left       int64              // rows of it
	superseded map[lake.ObjectKey]bool
	attributes map[transform.Attributes]*transform.Attributes

	block []transform.Event // decoded and not taken yet
	rows  [blockRows]transform.Event
	texts [blockRows]string
	ints  [blockRows]int64
	bools [blockRows]bool
}

func openStaged(ctx context.Context, b *bucket.Bucket, file lake.StagedFile) (*stagedFile, error) {
	s, err := spool(ctx, b, file.Object)
	if err != nil {
		return nil, err
	}
	var f *parquet.File
	if err := guarded(func() (err error) {
		f, err = parquet.OpenFile(s, s.size,
			parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
		return err
	}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if !isStaged(f.Schema()) {
		return nil, errors.Join(fmt.Errorf("schema is %v, want %v", f.Schema(), parquet.SchemaOf(stagedRow{})), s.Close())
	}
	superseded := map[lake.ObjectKey]bool{}
	for _, key := range file.Superseded {
		superseded[key] = true
	}
	return &stagedFile{
		name: file.Object, spooled: s, groups: f.RowGroups(), superseded: superseded,
		attributes: map[transform.Attributes]*transform.Attributes{{}: transform.NoAttributes},
	}, nil
}

// isStaged says whether a schema is that of staged events, with or without the
// columns that were added later.
func isStaged(s *parquet.Schema) bool {
	want := parquet.SchemaOf(stagedRow{}).Fields()
	have := s.Fields()
	if stagedSchemas[len(have)] == nil {
		return false
	}
	for i, field := range have {
		if field.Name() != want[i].Name() || !parquet.EqualNodes(field, want[i]) {
			return false
		}
	}
	return true
}

// head returns the next event, nil at the end of the file. It is valid until
// the event after it is asked for.
func (f *stagedFile) head() (*transform.Event, error) {
	for len(f.block) == 0 {
		if err := guarded(f.nextBlock); err == io.EOF {
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("staged events %s: %w", f.name, err)
		}
	}
	return &f.block[0], nil
}

// advance takes the event that head returned.
func (f *stagedFile) advance() { f.block = f.block[1:] }

// nextBlock decodes the next rows, without those that are superseded.
func (f *stagedFile) nextBlock() error {
	if f.left == 0 {
		if err := f.nextGroup(); err != nil {
			return err
		}
	}
	n := int(min(f.left, blockRows))
	if err := f.decode(n); err != nil {
		return err
	}
	f.left -= int64(n)
	kept := 0
	for i := range f.rows[:n] {
		e := &f.rows[i]
		if len(f.superseded) > 0 && f.superseded[lake.ObjectKey{Source: e.Source, Object: e.Object}] {
			continue
		}
		if kept < i {
			f.rows[kept] = *e
		}
		kept++
	}
	f.block = f.rows[:kept]
	return nil
}

func (f *stagedFile) nextGroup() error {
	f.closeColumns()
	if len(f.groups) == 0 {
		return io.EOF
	}
	group := f.groups[0]
	f.groups = f.groups[1:]
	f.left = group.NumRows()
	for _, chunk := range group.ColumnChunks() {
		f.columns = append(f.columns, &column{pages: chunk.Pages()})
	}
	return nil
}

// decode fills the first n rows, column by column.
func (f *stagedFile) decode(n int) error {
	var attributes [blockRows]transform.Attributes
	next := 0
	var errs error
	texts := func(set func(e *transform.Event, a *transform.Attributes, s string)) {
		errs = errors.Join(errs, f.columns[next].readTexts(f.texts[:n]))
		next++
		for i, s := range f.texts[:n] {
			set(&f.rows[i], &attributes[i], s)
		}
	}
	ints := func(null int64, set func(e *transform.Event, v int64)) {
		errs = errors.Join(errs, f.columns[next].readInts(f.ints[:n], null))
		next++
		for i, v := range f.ints[:n] {
			set(&f.rows[i], v)
		}
	}
	bools := func(set func(e *transform.Event, v bool)) {
		errs = errors.Join(errs, f.columns[next].readBools(f.bools[:n]))
		next++
		for i, v := range f.bools[:n] {
			set(&f.rows[i], v)
		}
	}
	// In the order of stagedRow.
	texts(func(e *transform.Event, _ *transform.Attributes, s string) { e.UserID = s })
	texts(func(e *transform.Event, _ *transform.Attributes, s string) { e.DeviceID = s })
	texts(func(e *transform.Event, _ *transform.Attributes, s string) { e.ID = s })
	texts(func(e *transform.Event, _ *transform.Attributes, s string) { e.Name = s })
	ints(0, func(e *transform.Event, v int64) { e.At = v })
	ints(0, func(e *transform.Event, v int64) { e.ReceivedAt = v })
	texts(func(e *transform.Event, _ *transform.Attributes, s string) { e.Screen = s })
	texts(func(e *transform.Event, _ *transform.Attributes, s string) { e.SourceSession = s })
	ints(-1, func(e *transform.Event, v int64) { e.EngagedMillis = v })
	bools(func(e *transform.Event, v bool) { e.Crash = v })
	bools(func(e *transform.Event, v bool) { e.Background = v })
	texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.Platform = s })
	texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.OSVersion = s })
	texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.AppVersion = s })
	texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.DeviceModel = s })
	texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.Country = s })
	texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.Language = s })
	texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.AcquisitionSource = s })
	texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.Campaign = s })
	texts(func(e *transform.Event, _ *transform.Attributes, s string) { e.Source = s })
	texts(func(e *transform.Event, _ *transform.Attributes, s string) { e.Object = s })
	ints(0, func(e *transform.Event, v int64) { e.Line = v })
	if len(f.columns) > plainColumns {
		ints(0, func(e *transform.Event, v int64) { e.ClientAt = v })
		ints(0, func(e *transform.Event, v int64) { e.SentAt = v })
		ints(0, func(e *transform.Event, v int64) { e.Sequence = v })
		texts(func(e *transform.Event, _ *transform.Attributes, s string) { e.View = s })
		bools(func(e *transform.Event, v bool) { e.Launch = v })
		bools(func(e *transform.Event, v bool) { e.NewSession = v })
	}
	if len(f.columns) > clientColumns {
		texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.DeviceClass = s })
		texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.UTCOffset = s })
		texts(func(_ *transform.Event, a *transform.Attributes, s string) { a.Properties = s })
	}

	last := transform.NoAttributes
	for i := range attributes[:n] {
		if attributes[i] != *last {
			last = f.shared(attributes[i])
		}
		f.rows[i].Attributes = last
	}
	return errs
}

// shared returns the one copy of equal attributes.
func (f *stagedFile) shared(a transform.Attributes) *transform.Attributes {
	if known, ok := f.attributes[a]; ok {
		return known
	}
	if len(a.Properties) > maxRepeated {
		return &a // a table of long texts would be no bounded memory
	}
	if len(f.attributes) >= maxInterned {
		clear(f.attributes)
	}
	f.attributes[a] = &a
	return &a
}

func (f *stagedFile) closeColumns() {
	for _, c := range f.columns {
		c.close()
		c.pages.Close() // read-only: nothing to lose
	}
	f.columns = f.columns[:0]
}

func (f *stagedFile) close() error {
	f.closeColumns()
	return f.spooled.Close()
}
