package schedules

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// A NotFoundError says that the lake has nothing of the kind asked for.
type NotFoundError struct{ Text string }

func (e *NotFoundError) Error() string { return e.Text }

// An explainer reads a lake to say why its tables are as they are. It needs no
// warehouse, and writes nothing.
type explainer struct {
	*Pipeline
	batches []lake.Batch
	made    map[calendar.Day]lake.Day
	days    []calendar.Day // made, in order
}

func (p *Pipeline) explainer(ctx context.Context) (*explainer, error) {
	batches, err := p.batches(ctx)
	if err != nil {
		return nil, err
	}
	made, err := lake.Days(ctx, p.Lake)
	if err != nil {
		return nil, err
	}
	if len(made) == 0 {
		return nil, &NotFoundError{fmt.Sprintf("no day has tables in the lake %s: sojourn run makes them", p.Lake)}
	}
	return &explainer{p, batches, made, slices.Sorted(maps.Keys(made))}, nil
}

// searched says in words which days were looked at.
func searched(days []calendar.Day) string {
	switch len(days) {
	case 0:
		return "no days"
	case 1:
		return days[0].String()
	}
	return fmt.Sprintf("the %d days with tables from %s to %s", len(days), days[0], days[len(days)-1])
}

// chosen are the days to look at, the latest first: one, or all that have tables.
func (x *explainer) chosen(day *calendar.Day) ([]calendar.Day, error) {
	if day == nil {
		days := slices.Clone(x.days)
		slices.Reverse(days)
		return days, nil
	}
	if _, ok := x.made[*day]; !ok {
		return nil, &NotFoundError{fmt.Sprintf("%s has no tables: %s do", *day, searched(x.days))}
	}
	return []calendar.Day{*day}, nil
}

// table reads the file of a table of a day.
func (x *explainer) table(ctx context.Context, day calendar.Day, name string) ([]byte, error) {
	return x.Lake.Read(ctx, x.made[day].Tables[name].Object)
}

// A subjectDay is what the events of one subject on a day come to, folded anew.
type subjectDay struct {
	day     calendar.Day
	carried *transform.Carry // what the day before left; nil for nothing
	notes   []transform.Note
	folded  transform.Folded
}

// fold folds the events of some subjects on a made day anew, from the staged
// files and the state that the day was made from. It is an error if they, or
// what the day was made by, are not to be had any more.
func (x *explainer) fold(ctx context.Context, day calendar.Day, subjects ...string) (map[string]*subjectDay, error) {
	m := x.made[day]
	definition, err := x.definitionOf(m)
	if err != nil {
		return nil, err
	}
	known, files, err := lake.AsMade(x.batches, m)
	if err != nil {
		return nil, err
	}
	identity, err := x.identity(ctx, known)
	if err != nil {
		return nil, err
	}
	if identity.Digest() != m.Identity {
		return nil, fmt.Errorf("the tables of %s were made when the lake said something else of which id is whose", day)
	}
	before, err := x.stateBefore(ctx, m)
	if err != nil {
		return nil, err
	}
	events, err := x.eventsOf(ctx, files, newStringing(transform.NewSessionizer(definition, x.Zone), identity, day, before, limits{}), subjects)
	if err != nil {
		return nil, err
	}
	result := map[string]*subjectDay{}
	for _, subject := range subjects {
		f := &subjectDay{day: day}
		for i := range before.Carry {
			if before.Carry[i].Subject == subject {
				f.carried = &before.Carry[i]
			}
		}
		if f.carried != nil || len(events[subject]) > 0 {
			s := transform.NewSessionizer(definition, x.Zone) // whose own is what it returns
			s.Trace(func(n transform.Note) { f.notes = append(f.notes, n) })
			f.folded = s.Fold(f.carried, events[subject], day)
		}
		result[subject] = f
	}
	return result, nil
}

// definitionOf is the definition that a day was made by, if the configuration
// still has it.
func (x *explainer) definitionOf(m lake.Day) (transform.Definition, error) {
	if m.Definition != x.Definition.Digest() {
		return transform.Definition{}, fmt.Errorf("the tables of %s were made by the session definition %s, and the configuration has %s: sojourn run makes them again",
			m.Day, m.Definition, x.Definition.Digest())
	}
	if m.Code != transform.Version {
		return transform.Definition{}, fmt.Errorf("the tables of %s were made by version %s of the transform, and this program has %s: sojourn run makes them again",
			m.Day, m.Code, transform.Version)
	}
	return x.Definition, nil
}

// stateBefore is the state that a day was made from.
func (x *explainer) stateBefore(ctx context.Context, m lake.Day) (state, error) {
	if m.Before == nil {
		return state{}, nil
	}
	before, ok := x.made[m.Before.Day]
	if !ok || before.Carry.SHA256 != m.Before.Carry {
		return state{}, fmt.Errorf("the tables of %s were made from another end of %s than the lake has now: sojourn run makes them again", m.Day, m.Before.Day)
	}
	data, err := x.Lake.Read(ctx, before.Carry.Object)
	if err != nil {
		return state{}, err
	}
	if digest(data) != before.Carry.SHA256 {
		return state{}, fmt.Errorf("state %s is not the file that was written: its digest differs", before.Carry.Object)
	}
	var all stateJSON
	if err := json.Unmarshal(data, &all); err != nil {
		return state{}, fmt.Errorf("state %s: %w", before.Carry.Object, err)
	}
	return all.state, nil
}

// eventsOf returns the events of some subjects, each in the order in which they
// are folded.
func (x *explainer) eventsOf(ctx context.Context, files []lake.StagedFile, g *stringing, subjects []string) (map[string][]transform.Event, error) {
	events := map[string][]transform.Event{}
	last := slices.Max(subjects)
	for of, err := range extract.ReadDay(ctx, x.Lake, files) {
		if err != nil {
			return nil, err
		}
		if g.definition.Stitch == 0 && !g.regroups() {
			subject := of[0].Subject()
			if slices.Contains(subjects, subject) {
				events[subject] = slices.Clone(of)
			}
			if subject >= last {
				break // they come in order
			}
			continue
		}
		of = slices.Clone(of)
		g.definition.Identify(of, g.identity, g.known[of[0].DeviceID])
		for _, e := range of {
			if subject := g.definition.Subject(&e); slices.Contains(subjects, subject) {
				events[subject] = append(events[subject], e)
			}
		}
	}
	if g.regroups() {
		for _, list := range events {
			slices.SortFunc(list, func(a, b transform.Event) int {
				return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.ID, b.ID), a.Compare(&b))
			})
		}
	}
	return events, nil
}

// subjectOf is whose events a session is made of.
func (x *explainer) subjectOf(s *transform.Session) string {
	if x.Definition.By != transform.ByUser && s.DeviceID != "" {
		return s.DeviceID
	}
	return s.UserID
}

// A DayOrigin says what the tables of a day were made from, and why.
type DayOrigin struct {
	Day         calendar.Day  `json:"date"`
	Definition  string        `json:"definition"` // digest
	Code        string        `json:"transform_version"`
	Zone        string        `json:"timezone"`
	Fingerprint string        `json:"fingerprint"`
	Staged      int           `json:"staged_files"`
	Events      int64         `json:"staged_events"` // duplicates included
	Objects     []lake.Origin `json:"objects"`       // raw objects that have them
	Before      *calendar.Day `json:"state_of,omitempty"`
	IsFinal     bool          `json:"is_final"`
	Run         string        `json:"run"` // that made them last
	Made        time.Time     `json:"made"`
	Stale       string        `json:"stale,omitempty"` // why a run would make them again; empty if it would not
	Revisions   []Revision    `json:"revisions"`       // oldest first; the last is what there is now
}

// A Revision is one content that the tables of a day have had.
type Revision struct {
	Number   int64        `json:"revision"`
	AsOf     time.Time    `json:"as_of"`
	Run      string       `json:"run"`
	Reason   string       `json:"reason"`
	Because  []lake.Cause `json:"because,omitempty"`
	More     int          `json:"more_causes,omitempty"`
	Accepted string       `json:"accepted,omitempty"`
}

// originOf says what a day was made from.
func (x *explainer) originOf(ctx context.Context, day calendar.Day) (DayOrigin, error) {
	m := x.made[day]
	o := DayOrigin{
		Day: day, Definition: m.Definition, Code: m.Code, Zone: m.Zone, Fingerprint: m.Fingerprint,
		Staged: len(m.Inputs), Events: m.Ledger.Events, IsFinal: m.IsFinal, Run: m.Run, Made: m.Made,
	}
	if m.Before != nil {
		o.Before = &m.Before.Day
	}
	if known, files, err := lake.AsMade(x.batches, m); err == nil {
		o.Objects = lake.Origins(known, day, files)
	}
	revisions, err := x.revisions(ctx, day)
	if err != nil {
		return o, err
	}
	for _, r := range revisions {
		o.Revisions = append(o.Revisions, Revision{r.Revision, r.AsOf, r.By, r.Reason, r.Because, r.MoreCauses, r.Accepted})
	}
	o.Stale, err = x.stale(ctx, m)
	return o, err
}

// revisions returns the manifests of all revisions of a day, oldest first.
func (x *explainer) revisions(ctx context.Context, day calendar.Day) ([]lake.Day, error) {
	m := x.made[day]
	all, err := lake.Revisions(ctx, x.Lake, day)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r lake.Day) bool { return r.Revision >= m.Revision })
	return append(all, m), nil
}

// stale says why a run would make a day again, "" if it would not.
func (x *explainer) stale(ctx context.Context, m lake.Day) (string, error) {
	identity, err := x.identity(ctx, x.batches)
	if err != nil {
		return "", err
	}
	var before *lake.StateRef
	if i, _ := slices.BinarySearch(x.days, m.Day); i > 0 {
		before = stateAfter(x.made[x.days[i-1]], load.DailyTables(true))
	}
	return stale(m, x.rules(identity), lake.Staged(x.batches)[m.Day], before), nil
}

// differing compares two sessions but for what their user's history says of
// them, and returns the columns that differ, in words.
func differing(table, folded transform.Session) []string {
	one, other := load.RowsFrom([]transform.Session{table})[0], load.RowsFrom([]transform.Session{folded})[0]
	var columns []string
	for _, name := range slices.Sorted(maps.Keys(one)) {
		switch name {
		case "is_first_session", "seconds_since_previous_session", "is_after_crash":
			continue
		}
		if one[name] != other[name] {
			columns = append(columns, fmt.Sprintf("%s is %v in the table, and %v folded anew", name, shown(one[name]), shown(other[name])))
		}
	}
	return columns
}

func shown(v any) any {
	if v == nil {
		return "null"
	}
	return v
}
