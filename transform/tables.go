package transform

import "sojourn/internal/calendar"

// Tables are the rows of one day, each table in the order of its key.
type Tables struct {
	Day            calendar.Day
	Sessions       []Session        // by user_id, started_at, session_id
	Users          []User           // by user_id
	DailySessions  []DailySessions  // by cut, segment, platform, country, app_version
	DailyFrequency []DailyFrequency // by cut, segment, measure, window_days, bucket
	DailyRetention []DailyRetention // by cohort_date, cut, segment
	DailySegments  []DailySegment   // by segmentation, segment
	DailyLedger    []DailyLedger    // one row

	DailyLength     []DailyLength    // by cut, segment, measure, population
	LengthHistogram []LengthBucket   // by cut, segment, measure, over_seconds
	DailyInterval   []DailyInterval  // by cut, segment
	DailyHours      []DailyHour      // by cut, segment, clock, weekday, hour
	DailyStability  []DailyStability // by cut, segment

	SessionDays  []SessionDay // by user_id, session_id
	SessionSteps []Step       // by user_id, step_number
	UserEvents   []UserEvent  // by user_id, event_name

	DailyScreens     []DailyScreen     // by cut, segment, screen
	DailyTransitions []DailyTransition // by cut, segment, from_screen, to_screen
	DailyDepth       []DailyDepth      // by cut, segment, distinct_screens
	DailyFeatures    []DailyFeature    // by cut, segment, feature
	DailyFunnels     []DailyFunnel     // by cut, segment, funnel, step_number
	UserFeatures     []UserFeature     // by user_id, feature
	UserFunnels      []UserFunnel      // by user_id, funnel, entered_date
	UserRetention    []UserRetention   // by user_id, retention, cohort_date
	CohortRetention  []CohortRetention // by cut, segment, retention, cohort_date, period_n, last_period_n
	DailyLifecycle   []DailyLifecycle  // by cut, segment, lapse_days

	DailyInstalls            []DailyInstalls            // by cut, segment, day_n
	DailyFirstSessions       []DailyFirstSessions       // by cut, segment, day_n
	DailyOnboarding          []DailyOnboarding          // by cut, segment, step_number; none without onboarding
	DailyOnboardingRetention []DailyOnboardingRetention // by cut, segment, day_n, onboarding; likewise
	DailyPush                []DailyPush                // by cut, segment, scope, campaign; none where no push was ever seen
	DailyIncentives          []DailyIncentive           // by cut, segment, incentive, user_group; none without incentives

	DefinitionDifferences []DefinitionDifference // by definition, change, rule; none without definitions to compare
}
