package load

import (
	"io"

	"sojourn/internal/calendar"
	"sojourn/internal/parquetfile"
	"sojourn/sql"
	"sojourn/transform"
)

// Tables returns the published tables in the order of the reference.
func Tables() []Table {
	var list []Table
	for _, t := range daily() {
		list = append(list, t.Table)
	}
	return append(list, Restatements(), late(), benchmarks(), settings(), definitions(), interventionEffects())
}

// DailyTables returns the names of the tables that have a partition a day:
// those that are the state at its end, or the others.
func DailyTables(state bool) []string {
	var names []string
	for _, t := range daily() {
		if t.State == state {
			names = append(names, t.Name)
		}
	}
	return names
}

func benchmarks() Table {
	return withColumns[sql.Benchmark](Table{
		Name: "benchmarks",
		Doc:  "Published figures of other apps, each with source, period and definition: what benchmark_comparison compares this app with.",
		Key:  []string{"benchmark_id"},
	})
}

func settings() Table {
	return withColumns[sql.Setting](Table{
		Name: "settings",
		Doc:  "One row: what this app is and how its sessions are cut.",
		Key:  []string{"app"},
	})
}

func definitions() Table {
	return withColumns[sql.SessionDefinition](Table{
		Name: "definitions",
		Doc:  "The session definitions of this project: the app's own and those it is compared with. benchmark_comparison tells by them which figures they may be set against.",
		Key:  []string{"definition"},
	})
}

// A dailyTable is a table of which transform makes one partition a day.
type dailyTable struct {
	Table
	begin func(calendar.Day, io.Writer) (dayWriter, error)
	rows  func(*transform.Tables) []Row
	read  func(data []byte) ([]Row, error)
}

func daily() []dailyTable {
	return []dailyTable{
		table(Table{
			Name:      "sessions",
			Doc:       "One row a session, under the local day on which it began.",
			Partition: "session_date",
			Key:       []string{"session_date", "user_id", "started_at", "session_id"},
			Cluster:   []string{"platform", "country", "app_version", "user_id"},
		}, func(t *transform.Tables) []transform.Session { return t.Sessions }),
		table(Table{
			Name:      "users",
			Doc:       "One row a day for every user seen so far: the user's history at the end of that day.",
			Partition: "date",
			Key:       []string{"date", "user_id"},
			Cluster:   []string{"user_id"},
			State:     true,
		}, func(t *transform.Tables) []transform.User { return t.Users }),
		table(Table{
			Name:      "daily_sessions",
			Doc:       "Sessions of a day (that began on it, or under attribution touched_days that touch it): one row for the whole app and one for each combination of platform, country and app version.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "platform", "country", "app_version"},
			Cluster:   []string{"cut", "platform", "country", "app_version"},
		}, func(t *transform.Tables) []transform.DailySessions { return t.DailySessions }),
		table(Table{
			Name:      "daily_frequency",
			Doc:       "How often users come: active users, stickiness, and users by number of sessions and of active days, in windows that end with the day.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "measure", "window_days", "bucket"},
			Cluster:   []string{"cut", "measure"},
		}, func(t *transform.Tables) []transform.DailyFrequency { return t.DailyFrequency }),
		table(Table{
			Name:      "daily_retention",
			Doc:       "Users of a cohort who came back exactly N days after their first day, under the day of the return.",
			Partition: "date",
			Key:       []string{"date", "cohort_date", "cut", "segment"},
			Cluster:   []string{"cut", "cohort_date"},
		}, func(t *transform.Tables) []transform.DailyRetention { return t.DailyRetention }),
		table(Table{
			Name:      "daily_segments",
			Doc:       "Users, sessions and return on the next day by lifecycle, activity and attributes: one row a segment.",
			Partition: "date",
			Key:       []string{"date", "segmentation", "segment"},
			Cluster:   []string{"segmentation"},
		}, func(t *transform.Tables) []transform.DailySegment { return t.DailySegments }),
		table(Table{
			Name:      "daily_length",
			Doc:       "How long the sessions of a day lasted: sums and exact percentiles, by measure and population.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "measure", "population"},
			Cluster:   []string{"cut", "measure"},
		}, func(t *transform.Tables) []transform.DailyLength { return t.DailyLength }),
		table(Table{
			Name:      "daily_length_histogram",
			Doc:       "The sessions of a day by length, in buckets with fixed edges.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "measure", "over_seconds"},
			Cluster:   []string{"cut", "measure"},
		}, func(t *transform.Tables) []transform.LengthBucket { return t.LengthHistogram }),
		table(Table{
			Name:      "daily_interval",
			Doc:       "How long users had been away before the sessions that began on the day: exact percentiles.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment"},
			Cluster:   []string{"cut"},
		}, func(t *transform.Tables) []transform.DailyInterval { return t.DailyInterval }),
		table(Table{
			Name:      "daily_hours",
			Doc:       "The sessions of a day by the weekday and hour at which they began, by the clock of the reporting zone and by that of the device.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "clock", "weekday", "hour"},
			Cluster:   []string{"cut", "clock"},
		}, func(t *transform.Tables) []transform.DailyHour { return t.DailyHours }),
		table(Table{
			Name:      "daily_stability",
			Doc:       "Crashes of a day: sessions and users without, sessions after one, and users who came back, in total and by app version, device model and operating system version.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment"},
			Cluster:   []string{"cut"},
		}, func(t *transform.Tables) []transform.DailyStability { return t.DailyStability }),
		table(Table{
			Name:      "daily_installs",
			Doc:       "Installs of a day, and how many of them had been opened on that day and 1, 7 and 28 days later, under the day by which they had. Empty where the events do not tell of installs.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "day_n"},
			Cluster:   []string{"cut"},
		}, func(t *transform.Tables) []transform.DailyInstalls { return t.DailyInstalls }),
		table(Table{
			Name:      "daily_first_sessions",
			Doc:       "The first sessions of users, and how many had a second one on that day and 1, 7 and 28 days later, under the day by which they had.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "day_n"},
			Cluster:   []string{"cut"},
		}, func(t *transform.Tables) []transform.DailyFirstSessions { return t.DailyFirstSessions }),
		table(Table{
			Name:      "daily_onboarding",
			Doc:       "How many users reach each step of the onboarding in their first session, and how soon. Empty without onboarding in the configuration.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "step_number"},
			Cluster:   []string{"cut"},
		}, func(t *transform.Tables) []transform.DailyOnboarding { return t.DailyOnboarding }),
		table(Table{
			Name:      "daily_onboarding_retention",
			Doc:       "Retention of days 1 and 7 of users who completed the onboarding on their first day and of the others, under the day of the return. Empty without onboarding in the configuration.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "day_n", "onboarding"},
			Cluster:   []string{"cut"},
		}, func(t *transform.Tables) []transform.DailyOnboardingRetention { return t.DailyOnboardingRetention }),
		table(Table{
			Name:      "daily_push",
			Doc:       "Pushes received and opened on a day, and the sessions that followed them, in all and by campaign. Empty where the events do not tell of pushes.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "scope", "campaign"},
			Cluster:   []string{"cut", "scope"},
		}, func(t *transform.Tables) []transform.DailyPush { return t.DailyPush }),
		table(Table{
			Name:      "daily_incentives",
			Doc:       "How many of the users whom an incentive reached on a day came back within its return_days, beside those whom it did not, and with a holdout treatment beside control. Empty without incentives in the configuration.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "incentive", "user_group"},
			Cluster:   []string{"cut", "incentive"},
		}, func(t *transform.Tables) []transform.DailyIncentive { return t.DailyIncentives }),
		table(Table{
			Name:      "session_days",
			Doc:       "What happened in a session on one day: one row for each day that it touches. The rows of a session add up to it.",
			Partition: "date",
			Key:       []string{"date", "user_id", "session_id"},
			Cluster:   []string{"platform", "country", "app_version", "user_id"},
		}, func(t *transform.Tables) []transform.SessionDay { return t.SessionDays }),
		table(Table{
			Name:      "session_steps",
			Doc:       "Moments of sessions: one row for each visit and view of a screen, declared event, install and push, also those outside of sessions.",
			Partition: "date",
			Key:       []string{"date", "user_id", "step_number"},
			Cluster:   []string{"user_id"},
		}, func(t *transform.Tables) []transform.Step { return t.SessionSteps }),
		table(Table{
			Name:      "user_events",
			Doc:       "One row a day for every user and every declared event, install or push seen so far: its history at the end of that day.",
			Partition: "date",
			Key:       []string{"date", "user_id", "event_name"},
			Cluster:   []string{"user_id"},
			State:     true,
		}, func(t *transform.Tables) []transform.UserEvent { return t.UserEvents }),
		table(Table{
			Name:      "daily_screens",
			Doc:       "Screens of the app: views, visits, time spent, where sessions begin and end. One row a screen visited or viewed on the day.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "screen"},
			Cluster:   []string{"cut", "screen"},
		}, func(t *transform.Tables) []transform.DailyScreen { return t.DailyScreens }),
		table(Table{
			Name:      "daily_transitions",
			Doc:       "Where users go from each screen: one row for each screen and the one visited after it, or the end of the session.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "from_screen", "to_screen"},
			Cluster:   []string{"cut", "from_screen"},
		}, func(t *transform.Tables) []transform.DailyTransition { return t.DailyTransitions }),
		table(Table{
			Name:      "daily_depth",
			Doc:       "How deep sessions go: sessions that began on the day by their number of different screens.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "distinct_screens"},
			Cluster:   []string{"cut"},
		}, func(t *transform.Tables) []transform.DailyDepth { return t.DailyDepth }),
		table(Table{
			Name:      "daily_features",
			Doc:       "Use of the features that the configuration names: one row a feature, also for those that nobody uses. Empty without features.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "feature"},
			Cluster:   []string{"cut", "feature"},
		}, func(t *transform.Tables) []transform.DailyFeature { return t.DailyFeatures }),
		table(Table{
			Name:      "daily_funnels",
			Doc:       "How many come through the funnels that the configuration names: one row a funnel and step. Empty without funnels.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "funnel", "step_number"},
			Cluster:   []string{"cut", "funnel"},
		}, func(t *transform.Tables) []transform.DailyFunnel { return t.DailyFunnels }),
		table(Table{
			Name:      "user_features",
			Doc:       "One row a day for every user and every feature that the user has used so far: its history at the end of that day.",
			Partition: "date",
			Key:       []string{"date", "user_id", "feature"},
			Cluster:   []string{"user_id"},
			State:     true,
		}, func(t *transform.Tables) []transform.UserFeature { return t.UserFeatures }),
		table(Table{
			Name:      "user_funnels",
			Doc:       "Attempts of users at funnels over days: one row a day for each that is open at its end, or has closed since the day with data before.",
			Partition: "date",
			Key:       []string{"date", "user_id", "funnel", "entered_date"},
			Cluster:   []string{"user_id"},
			State:     true,
		}, func(t *transform.Tables) []transform.UserFunnel { return t.UserFunnels }),
		table(Table{
			Name:      "user_retention",
			Doc:       "One row a day for every user and every cohort of a declared retention that the user is in, while there is more to know of it: when it began and in which cells the user returned. Empty without retention and cuts.",
			Partition: "date",
			Key:       []string{"date", "user_id", "retention", "cohort_date"},
			Cluster:   []string{"user_id"},
			State:     true,
		}, func(t *transform.Tables) []transform.UserRetention { return t.UserRetention }),
		table(Table{
			Name:      "cohort_retention",
			Doc:       "Users of a cohort who came back, by the retentions that the configuration declares, under the day on which the number is complete.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "retention", "cohort_date", "period_n", "last_period_n"},
			Cluster:   []string{"retention", "cut", "cohort_date"},
		}, func(t *transform.Tables) []transform.CohortRetention { return t.CohortRetention }),
		table(Table{
			Name:      "daily_lifecycle",
			Doc:       "Where the active users of a day come from (new, returning, resurrected) and who is gone (dormant, churned): growth accounting.",
			Partition: "date",
			Key:       []string{"date", "cut", "segment", "lapse_days"},
			Cluster:   []string{"cut", "segment"},
		}, func(t *transform.Tables) []transform.DailyLifecycle { return t.DailyLifecycle }),
		table(Table{
			Name:      "definition_differences",
			Doc:       "The same events under other session definitions: what each comes to, and which sessions of the app's own definition become others, by which rule. Empty without compare_definitions.",
			Partition: "date",
			Key:       []string{"date", "definition", "change", "rule"},
		}, func(t *transform.Tables) []transform.DefinitionDifference { return t.DefinitionDifferences }),
		table(Table{
			Name:      "daily_ledger",
			Doc:       "Where every event of a day went: events_staged = events_in_sessions + events_duplicate + events_outside_session + events_ignored + events_beyond_cap + events_uploaded_late.",
			Partition: "date",
			Key:       []string{"date"},
		}, func(t *transform.Tables) []transform.DailyLedger { return t.DailyLedger }),
	}
}

// table completes t with the columns of its row type. It panics if that type
// cannot be a table, a mistake that any test of this package shows.
func table[R any](t Table, rows func(*transform.Tables) []R) dailyTable {
	t = withColumns[R](t)
	return dailyTable{
		Table: t,
		begin: func(day calendar.Day, into io.Writer) (dayWriter, error) {
			w, err := newTableWriter[R](t, day, into)
			if err != nil {
				return nil, err
			}
			w.rows = rows
			return w, nil
		},
		rows: func(tables *transform.Tables) []Row { return RowsFrom(rows(tables)) },
		read: func(data []byte) ([]Row, error) {
			list, err := parquetfile.Decode[R](data)
			return RowsFrom(list), err
		},
	}
}

func withColumns[R any](t Table) Table {
	var err error
	if t.Columns, err = columns[R](); err != nil {
		panic(err)
	}
	return t
}
