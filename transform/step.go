package transform

import (
	"cmp"
	"strings"

	"sojourn/internal/calendar"
)

// A Step is a moment that tables other than sessions look at: a screen came
// up, or something happened that the configuration declares or that has a
// role of its own (an install, a push). It is a row of session_steps.
type Step struct {
	Date      calendar.Day `parquet:"date,date" doc:"Local day on which it happened. Partition column."`
	Number    int64        `parquet:"step_number" doc:"Number of the step among those of the user on date, from 1, in order of time."`
	UserID    string       `parquet:"user_id" doc:"The user of its session. Outside of a session: the user whom the event names, else the user of the device's session before it, else of its last one of the day, else the device."`
	SessionID string       `parquet:"session_id,optional" doc:"The session; null for an event outside of any."`
	At        int64        `parquet:"step_at,timestamp(microsecond)" doc:"When it happened."`
	Event     string       `parquet:"event_name" doc:"Name of the event."`
	Role      string       `parquet:"role,optional" doc:"install, push_received or push_open: what the event means beside the session; null for others."`

	IsDeclared bool `parquet:"is_declared" doc:"The configuration names the event, as a feature, a step or the like."`
	IsVisit    bool `parquet:"is_visit" doc:"A visit to screen begins here: the event names another screen than the one before it in the session. The visit lasts until the next begins or the session ends."`
	IsView     bool `parquet:"is_view" doc:"The event counts in screen_views of its session."`

	VisitNumber    int64  `parquet:"visit_number,optional" doc:"For a visit, its number among those of the session, from 1, in the order they count. Null for others."`
	Screen         string `parquet:"screen,optional" doc:"Screen shown; null if the event names none."`
	PreviousScreen string `parquet:"previous_screen,optional" doc:"For a visit, the screen visited before it in the session; null for the first. Null for others."`
	Campaign       string `parquet:"campaign,optional" doc:"Campaign that the event names; null if none."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// NumberSteps numbers the steps of a day, which are in the order of
// [Step.Compare].
func NumberSteps(steps []Step) {
	for i := range steps {
		steps[i].Number = 1
		if i > 0 && steps[i].UserID == steps[i-1].UserID {
			steps[i].Number = steps[i-1].Number + 1
		}
	}
}

// Compare orders steps by user, time and session: the order of the table. Steps
// that it takes for equal stand in the order they count.
func (s *Step) Compare(o *Step) int {
	if c := strings.Compare(s.UserID, o.UserID); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(s.At, o.At), strings.Compare(s.SessionID, o.SessionID))
}

// stepRoles are the roles that make an event a step, by name in the table.
var stepRoles = [...]struct {
	kind kind
	name Role
}{{install, Install}, {pushReceived, PushReceived}, {pushOpen, PushOpen}}

// isStep says whether an event is a step whatever it shows.
func (k kind) isStep() bool { return k&(declared|install|pushReceived|pushOpen) != 0 }

// KeepSteps makes Fold return steps, with the events of the given names
// declared.
func (s *Sessionizer) KeepSteps(names []string) {
	s.keepsSteps = true
	for _, name := range names {
		s.kinds[name] |= declared
	}
}

// An owner is whose a step is: that of a session, if any, which may still come
// to know its user.
type owner struct {
	of     *open
	anyone bool // neither a session nor the event says whose it is
}

// step takes an event as a step: in session c, nil outside of any.
func (f *folding) step(c *open, e step, visit, view bool, previous string) {
	if !f.keepsSteps {
		return
	}
	o := owner{of: c}
	s := Step{
		Date: f.day, At: e.At, Event: e.Name, IsDeclared: e.kind&declared != 0, IsVisit: visit, IsView: view,
		Screen: e.Screen, Campaign: e.Campaign, DefinitionDigest: f.digest,
	}
	for _, r := range stepRoles {
		if e.kind&r.kind != 0 {
			s.Role = string(r.name)
		}
	}
	if visit {
		s.VisitNumber, s.PreviousScreen = c.Visits, previous
	}
	if c != nil {
		s.SessionID = c.Session.SessionID
	} else if s.UserID = e.UserID; s.UserID == "" {
		o = owner{f.latest, true}
	}
	f.steps, f.owners = append(f.steps, s), append(f.owners, o)
}

// outside takes an event that is in no session.
func (f *folding) outside(e step) {
	f.out.Ledger.Outside++
	f.tell(Outside, e, nil)
	if e.kind.isStep() {
		f.step(nil, e, false, false, "")
	}
}

// own says whose the steps of the day are, now that the users of its sessions
// are settled.
func (f *folding) own() {
	for i, o := range f.owners {
		if o.anyone && o.of == nil {
			o.of = f.latest
		}
		s := &f.steps[i]
		switch {
		case o.of != nil && o.of.Session.UserID != "":
			s.UserID = o.of.Session.UserID
		case s.UserID == "":
			s.UserID = f.subject
		}
	}
}
