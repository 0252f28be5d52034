package lake

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
)

// HistoryObject is where a table of a day is kept as it was in a revision,
// once another has taken its place.
func HistoryObject(table string, day calendar.Day, revision int64) string {
	return fmt.Sprintf("%s%s.parquet", HistoryPrefix(day, revision), table)
}

// HistoryPrefix is the folder of the tables of an earlier revision of a day.
// It has those tables that the next revision has changed.
func HistoryPrefix(day calendar.Day, revision int64) string {
	return fmt.Sprintf("%sdate=%s/r%06d/", history, day, revision)
}

// WriteRevision keeps the manifest of a day that is about to be replaced.
func WriteRevision(ctx context.Context, b *bucket.Bucket, was Day) error {
	return writeJSON(ctx, b, fmt.Sprintf("%s%s/%06d.json", revisions, was.Day, was.Revision), was)
}

// Revisions reads the manifests of a day that have been replaced, oldest
// first.
func Revisions(ctx context.Context, b *bucket.Bucket, day calendar.Day) ([]Day, error) {
	return readAll[Day](ctx, b, revisions+day.String()+"/")
}

// ReadRevision reads the manifest of a revision that has been replaced; nil if
// there is none.
func ReadRevision(ctx context.Context, b *bucket.Bucket, day calendar.Day, revision int64) (*Day, error) {
	return readJSON[Day](ctx, b, fmt.Sprintf("%s%s/%06d.json", revisions, day, revision))
}

// HideErased takes the names of raw objects with an erased id in them out of
// what manifests of days, and of their revisions, say of why they were made.
// The days whose table of restatements has such a name are due afterwards.
func HideErased(ctx context.Context, b *bucket.Bucket, e *Erased) error {
	made, err := Days(ctx, b)
	if err != nil {
		return err
	}
	replaced, err := ReplacedRevisions(ctx, b)
	if err != nil {
		return err
	}
	all := maps.Clone(replaced)
	for day := range made {
		all[day] = 0
	}
	for _, day := range slices.Sorted(maps.Keys(all)) {
		var was []Day // that have such names
		if replaced[day] > 0 {
			revisions, err := Revisions(ctx, b, day)
			if err != nil {
				return err
			}
			for _, r := range revisions {
				hidden := false
				if r.Because, hidden = e.Hide(r.Because); hidden {
					was = append(was, r)
				}
			}
		}
		m, ok := made[day]
		hidden := false
		if m.Because, hidden = e.Hide(m.Because); ok && (hidden || len(was) > 0) {
			m.Inputs = nil // so that it is made again, if this is where it ends
			if err := WriteDay(ctx, b, m); err != nil {
				return err
			}
		}
		for _, r := range was {
			if err := WriteRevision(ctx, b, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// ReplacedRevisions returns the number of the latest revision of each day that
// has been replaced, by the names of their manifests.
func ReplacedRevisions(ctx context.Context, b *bucket.Bucket) (map[calendar.Day]int64, error) {
	latest := map[calendar.Day]int64{}
	for o, err := range b.List(ctx, revisions) {
		if err != nil {
			return nil, err
		}
		text, file, _ := strings.Cut(strings.TrimPrefix(o.Name, revisions), "/")
		number, isJSON := strings.CutSuffix(file, ".json")
		day, err := calendar.ParseDay(text)
		n, notNumber := strconv.ParseInt(number, 10, 64)
		if !isJSON || err != nil || notNumber != nil {
			continue // a killed writer may leave files of other names behind
		}
		latest[day] = max(latest[day], n)
	}
	return latest, nil
}

// fingerprint returns a digest of all that the tables of a day are a function
// of: 16 hex digits.
func (d *Day) fingerprint() string {
	of := struct {
		Definition, Analysis, Identity, Code, Zone string
		Inputs                                     []string
		Before                                     *StateRef
		Others                                     map[string]string
		Partial                                    bool
	}{d.Definition, d.Analysis, d.Identity, d.Code, d.Zone, nil, d.Before, map[string]string{}, d.IsPartial}
	for _, f := range d.Inputs {
		of.Inputs = append(of.Inputs, f.Object+" "+f.SHA256+" "+f.SupersededSHA256)
	}
	for name, o := range d.Others {
		of.Others[name] = o.Definition
	}
	data, err := json.Marshal(of)
	if err != nil {
		panic(err) // texts can be written
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))[:16]
}

// Kept are the tables of a revision that are kept although another has taken
// its place.
type Kept struct {
	Day      calendar.Day
	Revision int64
	Objects  []string
}

// KeptRevisions lists what is kept of revisions that have been replaced, by day
// and revision.
func KeptRevisions(ctx context.Context, b *bucket.Bucket) ([]Kept, error) {
	var all []Kept
	for o, err := range b.List(ctx, history) {
		if err != nil {
			return nil, err
		}
		date, rest, _ := strings.Cut(strings.TrimPrefix(o.Name, history+"date="), "/r")
		number, _, _ := strings.Cut(rest, "/")
		day, err := calendar.ParseDay(date)
		n, notNumber := strconv.ParseInt(number, 10, 64)
		if err != nil || notNumber != nil {
			continue // not ours
		}
		if last := len(all) - 1; last >= 0 && all[last].Day == day && all[last].Revision == n {
			all[last].Objects = append(all[last].Objects, o.Name)
			continue
		}
		all = append(all, Kept{day, n, []string{o.Name}})
	}
	return all, nil
}

// TableAsOf returns the file of a table as it was in a revision of a day.
// Manifests are those of all revisions from that one on, in order, the present
// one last. It is false if the revision had no such
// table; a file that is not kept any more does not exist.
func TableAsOf(table string, manifests []Day) (File, bool) {
	wanted, ok := manifests[0].Tables[table]
	if !ok {
		return File{}, false
	}
	last := 0
	for last+1 < len(manifests) && manifests[last+1].Tables[table].SHA256 == wanted.SHA256 {
		last++
	}
	if last+1 < len(manifests) {
		wanted.Object = HistoryObject(table, wanted.Day, manifests[last].Revision)
	}
	return wanted, true
}
