package schedules

import (
	"errors"
	"io"

	"sojourn/internal/calendar"
	"sojourn/internal/spool"
	"sojourn/load"
)

// A tableFile is the file of a day's table that the lake is to have.
type tableFile struct {
	load.File
	content *spool.Buffer
}

// tableFiles are the files of some tables of a day, while they are written and
// until the lake has them.
type tableFiles struct {
	*load.Writer
	contents map[string]*spool.Buffer // by table
	made     []tableFile              // once they are finished
}

// startFiles begins the files of some tables of a day.
func (c *chain) startFiles(day calendar.Day, tables []string) (*tableFiles, error) {
	t := &tableFiles{contents: map[string]*spool.Buffer{}}
	var err error
	t.Writer, err = load.NewWriter(day, func(table string) io.Writer {
		t.contents[table] = &spool.Buffer{Most: c.most.file}
		return t.contents[table]
	}, tables...)
	if err != nil {
		return nil, errors.Join(err, t.discard())
	}
	return t, nil
}

// finish ends the files.
func (t *tableFiles) finish() error {
	files, err := t.Close()
	if err != nil {
		return errors.Join(err, t.discard())
	}
	for _, f := range files {
		t.made = append(t.made, tableFile{f, t.contents[f.Table]})
	}
	return nil
}

// discard lets go of the files.
func (t *tableFiles) discard() error {
	var errs []error
	for _, b := range t.contents {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}
