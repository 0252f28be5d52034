package transform

import "sojourn/internal/calendar"

// An Intervention is something that was done about the app on a day: a
// release, a campaign, a new way in.
type Intervention struct {
	Name string // names it among all
	Day  calendar.Day
	What string // in words; may be empty

	// Cut and Segment say whom it was for, as in the daily tables; Cut is
	// empty for everybody.
	Cut, Segment string

	Days     int // days before and after it that are compared: whole weeks, from MinEffectDays to MaxEffectDays
	MinUsers int // users a day, on average, that a comparison wants on each side; at least 1
}

// What an intervention may ask for, and what it has if it does not.
const (
	DefaultEffectDays  = 28
	MinEffectDays      = 2 * week
	MaxEffectDays      = 12 * week
	DefaultEffectUsers = 20
)

const week = 7

// Span is the days whose tables tell of the intervention, both included: those
// compared, those after on which cohorts return, and those of the placebo
// dates. It is some four times Days long, whatever the history is.
func (v *Intervention) Span() (first, last calendar.Day) {
	days := calendar.Day(v.Days)
	return v.Day - 3*days - 1 - longestLag, v.Day + days + longestLag
}

// Concerns says whether rows of a cut and segment of the daily tables are those
// of the people whom the intervention was for.
func (v *Intervention) Concerns(cut, segment string) bool {
	if v.Cut == "" {
		return cut == total
	}
	return cut == v.Cut && segment == v.Segment
}

// The verdicts of intervention_effects.
const (
	Increase      = "increase"
	Decrease      = "decrease"
	NoClearChange = "no_clear_change"
	TooLittleData = "too_little_data"
)

// An InterventionEffect is a row of intervention_effects: a metric before and
// after an intervention.
type InterventionEffect struct {
	Intervention string       `parquet:"intervention" doc:"Name of the intervention."`
	Metric       string       `parquet:"metric" doc:"duration_mean_seconds, duration_median_seconds, engaged_seconds_per_session, sessions_per_user, stickiness, d1_retention_rate or d7_retention_rate: a value a day; of retention, by the day of the cohort."`
	Date         calendar.Day `parquet:"intervention_date,date" doc:"Day of the intervention. It is itself on neither side."`
	What         string       `parquet:"what,optional" doc:"What was done, in the words of the configuration."`
	Cut          string       `parquet:"cut" doc:"total, or the cut of the daily tables whose segment the intervention was for."`
	Segment      string       `parquet:"segment,optional" doc:"That segment; null in the total."`
	Unit         string       `parquet:"unit" doc:"Unit of the metric and of its change: seconds, sessions or share."`

	WindowDays  int64    `parquet:"window_days" doc:"Days asked for on each side."`
	DaysBefore  int64    `parquet:"days_before" doc:"Days before that are used: final, with a value, in a week that has at least 5 such days, and of a weekday that both sides have."`
	DaysAfter   int64    `parquet:"days_after" doc:"Days after that are used; fewer than window_days while the time after it is not over."`
	UsersBefore *float64 `parquet:"users_per_day_before,optional" doc:"Mean users of the used days before: users with a session, of retention users in the cohort; null without days."`
	UsersAfter  *float64 `parquet:"users_per_day_after,optional" doc:"The same after."`

	Before   *float64 `parquet:"mean_before,optional" doc:"Mean over the weekdays of the mean of that weekday before; null if there is too little data."`
	After    *float64 `parquet:"mean_after,optional" doc:"The same after; null likewise."`
	Change   *float64 `parquet:"change,optional" doc:"mean_after minus mean_before, in unit; null likewise."`
	Relative *float64 `parquet:"relative_change,optional" doc:"change divided by mean_before; null likewise, and if mean_before is 0."`
	Low      *float64 `parquet:"interval_low,optional" doc:"Lower end of the 95 % interval of change; null likewise."`
	High     *float64 `parquet:"interval_high,optional" doc:"Upper end of it; null likewise."`
	Method   string   `parquet:"method" doc:"How the interval was made; docs/interventions.md explains it."`

	PlaceboDates   *int64 `parquet:"placebo_dates,optional" doc:"Earlier dates, a week apart and with all days compared before the intervention, at which the same was computed although nothing was declared there; null if there is too little data."`
	PlaceboAsLarge *int64 `parquet:"placebo_as_large,optional" doc:"Those of placebo_dates at which the change, up or down, was at least as large; null likewise."`

	Verdict  string `parquet:"verdict" doc:"increase or decrease if the interval leaves 0 out and the change was as large at fewer than a quarter of the placebo dates; no_clear_change otherwise; too_little_data if there are under two weeks with days, or too few users, on one of the sides."`
	Sentence string `parquet:"sentence" doc:"The row in plain English."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the daily values."`
}
