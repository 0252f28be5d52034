package transform

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"

	"sojourn/internal/calendar"
)

// A Carry is what a subject's day leaves to the next: the sessions that may go
// on after midnight, and those that are over but still explain what comes.
type Carry struct {
	Subject  string
	Sessions []Open // the latest to have had an event last
}

// An Open is a session as far as it is known.
type Open struct {
	Session Session `json:",omitzero"`  // its id and user never change after its first day
	Over    *Over   `json:",omitempty"` // what is left of Session once the row is final, and instead of it
	Stamp   string  `json:",omitempty"` // the stamped id that strings it together; empty if pauses do
	Ended   bool    `json:",omitempty"` // it has ended, explicitly or at midnight
	Cut     bool    `json:",omitempty"` // it has reached its cap: what comes is left out
	Closed  bool    `json:",omitempty"` // its row is final
	Dropped bool    `json:",omitempty"` // it is too long to be counted

	User     string   `json:",omitempty"` // known user of the latest activity that had one
	LastUser string   `json:",omitempty"` // user of the latest activity; "" if it was anonymous
	Values   []string `json:",omitempty"` // latest values of the attributes that split sessions

	Touched  int64    // latest event that says it is alive, also one that was left out
	Rebased  int64    `json:",omitempty"` // what pauses count from after a clock was set back
	Activity int64    // activity events
	Pings    int64    `json:",omitempty"` // pings among them
	Acts     int64    `json:",omitempty"` // interactions among them
	Screens  []string `json:",omitempty"` // different screens, sorted
	Visits   int64    `json:",omitempty"` // visits to screens
	Views    []View   `json:",omitempty"` // views that have an id or pings, by id

	Markers         bool  `json:",omitempty"` // foreground or background markers were seen
	Background      int64 `json:",omitempty"` // microseconds in the background
	BackgroundSince int64 `json:",omitempty"` // when the app went to the background; 0 if it is not there
	Engaged         int64 `json:",omitempty"` // engagement time reported by the source, microseconds
	EngagedKnown    bool  `json:",omitempty"` // the source reports engagement time
	CrashedLast     bool  `json:",omitempty"` // the latest activity event is a crash

	Past   Totals     `json:",omitzero"` // up to the last midnight
	GoesOn Totals     `json:",omitzero"` // likewise, should there be activity after it: the time until midnight is the day's
	Stay   SessionDay `json:",omitzero"` // the part of the last day with activity, if there is none after it
	Resume SessionDay `json:",omitzero"` // the same if there is
}

// An Over is what tells a session that is over from others: it takes nothing
// more, and there may be many.
type Over struct {
	SessionID          string
	StartedAt, EndedAt int64
	EndReason          string
	Platform           string `json:",omitempty"`
}

// A View is one view of a screen and the pings that came from it.
type View struct {
	ID    string
	Slots []int64 `json:",omitempty"` // times of its pings in units of PingEvery, sorted
}

// Totals are measures that add up over the days of a session. Times are
// microseconds.
type Totals struct {
	Events, Background, Views, Crashes, KeyEvents int64 `json:",omitempty"`
	Length, Engaged                               int64 `json:",omitempty"`
}

// today is what happened in a session on the day that is being folded.
type today struct {
	Events, Background int64
	First, Last        int64 // time of the first and last activity; 0 if there was none
}

// open is a session that is being folded.
type open struct {
	Open
	Today today

	screens  map[string]bool
	views    map[string]map[int64]bool
	filled   *Attributes // those of an event that were taken last
	replaced int64       // when another took its place, if that is known; 0 if not
}

func (o Open) resume() *open {
	c := &open{Open: o}
	if v := o.Over; v != nil {
		c.Session = Session{SessionID: v.SessionID, StartedAt: v.StartedAt, EndedAt: v.EndedAt, EndReason: v.EndReason, Platform: v.Platform}
		c.Over = nil
	}
	c.Values = slices.Clone(o.Values)
	if len(o.Screens) > 0 {
		c.screens = make(map[string]bool, len(o.Screens))
		for _, screen := range o.Screens {
			c.screens[screen] = true
		}
	}
	for _, v := range o.Views {
		slots := c.view(v.ID)
		for _, slot := range v.Slots {
			slots[slot] = true
		}
	}
	return c
}

// left is the session as the next day must know it.
func (c *open) left() Open {
	o := c.Open
	o.Screens = slices.Sorted(maps.Keys(c.screens))
	o.Views = nil
	for _, id := range slices.Sorted(maps.Keys(c.views)) {
		o.Views = append(o.Views, View{id, slices.Sorted(maps.Keys(c.views[id]))})
	}
	if o.Closed {
		r := &o.Session
		o.Over = &Over{r.SessionID, r.StartedAt, r.EndedAt, r.EndReason, r.Platform}
		o.Session = Session{}
		o.Visits = 0
		o.Screens, o.Views, o.Past, o.GoesOn, o.Stay, o.Resume = nil, nil, Totals{}, Totals{}, SessionDay{}, SessionDay{}
	}
	return o
}

// view returns the pings of a view, making it if need be.
func (c *open) view(id string) map[int64]bool {
	if c.views == nil {
		c.views = map[string]map[int64]bool{}
	}
	if c.views[id] == nil {
		c.views[id] = map[int64]bool{}
	}
	return c.views[id]
}

// sessionID is a digest of what anchors a session in its own content.
func sessionID(subject string, startedAt int64, eventID string) string {
	text := make([]byte, 0, 128)
	text = append(text, subject...)
	text = append(text, 0)
	text = binary.BigEndian.AppendUint64(text, uint64(startedAt))
	text = append(text, eventID...)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// pauseFrom is what a pause counts from.
func (c *open) pauseFrom() int64 {
	if c.Rebased != 0 {
		return c.Rebased
	}
	if c.Cut {
		return c.Touched
	}
	return c.Session.EndedAt
}

// goOn notes that there is activity in a session that came from the day before.
func (f *folding) goOn(c *open) {
	if c.Today.First == 0 && c.Resume.SessionID != "" {
		f.out.Resumed = append(f.out.Resumed, c.Resume)
		c.Past, c.Stay, c.Resume = c.GoesOn, SessionDay{}, SessionDay{}
	}
}

// extend adds an activity event to a session.
func (f *folding) extend(c *open, e step) {
	f.goOn(c)
	r := &c.Session
	r.EventCount++
	c.Today.Events++
	c.Activity++
	if c.Today.First == 0 {
		c.Today.First = e.At
	}
	f.moveEnd(c, e)
	f.settleUser(c, e)
	screen, views := r.ExitScreen, r.ScreenViews
	f.shown(c, e)
	visit, view := r.ExitScreen != screen, r.ScreenViews > views
	if visit || view || e.kind.isStep() {
		f.step(c, e, visit, view, screen)
	}
	c.count(e.kind)
	if r.FirstUseAt == 0 && e.kind&install == 0 {
		r.FirstUseAt = e.At
	}
	if c.CrashedLast = e.kind&crash != 0; c.CrashedLast {
		r.CrashCount++
	}
	if e.EngagedMillis >= 0 {
		c.EngagedKnown = true
		engaged := e.EngagedMillis * 1000
		if limit := f.definition.Length.HeartbeatCap.Microseconds(); limit > 0 {
			engaged = min(engaged, limit)
		}
		c.Engaged += engaged
	}
	f.mark(c, e)
	c.fill(e.Event)
	if len(f.splitOn) > 0 {
		c.remember(f.splitOn, e.Attributes)
	}
}

// count counts an event by its roles.
func (c *open) count(k kind) {
	if k&keyEvent != 0 {
		c.Session.KeyEventCount++
	}
	if k&install != 0 {
		c.Session.InstallCount++
	}
	if k&pushOpen != 0 {
		c.Session.PushOpenCount++
	}
	if k&ping != 0 {
		c.Pings++
	}
	if k&interaction != 0 {
		c.Acts++
	}
}

// moveEnd takes the time of an activity event. An end never moves back.
func (f *folding) moveEnd(c *open, e step) {
	c.Rebased = 0
	if f.definition.Backwards == BackwardsRestart && e.At < c.Session.EndedAt {
		c.Rebased = e.At
	}
	c.Session.EndedAt = max(c.Session.EndedAt, e.At)
	c.Touched = max(c.Touched, e.At)
	c.Today.Last = max(c.Today.Last, e.At)
}

func (f *folding) settleUser(c *open, e step) {
	if e.UserID != "" {
		// A session's user is settled by the end of the day it began on:
		// later the tables of that day have been published under it.
		if c.User == "" && c.Session.Date == f.day {
			c.Session.UserID = e.UserID
		}
		c.User = e.UserID
	}
	c.LastUser = e.UserID
}

// shown takes the screen and the view of an event.
func (f *folding) shown(c *open, e step) {
	r := &c.Session
	if e.Screen != "" && e.Screen != r.ExitScreen {
		if r.EntryScreen == "" {
			r.EntryScreen = e.Screen
		}
		r.ExitScreen = e.Screen
		c.Visits++
		if !c.screens[e.Screen] {
			if c.screens == nil {
				c.screens = map[string]bool{}
			}
			c.screens[e.Screen] = true
			r.DistinctScreens++
		}
	}
	if e.kind&(screenView|ping) == 0 {
		return
	}
	if e.View == "" && f.definition.ViewsByID {
		return
	}
	if e.View == "" {
		if e.kind&screenView != 0 {
			r.ScreenViews++
		}
		if e.kind&ping != 0 && f.definition.Length.PingEvery > 0 {
			f.pinged(c, e.Screen, e.At)
		}
		return
	}
	if c.views[e.View] == nil {
		r.ScreenViews++
	}
	if e.kind&ping != 0 && f.definition.Length.PingEvery > 0 {
		f.pinged(c, e.View, e.At)
	} else {
		c.view(e.View)
	}
}

func (f *folding) pinged(c *open, view string, at int64) {
	c.view(view)[at/f.definition.Length.PingEvery.Microseconds()] = true
}

// mark follows the app between foreground and background. Where pauses in the
// background count for more than others, only what shows a return to the
// foreground ends a stretch in the background; else all activity does.
func (f *folding) mark(c *open, e step) {
	if e.kind&(foreground|background) != 0 {
		c.Markers = true
	}
	if e.kind&background != 0 {
		if c.BackgroundSince == 0 {
			c.BackgroundSince = e.At
		}
		return
	}
	if f.pausing == BackgroundGap && e.kind&(foreground|launched|screenView|start) == 0 {
		return
	}
	if c.BackgroundSince != 0 {
		c.Background += max(0, e.At-c.BackgroundSince)
		c.BackgroundSince = 0
	}
}

// fill takes from an event what the session does not know yet.
func (c *open) fill(e *Event) {
	r := &c.Session
	if r.SourceSessionID == "" {
		r.SourceSessionID = e.SourceSession
	}
	if e.Attributes == NoAttributes || e.Attributes == c.filled {
		return
	}
	c.filled = e.Attributes
	if e.Properties != "" {
		r.Properties = latestProperties(r.Properties, e.Properties)
	}
	for i := range attributes {
		if to := attributes[i].in(r); *to == "" {
			*to = *attributes[i].of(e.Attributes)
		}
	}
}

// remember keeps the latest values of attributes.
func (c *open) remember(splitOn []func(*Attributes) *string, a *Attributes) {
	if c.Values == nil {
		c.Values = make([]string, len(splitOn))
	}
	for i, attribute := range splitOn {
		if value := *attribute(a); value != "" {
			c.Values[i] = value
		}
	}
}

// sessionDay is a session's part of a day: its totals less those of the days before.
func (c *open) sessionDay(day calendar.Day, r *Session, now Totals) SessionDay {
	part := SessionDay{
		Date: day, SessionID: r.SessionID, UserID: r.UserID, DeviceID: r.DeviceID, SessionDate: r.Date,
		StartedAt: c.Today.First, EndedAt: c.Today.Last,
		EngagedSeconds: seconds(max(0, now.Engaged-c.Past.Engaged)),
		EventCount:     now.Events - c.Past.Events, BackgroundCount: now.Background - c.Past.Background,
		ScreenViews: now.Views - c.Past.Views, CrashCount: now.Crashes - c.Past.Crashes, KeyEventCount: now.KeyEvents - c.Past.KeyEvents,
		IsEngaged: r.IsEngaged, IsBounce: r.IsBounce, IsCounted: r.IsCounted,
		Platform: r.Platform, Country: r.Country, AppVersion: r.AppVersion,
		DefinitionDigest: r.DefinitionDigest,
	}
	if r.DurationSeconds != nil {
		part.DurationSeconds = ptr(seconds(max(0, now.Length-c.Past.Length)))
	}
	return part
}
