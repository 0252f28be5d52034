package transform

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Version names the rules of this package. It is part of every day's
// fingerprint: raise it when the same input would give other rows.
const Version = "2"

// A Definition says what a session is. It is a plain value: two definitions
// with the same [Definition.Digest] make the same sessions. The zero value of
// a knob is the plainest rule, if there is one.
type Definition struct {
	Name string `json:"-"` // for people; not part of the digest

	// By says whose events are strung together.
	By Key
	// Stitch is how long an event without a user counts for the user who was
	// last known on its device; 0 for never. Known users are never merged.
	Stitch time.Duration

	// Modes are tried in order: an event with a stamped session id belongs to
	// that session if Stamped is among them, and what decides for all others is
	// the mode beside it. With Stamped alone they are outside any session.
	Modes []Mode

	Pause
	// Platforms are the pauses that differ, by platform in lower case.
	Platforms map[string]Pause
	// Timer says from when a pause in the background is counted.
	Timer Timer
	// AbandonAfter ends a session in which nothing has happened for so long,
	// whatever its mode; 0 where the timeout alone decides.
	AbandonAfter time.Duration
	// OutOfSession are stamped ids that say that an event is in no session,
	// such as Amplitude's -1.
	OutOfSession []string
	// ReopenWithin is how soon after an explicit end a session goes on instead
	// of a new one beginning.
	ReopenWithin time.Duration
	// Backwards says what a clock that is set back does.
	Backwards Backwards

	// Events names the events that have a role. All others are activity: they
	// start a session or extend the one in progress.
	Events map[Role][]string
	// BackgroundEvents is the role of events that the source marks as of the
	// background and whose names have none that says more: Join, Extend,
	// Ignore or Active.
	BackgroundEvents Role
	// LoneJoin, OrphanEnd: an event that may only join, or end, where there is
	// no session makes one of its own if set, and is outside otherwise.
	LoneJoin, OrphanEnd bool
	// RepeatedStart says whether an explicit start inside a session begins
	// another, or goes on with it.
	RepeatedStart Change
	// Launch says whether starting the app anew begins a session.
	Launch Change

	// UserChange says what becomes of a device's session when the user changes.
	UserChange Change
	// SplitOn are attributes that begin a new session when they change: names
	// as in sessions. Empty never replaces a value. If SplitFromEmpty is set
	// the first value of a session that began without one is a change too.
	SplitOn        []string
	SplitFromEmpty bool
	// Midnight splits sessions at midnight of a zone: an IANA name, or
	// ReportingZone; empty for never.
	Midnight string

	// Cap is the greatest age of a session, EventCap the greatest number of its
	// activity events; 0 for none. The actions say what becomes of what comes
	// later.
	Cap            time.Duration
	CapAction      CapAction
	EventCap       int64
	EventCapAction CapAction
	// A session with BurstEvents activity events within its first BurstWithin
	// is at its end: the next event of that time begins another. 0 for never.
	BurstEvents int64
	BurstWithin time.Duration
	// LateUpload leaves out events that waited on the device for longer before
	// they were sent; 0 for none.
	LateUpload time.Duration

	// ViewsByID says that only events which name the view they belong to make
	// screen views.
	ViewsByID bool

	Length  Length
	Engaged Engaged
	Bounce  Bounce

	// MinLength and MinViews are what a session needs to be counted.
	MinLength time.Duration
	MinViews  int64
	// Attribution says on which days a session counts.
	Attribution Attribution
}

// A Pause is how long nothing may happen inside a session.
type Pause struct {
	// Timeout is the longest pause between two activity events.
	Timeout time.Duration
	// BackgroundTimeout is that while the app is in the background; 0 for the
	// same as Timeout.
	BackgroundTimeout time.Duration
	// Boundary says whether a pause of exactly that length begins a new session.
	Boundary Boundary
}

// Length is how long a session lasted.
type Length struct {
	Measure Measure
	// Plus is added to the length of a session of several events.
	Plus time.Duration
	// Single is the length of a session of one event: its measure, unknown, or
	// SingleLength.
	Single       Unsure
	SingleLength time.Duration
	// Crashed and Unended are the lengths of sessions that end in a crash, and
	// of those that do not end explicitly.
	Crashed, Unended Unsure

	// HeartbeatCap is the most that one event may add to engagement; 0 for no cap.
	HeartbeatCap time.Duration
	// PingEvery is the time between two pings, and PingFirst what the first one
	// of a view stands for. A session whose first event is a ping began
	// PingFirst before it.
	PingEvery, PingFirst time.Duration
}

// Engaged says which sessions are engaged: any of the rules will do. A key
// event always does.
type Engaged struct {
	Measure Measure
	// After is how much engaged time it takes; 0 switches the rule off.
	// Boundary says whether exactly that much is enough: AtLeast, or Longer.
	After    time.Duration
	Boundary Boundary
	// Views is how many screen views it takes; 0 switches the rule off.
	Views int64
}

// Bounce says which sessions are bounces.
type Bounce struct {
	Rule  BounceRule
	Under time.Duration // for SingleView: shorter than this
}

// A Key is whose events are strung together into sessions.
type Key string

// The keys.
const (
	ByDevice Key = "device" // the device; the user where no device is known
	ByUser   Key = "user"   // the user; the device where no user is known
)

// A Mode is what decides which events belong together.
type Mode string

// The modes.
const (
	Stamped       Mode = "stamped"        // the session id that the source stamped on them
	Gap           Mode = "gap"            // pauses
	BackgroundGap Mode = "background_gap" // pauses in the background: a silent foreground goes on
	Explicit      Mode = "explicit"       // start and end events alone
)

// A Timer says from when a pause in the background is counted.
type Timer string

// The timers.
const (
	FromLastEvent  Timer = "last_event" // from the last event, and looked at with every event
	FromBackground Timer = "background" // from when the app went there, and looked at when it comes back
)

// A Boundary says on which side a value of exactly the limit falls.
type Boundary string

// The boundaries: something begins, or is reached, above the limit, or at it.
const (
	Longer  Boundary = ">"
	AtLeast Boundary = ">="
)

// Backwards says what happens when an event that came later claims an earlier
// time than the one before it.
type Backwards string

// The ways to take a clock that is set back. InTimeOrder believes the times;
// the others believe the order of arrival, by time of receipt and the
// client's own count.
const (
	InTimeOrder      Backwards = "in_time_order"
	BackwardsSame    Backwards = "same"     // the session goes on
	BackwardsSplit   Backwards = "split"    // a new session begins
	BackwardsPause   Backwards = "absolute" // it is a pause of that length
	BackwardsRestart Backwards = "restart"  // the session goes on, and pauses count from the earlier time
)

// A Role is what an event means for sessions.
type Role string

// The roles of events.
const (
	Active       Role = "activity"      // starts or extends a session: what every other event does
	Ignore       Role = "ignore"        // is in no session
	Join         Role = "join"          // background work: joins a session near it, neither starts nor extends one
	Extend       Role = "extend"        // extends a session, does not start one
	Start        Role = "start"         // begins a session
	End          Role = "end"           // ends the session it is in
	Crash        Role = "crash"         // marks the session; does not split it
	Foreground   Role = "foreground"    // the app came to the foreground
	Background   Role = "background"    // the app went to the background
	Launch       Role = "launch"        // the app was started anew
	ScreenView   Role = "screen_view"   // a screen or page was shown
	Ping         Role = "ping"          // a heartbeat: the screen is still shown
	Interaction  Role = "interaction"   // something the user did on a screen, for the bounce rule
	KeyEvent     Role = "key_event"     // something the product is for; makes the session engaged
	Install      Role = "install"       // the app was installed
	PushReceived Role = "push_received" // a push reached the device
	PushOpen     Role = "push_open"     // a push was opened
)

// A Change says what an event of a kind does to a session in progress.
type Change string

// What a change does. SplitAny counts no user as one too.
const (
	Keep     Change = "keep"
	Split    Change = "split"
	SplitAny Change = "split_any"
)

// ReportingZone stands for the zone in which days are reported.
const ReportingZone = "reporting"

// A CapAction says what happens to a session that is too long.
type CapAction string

// The actions.
const (
	CapSplit    CapAction = "split"    // a new session begins
	CapTruncate CapAction = "truncate" // later events are left out
	CapDrop     CapAction = "drop"     // the session is not counted
)

// A Measure is a way to say how long something lasted.
type Measure string

// The measures.
const (
	Elapsed        Measure = "elapsed"    // from the first to the last activity
	InForeground   Measure = "foreground" // elapsed, without the stretches known to be in the background
	Reported       Measure = "reported"   // the sum of the engagement times that events report
	Pings          Measure = "pings"      // by different pings of each view
	StartToEnd     Measure = "start_to_end"
	ReportedOrUsed Measure = "reported_or_used" // reported if any is, in the foreground otherwise
)

// Unsure says how a length that is not really known is written.
type Unsure string

// What is written: the measure as far as it goes, null, or a fixed length.
const (
	AsMeasured Unsure = "measured"
	AsNull     Unsure = "null"
	AsFixed    Unsure = "fixed"
)

// A BounceRule says which sessions are bounces.
type BounceRule string

// The rules.
const (
	SingleEvent BounceRule = "single_event" // one activity event, pings aside
	SingleView  BounceRule = "single_view"  // at most one view, no interaction and no key event, and short
	NotEngaged  BounceRule = "not_engaged"
)

// An Attribution says on which days a session counts.
type Attribution string

// The attributions.
const (
	StartDay   Attribution = "start_day"
	TouchedDay Attribution = "touched_days" // on every day with activity of it, with what happened on that day
)

// Digest identifies the rules, whatever the definition is called: 16 hex
// digits.
func (d Definition) Digest() string {
	d.Events = maps.Clone(d.Events)
	for role, names := range d.Events {
		names = slices.Clone(names)
		slices.Sort(names)
		if names = slices.Compact(names); len(names) == 0 {
			delete(d.Events, role)
			continue
		}
		d.Events[role] = names
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // a struct of texts and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Subject is whose events an event is strung together with under the
// definition. It is never empty.
func (d *Definition) Subject(e *Event) string {
	if d.By == ByUser && e.UserID != "" {
		return e.UserID
	}
	return e.Subject()
}

// has says whether a mode is among the definition's.
func (d *Definition) has(m Mode) bool { return slices.Contains(d.Modes, m) }

// pausing is the mode that decides for events without a stamped id; empty if
// none does.
func (d *Definition) pausing() Mode {
	for _, m := range d.Modes {
		if m != Stamped {
			return m
		}
	}
	return ""
}
