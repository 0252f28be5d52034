package extract

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"sojourn/transform"
)

// A product is how the export of a product writes its records: as JSON
// objects, one a line, or as the rows of Parquet files of the same shape.
type product struct {
	name  string
	paths []string // the places that are read: a value's index is that of its path

	// embedded are names of objects that may be written as a text that holds
	// the object.
	embedded []string

	// bags are the objects that hold properties: those of events before those
	// of users. Keyed are such lists of objects with key and value instead.
	bags  []string
	keyed []string

	// fields are the places of our fields, for messages, with the unit of each
	// time that is a number. engaged_ms is among them if the product measures it.
	fields map[string]Field

	// corrected is set if the product's server has corrected its times, so that
	// a correction here would be the second.
	corrected bool

	// is says whether a record has what no other product's records have.
	is func(v []value) bool

	// subjectless is why a record may have neither user nor device, for
	// messages; empty if the product has no reason for it.
	subjectless string

	// objects says what the product's objects are by their names; nil if all
	// have events.
	objects func(name string) objectRole

	// alias reads a record of an object of the role identities; nil if the
	// product has none. An alias without From is none.
	alias func(v []value) (transform.Alias, *flaw)
	// aliasPaths are the places that alias reads.
	aliasPaths []string

	// assembler returns what makes our fields of the values of a record. It may
	// keep scratch memory from record to record.
	assembler func() assembler
}

// An assembler sets the fields of one record from its values, or says why it
// cannot. Values that are set are valid until the next record.
type assembler func(v []value, fields *[fieldCount]value) *flaw

// products returns all products whose exports are read as records of JSON.
func products() []product {
	return []product{
		amplitudeProduct(),
		ga4Product(),
		mixpanelProduct(),
		segmentProduct(),
		rudderStackProduct(),
		postHogProduct(),
	}
}

// read reads an object of the product, in whichever of its forms.
func (p product) read(ctx context.Context, r *reading) error {
	if r.source.roleOf(r.object.Name).contents == identities {
		return p.readAliases(ctx, r)
	}
	err := streamed(p.readLines)(ctx, r)
	if errors.Is(err, errParquet) {
		return p.readParquet(ctx, r)
	}
	return err
}

// readLines reads an object with one record a line.
func (p product) readLines(ctx context.Context, data io.Reader, r *reading) error {
	data, err := ofRecords(data)
	if err != nil {
		return err
	}
	return eachLine(ctx, data, r, p.decoder(r))
}

// readParquet reads a Parquet object with one record a row.
func (p product) readParquet(ctx context.Context, r *reading) error {
	paths, units := p.places(r.source)
	decode := p.decoder(r)
	var e transform.Event
	return eachRow(ctx, r, newNode(paths), units, func(row line) error {
		f := row.flaw()
		if f == nil {
			f = decode(row.text, &e)
		}
		if f != nil {
			return r.reject(ctx, row, f)
		}
		return r.accept(ctx, &e, row.number)
	})
}

// places returns the places that are read of a source's records, and for each
// the microseconds in the unit of its time, 0 for none, or optionalPlace.
func (p product) places(s Source) (paths [][]string, units []int64) {
	fields := maps.Clone(p.fields)
	if fields == nil {
		fields = map[string]Field{}
	}
	maps.Copy(fields, s.Fields)
	unitOf := map[string]int64{}
	for _, name := range fieldNames {
		f, ok := fields[name]
		if !ok {
			continue
		}
		if id, _ := fieldNamed(name); id.isLenient() && unitOf[f.Path] == 0 {
			unitOf[f.Path] = optionalPlace
		} else if id.isTime() && f.Unit != "" {
			unitOf[f.Path] = unitMicros(f.Unit)
		}
	}
	all := slices.Clone(p.paths)
	for _, place := range (Source{Fields: s.Fields}).configured() {
		all = append(all, place.path)
	}
	for _, path := range all {
		paths = append(paths, splitPath(path))
		units = append(units, unitOf[path])
	}
	for _, path := range p.propertyPlaces(s) {
		paths = append(paths, path)
		units = append(units, optionalPlace)
	}
	return paths, units
}

// readAliases reads an object whose records say which id is whose.
func (p product) readAliases(ctx context.Context, r *reading) error {
	take := p.aliasTaker(ctx, r)
	err := streamed(func(_ context.Context, data io.Reader, _ *reading) error {
		data, err := ofRecords(data)
		if err != nil {
			return err
		}
		lines := newLines(data)
		for {
			l, err := lines.next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return &brokenOff{l, err}
			}
			if l.flaw() == nil && isBlank(l.text) {
				continue
			}
			if err := take(l); err != nil {
				return err
			}
		}
	})(ctx, r)
	if errors.Is(err, errParquet) {
		paths := splitPaths(p.aliasPaths)
		return eachRow(ctx, r, newNode(paths), make([]int64, len(paths)), take)
	}
	return err
}

// aliasTaker returns what takes the records that say which id is whose.
func (p product) aliasTaker(ctx context.Context, r *reading) func(line) error {
	root, values := newNode(splitPaths(p.aliasPaths)), make([]value, len(p.aliasPaths))
	var scan scanner
	return func(l line) error {
		f := l.flaw()
		var a transform.Alias
		if f == nil {
			f = scan.record(l.text, root, values)
		}
		if f == nil {
			a, f = p.alias(values)
		}
		if f != nil {
			return r.reject(ctx, l, f)
		}
		r.mapped(a, l.number)
		return nil
	}
}

func splitPaths(paths []string) [][]string {
	split := make([][]string, len(paths))
	for i, path := range paths {
		split[i] = splitPath(path)
	}
	return split
}

// decoder returns what makes events of the product's records.
func (p product) decoder(r *reading) func(record []byte, e *transform.Event) *flaw {
	// Places of the configuration come after those of the product.
	paths := slices.Clone(p.paths)
	fields := map[string]Field{}
	maps.Copy(fields, p.fields)
	var added []field
	for _, place := range (Source{Fields: r.source.Fields}).configured() {
		paths = append(paths, place.path)
		added = append(added, place.field)
		fields[place.field.String()] = r.source.Fields[place.field.String()]
	}
	propertyPlaces := p.propertyPlaces(r.source)
	root := newNode(splitPaths(paths)).keep(propertyPlaces, len(paths)).embed(p.embedded...)
	judge := newJudge(r.source.placed(fields), r.now, r.texts)
	keep := p.keeper(r.source, judge.kept.values)
	assemble := p.assembler()

	var scan scanner
	values := make([]value, len(paths)+len(propertyPlaces))
	var assembled [fieldCount]value // here, so that not each record has one made
	return func(record []byte, e *transform.Event) *flaw {
		flaw := scan.record(record, root, values)
		if flaw != nil || !p.is(values) {
			if flaw := r.mistaken(record, p.name); flaw != nil {
				return flaw
			}
		}
		if flaw != nil {
			return flaw
		}
		assembled = [fieldCount]value{}
		if flaw := assemble(values, &assembled); flaw != nil {
			return flaw
		}
		for i, f := range added {
			if v := values[len(p.paths)+i]; v.known() || f.standsAlone() {
				assembled[f] = v
			}
		}
		keep(values[len(paths):])
		flaw = judge.event(&assembled, e)
		if flaw != nil && flaw.reason == missingSubject && p.subjectless != "" {
			flaw.detail += "; " + p.subjectless
		}
		return flaw
	}
}

// configured returns the places that the configuration gives, in the order of
// the fields.
func (s Source) configured() []place {
	if len(s.Fields) == 0 {
		return nil
	}
	return s.places()
}

// An objectRole says what an object is for.
type objectRole struct {
	contents contents

	// edition names objects that take each other's place, such as the daily
	// and the intraday tables of a date; empty for none. Objects that are
	// provisional count until one of the same edition that is not has been read.
	edition     string
	provisional bool
}

// contents is what an object has in it.
type contents uint8

const (
	eventRecords contents = iota
	identities            // which id is whose
	noData                // marks, reports and tables of other things
)

// errParquet says that an object that was expected to be text is Parquet.
var errParquet = error(&misfit{"this is a Parquet file, not lines of text"})
