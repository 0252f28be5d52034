package transform

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Version names the rules of this package. It is part of every day's
// fingerprint: raise it when the same input would give other rows.
const Version = "1"

// A Definition says what a session is. It is a plain value: two definitions
// with the same [Definition.Digest] make the same sessions.
type Definition struct {
	Name string // for people; not part of the digest

	// Timeout is the longest pause between two activity events of a session.
	Timeout time.Duration
	// Boundary says whether a pause of exactly Timeout begins a new session.
	Boundary Boundary
	// Cap is the greatest age of a session: an activity event later than that
	// after the session's start begins a new one. Zero means no cap.
	Cap time.Duration
	// UserChange splits a device's session when a different known user signs in.
	UserChange bool

	// EngagedAfter and EngagedViews make a session engaged: at least that
	// much engaged time, or that many screen views. Zero switches a rule off.
	// Any key event makes it engaged too.
	EngagedAfter time.Duration
	EngagedViews int

	// Events names the events that have a role. All others are activity: they
	// start a session or extend the one in progress.
	Events map[Role][]string
}

// A Boundary says on which side a pause of exactly the timeout falls.
type Boundary string

// The boundaries: a new session begins when the pause is longer than the
// timeout, or when it is at least as long.
const (
	Longer   Boundary = ">"
	AtLeast  Boundary = ">="
	longText          = `want ">" (a new session when the pause is longer than the timeout) or ">=" (at least as long)`
)

// A Role is what an event means for sessions.
type Role string

// The roles of events.
const (
	Ignore     Role = "ignore"     // is in no session
	Join       Role = "join"       // background work: joins a session near it, neither starts nor extends one
	Start      Role = "start"      // always begins a session
	End        Role = "end"        // ends the session it is in
	Crash      Role = "crash"      // marks the session; does not split it
	Foreground Role = "foreground" // the app came to the foreground
	Background Role = "background" // the app went to the background
	ScreenView Role = "screen_view"
	KeyEvent   Role = "key_event" // something the product is for; makes the session engaged
)

var roles = map[Role]kind{
	Ignore: ignore, Join: join, Start: start, End: end, Crash: crash,
	Foreground: foreground, Background: background, ScreenView: screenView, KeyEvent: keyEvent,
}

// App is the default definition: a gap rule with a timeout of 30 minutes, a
// new session when the pause is longer; background events join a session near
// them; explicit end events end; a crash marks the session; cap at 24 hours; a
// device's session splits when a different known user signs in.
//
// The event names are those of common trackers: Firebase and GA4, the Segment
// mobile specification, PostHog, Snowplow and Amplitude.
func App() Definition {
	return Definition{
		Name: "app", Timeout: 30 * time.Minute, Boundary: Longer, Cap: 24 * time.Hour, UserChange: true,
		EngagedAfter: 10 * time.Second, EngagedViews: 2,
		Events: map[Role][]string{
			Join: {
				"push_received", "notification_receive", "Push Notification Received", "background_refresh",
				"silent_push", "geofence", "app_remove", "Application Uninstalled", "os_update", "app_update",
			},
			End:        {"session_end", "app_close"},
			Crash:      {"app_crash", "Application Crashed"},
			Foreground: {"app_foreground", "Application Opened", "Application Foregrounded", "application_foreground"},
			Background: {"app_background", "Application Backgrounded", "application_background"},
			ScreenView: {"screen_view", "screen", "page_view", "$screen", "$pageview", "[Amplitude] Screen Viewed"},
		},
	}
}

// Presets returns the definition of each preset by name.
func Presets() map[string]Definition {
	return map[string]Definition{"app": App()}
}

// Validate reports every problem of the definition, joined.
func (d Definition) Validate() error {
	var problems []error
	if d.Timeout <= 0 {
		problems = append(problems, fmt.Errorf("timeout: %v is not a pause: want more than 0, such as 30m", d.Timeout))
	}
	if d.Boundary != Longer && d.Boundary != AtLeast {
		problems = append(problems, fmt.Errorf("boundary: %q: %s", d.Boundary, longText))
	}
	if d.Cap < 0 {
		problems = append(problems, fmt.Errorf("cap: %v is negative: want 0 for none, or a duration such as 24h", d.Cap))
	} else if d.Cap > 0 && d.Cap < d.Timeout {
		problems = append(problems, fmt.Errorf("cap: %v is shorter than the timeout of %v", d.Cap, d.Timeout))
	}
	if d.EngagedAfter < 0 || d.EngagedViews < 0 {
		problems = append(problems, errors.New("engaged: thresholds are not negative: want 0 to switch a rule off"))
	}
	for _, role := range slices.Sorted(maps.Keys(d.Events)) {
		if _, ok := roles[role]; !ok {
			problems = append(problems, fmt.Errorf("events: there is no role %q: want one of %v", role, slices.Sorted(maps.Keys(roles))))
		}
	}
	for name, k := range d.kinds() {
		if k&ignore != 0 && k != ignore {
			problems = append(problems, fmt.Errorf("events: %q is ignored and has another role", name))
		}
		if k&join != 0 && k&(start|end) != 0 {
			problems = append(problems, fmt.Errorf("events: %q cannot join without extending and start or end a session", name))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

// Digest identifies the rules, whatever the definition is called: 16 hex
// digits.
func (d Definition) Digest() string {
	var text strings.Builder
	fmt.Fprintf(&text, "timeout=%d boundary=%s cap=%d user_change=%t engaged=%d,%d\n",
		d.Timeout.Microseconds(), d.Boundary, d.Cap.Microseconds(), d.UserChange, d.EngagedAfter.Microseconds(), d.EngagedViews)
	for _, role := range slices.Sorted(maps.Keys(d.Events)) {
		names := slices.Clone(d.Events[role])
		slices.Sort(names)
		if len(names) > 0 {
			fmt.Fprintf(&text, "%s=%q\n", role, slices.Compact(names))
		}
	}
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:8])
}

// kind is a set of roles; none means plain activity.
type kind uint16

const (
	ignore kind = 1 << iota
	join
	start
	end
	crash
	foreground
	background
	screenView
	keyEvent
)

func (d Definition) kinds() map[string]kind {
	byName := map[string]kind{}
	for role, names := range d.Events {
		for _, name := range names {
			byName[name] |= roles[role]
		}
	}
	return byName
}
