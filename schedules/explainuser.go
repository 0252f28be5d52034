package schedules

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// A UserStory is what is known of a user at the end of a day.
type UserStory struct {
	User       transform.User      `json:"-"`
	Row        load.Row            `json:"user"`
	Sessions   []transform.Session `json:"-"` // of all days up to the day, in order
	Rows       []load.Row          `json:"sessions"`
	Devices    []string            `json:"devices,omitempty"`
	Statements []Statement         `json:"identity,omitempty"` // records that say which id is whose, of the ids of the user
	From, To   calendar.Day        `json:"-"`                  // days whose events are counted
	Ledger     *transform.Ledger   `json:"events,omitempty"`   // of them, where the events of the user's devices went; nil if that could not be counted
	Days       []DayLedger         `json:"events_by_day,omitempty"`
	Problem    string              `json:"problem,omitempty"` // why events could not be counted
}

// A DayLedger says where the events of a user's devices went on a day.
type DayLedger struct {
	Day    calendar.Day     `json:"date"`
	Ledger transform.Ledger `json:"events"`
}

// A Statement says that one id stands for another, and where that was said.
type Statement struct {
	From   string `json:"from_id"`
	To     string `json:"to_id"`
	Source string `json:"source"`
	Object string `json:"object"`
	Line   int64  `json:"line"`
}

// ExplainUser says what is known of a user at the end of a day, by default of
// the latest that has tables, and where the events of the user's devices went
// on the last so many days up to it.
func (p *Pipeline) ExplainUser(ctx context.Context, id string, day *calendar.Day, counted int) (UserStory, error) {
	var story UserStory
	x, err := p.explainer(ctx)
	if err != nil {
		return story, err
	}
	if day == nil {
		day = &x.days[len(x.days)-1]
	}
	if _, err := x.chosen(day); err != nil {
		return story, err
	}
	if err := x.user(ctx, id, *day, &story); err != nil {
		return story, err
	}
	if err := x.sessionsOf(ctx, *day, &story); err != nil {
		return story, err
	}
	if err := x.statements(ctx, &story); err != nil {
		return story, err
	}
	story.From, story.To = *day-calendar.Day(counted)+1, *day
	if err := x.countEvents(ctx, &story); err != nil {
		if ctx.Err() != nil {
			return story, err
		}
		story.Problem, story.Ledger, story.Days = err.Error(), nil, nil
	}
	return story, nil
}

// user finds the history of a user.
func (x *explainer) user(ctx context.Context, id string, day calendar.Day, story *UserStory) error {
	data, err := x.table(ctx, day, "users")
	if err != nil {
		return err
	}
	users, err := load.ReadUsers(data)
	if err != nil {
		return err
	}
	i, ok := slices.BinarySearchFunc(users, id, func(u transform.User, id string) int { return strings.Compare(u.UserID, id) })
	if !ok {
		near := ""
		if i < len(users) && len(id) >= 4 && strings.HasPrefix(users[i].UserID, id) {
			near = fmt.Sprintf("; is it %s?", users[i].UserID)
		}
		return &NotFoundError{fmt.Sprintf("no user %q had a session up to %s, in %s%s", id, day, searched(x.days), near)}
	}
	story.User, story.Row = users[i], load.RowsFrom(users[i : i+1])[0]
	return nil
}

// sessionsOf finds the sessions of the user up to a day, and the devices.
func (x *explainer) sessionsOf(ctx context.Context, day calendar.Day, story *UserStory) error {
	for _, d := range x.days {
		if d > day || d < story.User.FirstSeen {
			continue
		}
		data, err := x.table(ctx, d, "sessions")
		if err != nil {
			return err
		}
		rows, err := load.ReadSessions(data)
		if err != nil {
			return err
		}
		from, _ := slices.BinarySearchFunc(rows, story.User.UserID, func(s transform.Session, id string) int { return strings.Compare(s.UserID, id) })
		for i := from; i < len(rows) && rows[i].UserID == story.User.UserID; i++ {
			story.Sessions = append(story.Sessions, rows[i])
			if device := rows[i].DeviceID; device != "" && !slices.Contains(story.Devices, device) {
				story.Devices = append(story.Devices, device)
			}
		}
	}
	slices.Sort(story.Devices)
	story.Rows = load.RowsFrom(story.Sessions)
	return nil
}

// statements finds what joins the ids of the user: of one id to the next, in
// either direction.
func (x *explainer) statements(ctx context.Context, story *UserStory) error {
	all, err := extract.ReadStatements(ctx, x.Lake, lake.Identity(x.batches))
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	ids := map[string]bool{story.User.UserID: true}
	for _, device := range story.Devices {
		ids[device] = true
	}
	told := make([]bool, len(all))
	for more := true; more; {
		more = false
		for i, s := range all {
			if !told[i] && (ids[s.From] || ids[s.To]) {
				told[i], more = true, true
				ids[s.From], ids[s.To] = true, true
			}
		}
	}
	for i, s := range all {
		if told[i] {
			story.Statements = append(story.Statements, Statement{s.From, s.To, s.Source, s.Object, s.Line})
		}
	}
	slices.SortFunc(story.Statements, func(a, b Statement) int {
		return compareKeys(lake.ObjectKey{Source: a.Source, Object: a.Object}, lake.ObjectKey{Source: b.Source, Object: b.Object})*2 +
			int(max(-1, min(1, a.Line-b.Line)))
	})
	return nil
}

// countEvents says where the events of the user's devices went.
func (x *explainer) countEvents(ctx context.Context, story *UserStory) error {
	subjects := []string{story.User.UserID}
	if x.Definition.By != transform.ByUser {
		subjects = slices.Compact(slices.Sorted(slices.Values(append(subjects, story.Devices...))))
	}
	story.Ledger = &transform.Ledger{}
	for _, d := range x.days {
		if d < story.From || d > story.To {
			continue
		}
		all, err := x.fold(ctx, d, subjects...)
		if err != nil {
			return err
		}
		of := DayLedger{Day: d}
		for _, f := range all {
			of.Ledger.Add(f.folded.Ledger)
		}
		if of.Ledger.Events > 0 {
			story.Days = append(story.Days, of)
			story.Ledger.Add(of.Ledger)
		}
	}
	return nil
}
