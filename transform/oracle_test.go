package transform_test

import (
	"cmp"
	"slices"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// An oracle makes sessions the slow and obvious way: it sorts all events and
// walks over them once. It knows days only where the definition does: an event
// is known again within its day, a user settles on the first day, and at the
// end of the last day a session may still be open.
type oracle struct {
	transform.Definition
	zone   calendar.Zone
	roles  map[string]map[transform.Role]bool
	result fold

	session *transform.Session // the device's latest
	ended   bool               // explicitly
	user    string             // signed in, in that session
}

func consult(d transform.Definition, z calendar.Zone, events []transform.Event) fold {
	o := &oracle{Definition: d, zone: z, roles: map[string]map[transform.Role]bool{}}
	for role, names := range d.Events {
		for _, name := range names {
			if o.roles[name] == nil {
				o.roles[name] = map[transform.Role]bool{}
			}
			o.roles[name][role] = true
		}
	}
	var lastDay calendar.Day
	for _, e := range events {
		lastDay = max(lastDay, z.DayOf(e.At))
	}
	kept := o.distinct(events)
	slices.SortFunc(kept, func(a, b transform.Event) int {
		return cmp.Or(cmp.Compare(a.Subject(), b.Subject()), cmp.Compare(a.At, b.At), cmp.Compare(o.rank(a), o.rank(b)), cmp.Compare(a.ID, b.ID))
	})
	for i, e := range kept {
		if i > 0 && kept[i-1].Subject() != e.Subject() {
			o.leave(lastDay)
		}
		o.take(e)
	}
	o.leave(lastDay)
	return o.result
}

// distinct keeps of all deliveries of an id of a device on a day the first
// received.
func (o *oracle) distinct(events []transform.Event) []transform.Event {
	type key struct {
		subject, id string
		day         calendar.Day
	}
	deliveries := map[key][]transform.Event{}
	for _, e := range events {
		k := key{e.Subject(), e.ID, o.zone.DayOf(e.At)}
		deliveries[k] = append(deliveries[k], e)
	}
	o.result.ledger.Events = int64(len(events))
	var kept []transform.Event
	for _, of := range deliveries {
		first := slices.MinFunc(of, func(a, b transform.Event) int {
			return cmp.Or(cmp.Compare(a.ReceivedAt, b.ReceivedAt), cmp.Compare(a.At, b.At), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UserID, b.UserID))
		})
		o.result.ledger.Duplicates += int64(len(of) - 1)
		if o.roles[first.Name][transform.Ignore] {
			o.result.ledger.Ignored++
			continue
		}
		kept = append(kept, first)
	}
	return kept
}

func (o *oracle) rank(e transform.Event) int {
	is := o.roles[e.Name]
	switch {
	case is[transform.End]:
		return 3
	case is[transform.Background]:
		return 2
	case is[transform.Start], is[transform.Foreground]:
		return 0
	}
	return 1
}

// tooLong says whether a pause ends a session.
func (o *oracle) tooLong(pause int64) bool {
	if o.Boundary == transform.AtLeast {
		return pause >= o.Timeout.Microseconds()
	}
	return pause > o.Timeout.Microseconds()
}

func (o *oracle) take(e transform.Event) {
	s, is := o.session, o.roles[e.Name]
	nothing := s == nil || o.ended || o.tooLong(e.At-s.EndedAt)
	if nothing && (is[transform.Join] || is[transform.End]) {
		o.result.ledger.Outside++
		return
	}
	if is[transform.Join] {
		s.EventCount++
		s.BackgroundCount++
		o.result.ledger.InSessions++
		return
	}
	switch {
	case s == nil:
		o.begin(e, "gap")
	case o.tooLong(e.At - s.EndedAt):
		o.close("timeout")
		o.begin(e, "gap")
	case o.ended:
		o.begin(e, "after_end")
	case o.UserChange == transform.Split && o.user != "" && e.UserID != "" && o.user != e.UserID:
		o.close("user_change")
		o.begin(e, "user_change")
	case is[transform.Start]:
		o.close("explicit_start")
		o.begin(e, "explicit_start")
	case o.Cap > 0 && e.At-s.StartedAt > o.Cap.Microseconds():
		o.close("cap")
		o.begin(e, "cap")
	}
	s = o.session
	if e.UserID != "" && o.user == "" && o.zone.DayOf(e.At) == s.Date {
		s.UserID = e.UserID
	}
	o.user = cmp.Or(e.UserID, o.user)
	s.EndedAt = e.At
	s.EventCount++
	if is[transform.Crash] {
		s.CrashCount++
	}
	o.result.ledger.InSessions++
	if is[transform.End] {
		o.close("explicit_end")
		o.ended = true
	}
}

func (o *oracle) begin(e transform.Event, why string) {
	o.result.sessions = append(o.result.sessions, transform.Session{
		Date: o.zone.DayOf(e.At), UserID: e.Subject(), DeviceID: e.DeviceID,
		StartedAt: e.At, EndedAt: e.At, StartReason: why,
	})
	o.session = &o.result.sessions[len(o.result.sessions)-1]
	o.ended, o.user = false, ""
}

// close ends the latest session, unless it has ended explicitly.
func (o *oracle) close(why string) {
	if o.ended {
		return
	}
	s := o.session
	s.EndReason, s.IsFinal = why, true
	switch {
	case s.CrashCount > 0:
		s.Status = "crashed"
	case why == "timeout":
		s.Status = "timed_out"
	default:
		s.Status = "ok"
	}
}

// leave turns from a device at the end of the last day.
func (o *oracle) leave(lastDay calendar.Day) {
	if o.session == nil {
		return
	}
	if !o.ended && !o.tooLong(o.zone.Start(lastDay+1)-o.session.EndedAt) {
		o.session.EndReason, o.session.Status = "open", "open"
	} else {
		o.close("timeout")
	}
	o.session, o.ended, o.user = nil, false, ""
}
