package transform

import (
	"cmp"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// A UserEvent is what is known at the end of a day of a user and an event that
// is a step whatever it shows: one that the configuration declares, an install
// or a push. It is a row of user_events.
type UserEvent struct {
	Date   calendar.Day `parquet:"date,date" doc:"Local day at whose end this was known. Partition column."`
	UserID string       `parquet:"user_id" doc:"User, as in session_steps."`
	Event  string       `parquet:"event_name" doc:"Name of the event."`
	Role   string       `parquet:"role,optional" doc:"install, push_received or push_open; null for others."`

	FirstAt   int64        `parquet:"first_at,timestamp(microsecond)" doc:"When it happened first."`
	FirstDate calendar.Day `parquet:"first_date,date" doc:"Local day of that."`
	LastAt    int64        `parquet:"last_at,timestamp(microsecond)" doc:"When it happened last."`
	LastDate  calendar.Day `parquet:"last_date,date" doc:"Local day of that."`

	Days  Activity `parquet:"days_bits" doc:"Bit n is set if it happened n days before date; bit 0 is date itself, bit 62 the oldest kept."`
	Today int64    `parquet:"events_1d" doc:"How often it happened on date."`
	Total int64    `parquet:"events_total" doc:"How often so far."`

	LastCampaign string `parquet:"last_campaign,optional" doc:"Campaign that the last one named; null if none."`

	BeforeAt       int64  `parquet:"before_at,optional,timestamp(microsecond)" doc:"When it happened last before date; null if it did not."`
	BeforeCampaign string `parquet:"before_campaign,optional" doc:"Campaign that that one named; null if none."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

func (u *UserEvent) compareKey(user, event string) int {
	return cmp.Or(strings.Compare(u.UserID, user), strings.Compare(u.Event, event))
}

// NextUserEvents takes what is known of users' events on to the end of a later
// day with those steps, which are in the order of [Step.Compare]. Known and
// the result are sorted by user and event; known is not changed.
func NextUserEvents(day calendar.Day, known []UserEvent, steps []Step, digest string) []UserEvent {
	var today []UserEvent
	for from := 0; from < len(steps); {
		to := from + 1
		for to < len(steps) && steps[to].UserID == steps[from].UserID {
			to++
		}
		today = appendEvents(today, steps[from:to])
		from = to
	}
	next := make([]UserEvent, 0, len(known)+len(today)/4)
	for len(known) > 0 || len(today) > 0 {
		c := 1
		switch {
		case len(today) == 0:
			c = -1
		case len(known) > 0:
			c = known[0].compareKey(today[0].UserID, today[0].Event)
		}
		if c > 0 {
			u := today[0]
			u.DefinitionDigest = digest
			next, today = append(next, u), today[1:]
			continue
		}
		u := known[0]
		u.Days, u.Today = u.Days.next(int(day-u.Date)), 0
		u.Date, u.DefinitionDigest = day, digest
		u.BeforeAt, u.BeforeCampaign = u.LastAt, u.LastCampaign
		if c == 0 {
			u.add(&today[0])
			today = today[1:]
		}
		next, known = append(next, u), known[1:]
	}
	return next
}

// appendEvents appends what the steps of one user come to, by event.
func appendEvents(to []UserEvent, steps []Step) []UserEvent {
	first := len(to)
	for i := range steps {
		s := &steps[i]
		if !s.IsDeclared && s.Role == "" {
			continue
		}
		one := UserEvent{
			Date: s.Date, UserID: s.UserID, Event: s.Event, Role: s.Role, FirstAt: s.At, FirstDate: s.Date, LastAt: s.At, LastDate: s.Date,
			Days: 1, Today: 1, Total: 1, LastCampaign: s.Campaign,
		}
		at, ok := slices.BinarySearchFunc(to[first:], s.Event, func(u UserEvent, event string) int { return strings.Compare(u.Event, event) })
		if ok {
			to[first+at].add(&one)
			continue
		}
		to = slices.Insert(to, first+at, one)
	}
	return to
}

// add adds what happened later, on the day of u or on date.
func (u *UserEvent) add(o *UserEvent) {
	u.Today += o.Today
	u.Total += o.Total
	u.Days |= o.Days
	if o.LastAt >= u.LastAt {
		u.LastAt, u.LastDate, u.LastCampaign = o.LastAt, o.LastDate, o.LastCampaign
	}
	u.FirstAt, u.FirstDate = min(u.FirstAt, o.FirstAt), min(u.FirstDate, o.FirstDate)
	u.Role = cmp.Or(o.Role, u.Role)
}
