package sql

// A Benchmark is one published figure: a row of benchmarks. The table holds
// also what can only be shown (quoted elsewhere, without a period, without a
// statistic, a band or a limit), so that nobody looks for it in vain.
type Benchmark struct {
	ID        int64   `parquet:"benchmark_id" doc:"Number of the figure; stays when others are added. Figures of this project begin at 1,000,001."`
	Origin    string  `parquet:"origin" doc:"shipped with Sojourn, or own: added to this project."`
	Metric    string  `parquet:"metric" doc:"What is measured. The name carries the definition: figures of different names are different quantities."`
	Statistic string  `parquet:"statistic" doc:"mean, median, pNN (percentile), pooled (one share over all users); share, unspecified or average_unspecified; topNN and bottomNN (a label of the publisher), peak of a series, policy_threshold (limit of a store). With _range_low, _range_high, _upper_bound or _lower_bound an end of a band."`
	Of        string  `parquet:"percentile_of" doc:"What a median or percentile ranks: apps (also sites and products), sessions, users, or unknown; none for other statistics."`
	Weighting string  `parquet:"weighting,optional" doc:"What counts alike in a mean or share: apps, users, sessions, recipients or unknown; null for other statistics."`
	Value     float64 `parquet:"value" doc:"The figure, in unit, as published."`
	Unit      string  `parquet:"unit" doc:"percent, count, seconds, minutes, hours or days."`

	Industry string `parquet:"industry" doc:"Industry; all: every category together."`
	Platform string `parquet:"platform" doc:"ios, android, web, or all where the figure is not split."`
	AppKind  string `parquet:"app_kind" doc:"app or web."`
	Region   string `parquet:"region,optional" doc:"Country (ISO 3166), global, or a region as the publisher calls it; null if not stated."`
	Segment  string `parquet:"segment,optional" doc:"The part of the population that the figure is for; null for all of it."`

	Period        string `parquet:"period,optional" doc:"Time that the figure is for, as stated: a year, quarter, half-year, month, day or range; current for a rule in force. Null if not stated."`
	PeriodEndYear *int64 `parquet:"period_end_year,optional" doc:"Year in which that time ends; null if not stated or current."`
	Publisher     string `parquet:"publisher" doc:"Who published the figure."`
	Report        string `parquet:"report,optional" doc:"Title of the report or page."`
	URL           string `parquet:"url" doc:"Page to cite."`
	ReadAtURL     string `parquet:"read_at_url,optional" doc:"Page where the figure was read, if another."`
	SourceKind    string `parquet:"source_kind" doc:"primary: read where the publisher says it; secondary: quoted elsewhere."`
	Definition    string `parquet:"definition,optional" doc:"What the publisher counts, in short."`
	Caution       string `parquet:"caution,optional" doc:"What makes this figure doubtful, such as another page that says otherwise; null if nothing is known."`
	IsStrict      bool   `parquet:"is_strict" doc:"The figure may be compared: it is primary, its period is stated, and its statistic is mean, median, pNN or pooled. Others are shown only."`

	RuleClass          string `parquet:"rule_class" doc:"Class of pause that ends a session there: A none, foreground only; B up to 60 s; C up to 10 min; D up to 45 min; E longer; unknown. The publisher's documented rule where the report does not repeat it."`
	SessionTimeout     string `parquet:"session_timeout,optional" doc:"That pause, and whether the report says it; null if not known."`
	DurationKind       string `parquet:"duration_kind,optional" doc:"elapsed (first to last event), foreground (launch to close), engaged (measured use) or unknown; null if not a duration."`
	ZeroLengthSessions string `parquet:"zero_length_sessions,optional" doc:"Sessions of a single event: kept, dropped or unknown; null if not a session duration."`
	RetentionAnchor    string `parquet:"retention_anchor,optional" doc:"What day 0 is: first_use, install or unknown; null if the figure follows no cohort."`
	RetentionClock     string `parquet:"retention_clock,optional" doc:"What a day of it is: calendar, calendar_utc, 24_hours or unknown; null likewise."`
	Denominator        string `parquet:"denominator,optional" doc:"Of a push_open_rate: what opens are divided by: sent, delivered, recipients, users_reached or unknown. Null for others."`
	PrintedWindow      string `parquet:"printed_window,optional" doc:"week or month: the window beside which the report prints a length of one session. Null for others."`
	Sample             string `parquet:"sample,optional" doc:"What the figure was computed from; null if not stated."`
	SampleApps         *int64 `parquet:"sample_apps,optional" doc:"Apps behind the figure; null if not stated."`
}

// A Setting is the one row of settings: what the app says of itself and how
// its sessions were cut.
type Setting struct {
	App              string  `parquet:"app" doc:"Name of the app."`
	Industry         string  `parquet:"industry" doc:"Industry whose benchmarks it is compared with; all if none was chosen."`
	Region           string  `parquet:"region,optional" doc:"Country (ISO 3166) that the app is for; null if it is not for one country."`
	Platform         string  `parquet:"platform" doc:"ios, android or web if the app runs on one of them; all for a mobile app on several."`
	Timezone         string  `parquet:"timezone" doc:"Reporting zone (IANA name): days begin there."`
	TimeoutSeconds   float64 `parquet:"timeout_seconds" doc:"Longest pause within a session, in seconds."`
	RuleClass        string  `parquet:"rule_class" doc:"Class of that pause, as in benchmarks."`
	DurationKind     string  `parquet:"duration_kind" doc:"What duration_seconds of sessions measures, as in benchmarks: elapsed, foreground or engaged."`
	Preset           string  `parquet:"preset" doc:"Preset that the session definition starts from."`
	Definition       string  `parquet:"definition" doc:"Name of the session definition."`
	DefinitionDigest string  `parquet:"definition_digest" doc:"Digest of the session definition."`
	MinGroupUsers    int64   `parquet:"min_group_users" doc:"Fewest users that a row of a cut may be about; none is left out below 2."`
	ViewsDigest      string  `parquet:"views_digest" doc:"Digest of the text of the views, so that other views are published."`
}

// A SessionDefinition is a row of definitions: one of the project's session
// definitions, which sees the same events as the others.
type SessionDefinition struct {
	Name           string  `parquet:"definition" doc:"Name of the definition."`
	Digest         string  `parquet:"definition_digest" doc:"Its digest."`
	IsOwn          bool    `parquet:"is_own" doc:"The app's own definition, which makes all tables; the others are those of compare_definitions."`
	Preset         string  `parquet:"preset" doc:"Preset that it starts from."`
	TimeoutSeconds float64 `parquet:"timeout_seconds" doc:"Longest pause within a session, in seconds."`
	RuleClass      string  `parquet:"rule_class" doc:"Class of that pause, as in benchmarks; A where no pause ends a session, unknown where only the source's own ids do, or where platforms or the background differ."`
	DurationKind   string  `parquet:"duration_kind" doc:"What a duration measures, as in benchmarks: elapsed, foreground or engaged."`
	EngagementRule string  `parquet:"engagement_rule,optional" doc:"ga4 if engaged sessions and bounces are those of Google Analytics 4; null otherwise."`
}

// RuleClass returns the class of session rules that a timeout falls in. Only
// figures made by rules of one class can be compared: a longer timeout gives
// fewer and longer sessions. Zero means that no pause is allowed for.
func RuleClass(timeoutSeconds float64) string {
	switch {
	case timeoutSeconds <= 0:
		return "A"
	case timeoutSeconds <= 60:
		return "B"
	case timeoutSeconds <= 10*60:
		return "C"
	case timeoutSeconds <= 45*60:
		return "D"
	}
	return "E"
}
