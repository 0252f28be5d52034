package schedules

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// A CellQuestion names a cell of a table, or all of a row.
type CellQuestion struct {
	Table  string
	Day    calendar.Day
	Where  map[string]string // values of key columns, as text; "" is null
	Column string            // empty for all of the row
	Most   int               // contributors to name
}

// A CellStory is what a cell was counted from.
type CellStory struct {
	Table   load.Table   `json:"-"`
	Name    string       `json:"table"`
	Day     calendar.Day `json:"date"`
	Column  string       `json:"column,omitempty"`
	Row     load.Row     `json:"row"`
	Origin  DayOrigin    `json:"origin"`
	Moves   []CellMove   `json:"revisions"` // of the cell, or of the first number of its row
	Recount *Recount     `json:"recount,omitempty"`
	NoRows  string       `json:"no_rows,omitempty"` // why no contributors are listed
	Problem string       `json:"problem,omitempty"` // in what the recount differs; empty if in nothing
	Others  []load.Row   `json:"-"`                 // rows that fit, if the question does not say which
}

// A CellMove is the cell in one revision of its day.
type CellMove struct {
	Revision
	Known  bool `json:"known"`           // the tables of the revision are kept
	Exists bool `json:"exists"`          // it had such a row
	Value  any  `json:"value,omitempty"` // nil for null
}

// A Recount is a cell counted anew from what its day's rows say of each user.
type Recount struct {
	Row          load.Row      `json:"row"`                // as it is counted now from all users
	Users        int64         `json:"users"`              // who contribute
	Sessions     int64         `json:"sessions,omitempty"` // of theirs that do, where the table is about sessions of the day
	Sum          *int64        `json:"sum,omitempty"`      // of what each contributes, of a column that adds up
	Contributors []Contributor `json:"contributors"`       // the first of them, by user
}

// A Contributor is a user of whom a cell tells.
type Contributor struct {
	User     string   `json:"user_id"`
	Value    any      `json:"value,omitempty"` // what the cell would be if there were nobody else
	Sessions []string `json:"session_ids,omitempty"`
}

// bySession are the tables whose rows count the sessions of the day one by one.
var bySession = []string{"daily_sessions", "daily_length", "daily_length_histogram", "daily_hours", "daily_stability", "daily_segments"}

// uncounted are the tables with a partition a day that are not counted from
// users, and what they are.
var uncounted = map[string]string{
	"sessions": "a row is one session: sojourn explain session says how it came about", "users": "a row is the history of one user: sojourn explain user shows it",
	"session_days": "a row is one session on one day: sojourn explain session says how it came about", "session_steps": "a row is one event",
	"user_events": "a row is the history of one user", "user_features": "a row is the history of one user",
	"user_funnels": "a row is the attempt of one user", "user_retention": "a row is the membership of one user",
	"daily_ledger": "it counts the staged events of the day, which the raw objects below have", "definition_differences": "it compares sessions of several definitions: sojourn definitions diff shows them",
}

// ExplainCell says what a cell of a daily table was counted from.
func (p *Pipeline) ExplainCell(ctx context.Context, q CellQuestion) (CellStory, error) {
	story := CellStory{Name: q.Table, Day: q.Day, Column: q.Column}
	x, err := p.explainer(ctx)
	if err != nil {
		return story, err
	}
	if _, err := x.chosen(&q.Day); err != nil {
		return story, err
	}
	if err := q.check(&story); err != nil {
		return story, err
	}
	data, err := x.table(ctx, q.Day, q.Table)
	if err != nil {
		return story, err
	}
	rows, err := load.ReadRows(q.Table, data)
	if err != nil {
		return story, err
	}
	switch fit := q.fitting(rows); len(fit) {
	case 1:
		story.Row = fit[0]
	case 0:
		story.Others = rows
		return story, &NotFoundError{fmt.Sprintf("%s of %s has no such row", q.Table, q.Day)}
	default:
		story.Others = fit
		return story, &UsageError{fmt.Errorf("%d rows of %s of %s are like that: say with --where which is meant", len(fit), q.Table, q.Day)}
	}
	if story.Origin, err = x.originOf(ctx, q.Day); err != nil {
		return story, err
	}
	if err := x.moves(ctx, &story); err != nil {
		return story, err
	}
	if story.NoRows = uncounted[q.Table]; story.NoRows != "" {
		return story, nil
	}
	return story, x.recount(ctx, &story, q.Most)
}

// check completes a story with its table, and refuses names that it has not got.
func (q *CellQuestion) check(story *CellStory) error {
	t, ok := load.TableNamed(q.Table)
	if !ok || !slices.Contains(append(load.DailyTables(true), load.DailyTables(false)...), q.Table) {
		return &UsageError{fmt.Errorf("%q is no table that is made by day: docs/tables.md lists them", q.Table)}
	}
	story.Table = t
	for _, name := range append(slices.Sorted(maps.Keys(q.Where)), q.Column) {
		if name != "" && !slices.ContainsFunc(t.Columns, func(c load.Column) bool { return c.Name == name }) {
			return &UsageError{fmt.Errorf("%s has no column %q: docs/tables.md lists them", q.Table, name)}
		}
	}
	return nil
}

// fitting returns the rows that are as the question says. What it does not say
// is the total where a row is one, if that leaves any.
func (q *CellQuestion) fitting(rows []load.Row) []load.Row {
	var fit []load.Row
	for _, r := range rows {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(q.Where)), func(name string) bool { return CellText(r[name]) != q.Where[name] }) {
			fit = append(fit, r)
		}
	}
	if _, said := q.Where["cut"]; !said && len(fit) > 1 {
		if total := slices.DeleteFunc(slices.Clone(fit), func(r load.Row) bool { return r["cut"] != "total" }); len(total) > 0 {
			return total
		}
	}
	return fit
}

// CellText is a value of a row as text; "" for null.
func CellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// keyOf tells rows of a table of one day apart.
func keyOf(t *load.Table, r load.Row) string {
	var parts []string
	for _, name := range t.Key {
		parts = append(parts, fmt.Sprintf("%q", CellText(r[name])))
	}
	return strings.Join(parts, " ")
}

func rowWithKey(t *load.Table, rows []load.Row, key string) load.Row {
	i := slices.IndexFunc(rows, func(r load.Row) bool { return keyOf(t, r) == key })
	if i < 0 {
		return nil
	}
	return rows[i]
}

// moves tells what the cell was in the revisions of its day.
func (x *explainer) moves(ctx context.Context, story *CellStory) error {
	manifests, err := x.revisions(ctx, story.Day)
	if err != nil {
		return err
	}
	key := keyOf(&story.Table, story.Row)
	column := story.Column
	if column == "" {
		column = story.metrics()[0]
	}
	for i := range manifests {
		move := CellMove{Revision: story.Origin.Revisions[i]}
		if f, ok := lake.TableAsOf(story.Name, manifests[i:]); ok {
			data, err := x.Lake.Read(ctx, f.Object)
			if err == nil && digest(data) == f.SHA256 {
				rows, err := load.ReadRows(story.Name, data)
				if err != nil {
					return err
				}
				r := rowWithKey(&story.Table, rows, key)
				move.Known, move.Exists = true, r != nil
				move.Value = r[column]
			} else if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		story.Moves = append(story.Moves, move)
	}
	return nil
}

// metrics are the columns that are not what the row is about and no mark of it;
// the first counts users or sessions.
func (s *CellStory) metrics() []string {
	var names []string
	for _, c := range s.Table.Columns {
		if !slices.Contains(s.Table.Key, c.Name) && c.Name != "day_n" && c.Name != "is_final" && c.Name != "definition_digest" {
			names = append(names, c.Name)
		}
	}
	return names
}

// recount counts the cell's table anew from the rows of the day, in all and
// user by user.
func (x *explainer) recount(ctx context.Context, story *CellStory, most int) error {
	m := x.made[story.Day]
	definition, err := x.definitionOf(m)
	if err == nil && m.Analysis != x.Analysis.Digest() {
		err = fmt.Errorf("the tables of %s were asked something else than the configuration does: sojourn run makes them again", story.Day)
	}
	if err != nil {
		story.NoRows = err.Error()
		return nil
	}
	u := newUnder(definition, x.Analysis, nil, transform.Identity{}, x.Zone)
	w, later, err := x.workOf(ctx, story.Day)
	if err != nil {
		return err
	}
	at := unsettled
	if m.IsFinal {
		at = ownSettled
	}
	all, err := recounted(w, u, later, at, story.Name)
	if err != nil {
		return err
	}
	key := keyOf(&story.Table, story.Row)
	r := &Recount{Row: rowWithKey(&story.Table, all, key)}
	story.Recount = r
	columns := story.metrics()
	if story.Column != "" {
		columns = []string{story.Column}
	}
	for _, name := range columns {
		if story.Row[name] != r.Row[name] {
			story.Problem += fmt.Sprintf("%s is %v in the table, and %v counted anew; ", name, shown(story.Row[name]), shown(r.Row[name]))
		}
	}
	story.Problem = strings.TrimSuffix(story.Problem, "; ")
	if r.Row == nil {
		return nil
	}
	return x.contributors(ctx, story, u, w, later, most)
}

// contributors finds who a row is about: of whom alone there would be such a
// row too.
func (x *explainer) contributors(ctx context.Context, story *CellStory, u under, w *work, later []*work, most int) error {
	r := story.Recount
	key := keyOf(&story.Table, story.Row)
	column, counts := story.Column, story.metrics()[0]
	if _, isCount := story.Row[column].(int64); isCount {
		counts = column // who adds nothing to it is not told of
	}
	if column == "" {
		column = counts
	}
	alone := u.analysis
	alone.MinUsers = 0
	digest := u.own.Definition().Digest()
	rowOf := func(of *transform.UserDay) (load.Row, error) {
		tally := transform.NewTally(w.day, u.zone, alone, digest, x.made[w.day].IsFinal)
		tally.Add(of)
		t := tally.Tables()
		rows, err := load.RowsOf(&t, story.Name)
		return rowWithKey(&story.Table, rows, key), err
	}
	definition := u.own.Definition()
	sum, adds := int64(0), true
	for now, err := range w.moments(later) {
		if err != nil {
			return err
		}
		for of := range now.userDays(&definition) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			row, err := rowOf(of)
			if err != nil {
				return err
			}
			value := row[column]
			n, isCount := value.(int64)
			if row == nil || row[counts] == int64(0) || row[counts] == nil {
				continue
			}
			sum, adds = sum+n, adds && isCount
			c := Contributor{User: of.UserID, Value: value}
			if slices.Contains(bySession, story.Name) {
				for i := range of.Sessions {
					one := *of
					one.Sessions = of.Sessions[i : i+1]
					row, err := rowOf(&one)
					if err != nil {
						return err
					}
					if n, _ := row["sessions"].(int64); n > 0 && row[counts] != int64(0) {
						r.Sessions++
						c.Sessions = append(c.Sessions, of.Sessions[i].SessionID)
					}
				}
			}
			if r.Users++; len(r.Contributors) < most {
				r.Contributors = append(r.Contributors, c)
			}
		}
	}
	if total, ok := r.Row[column].(int64); ok && adds && total == sum {
		r.Sum = &sum
	}
	return nil
}

// recounted counts the rows of one table of a day anew.
func recounted(w *work, u under, later []*work, at standingOf, table string) ([]load.Row, error) {
	var all []load.Row
	add := func(t *transform.Tables) error {
		rows, err := load.RowsOf(t, table)
		all = append(all, rows...)
		return err
	}
	sums, err := w.tables(u, later, at, add)
	if err == nil {
		err = add(&sums)
	}
	return all, err
}

// workOf reads the rows of a made day, and of the days after it that tell of
// users who returned and of sessions that went on.
func (x *explainer) workOf(ctx context.Context, day calendar.Day) (*work, []*work, error) {
	c := &chain{lake: x.Lake, made: x.made}
	w, err := x.readWork(ctx, c, day)
	if err != nil {
		return nil, nil, err
	}
	var later []*work
	at, _ := slices.BinarySearch(x.days, day+1)
	for _, d := range x.days[at:] {
		if x.made[d].IsPartial {
			break
		}
		l, err := x.readWork(ctx, c, d)
		if err != nil {
			return nil, nil, err
		}
		later = append(later, l)
		if l.strung.openSince(d+1) > day {
			break
		}
	}
	return w, later, nil
}

// readWork reads the rows of a made day and what it leaves to the next.
func (x *explainer) readWork(ctx context.Context, c *chain, day calendar.Day) (*work, error) {
	w, err := c.read(ctx, day)
	if err != nil {
		return nil, err
	}
	object := x.made[day].Carry.Object
	data, err := x.Lake.Read(ctx, object)
	if err != nil {
		return nil, err
	}
	if err := w.decodeState(data); err != nil {
		return nil, fmt.Errorf("state %s: %w", object, err)
	}
	w.others = nil // definitions that are only compared have no say
	return w, nil
}
