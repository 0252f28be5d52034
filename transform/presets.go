package transform

import (
	"slices"
	"time"
)

// A Preset is a definition under a name, with what an analyst should know
// before choosing it. Texts are sentences for docs/presets.md, which is derived
// from them.
type Preset struct {
	Definition
	For     string   // whose sessions it makes
	Limits  string   // what it cannot reproduce
	Assumed string   // what the product does not document, and what is taken for it; empty if nothing
	Sources []string // where the rules are documented
}

// Presets returns all presets, app first, then by name.
func Presets() []Preset {
	list := []Preset{
		adjust(), adobeVisit(), amplitudeMobile(), amplitudeWeb(), countly(), flurry(), ga4Stamped(), ga4WebLike(), heapMobile(),
		localytics(), matomo(), mixpanel(), posthog(), rudderMobile(), snowplowMobile(), snowplowWeb(), uaWeb(),
	}
	return append([]Preset{app()}, list...)
}

// PresetNamed returns the preset of a name.
func PresetNamed(name string) (Preset, bool) {
	for _, p := range Presets() {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// plain is the definition whose knobs all have their plainest rule: one
// session for each stretch of a device's events without a pause over 30
// minutes. The event names with roles are those of common trackers.
func plain(name string) Definition {
	return Definition{
		Name: name, By: ByDevice, Modes: []Mode{Gap}, Pause: Pause{Timeout: 30 * time.Minute, Boundary: Longer}, Timer: FromLastEvent,
		Backwards: InTimeOrder, BackgroundEvents: Join, RepeatedStart: Split, Launch: Keep, UserChange: Keep,
		CapAction: CapSplit, EventCapAction: CapSplit,
		Length:  Length{Measure: Elapsed, Single: AsMeasured, Crashed: AsMeasured, Unended: AsMeasured},
		Engaged: Engaged{Measure: ReportedOrUsed, Boundary: AtLeast},
		Bounce:  Bounce{Rule: SingleEvent}, Attribution: StartDay,
		Events: map[Role][]string{
			Crash:        {"app_crash", "Application Crashed", "$ae_crashed"},
			Foreground:   {"app_foreground", "Application Opened", "Application Foregrounded", "application_foreground", "[Amplitude] Application Opened"},
			Background:   {"app_background", "Application Backgrounded", "application_background", "[Amplitude] Application Backgrounded"},
			ScreenView:   {"screen_view", "screen", "page_view", "page", "$screen", "$pageview", "[Amplitude] Screen Viewed"},
			Install:      {"first_open", "first_visit", "Application Installed", "application_install", "[Amplitude] Application Installed", "$ae_first_open"},
			PushReceived: {"push_received", "notification_receive", "Push Notification Received"},
			PushOpen:     {"notification_open", "Push Notification Tapped", "$push_notification_opened", "push_open"},
		},
	}
}

// backgroundWork are events that happen without anybody using the app.
func backgroundWork() []string {
	return []string{
		"push_received", "notification_receive", "Push Notification Received", "background_refresh",
		"silent_push", "geofence", "app_remove", "Application Uninstalled", "os_update", "app_update",
	}
}

// App is the default definition: a gap rule with a timeout of 30 minutes, a
// new session when the pause is longer; background events join a session near
// them; explicit end events end; a crash marks the session; cap at 24 hours; a
// device's session splits when a different known user signs in.
func App() Definition {
	d := plain("app")
	d.Cap = 24 * time.Hour
	d.UserChange = Split
	d.Engaged.After, d.Engaged.Views = 10*time.Second, 2
	d.Events[Join] = backgroundWork()
	d.Events[End] = []string{"session_end", "app_close"}
	return d
}

func app() Preset {
	return Preset{
		Definition: App(),
		For:        "Our own default, for apps with a tracker of their own.",
		Limits:     "No product's dashboard counts exactly like this.",
	}
}

func ga4Stamped() Preset {
	d := ga4WebLike().Definition
	d.Name = "ga4-stamped"
	d.Modes = []Mode{Stamped}
	d.AbandonAfter = 24 * time.Hour
	return Preset{
		Definition: d,
		For: "Sessions of Firebase and Google Analytics 4, by the id that its SDKs stamp. A session counts on every day it touches, " +
			"as in its reports, and its length is its engagement time.",
		Limits: "Events without ga_session_id (no consent, audience triggers) are outside any session. Sums over days exceed the count of a period, as in the product.",
		Assumed: "Engaged from exactly 10 s: the two official pages disagree on the boundary (set engaged.boundary). " +
			"An id not seen for 24 hours is over (set abandon_after): the product names no such limit.",
		Sources: []string{
			"https://support.google.com/analytics/answer/9191807",
			"https://support.google.com/analytics/answer/12798876",
			"https://support.google.com/analytics/answer/11109416",
		},
	}
}

func ga4WebLike() Preset {
	d := plain("ga4-web-like")
	d.Attribution = TouchedDay
	d.Length.Measure = Reported
	d.Engaged.Measure, d.Engaged.After, d.Engaged.Views = Reported, 10*time.Second, 2
	d.Bounce.Rule = NotEngaged
	d.Events[Join] = backgroundWork()
	return Preset{
		Definition: d,
		For:        "Sessions like those of Google Analytics 4 on the web, from events that carry no session id.",
		Limits: "Apps: the product counts the pause from when the app went to the background, so that a silent foreground never ends a session. " +
			"Without engagement times lengths are 0.",
		Assumed: "A pause of exactly 30 minutes goes on (set boundary), and engaged from exactly 10 s (set engaged.boundary).",
		Sources: []string{"https://support.google.com/analytics/answer/9191807", "https://support.google.com/analytics/answer/11109416"},
	}
}

func uaWeb() Preset {
	d := plain("ua-web")
	d.Boundary = AtLeast
	d.Midnight = ReportingZone
	d.SplitOn, d.SplitFromEmpty = []string{"campaign"}, true
	d.EventCap, d.EventCapAction = 500, CapTruncate
	return Preset{
		Definition: d,
		For:        "Universal Analytics on the web (retired): sessions end at midnight and when the campaign changes, and have at most 500 hits.",
		Limits: "Set timezone to that of the view. The campaign must be on every event: one that the product inherited from an earlier visit is not seen. " +
			"Its bounce rule is not reproduced.",
		Assumed: "A first campaign in a session that began without one begins another: the product treats direct traffic so that it never replaces a campaign.",
		Sources: []string{
			"https://support.google.com/analytics/answer/2731565", "https://support.google.com/analytics/answer/6086069",
			"https://developers.google.com/analytics/devguides/collection/ios/limits-quotas",
		},
	}
}

func mixpanel() Preset {
	d := plain("mixpanel")
	d.Midnight = ReportingZone
	d.BackgroundEvents = Active
	d.Events[Ignore] = []string{"$identify", "$create_alias", "$merge", "$campaign_delivery", "$campaign_bounced", "$campaign_open", "$campaign_received", "$ae_session"}
	d.By = ByUser
	return Preset{
		Definition: d,
		For:        "Mixpanel's computed sessions with its default of 30 minutes; all end at midnight of the project.",
		Limits: "Set timezone to that of the project. Events that were hidden there are in the export but not in its sessions: name them under events.ignore, " +
			"as well as pushes and what servers send.",
		Assumed: "A pause of exactly 30 minutes goes on (set boundary).",
		Sources: []string{"https://github.com/mixpanel/docs/blob/main/docs/features/sessions.mdx"},
	}
}

func amplitudeMobile() Preset {
	d := plain("amplitude-mobile")
	d.Modes = []Mode{Stamped, BackgroundGap}
	d.Timeout, d.Boundary = 5*time.Minute, AtLeast
	d.BackgroundEvents = Active
	d.OutOfSession = []string{"-1"}
	d.AbandonAfter = 24 * time.Hour
	d.Cap, d.CapAction = 24*time.Hour, CapDrop
	d.Events[Join] = []string{"session_end"}
	return Preset{
		Definition: d,
		For: "Amplitude's mobile SDKs: stamped ids, and for events without one 5 minutes in the background. A session longer than a day " +
			"is kept but not counted, as in its session charts.",
		Limits: "Without stamped ids, the app's going to the background must be in the data ([Amplitude] Application Backgrounded). " +
			"Charts after a merge of users need the export of merged users beside the events.",
		Assumed: "An id not seen for 24 hours is over (set abandon_after).",
		Sources: []string{
			"https://github.com/amplitude/amplitude-docs/blob/main/content/collections/sources/en/instrument-track-sessions.md",
			"https://github.com/amplitude/Amplitude-Kotlin", "https://github.com/amplitude/Amplitude-Swift",
		},
	}
}

func amplitudeWeb() Preset {
	d := amplitudeMobile().Definition
	d.Name = "amplitude-web"
	d.Modes = []Mode{Stamped, Gap}
	d.Timeout, d.Boundary = 30*time.Minute, Longer
	return Preset{
		Definition: d,
		For:        "Amplitude's browser SDK: stamped ids, and for events without one a pause of 30 minutes.",
		Limits:     "resetSessionOnNewCampaign, off by default there, is split_on: [campaign] for events without an id.",
		Assumed:    "An id not seen for 24 hours is over (set abandon_after).",
		Sources:    []string{"https://github.com/amplitude/amplitude-docs/blob/main/content/collections/sources/en/instrument-track-sessions.md", "https://github.com/amplitude/Amplitude-TypeScript"},
	}
}

func snowplowMobile() Preset {
	d := plain("snowplow-mobile")
	d.Modes = []Mode{Stamped, Gap}
	d.BackgroundTimeout = 30 * time.Minute
	d.Launch = Split
	d.Backwards = BackwardsSplit
	d.BackgroundEvents = Active
	d.Cap, d.CapAction = 72*time.Hour, CapTruncate
	d.AbandonAfter = 168 * time.Hour
	d.LateUpload = 72 * time.Hour
	d.Length.Measure = InForeground
	d.Engaged.Measure, d.Engaged.After, d.Engaged.Views = InForeground, 20*time.Second, 2
	return Preset{
		Definition: d,
		For: "Snowplow's mobile trackers: the id of client_session, and for events without one 30 minutes in the foreground or in the background, " +
			"each looked at in the state that is left. Starting the app anew begins a session.",
		Limits: "Nothing in the events says that the app was started anew, except a new stamped id. Seconds in the foreground come from foreground and background events, not from screen summaries.",
		Sources: []string{
			"https://github.com/snowplow/documentation/tree/main/docs/sources/mobile-trackers/tracking-events/session-tracking",
			"https://github.com/snowplow/snowplow-android-tracker",
		},
		Assumed: "Sessions are cut at 3 days and late uploads left out after 3, as by the product's own models (set cap and late_upload). An id not seen for 7 days is over.",
	}
}

func snowplowWeb() Preset {
	d := snowplowMobile().Definition
	d.Name = "snowplow-web"
	d.Backwards, d.Launch = InTimeOrder, Keep
	d.BackgroundTimeout = 0
	d.Length.Measure, d.Length.PingEvery, d.Length.PingFirst = Elapsed, 10*time.Second, 5*time.Second
	d.Engaged.Measure = Pings
	d.MinViews, d.ViewsByID = 1, true
	d.Events[Ping] = []string{"page_ping"}
	return Preset{
		Definition: d,
		For:        "Snowplow on the web: the id of its session cookie, engaged time by page pings, and sessions with at least one page view, as in its own models. Views are told by view_id.",
		Limits:     "The filter for known bots is not reproduced.",
		Assumed:    "An id not seen for 7 days is over (set abandon_after).",
		Sources: []string{
			"https://github.com/snowplow/documentation/tree/main/docs/events/ootb-data/user-and-session-identification",
			"https://github.com/snowplow/dbt-snowplow-unified",
		},
	}
}

func adobeVisit() Preset {
	d := plain("adobe-visit")
	d.BackgroundEvents = Active
	d.Cap = 12 * time.Hour
	d.EventCap = 2500
	d.BurstEvents, d.BurstWithin = 100, 100*time.Second
	d.Length.Single = AsNull
	d.Attribution = TouchedDay
	return Preset{
		Definition: d,
		For:        "Adobe Analytics visits: 30 minutes without a hit, 12 hours, 2,500 hits, or more than 100 hits in the first 100 seconds. The time spent of a single hit is not known.",
		Limits: "Virtual report suites have settings of their own: background_events: extend keeps hits of the background from beginning a visit. " +
			"The crash that the SDK reports at the next launch is counted there.",
		Sources: []string{
			"https://github.com/AdobeDocs/analytics.en/blob/main/help/components/metrics/visits.md",
			"https://github.com/AdobeDocs/analytics.en/blob/main/help/components/metrics/time-spent.md",
		},
	}
}

func matomo() Preset {
	d := plain("matomo")
	d.Boundary = AtLeast
	d.BackgroundEvents = Active
	d.Midnight = ReportingZone
	d.SplitOn = []string{"campaign"}
	d.EventCap = 10_000
	d.Length.Plus = time.Second
	d.Events[Ping] = []string{"ping"}
	return Preset{
		Definition: d,
		For:        "Matomo visits: 30 minutes, midnight of the site, another campaign, 10,000 actions. A visit of several actions lasts one second more.",
		Limits:     "Set timezone to that of the site. A change of user begins a visit only with settings that the events do not show: user_change: split.",
		Sources: []string{
			"https://github.com/matomo-org/matomo (config/global.ini.php, plugins/CoreHome/Tracker/VisitRequestProcessor.php)",
		},
	}
}

func posthog() Preset {
	d := plain("posthog")
	d.Modes = []Mode{Stamped, Gap}
	d.Platforms = map[string]Pause{"android": {Timeout: 30 * time.Minute, Boundary: AtLeast}}
	d.BackgroundEvents = Active
	d.Cap = 24 * time.Hour
	d.AbandonAfter = 24 * time.Hour
	d.Bounce = Bounce{Rule: SingleView, Under: 10 * time.Second}
	d.Events[Interaction] = []string{"$autocapture"}
	return Preset{
		Definition: d,
		For:        "PostHog: the stamped $session_id, and for events without one a pause of 30 minutes. No session is older than 24 hours.",
		Limits: "Movements of the mouse keep an id alive without an event: only the stamped id shows it. Events that come from the background or from a server " +
			"have no id, and get sessions here that the product leaves out of its session tables.",
		Assumed: "The length is from the first to the last event: the product's formula is not documented.",
		Sources: []string{"https://github.com/PostHog/posthog.com/blob/master/contents/docs/data/sessions.mdx", "https://github.com/PostHog/posthog-js", "https://github.com/PostHog/posthog-android"},
	}
}

func heapMobile() Preset {
	d := plain("heap-mobile")
	d.Timeout = 5 * time.Minute
	d.LoneJoin = true
	return Preset{
		Definition: d,
		For:        "Heap on mobile: 5 minutes. An event of the background joins a session near it without extending it, and is a session of its own otherwise.",
		Limits:     "Which events are of the background must be in the data (background in the mapping, or events.join).",
		Assumed:    "A pause of exactly 5 minutes goes on (set boundary); nothing is known of midnight, of a greatest length and of bounces.",
		Sources:    []string{"https://help.heap.io/define-analyze/managing-sessions/session-behavior"},
	}
}

func rudderMobile() Preset {
	d := plain("rudder-mobile")
	d.Modes = []Mode{Stamped, BackgroundGap}
	d.Timeout = 5 * time.Minute
	d.Timer = FromBackground
	d.AbandonAfter = 24 * time.Hour
	d.UserChange = Split
	d.BackgroundEvents = Extend
	return Preset{
		Definition: d,
		For:        "RudderStack's mobile SDKs: the stamped sessionId, and for events without one 5 minutes in the background, looked at when the app comes back. Another known user begins a session.",
		Limits:     "Without stamped ids, the app's going to the background and coming back must be in the data. After endSession events carry no id.",
		Assumed:    "The pause counts from when the app went to the background (set timer). An id not seen for 24 hours is over (set abandon_after). The SDKs differ in what a clock that is set back does (set backwards).",
		Sources: []string{
			"https://www.rudderstack.com/docs/sources/event-streams/sdks/session-tracking/",
			"https://github.com/rudderlabs/rudder-sdk-android", "https://github.com/rudderlabs/rudder-sdk-kotlin",
		},
	}
}

func adjust() Preset {
	d := plain("adjust")
	d.Modes = []Mode{BackgroundGap}
	d.Timer = FromBackground
	d.AbandonAfter = 24 * time.Hour
	d.BackgroundEvents = Extend
	d.Backwards = BackwardsRestart
	d.Length.Measure = InForeground
	d.Events[Start] = []string{"session", "install", "reattribution"}
	return Preset{
		Definition: d,
		For: "Adjust: more than 30 minutes between going to the background and coming back. In its raw export every row of a session, an install " +
			"or a reattribution is one session, as on the dashboard. The length is the time in the foreground.",
		Limits:  "From events alone it needs foreground and background markers. session_length, which counts short stretches in the background, is length.measure: elapsed.",
		Assumed: "A session with no event for 24 hours is over (set abandon_after).",
		Sources: []string{"https://help.adjust.com/en/article/session-callbacks", "https://github.com/adjust/android_sdk"},
	}
}

func flurry() Preset {
	d := plain("flurry")
	d.Modes = []Mode{BackgroundGap}
	d.Timeout = 10 * time.Second
	d.Timer = FromBackground
	d.AbandonAfter = 24 * time.Hour
	d.BackgroundEvents = Extend
	d.Length.Crashed = AsNull
	return Preset{
		Definition: d,
		For:        "Flurry: 10 seconds in the background. The length of a session that crashed is not known.",
		Limits:     "It needs foreground and background markers: without them every pause of 10 seconds counts.",
		Assumed:    "Exactly 10 seconds goes on (set boundary). A session with no event for 24 hours is over (set abandon_after).",
		Sources:    []string{"https://developer.yahoo.com/flurry/docs/analytics/lexicon/analysistypes/"},
	}
}

func localytics() Preset {
	d := flurry().Definition
	d.Name = "localytics"
	d.Timeout = 15 * time.Second
	d.BackgroundEvents = Ignore
	d.Events[Ignore] = []string{"push_received", "notification_receive", "Push Notification Received"}
	return Preset{
		Definition: d,
		For:        "Localytics: 15 seconds in the background; a push that was received begins nothing. The length of a session that crashed is not known.",
		Limits:     "It needs foreground and background markers: without them every pause of 15 seconds counts. On the web its timeout is 30 minutes.",
		Assumed:    "Exactly 15 seconds goes on (set boundary). A session with no event for 24 hours is over (set abandon_after).",
		Sources:    []string{"https://support.localytics.com/hc/en-us/articles/360001463154"},
	}
}

func countly() Preset {
	d := plain("countly")
	d.Modes = []Mode{Explicit}
	d.AbandonAfter = 24 * time.Hour
	d.ReopenWithin = 15 * time.Second
	d.Length.Measure, d.Length.HeartbeatCap = Reported, 120*time.Second
	d.Engaged.Measure = Reported
	d.Events[Start] = []string{"begin_session"}
	d.Events[End] = []string{"end_session"}
	return Preset{
		Definition: d,
		For:        "Countly: begin_session and end_session; one that begins within 15 seconds of an end goes on. The length is the sum of the heartbeats, each of at most 120 seconds.",
		Limits: "Heartbeats are events with engaged_ms. A negative heartbeat, which the server takes for 30 seconds, is refused as unreadable. " +
			"Events outside a session are counted as such.",
		Assumed: "A session that is never ended is over after 24 hours (set abandon_after), or when the next begins; exactly 15 seconds after an end goes on.",
		Sources: []string{"https://api.count.ly/reference/i", "https://github.com/Countly/countly-server"},
	}
}

// PresetNames returns the names of all presets, sorted.
func PresetNames() []string {
	var names []string
	for _, p := range Presets() {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}
