package rule

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"sojourn/transform"
)

// mostDays is how many days back activity is known, the day included.
const mostDays = 63

// An environment is what a rule can name: the expr tag of a field is the name,
// its doc tag the meaning, the example tag a rule with it. A text is empty where it is not known; a number
// that may be unknown is a pointer.
type environment struct {
	SessionsTotal int `expr:"sessions_total" doc:"Sessions so far." example:"sessions_total >= 100"`
	Sessions1     int `expr:"sessions_1d" doc:"Sessions of the day." example:"sessions_1d > 1"`
	Sessions7     int `expr:"sessions_7d" doc:"Sessions of the 7 days that end with the day." example:"sessions_7d >= 5"`
	Sessions28    int `expr:"sessions_28d" doc:"Sessions of the 28 days that end with the day." example:"sessions_28d >= 4 and sessions_28d < 10"`

	ActiveDays7      int  `expr:"active_days_7" doc:"Days with a session among the last 7, the day included." example:"active_days_7 == 7"`
	ActiveDays28     int  `expr:"active_days_28" doc:"Days with a session among the last 28, the day included." example:"active_days_28 >= 14"`
	FirstSeenDaysAgo int  `expr:"first_seen_days_ago" doc:"Days since the first session; 0 on the day of it." example:"first_seen_days_ago < 7"`
	LastSeenDaysAgo  int  `expr:"last_seen_days_ago" doc:"Days since the latest day with a session; 0 if the day has one." example:"last_seen_days_ago > 28"`
	PreviousDaysAgo  *int `expr:"previous_active_days_ago" doc:"Days since the active day before, the day itself aside. Unknown if there is none within 62 days." example:"(previous_active_days_ago ?? 99) > 14"`

	Platform    string `expr:"platform" doc:"Latest platform known." example:"platform in ['ios', 'android']"`
	OSVersion   string `expr:"os_version" doc:"Latest operating system version known." example:"os_version startsWith '18.'"`
	DeviceModel string `expr:"device_model" doc:"Latest device model known." example:"device_model matches '^iPhone1[56],'"`
	DeviceClass string `expr:"device_class" doc:"Latest kind of device known: phone, tablet, desktop, tv, watch or console; another word is the source's own." example:"device_class == 'tablet'"`
	AppVersion  string `expr:"app_version" doc:"Latest app version known." example:"app_version != '4.1.0'"`
	Country     string `expr:"country" doc:"Latest country known, as the source writes it." example:"country == ''"`
	Language    string `expr:"language" doc:"Latest language known." example:"language startsWith 'pt'"`

	Property func(string) string `expr:"property" args:"property" doc:"Latest value known of a property that the sources keep; empty if there is none." example:"property('plan') == 'pro'"`

	FirstPlatform   string `expr:"first_platform" doc:"Platform of the first session." example:"first_platform != platform"`
	FirstCountry    string `expr:"first_country" doc:"Country of the first session." example:"first_country == 'PT'"`
	FirstAppVersion string `expr:"first_app_version" doc:"App version of the first session." example:"first_app_version startsWith '3.'"`
	FirstSource     string `expr:"first_acquisition_source" doc:"Acquisition source of the first session." example:"first_acquisition_source == 'organic'"`
	FirstCampaign   string `expr:"first_campaign" doc:"Campaign of the first session." example:"first_campaign contains 'spring'"`

	CountedSessions int      `expr:"counted_sessions" doc:"Sessions of the day that count. The fields below are of these." example:"counted_sessions >= 2"`
	TotalSeconds    float64  `expr:"total_seconds" doc:"Sum of their lengths in seconds, as far as they are known." example:"total_seconds >= 30 * 60"`
	MaxSeconds      *float64 `expr:"max_seconds" doc:"Length of the longest in seconds. Unknown if no length is." example:"(max_seconds ?? 0) > 3600"`
	MedianSeconds   *float64 `expr:"median_seconds" doc:"Exact nearest-rank median of their lengths in seconds. Unknown if no length is." example:"(median_seconds ?? 0) >= 300"`
	EngagedSeconds  float64  `expr:"engaged_seconds" doc:"Sum of their engaged_seconds." example:"engaged_seconds > 0.5 * total_seconds"`
	EngagedSessions int      `expr:"engaged_sessions" doc:"Those with is_engaged." example:"engaged_sessions == 0"`
	BouncedSessions int      `expr:"bounced_sessions" doc:"Those with is_bounce." example:"bounced_sessions == counted_sessions"`
	Events          int      `expr:"events" doc:"Sum of their event_count." example:"events > 50"`
	ScreenViews     int      `expr:"screen_views" doc:"Sum of their screen_views." example:"screen_views >= 10"`
	KeyEvents       int      `expr:"key_events" doc:"Sum of their key_event_count." example:"key_events > 0"`
	Crashes         int      `expr:"crashes" doc:"Sum of their crash_count." example:"crashes > 1"`
	Crashed         bool     `expr:"crashed" doc:"One of them has a crash." example:"not crashed"`

	Did        func(string) bool     `expr:"did" args:"event" doc:"The event ever happened, the day included." example:"did('purchase')"`
	Count      func(string) int      `expr:"count" args:"event" doc:"How often it happened so far." example:"count('purchase') >= 3"`
	CountToday func(string) int      `expr:"count_today" args:"event" doc:"How often it happened on the day." example:"count_today('search') > 5"`
	Days       func(string, int) int `expr:"days" args:"event, n" doc:"On how many of the last n days, the day included, it happened; n is 1 to 63." example:"days('workout', 7) >= 3"`
	Visits     func(string) int      `expr:"visits" args:"screen" doc:"Visits to the screen on the day." example:"visits('Checkout') > 0"`
}

func newEnvironment(u *transform.UserDay) environment {
	e := environment{
		SessionsTotal: int(u.SessionsTotal), Sessions1: int(u.Sessions1), Sessions7: int(u.Sessions7), Sessions28: int(u.Sessions28),
		ActiveDays7: u.ActiveDays.DaysIn(7), ActiveDays28: u.ActiveDays.DaysIn(28),
		FirstSeenDaysAgo: int(u.Date - u.FirstSeen), LastSeenDaysAgo: int(u.Date - u.LastSeen),
		Platform: u.Platform, OSVersion: u.OSVersion, DeviceModel: u.DeviceModel, DeviceClass: u.DeviceClass,
		AppVersion: u.AppVersion, Country: u.Country, Language: u.Language,
		FirstPlatform: u.FirstPlatform, FirstCountry: u.FirstCountry, FirstAppVersion: u.FirstAppVersion,
		FirstSource: u.FirstAcquisitionSource, FirstCampaign: u.FirstCampaign,
	}
	if ago, known := u.PreviousActive(); known {
		e.PreviousDaysAgo = &ago
	}
	e.addSessions(u.Sessions)
	event := func(name string) transform.UserEvent {
		i, ok := slices.BinarySearchFunc(u.Events, name, func(e transform.UserEvent, name string) int { return strings.Compare(e.Event, name) })
		if !ok {
			return transform.UserEvent{}
		}
		return u.Events[i]
	}
	e.Property = u.Property
	e.Did = func(name string) bool { return event(name).Total > 0 }
	e.Count = func(name string) int { return int(event(name).Total) }
	e.CountToday = func(name string) int { return int(event(name).Today) }
	e.Days = func(name string, days int) int { return event(name).Days.DaysIn(days) }
	e.Visits = func(screen string) (n int) {
		for i := range u.Steps {
			if u.Steps[i].IsVisit && u.Steps[i].Screen == screen {
				n++
			}
		}
		return n
	}
	return e
}

// addSessions takes the sessions of the day that count.
func (e *environment) addSessions(sessions []transform.Session) {
	var lengths []float64
	var total, engaged int64 // microseconds, whose sum does not depend on the order
	for i := range sessions {
		s := &sessions[i]
		if !s.IsCounted {
			continue
		}
		e.CountedSessions++
		e.Events += int(s.EventCount)
		e.ScreenViews += int(s.ScreenViews)
		e.KeyEvents += int(s.KeyEventCount)
		e.Crashes += int(s.CrashCount)
		if s.IsEngaged {
			e.EngagedSessions++
		}
		if s.IsBounce {
			e.BouncedSessions++
		}
		engaged += micros(s.EngagedSeconds)
		if s.DurationSeconds != nil {
			total += micros(*s.DurationSeconds)
			lengths = append(lengths, *s.DurationSeconds)
		}
	}
	e.Crashed = e.Crashes > 0
	e.TotalSeconds, e.EngagedSeconds = float64(total)/1e6, float64(engaged)/1e6
	if len(lengths) > 0 {
		slices.Sort(lengths)
		e.MedianSeconds, e.MaxSeconds = &lengths[(len(lengths)-1)/2], &lengths[len(lengths)-1]
	}
}

func micros(seconds float64) int64 { return int64(math.Round(seconds * 1e6)) }

// firstOf returns what the first argument of a function of ours names: event,
// screen or property; "" if it is none of ours.
func firstOf(name string) string {
	f, ok := fieldNamed(name)
	if !ok || f.Type.Kind() != reflect.Func {
		return ""
	}
	of, _, _ := strings.Cut(f.Tag.Get("args"), ",")
	return of
}

// mayBeUnknown says whether a name is that of a number that may be unknown.
func mayBeUnknown(name string) bool {
	f, ok := fieldNamed(name)
	return ok && f.Type.Kind() == reflect.Pointer
}

func fieldNamed(name string) (reflect.StructField, bool) {
	for f := range reflect.TypeFor[environment]().Fields() {
		if f.Tag.Get("expr") == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}
