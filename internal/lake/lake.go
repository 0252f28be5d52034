// Package lake knows where things are in the lake and what its manifests say.
//
// A manifest is the commit of the files it names: a file that no manifest
// names does not count. There are two kinds. A [Batch] says which raw objects
// were read into which staged files; each object version is read once in its
// life. A [Day] says from which staged files and which state the tables of a
// day were made, and what came out.
package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/seal"
	"sojourn/transform"
)

const (
	batches   = "runs/batches/"
	days      = "runs/days/"
	revisions = "runs/revisions/"
	applied   = "runs/applied/"
	history   = "history/"
)

// A File is an object of the lake that a manifest names.
type File struct {
	Object string       `json:"object"`
	Day    calendar.Day `json:"day"`
	Rows   int64        `json:"rows"`
	Bytes  int64        `json:"bytes"`
	SHA256 string       `json:"sha256"` // hex

	// Sums are the sums of the whole-number columns of a table's file, by
	// column: what the rows that a warehouse has loaded are audited by.
	Sums map[string]int64 `json:"sums,omitempty"`

	// IsLate says of staged events that they came after the late limit: they
	// count once a backfill has applied them, whose run is then in AppliedBy.
	IsLate    bool   `json:"is_late,omitempty"`
	AppliedBy string `json:"-"`

	// Erasure is the erasure that wrote the file in the place of one that had
	// records of erased people; empty if none did.
	Erasure string `json:"erasure,omitempty"`
}

// An Input is a raw object that was read.
type Input struct {
	Source  string `json:"source"`
	Object  string `json:"object"`
	Version string `json:"version"`
	Size    int64  `json:"size"`
	Reading string `json:"reading,omitempty"` // digest of how the source said to read it; empty if that was not noted
	Key     string `json:"key,omitempty"`     // id of the key that made pseudonyms of its ids; empty if they are kept

	Lines       int64  `json:"lines"`           // records seen, good and bad
	Events      int64  `json:"events"`          // records that became staged events
	Quarantined int64  `json:"quarantined"`     // records that did not, and are in quarantine
	Error       string `json:"error,omitempty"` // why not all of the object could be read, if so

	// Aliases counts records that are no events but say which id is whose.
	Aliases int64 `json:"aliases,omitempty"`

	// Skipped counts records that are no events by the product's own word, such
	// as hits that Adobe excludes: nothing is wrong with them.
	Skipped int64 `json:"skipped,omitempty"`

	// Edition names objects of a source that take each other's place, such as
	// the daily and the intraday table of a date. One that is provisional
	// counts only until one of the same edition that is not has been read.
	Edition     string `json:"edition,omitempty"`
	Provisional bool   `json:"provisional,omitempty"`

	// Days counts the events by the day they happened on, in order of days:
	// their sum is Events.
	Days []DayCount `json:"days,omitempty"`
}

// A DayCount is how many events an object has of a day.
type DayCount struct {
	Day    calendar.Day `json:"day"`
	Events int64        `json:"events"`
}

// A Batch is the manifest of one extraction: Σ Lines = Σ Events + Σ Quarantined
// + Σ Aliases + Σ Skipped.
type Batch struct {
	ID         string  `json:"id"`   // six digits, counting up
	Zone       string  `json:"zone"` // whose days the staged events are sorted into
	Inputs     []Input `json:"inputs"`
	Staged     []File  `json:"staged"`             // sorted by day and object
	Quarantine []File  `json:"quarantine"`         // rows: quarantined records
	Identity   []File  `json:"identity,omitempty"` // rows: aliases

	// Removed names objects that were read before and are gone from their
	// source: their readings do not count from here on.
	Removed []ObjectKey `json:"removed,omitempty"`

	Run  string    `json:"run,omitempty"` // the run that read them
	Made time.Time `json:"made"`          // when

	// Replay says that records of the objects were in quarantine, and that this
	// is why they were read again.
	Replay bool `json:"replay,omitempty"`

	// Reasons counts quarantined records by reason.
	Reasons map[string]int64 `json:"reasons,omitempty"`

	// Skips counts skipped records by reason.
	Skips map[string]int64 `json:"skips,omitempty"`
}

// A StagedFile is a file of staged events and the objects whose events in it
// no longer count, because a newer version of the object has been read since.
type StagedFile struct {
	File
	Superseded []ObjectKey `json:"-"` // sorted

	// Fallen counts the events of the file's day and batch that no longer count.
	// It is with the first of their files: what an object has in each is not noted.
	Fallen int64 `json:"-"`

	// SupersededSHA256 is a digest of Superseded; empty if that is. A day's
	// manifest keeps no more: the list can be long, and the batches have it.
	SupersededSHA256 string `json:"superseded_sha256,omitempty"`
}

// An ObjectKey names a raw object.
type ObjectKey struct {
	Source string `json:"source"`
	Object string `json:"object"`
}

// A Day is the manifest of the tables of one day.
type Day struct {
	Day        calendar.Day `json:"day"`
	Definition string       `json:"definition"`         // digest of the session definition
	Analysis   string       `json:"analysis"`           // digest of what the tables are asked
	Identity   string       `json:"identity,omitempty"` // digest of which id is whose; empty if nothing says so
	Code       string       `json:"code"`               // version of the transform
	Zone       string       `json:"zone"`
	Inputs     []StagedFile `json:"inputs"`
	Before     *StateRef    `json:"before,omitempty"`     // state the day starts from; nil on the first day
	IsPartial  bool         `json:"is_partial,omitempty"` // made before the day was over
	IsFinal    bool         `json:"is_final"`             // the next day with data has been folded

	Tables map[string]File  `json:"tables"`           // by table name: what is published
	Carry  File             `json:"carry"`            // what the day leaves to the next beside users; its rows are subjects
	Others map[string]Other `json:"others,omitempty"` // what definitions that are only compared make of the day, by name
	Ledger transform.Ledger `json:"ledger"`           // where the day's events went

	// Batch is the latest batch that was there when the day was made.
	Batch string `json:"batch,omitempty"`

	// Revision counts the contents that the day's tables have had; 1 for the
	// first. Making a day again with the same result is no revision: what
	// follows stays as it was.
	Revision   int64     `json:"revision"`
	AsOf       time.Time `json:"as_of"`                 // when the revision was made
	By         string    `json:"by"`                    // the run that made it
	Reason     string    `json:"reason"`                // why it was made
	Because    []Cause   `json:"because,omitempty"`     // the raw objects that were the reason, the first of them
	MoreCauses int       `json:"more_causes,omitempty"` // how many there are beside Because
	Accepted   string    `json:"accepted,omitempty"`    // why an operator let it pass a check, if one did

	// Headline is what the day comes to in a few numbers, by metric.
	Headline map[string]float64 `json:"headline,omitempty"`

	// Checks are the checks that did not pass, and were warnings or accepted.
	Checks []Check `json:"checks,omitempty"`

	// Restatements is the file of the day's rows in that table.
	Restatements File `json:"restatements"`

	// Fingerprint is a digest of all that the tables are a function of.
	Fingerprint string `json:"fingerprint"`

	Run  string    `json:"run"`  // the run that made them last
	Made time.Time `json:"made"` // when
}

// A Check is what came of a check of a day's tables.
type Check struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"` // what was found
	Limit float64 `json:"limit"` // what was allowed
	Text  string  `json:"text"`  // the same in words
}

// An Other is what a definition that is only compared makes of a day.
type Other struct {
	Definition string `json:"definition"` // its digest
	Sessions   File   `json:"sessions"`
	Days       File   `json:"session_days"`

	Ledger transform.Ledger `json:"ledger"` // where the day's events went under it
}

// A StateRef names the state at the end of an earlier day by content.
type StateRef struct {
	Day   calendar.Day `json:"day"`
	Users string       `json:"users_sha256"` // of all tables that are state
	Carry string       `json:"carry_sha256"`
}

// TableObject is where a table keeps a day.
func TableObject(table string, day calendar.Day) string {
	return fmt.Sprintf("%s/date=%s/%s.parquet", table, day, table)
}

// CarryObject is where the sessions carried over the end of a day are kept.
func CarryObject(day calendar.Day) string {
	return fmt.Sprintf("carry/date=%s/carry.json", day)
}

// OtherObject is where a day's rows of a definition that is only compared are
// kept.
func OtherObject(definition, table string, day calendar.Day) string {
	return fmt.Sprintf("definitions/%s/%s/date=%s/%s.parquet", definition, table, day, table)
}

// StagedObject is where part number part of a batch's events of a day is kept.
func StagedObject(day calendar.Day, batch string, part int) string {
	return fmt.Sprintf("events/date=%s/batch-%s-%03d.parquet", day, batch, part)
}

// QuarantineObject is where part number part of a batch's unreadable records is kept.
func QuarantineObject(batch string, part int) string {
	return fmt.Sprintf("quarantine/batch-%s-%03d.parquet", batch, part)
}

// IdentityObject is where a batch's records of which id is whose are kept.
func IdentityObject(batch string) string {
	return fmt.Sprintf("identity/batch-%s.parquet", batch)
}

// RewrittenObject is where an erasure keeps what it leaves of an object. It is
// another name, so that a manifest never names a file of other content.
func RewrittenObject(object, erasure string) string {
	name, extension, _ := strings.Cut(writtenObject(object), ".")
	return name + rewritten + erasure + "." + extension
}

// rewritten is in the names of objects that an erasure wrote.
const rewritten = "-erasure-"

// writtenObject is the name that an object had before erasures.
func writtenObject(object string) string {
	name, rest, ok := strings.Cut(object, rewritten)
	if !ok {
		return object
	}
	_, extension, _ := strings.Cut(rest, ".")
	return name + "." + extension
}

// Batches reads the manifests of all extractions, oldest first. Late files that
// a backfill has applied are not late any more.
func Batches(ctx context.Context, b *bucket.Bucket) ([]Batch, error) {
	all, err := readAll[Batch](ctx, b, batches)
	if err != nil {
		return nil, err
	}
	counts, err := readAll[Applied](ctx, b, applied)
	if err != nil {
		return nil, err
	}
	apply(all, counts)
	return all, nil
}

// WriteBatch commits an extraction.
func WriteBatch(ctx context.Context, b *bucket.Bucket, batch Batch) error {
	return writeJSON(ctx, b, batches+batch.ID+".json", batch)
}

// NextBatch returns the id of the extraction after those, which are in order.
func NextBatch(done []Batch) string {
	last := 0
	if len(done) > 0 {
		last, _ = strconv.Atoi(done[len(done)-1].ID) // written here
	}
	return fmt.Sprintf("%06d", last+1)
}

// Days reads the manifests of all days.
func Days(ctx context.Context, b *bucket.Bucket) (map[calendar.Day]Day, error) {
	list, err := readAll[Day](ctx, b, days)
	if err != nil {
		return nil, err
	}
	byDay := make(map[calendar.Day]Day, len(list))
	for _, d := range list {
		byDay[d.Day] = d
	}
	return byDay, nil
}

// ReadDay returns the manifest of a day; nil if it has not been made.
func ReadDay(ctx context.Context, b *bucket.Bucket, day calendar.Day) (*Day, error) {
	return readJSON[Day](ctx, b, days+day.String()+".json")
}

// HasDays says whether any day has been made.
func HasDays(ctx context.Context, b *bucket.Bucket) (bool, error) {
	for _, err := range b.List(ctx, days) {
		return err == nil, err
	}
	return false, nil
}

// WriteDay commits the tables of a day.
func WriteDay(ctx context.Context, b *bucket.Bucket, day Day) error {
	day.Fingerprint = day.fingerprint()
	return writeJSON(ctx, b, days+day.Day.String()+".json", day)
}

// RemoveDay takes back the manifest of a day; one that does not exist is no
// error.
func RemoveDay(ctx context.Context, b *bucket.Bucket, day calendar.Day) error {
	return b.Delete(ctx, days+day.String()+".json")
}

// readers is how many manifests are read at once: a lake on object storage
// answers in tens of milliseconds, and has one manifest a day.
const readers = 16

// readAll reads the manifests under a prefix, in the order of their names. One
// that is removed meanwhile is left out.
func readAll[T any](ctx context.Context, b *bucket.Bucket, prefix string) ([]T, error) {
	var names []string
	for o, err := range b.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		// A killed writer may leave files of other names behind.
		if strings.HasSuffix(o.Name, ".json") {
			names = append(names, o.Name)
		}
	}
	list := make([]*T, len(names))
	var group errgroup.Group
	group.SetLimit(readers)
	for i, name := range names {
		group.Go(func() (err error) {
			list[i], err = readJSON[T](ctx, b, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := make([]T, 0, len(list))
	for _, manifest := range list {
		if manifest != nil {
			all = append(all, *manifest)
		}
	}
	return all, nil
}

// readJSON returns nil if there is no such manifest.
func readJSON[T any](ctx context.Context, b *bucket.Bucket, name string) (*T, error) {
	data, err := b.Read(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	manifest := new(T)
	if _, err := seal.Decode(data, manifest); err != nil {
		return nil, fmt.Errorf("manifest %s of %s: %w: sojourn verify says what to do", name, b, err)
	}
	return manifest, nil
}

func writeJSON(ctx context.Context, b *bucket.Bucket, name string, v any) error {
	data, err := seal.Encode(v)
	if err != nil {
		return fmt.Errorf("manifest %s: %w", name, err)
	}
	return b.Put(ctx, name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
