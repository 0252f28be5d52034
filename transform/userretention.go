package transform

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// A UserRetention is a user's membership in a cohort of a retention, as it is
// known at the end of a day. It is a row of user_retention.
type UserRetention struct {
	Date      calendar.Day `parquet:"date,date" doc:"Local day at whose end this was known. Partition column."`
	UserID    string       `parquet:"user_id" doc:"User, as in sessions and session_steps."`
	Retention string       `parquet:"retention" doc:"Name of the retention: one of the configuration, or daily for the cuts of daily_retention."`
	Cohort    calendar.Day `parquet:"cohort_date,date" doc:"First day of the period in which the anchor was."`

	AnchorAt   int64        `parquet:"anchor_at,timestamp(microsecond)" doc:"When the anchor was: the first in the cohort's period."`
	AnchorDate calendar.Day `parquet:"anchor_date,date" doc:"Local day of that."`
	Segments   string       `parquet:"segments,optional" doc:"JSON object: for each of cuts that the user was in at the end of anchor_date, the segment, null where it is unknown. Null without cuts, and for a user without any session."`

	Returned int64 `parquet:"returned_bits" doc:"Bit k is set if the user returned in cell k of the retention, from 0: its periods, or its brackets, in order."`
	Complete int64 `parquet:"complete_bits" doc:"Bit k is set if the rows of cohort_retention for that cell of the cohort stand under date."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

func (u *UserRetention) compareKey(user, retention string) int {
	return cmp.Or(strings.Compare(u.UserID, user), strings.Compare(u.Retention, retention))
}

// NextRetention takes the memberships of users in cohorts on to the end of a
// later day, from that of one before it: the day before if nobody is in a cohort
// yet. Users are those of the day, in order, as far as they are known at its end;
// parts are what happened in sessions on it, by user. Known and the result are
// sorted by user, retention and cohort; known is not changed, and does not go on
// where nothing more is to be known of a cohort.
func NextRetention(before, day calendar.Day, zone calendar.Zone, d *Definition, a *Analysis, known []UserRetention, users iter.Seq[*UserDay], parts []SessionDay) []UserRetention {
	declared := a.retentions()
	if len(declared) == 0 {
		return nil
	}
	n := nextRetention{day: day, before: before, zone: zone, digest: d.Digest(), cuts: a.cuts(), touched: d.Attribution == TouchedDay}
	cells, cohorts := make([][]Bracket, len(declared)), make([]map[calendar.Day]cohortToday, len(declared))
	for i := range declared {
		cells[i], cohorts[i] = declared[i].cells(), map[calendar.Day]cohortToday{}
	}
	for u := range users {
		for len(parts) > 0 && parts[0].UserID < u.UserID {
			parts = parts[1:]
		}
		mine := 0
		for mine < len(parts) && parts[mine].UserID == u.UserID {
			mine++
		}
		for i := range declared {
			n.Retention, n.cells, n.cohorts = &declared[i], cells[i], cohorts[i]
			rows := 0
			for rows < len(known) && known[rows].compareKey(u.UserID, n.Name) == 0 {
				rows++
			}
			n.user(u, known[:rows], parts[:mine])
			known = known[rows:]
		}
		parts = parts[mine:]
	}
	return n.next
}

// nextRetention takes one retention on for one user after the other.
type nextRetention struct {
	*Retention
	day, before calendar.Day // before is the day with data before it
	zone        calendar.Zone
	digest      string
	cuts        []segmentation
	touched     bool // sessions count on every day they touch
	cells       []Bracket
	cohorts     map[calendar.Day]cohortToday
	next        []UserRetention
}

// cohortToday is what the day is to a cohort.
type cohortToday struct {
	over     bool  // all that is to be known was known at the end of the day before
	complete int64 // cells whose rows stand under the day
}

func (n *nextRetention) today(cohort calendar.Day) cohortToday {
	c, ok := n.cohorts[cohort]
	if !ok {
		c = cohortToday{n.last(cohort, n.zone) <= n.before, n.complete(cohort, n.before, n.day, n.zone)}
		n.cohorts[cohort] = c
	}
	return c
}

func (n *nextRetention) user(u *UserDay, known []UserRetention, parts []SessionDay) {
	first := len(n.next)
	for i := range known {
		if !n.today(known[i].Cohort).over {
			n.next = append(n.next, known[i])
		}
	}
	if at, ok := n.anchor(u); ok {
		cohort := n.cohortOf(n.day)
		if last := len(n.next) - 1; last < first || n.next[last].Cohort != cohort {
			n.next = append(n.next, UserRetention{
				UserID: u.UserID, Retention: n.Name, Cohort: cohort, AnchorAt: at, AnchorDate: n.day, Segments: segmentsOf(u, n.cuts),
			})
		}
	}
	for i := range n.next[first:] {
		r := &n.next[first+i]
		r.Date, r.DefinitionDigest = n.day, n.digest
		r.Complete = n.today(r.Cohort).complete
		n.returns(u, parts, r)
	}
}

// anchor returns when the user's anchor of the day was, if there was one.
func (n *nextRetention) anchor(u *UserDay) (at int64, ok bool) {
	is := func(event, role string) bool {
		if n.Anchor.Kind == OnInstall {
			return role == string(Install)
		}
		return event == n.Anchor.Event
	}
	switch {
	case n.Anchor.Kind == OnFirstSession:
		for i := range u.Sessions {
			if u.Sessions[i].IsFirstSession && u.Sessions[i].Date == n.day {
				return u.Sessions[i].StartedAt, true
			}
		}
	case n.Recurring:
		for i := range u.Steps {
			if is(u.Steps[i].Event, u.Steps[i].Role) {
				return u.Steps[i].At, true
			}
		}
	default:
		var day calendar.Day
		for i := range u.Events {
			if e := &u.Events[i]; is(e.Event, e.Role) && (!ok || e.FirstAt < at) {
				at, day, ok = e.FirstAt, e.FirstDate, true
			}
		}
		return at, ok && day == n.day
	}
	return 0, false
}

// returns adds what the user did on the day, from the anchor on.
func (n *nextRetention) returns(u *UserDay, parts []SessionDay, r *UserRetention) {
	if n.Return.Kind == OnEvent {
		for i := range u.Steps {
			if s := &u.Steps[i]; s.Event == n.Return.Event && s.At >= r.AnchorAt {
				n.returned(r, s.At)
			}
		}
		return
	}
	for i := range parts {
		p := &parts[i]
		counts := p.IsEngaged
		if n.Return.Kind == OnSession {
			counts = p.SessionDate == n.day || n.touched
		}
		if counts && p.Active() && p.EndedAt >= r.AnchorAt {
			n.returned(r, max(p.StartedAt, r.AnchorAt))
		}
	}
}

// returned adds a return of the day, at that instant.
func (n *nextRetention) returned(r *UserRetention, at int64) {
	period := n.periodOf(r.Cohort, n.day)
	if n.By == By24h {
		period = int((at - r.AnchorAt) / dayMicros)
	}
	if n.Mode == OnOrAfter {
		r.Returned |= 1 << min(period, n.Periods)
		return
	}
	for k, c := range n.cells {
		if c.First <= period && period <= c.Last {
			r.Returned |= 1 << k
		}
	}
}

// segmentsOf writes the segments that a user is in.
func segmentsOf(u *UserDay, cuts []segmentation) string {
	if len(cuts) == 0 || u.SessionsTotal == 0 {
		return ""
	}
	in := map[string]*string{}
	for i := range cuts {
		if segment, ok := cuts[i].whenever(u); ok {
			in[cuts[i].name] = nil
			if segment != "" {
				in[cuts[i].name] = &segment
			}
		}
	}
	text, err := json.Marshal(in)
	if err != nil {
		panic(err) // a map of texts
	}
	return string(text)
}

// readCuts reads what segmentsOf wrote, in the order of names. It panics at
// other texts: such a row was not made by NextRetention, and what is left out
// silently would be missed in no table.
func readCuts(segments string) []Cut {
	if segments == "" {
		return nil
	}
	var in map[string]string // null is read as ""
	if err := json.Unmarshal([]byte(segments), &in); err != nil {
		panic(fmt.Sprintf("segments %q of user_retention: %v", segments, err))
	}
	var cuts []Cut
	for name, segment := range in {
		cuts = append(cuts, Cut{name, segment})
	}
	slices.SortFunc(cuts, Cut.compare)
	return cuts
}
