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

// newFiles are the files of some tables of a day, while they are written and
// until the lake has them.
type newFiles struct {
	*load.Writer
	contents map[string]*spool.Buffer // by table
	made     []tableFile              // once they are finished
}

// startFiles begins the files of some tables of a day.
func (c *chain) startFiles(day calendar.Day, tables []string) (*newFiles, error) {
	d := &newFiles{contents: map[string]*spool.Buffer{}}
	var err error
	d.Writer, err = load.NewWriter(day, func(table string) io.Writer {
		d.contents[table] = &spool.Buffer{Most: c.most.file}
		return d.contents[table]
	}, tables...)
	if err != nil {
		return nil, errors.Join(err, d.discard())
	}
	return d, nil
}

// finish ends the files.
func (d *newFiles) finish() error {
	files, err := d.Close()
	if err != nil {
		return errors.Join(err, d.discard())
	}
	for _, f := range files {
		d.made = append(d.made, tableFile{f, d.contents[f.Table]})
	}
	return nil
}

// discard lets go of the files.
func (d *newFiles) discard() error {
	var errs []error
	for _, b := range d.contents {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}
