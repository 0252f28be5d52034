package transform

import "sojourn/internal/calendar"

// The row types are the schema of the published tables: the parquet tag gives
// name and type of a column, the doc tag its meaning. Parquet files, BigQuery
// and DuckDB tables and docs/tables.md are derived from them. A text or
// timestamp that is optional is null when it is zero; optional pointers are
// null when they are nil.

// A Session is one visit of one user on one device: a row of sessions.
type Session struct {
	Date      calendar.Day `parquet:"session_date,date" doc:"Local day, in the reporting zone, on which the session began. Partition column."`
	SessionID string       `parquet:"session_id" doc:"Stable id: a digest of the device (or user), the time of the first event and its id. It does not depend on other sessions or on the definition's name."`
	UserID    string       `parquet:"user_id" doc:"User signed in during the session; the device id if none was. A user who signs in only after midnight does not change it."`
	DeviceID  string       `parquet:"device_id,optional" doc:"Installation or browser; null if the source does not say."`

	StartedAt int64 `parquet:"started_at,timestamp(microsecond)" doc:"Time of the first event that counts as activity."`
	EndedAt   int64 `parquet:"ended_at,timestamp(microsecond)" doc:"Time of the last event that counts as activity; never later."`

	DurationSeconds       *float64 `parquet:"duration_seconds,optional" doc:"Length in seconds by the measure of the definition; for most, app included, ended_at minus started_at, which is 0 for a single event and never the timeout. Null where the definition says that it is not known."`
	EngagedSeconds        float64  `parquet:"engaged_seconds" doc:"Seconds of use by the measure of the definition; for most the engagement time reported by the source if it reports any, else the time from first to last activity without the stretches known to be in the background."`
	ForegroundSeconds     *float64 `parquet:"foreground_seconds,optional" doc:"Seconds between foreground and background markers; null if the session has none."`
	CrashLowSeconds       *float64 `parquet:"crash_low_seconds,optional" doc:"For a session that ends in a crash, which hides what would have come after: the least it lasted, from its first event to its last. Null otherwise."`
	CrashCorrectedSeconds *float64 `parquet:"crash_corrected_seconds,optional" doc:"For a session that ends in a crash: the best guess, crash_low_seconds plus one mean pause between its events, but at most crash_high_seconds. Null otherwise."`
	CrashHighSeconds      *float64 `parquet:"crash_high_seconds,optional" doc:"For a session that ends in a crash: the most it can have lasted, until a pause after its last event would have ended it, the cap, or the start of the session that took its place. Null otherwise, and where the definition sets no such limit."`
	CrashCorrection       string   `parquet:"crash_correction,optional" doc:"How crash_corrected_seconds was guessed: mean_pause, or single_event for a session of one event, which is not corrected as it has no pause. Null for a session that does not end in a crash."`

	SecondsSincePrevious *float64 `parquet:"seconds_since_previous_session,optional" doc:"Seconds from the end of the user's previous session, as known at the end of the day, to this start; 0 if they overlap on two devices; null for the user's first session."`

	EventCount      int64  `parquet:"event_count" doc:"Events in the session, background events that joined it included."`
	BackgroundCount int64  `parquet:"background_event_count" doc:"Events of event_count that joined without starting or extending the session."`
	ScreenViews     int64  `parquet:"screen_views" doc:"Views of screens: events with the role screen_view, those of one view_id counted once; and views of which only pings are there."`
	DistinctScreens int64  `parquet:"distinct_screens" doc:"Different screens named by the session's events."`
	EntryScreen     string `parquet:"entry_screen,optional" doc:"First screen named; null if none was."`
	ExitScreen      string `parquet:"exit_screen,optional" doc:"Last screen named; null if none was."`
	CrashCount      int64  `parquet:"crash_count" doc:"Crash events in the session."`
	KeyEventCount   int64  `parquet:"key_event_count" doc:"Events that the configuration names as key events."`
	InstallCount    int64  `parquet:"install_count" doc:"Events that say that the app was installed."`
	FirstUseAt      int64  `parquet:"first_use_at,optional,timestamp(microsecond)" doc:"Time of its first activity that is no install; null while there is none."`
	PushOpenCount   int64  `parquet:"push_open_count" doc:"Events that say that a push was opened."`

	StartReason string `parquet:"start_reason" doc:"The rule by which it began: gap (no activity within the timeout before it), stamp (a session id not seen before), after_end (the previous session had ended explicitly), explicit_start, launch, user_change, value_change, midnight, cap, event_cap, burst, backwards (a clock set back), background or orphan_end (a single event that makes a session of its own)."`
	EndReason   string `parquet:"end_reason" doc:"The rule by which it ended: timeout, background_timeout, abandoned (no event for longer than abandon_after), explicit_end, the rule by which the next began, or open (not known yet)."`
	Status      string `parquet:"status" doc:"open while it may go on; else crashed if the app crashed in it, timed_out if it ended by a pause, ok otherwise."`

	IsEngaged      bool `parquet:"is_engaged" doc:"Long enough, enough screen views, or a key event; thresholds are in the definition."`
	IsBounce       bool `parquet:"is_bounce" doc:"A bounce by the rule of the definition; for most, only one event that counts as activity."`
	IsFirstSession bool `parquet:"is_first_session" doc:"The user's first session ever seen."`
	IsAfterCrash   bool `parquet:"is_after_crash" doc:"The app crashed in the user's previous session, as known at the end of the day. False for the first session, and where the previous one still went on."`

	IsCounted bool   `parquet:"is_counted" doc:"The session counts in daily_sessions and daily_segments. It is in its user's history, and so in daily_frequency and daily_retention, either way."`
	Exclusion string `parquet:"exclusion,optional" doc:"Why it does not count: over_cap, too_short, too_few_views. Null if it does."`

	Platform          string `parquet:"platform,optional" doc:"First platform named in the session."`
	OSVersion         string `parquet:"os_version,optional" doc:"First operating system version named in the session."`
	AppVersion        string `parquet:"app_version,optional" doc:"First app version named in the session."`
	DeviceModel       string `parquet:"device_model,optional" doc:"First device model named in the session."`
	Country           string `parquet:"country,optional" doc:"First country named in the session, as the source writes it."`
	Language          string `parquet:"language,optional" doc:"First language named in the session."`
	AcquisitionSource string `parquet:"acquisition_source,optional" doc:"First acquisition source named in the session."`
	Campaign          string `parquet:"campaign,optional" doc:"First campaign named in the session."`
	DeviceClass       string `parquet:"device_class,optional" doc:"First kind of device named in the session: phone, tablet, desktop, tv, watch or console; another word is the source's own."`
	UTCOffset         string `parquet:"utc_offset,optional" doc:"First offset of the device's clock from UTC known in the session, as +hh:mm or -hh:mm."`
	Properties        string `parquet:"properties,optional" doc:"Latest values in the session of the properties that the sources keep, as a query string: name=value&name=value, sorted by name. Null if there are none."`
	SourceSessionID   string `parquet:"source_session_id,optional" doc:"First session id that the source stamped on an event of the session. Only definitions with the mode stamped cut sessions by it."`

	IsFinal          bool   `parquet:"is_final" doc:"False while the session may still go on, that is until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// A SessionDay is what happened in a session on one day: a row of
// session_days. The rows of a session add up to it.
type SessionDay struct {
	Date        calendar.Day `parquet:"date,date" doc:"Local day. Partition column."`
	SessionID   string       `parquet:"session_id" doc:"The session."`
	UserID      string       `parquet:"user_id" doc:"Its user, as in sessions."`
	DeviceID    string       `parquet:"device_id,optional" doc:"Its device, as in sessions."`
	SessionDate calendar.Day `parquet:"session_date,date" doc:"Local day on which the session began."`

	StartedAt int64 `parquet:"started_at,optional,timestamp(microsecond)" doc:"Time of the session's first activity on date; null if only background events joined it."`
	EndedAt   int64 `parquet:"ended_at,optional,timestamp(microsecond)" doc:"Time of its last activity on date; null likewise."`

	DurationSeconds *float64 `parquet:"duration_seconds,optional" doc:"Part of the session's length on date, in seconds; null if the length was not known at the end of date. A session that goes on after midnight lasts until midnight on date, and from midnight on the next day."`
	EngagedSeconds  float64  `parquet:"engaged_seconds" doc:"Part of its engaged_seconds on date. The parts do not add up where the source reported engagement for the first time on a later day."`
	EventCount      int64    `parquet:"event_count" doc:"Events on date, background events that joined it included."`
	BackgroundCount int64    `parquet:"background_event_count" doc:"Events of event_count that joined without starting or extending the session."`
	ScreenViews     int64    `parquet:"screen_views" doc:"Views of screens that began on date."`
	CrashCount      int64    `parquet:"crash_count" doc:"Crash events on date."`
	KeyEventCount   int64    `parquet:"key_event_count" doc:"Key events on date."`

	IsEngaged bool `parquet:"is_engaged" doc:"The session was engaged by the end of date."`
	IsBounce  bool `parquet:"is_bounce" doc:"The session was a bounce as far as it was known at the end of date."`
	IsCounted bool `parquet:"is_counted" doc:"The session counted as far as it was known at the end of date."`

	Platform   string `parquet:"platform,optional" doc:"Platform of the session."`
	Country    string `parquet:"country,optional" doc:"Country of the session."`
	AppVersion string `parquet:"app_version,optional" doc:"App version of the session."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// A DefinitionDifference is a row of definition_differences: what a definition
// comes to on a day, or what becomes of some sessions of the app's own
// definition under it.
type DefinitionDifference struct {
	Date             calendar.Day `parquet:"date,date" doc:"Local day. Partition column."`
	Definition       string       `parquet:"definition" doc:"Name of the definition: the app's own, or one of compare_definitions."`
	DefinitionDigest string       `parquet:"definition_digest" doc:"Digest of that definition."`
	Change           string       `parquet:"change" doc:"all: what the definition comes to. For the others, what becomes under it of the sessions of the app's own definition, each in one of: same, split (two or more begin where one did), merged (part of one that began with an earlier session), dropped (none is there that counts), longer, shorter. added: sessions that only this definition has."`
	Rule             string       `parquet:"rule,optional" doc:"The rule responsible, as in start_reason and end_reason of sessions: of the definition that cuts where the other does not; left_out where one of the two leaves events out of the session; outside or an exclusion for dropped; measure where only the lengths differ. Null for all and same."`

	Sessions        int64    `parquet:"sessions" doc:"Sessions."`
	Users           int64    `parquet:"users" doc:"Distinct users of those sessions."`
	MeanSeconds     *float64 `parquet:"duration_mean_seconds,optional" doc:"Mean of the lengths that are known, in seconds; null but for all, and if there are none."`
	P50Seconds      *float64 `parquet:"duration_p50_seconds,optional" doc:"Exact nearest-rank median length in seconds; null but for all, and if there are no sessions."`
	SessionsPerUser *float64 `parquet:"sessions_per_user,optional" doc:"sessions divided by users; null likewise."`

	IsFinal bool `parquet:"is_final" doc:"False until the next day with data has been processed."`
}

// A User is what is known of one user at the end of a day: a row of users.
type User struct {
	Date   calendar.Day `parquet:"date,date" doc:"Local day at whose end this was known. Partition column."`
	UserID string       `parquet:"user_id" doc:"User, or device of a user who never signed in; as in sessions."`

	FirstSeen calendar.Day `parquet:"first_seen_date,date" doc:"Day of the first session."`
	LastSeen  calendar.Day `parquet:"last_seen_date,date" doc:"Day of the latest session."`

	ActiveDays    Activity `parquet:"active_days_bits" doc:"Bit n is set if the user began a session n days before date; bit 0 is date itself, bit 62 the oldest kept."`
	SessionsTotal int64    `parquet:"sessions_total" doc:"Sessions so far."`
	Sessions1     int64    `parquet:"sessions_1d" doc:"Sessions begun on date."`
	Sessions7     int64    `parquet:"sessions_7d" doc:"Sessions begun in the 7 days that end with date."`
	Sessions28    int64    `parquet:"sessions_28d" doc:"Sessions begun in the 28 days that end with date."`
	DailySessions string   `parquet:"sessions_by_day,optional" doc:"Sessions begun on each of the last 28 days, as text: counts separated by commas, date first, trailing zeros left out. Null if all are 0."`

	LastSessionID string `parquet:"last_session_id" doc:"The session that ended last, or is still open."`
	LastEndedAt   int64  `parquet:"last_ended_at,timestamp(microsecond)" doc:"End of that session as known at the end of date."`
	HasOpen       bool   `parquet:"has_open_session" doc:"That session may go on after the end of date."`
	LastCrashed   bool   `parquet:"last_session_crashed" doc:"The app crashed in the session of last_session_id."`

	FirstSessionID  string       `parquet:"first_session_id" doc:"The first session."`
	FirstStartedAt  int64        `parquet:"first_session_started_at,timestamp(microsecond)" doc:"When it began."`
	SecondStartedAt int64        `parquet:"second_session_started_at,optional,timestamp(microsecond)" doc:"When the second session began; null while there is none."`
	FirstOpened     calendar.Day `parquet:"first_opened_date,optional,date" doc:"First day with activity in a session beyond events that say that the app was installed; null while there is none."`
	FirstOpenedAt   int64        `parquet:"first_opened_at,optional,timestamp(microsecond)" doc:"When the first such activity was; null likewise."`
	InstalledAt     int64        `parquet:"installed_at,optional,timestamp(microsecond)" doc:"First install, by an event of the role install that came in the first session or on no later day; null if none was seen, or the user was known before."`
	InstalledDate   calendar.Day `parquet:"installed_date,optional,date" doc:"Local day of that; null likewise."`
	Installs        int64        `parquet:"installs" doc:"Events of the role install so far, also those outside of sessions."`

	FirstPlatform          string `parquet:"first_platform,optional" doc:"Platform of the first session."`
	FirstCountry           string `parquet:"first_country,optional" doc:"Country of the first session."`
	FirstAppVersion        string `parquet:"first_app_version,optional" doc:"App version of the first session."`
	FirstAcquisitionSource string `parquet:"first_acquisition_source,optional" doc:"Acquisition source of the first session."`
	FirstCampaign          string `parquet:"first_campaign,optional" doc:"Campaign of the first session."`

	Platform    string `parquet:"platform,optional" doc:"Latest platform known."`
	OSVersion   string `parquet:"os_version,optional" doc:"Latest operating system version known."`
	DeviceModel string `parquet:"device_model,optional" doc:"Latest device model known."`
	DeviceClass string `parquet:"device_class,optional" doc:"Latest kind of device known, as in sessions."`
	Country     string `parquet:"country,optional" doc:"Latest country known."`
	AppVersion  string `parquet:"app_version,optional" doc:"Latest app version known."`
	Language    string `parquet:"language,optional" doc:"Latest language known."`
	Properties  string `parquet:"properties,optional" doc:"Latest value known of each property that the sources keep, as in sessions."`

	Segments       string `parquet:"segments,optional" doc:"Segments that the user was in at the end of date, of segmentations that look at more than the history: length_tier, top_screen and those declared by rules. A query string as in properties, an empty value where the segment is unknown; null if there are none. What later days tell of sessions of date does not change them."`
	SegmentsBefore string `parquet:"segments_before,optional" doc:"Those at the end of the day with data before, of users whom daily_lifecycle counts as churned on date. Null for others, and if no such segmentation is among cuts."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// DailySessions is a row of daily_sessions: the sessions that began on a day.
type DailySessions struct {
	Date       calendar.Day `parquet:"date,date" doc:"Local day on which the sessions began. Partition column."`
	Cut        string       `parquet:"cut" doc:"total: one row for all sessions of the day; platform_country_version: one row for each combination; else a segmentation of cuts, by user."`
	Segment    string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the other cuts and where unknown."`
	Platform   string       `parquet:"platform,optional" doc:"Platform; null in the total and where unknown."`
	Country    string       `parquet:"country,optional" doc:"Country; null in the total and where unknown."`
	AppVersion string       `parquet:"app_version,optional" doc:"App version; null in the total and where unknown."`

	Sessions           int64 `parquet:"sessions" doc:"Sessions."`
	Users              int64 `parquet:"users" doc:"Distinct users of those sessions."`
	NewUsers           int64 `parquet:"new_users" doc:"Users whose first session ever is among them."`
	EngagedSessions    int64 `parquet:"engaged_sessions" doc:"Sessions with is_engaged."`
	BouncedSessions    int64 `parquet:"bounced_sessions" doc:"Sessions with is_bounce."`
	CrashedSessions    int64 `parquet:"crashed_sessions" doc:"Sessions with a crash."`
	ZeroLengthSessions int64 `parquet:"zero_length_sessions" doc:"Sessions of duration 0."`

	MeanSeconds *float64 `parquet:"duration_mean_seconds,optional" doc:"Mean duration in seconds, zero-length sessions included; null if there are no sessions."`
	P10Seconds  *float64 `parquet:"duration_p10_seconds,optional" doc:"Exact nearest-rank 10th percentile of the duration in seconds; null if there are no sessions."`
	P25Seconds  *float64 `parquet:"duration_p25_seconds,optional" doc:"Exact nearest-rank 25th percentile of the duration in seconds; null if there are no sessions."`
	P50Seconds  *float64 `parquet:"duration_p50_seconds,optional" doc:"Exact nearest-rank median of the duration in seconds; null if there are no sessions."`
	P75Seconds  *float64 `parquet:"duration_p75_seconds,optional" doc:"Exact nearest-rank 75th percentile of the duration in seconds; null if there are no sessions."`
	P90Seconds  *float64 `parquet:"duration_p90_seconds,optional" doc:"Exact nearest-rank 90th percentile of the duration in seconds; null if there are no sessions."`
	P95Seconds  *float64 `parquet:"duration_p95_seconds,optional" doc:"Exact nearest-rank 95th percentile of the duration in seconds; null if there are no sessions."`

	EngagedSeconds    float64  `parquet:"engaged_seconds" doc:"Sum of engaged_seconds."`
	Events            int64    `parquet:"events" doc:"Sum of event_count."`
	ScreenViews       int64    `parquet:"screen_views" doc:"Sum of screen_views."`
	EventsPerSession  *float64 `parquet:"events_per_session,optional" doc:"events divided by sessions; null if there are no sessions."`
	ScreensPerSession *float64 `parquet:"screens_per_session,optional" doc:"screen_views divided by sessions; null if there are no sessions."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// DailyFrequency is a row of daily_frequency: one measure, window and bucket.
type DailyFrequency struct {
	Date       calendar.Day `parquet:"date,date" doc:"Local day at whose end the windows end. Partition column."`
	Cut        string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment    string       `parquet:"segment,optional" doc:"Segment of the cut at the end of date: by attributes of users who are away the latest known, by top_screen and length_tier only of users active on date; null in the total and where unknown."`
	Measure    string       `parquet:"measure" doc:"active_users: users with a session in the window (DAU, WAU and MAU for 1, 7 and 28 days). sessions: active users by exact number of sessions in the window. active_days: active users by exact number of active days in the window. stickiness: DAU over the active users of the window. weekly_stickiness: WAU over MAU. sessions_per_user: sessions over active users of the window. hours_since_previous: sessions begun on date by whole hours since the user's previous session."`
	WindowDays int64        `parquet:"window_days,optional" doc:"Days in the window, date included; null for hours_since_previous."`
	Bucket     *int64       `parquet:"bucket,optional" doc:"Exact number of sessions or active days; for hours_since_previous the lower edge of the bucket in hours, each up to the next edge of 0, 1, 3, 6, 12, 24, 48, 72, 168, 336, 672. Null for the others."`
	Users      int64        `parquet:"users" doc:"Users in the bucket; for hours_since_previous the users with such a session, for stickiness DAU, for weekly_stickiness WAU."`
	Sessions   int64        `parquet:"sessions" doc:"Sessions of those users in the window; for hours_since_previous the sessions in the bucket."`
	Value      *float64     `parquet:"value,optional" doc:"For stickiness and weekly_stickiness the ratio, 0 to 1, for sessions_per_user the mean; null if nobody was active. Null for active_users. For the others the share of the measure's users (sessions for hours_since_previous) in the bucket."`

	UsersAtLeast *int64   `parquet:"users_at_least,optional" doc:"For sessions and active_days the users in the bucket and in all higher ones: those who have reached the number. Null for the others, and in cuts under min_group_users, where it would tell of buckets that are left out."`
	ShareAtLeast *float64 `parquet:"share_at_least,optional" doc:"users_at_least divided by the active users of the window, 0 to 1; null likewise."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// DailyRetention is a row of daily_retention: how many users of a cohort came
// back exactly N days after their first day. The row stands under the day of
// the return, so it is complete as soon as that day is; the view fct_retention
// shows the triangle with nulls for cells that are not complete yet.
type DailyRetention struct {
	Date     calendar.Day `parquet:"date,date" doc:"Day of the return: cohort_date plus day_n. Partition column."`
	Cohort   calendar.Day `parquet:"cohort_date,date" doc:"Local day of the users' first session."`
	DayN     int64        `parquet:"day_n" doc:"Days since the first session: 0 to 30, 60 and 90."`
	Cut      string       `parquet:"cut" doc:"total; platform, country or acquisition_source: which attribute of the first session the cohort is cut by; else a segmentation of cuts."`
	Segment  string       `parquet:"segment,optional" doc:"Value of that attribute, or the segment that the users were in at the end of cohort_date; null in the total and where unknown."`
	Cohorts  int64        `parquet:"cohort_users" doc:"Users in the cohort."`
	Retained int64        `parquet:"retained_users" doc:"Users of the cohort with a session on date."`
	Rate     float64      `parquet:"retention_rate" doc:"retained_users divided by cohort_users, 0 to 1."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// DailySegment is a row of daily_segments: one segment of one segmentation.
type DailySegment struct {
	Date         calendar.Day `parquet:"date,date" doc:"Local day. Membership uses what was known at its end. Partition column."`
	Segmentation string       `parquet:"segmentation" doc:"Each sorts all of some users, every one into one segment. All users ever seen: lifecycle, lifecycle_day. Users active in the 28 days that end with date: activity_tier, recency_frequency. Users active on date: platform, os_version, device_model, device_class, app_version, country, language, acquisition_source, campaign. Users with a session that counts on date: length_tier. Users who visited a screen on date: top_screen. One of the configuration's own (segments): users active on date if it is a property; all users ever seen if it says otherwise, else those for whom one of its rules holds."`
	Segment      string       `parquet:"segment,optional" doc:"Segment; null where the attribute or property is unknown, or for length_tier the length."`
	Users        int64        `parquet:"users" doc:"Users in the segment."`
	Sessions     int64        `parquet:"sessions" doc:"Sessions they began on date."`
	P50Seconds   *float64     `parquet:"duration_p50_seconds,optional" doc:"Exact nearest-rank median duration of those sessions in seconds; null if there are none."`

	Returned   *int64   `parquet:"returned_next_day_users,optional" doc:"Users of the segment with a session on the next day; null until the next day has been processed, or if it has no data."`
	ReturnRate *float64 `parquet:"return_next_day_rate,optional" doc:"returned_next_day_users divided by users; null likewise."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// DailyLedger is a row of daily_ledger: where every staged event of a day went.
// Staged events = in sessions + duplicates + outside + ignored + beyond cap +
// uploaded late.
type DailyLedger struct {
	Date       calendar.Day `parquet:"date,date" doc:"Local day on which the events happened. Partition column."`
	Events     int64        `parquet:"events_staged" doc:"Events accepted by extract for this day."`
	InSessions int64        `parquet:"events_in_sessions" doc:"Events that are in exactly one session."`
	Duplicates int64        `parquet:"events_duplicate" doc:"Further deliveries of an event already counted."`
	Conflicts  int64        `parquet:"events_conflicting" doc:"Those of events_duplicate that said something else under the same id; the first received was kept."`
	Outside    int64        `parquet:"events_outside_session" doc:"Events that are in no session: background events with none near enough to join, ends with none to end, and what a stamped or explicit definition has no session for."`
	Ignored    int64        `parquet:"events_ignored" doc:"Events that the definition ignores."`
	BeyondCap  int64        `parquet:"events_beyond_cap" doc:"Events that a limit of the definition leaves out of a session that is too long or has too many."`
	Late       int64        `parquet:"events_uploaded_late" doc:"Events that waited on the device for longer than the definition allows before they were sent."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}
