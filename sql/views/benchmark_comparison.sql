-- benchmark_comparison: the app's last 28 days beside published figures of its industry, and what speaks against each comparison.
-- Grain: benchmark_id, definition.
-- Reads: benchmarks, benchmark_metrics, settings, definitions, daily_ledger, fct_own_figures.
-- Partition: none to filter on; only the days it needs are read.
-- Nulls: own_value and its interval where the app does not have the figure (yet); difference and ratio but for ok and flag; position but for bands and percentiles of apps.
CREATE OR REPLACE VIEW mart.benchmark_comparison AS
WITH setting AS (
  SELECT
    s.industry,
    CASE WHEN STARTS_WITH(s.industry, 'games_') THEN 'games' WHEN STARTS_WITH(s.industry, 'finance_') THEN 'finance' END
      AS parent_industry,
    s.platform,
    CASE WHEN s.platform = 'web' THEN 'web' ELSE 'app' END AS app_kind,
    s.region,
    s.timezone,
    s.definition,
    s.rule_class,
    s.duration_kind
  FROM mart.settings AS s
),
cutter AS (
  -- The definitions that our figures may be made under: the app's own for all, the compared ones where theirs is the pause of
  -- the published figure and the app's own is not.
  SELECT s.definition, TRUE AS is_own, s.rule_class, s.duration_kind
  FROM setting AS s
  UNION ALL
  SELECT d.definition, FALSE, d.rule_class, d.duration_kind
  FROM mart.definitions AS d
  WHERE NOT d.is_own
),
counted_as_ga4 AS (
  SELECT COUNT(*) > 0 AS yes
  FROM mart.definitions AS d
  WHERE d.is_own AND d.engagement_rule = 'ga4'
),
published AS (
  SELECT
    b.benchmark_id,
    b.origin,
    b.metric,
    b.statistic,
    REPLACE(REPLACE(REPLACE(REPLACE(b.statistic, '_range_low', ''), '_range_high', ''), '_upper_bound', ''), '_lower_bound', '')
      AS base_statistic,
    b.statistic LIKE '%_bound' OR b.statistic LIKE '%_range_%' AS is_band,
    b.percentile_of,
    COALESCE(b.weighting, 'unknown') AS weighting,
    b.value,
    b.unit,
    b.industry,
    b.platform,
    b.app_kind,
    b.region,
    b.segment,
    b.rule_class,
    b.duration_kind,
    b.zero_length_sessions,
    b.retention_anchor,
    COALESCE(b.retention_clock, 'unknown') AS retention_clock,
    COALESCE(b.denominator, 'unknown') AS denominator,
    b.printed_window,
    b.sample_apps,
    b.publisher,
    b.report,
    b.period,
    EXTRACT(YEAR FROM @as_of) - b.period_end_year AS age_years,
    b.url,
    b.source_kind,
    b.is_strict,
    b.definition,
    b.caution
  FROM mart.benchmarks AS b
),
band AS (
  -- Both ends of a range stand on both of its rows; a bound has one end, and so has a limit.
  SELECT
    x.benchmark_id,
    MAX(CASE
      WHEN x.statistic LIKE '%lower_bound' OR x.statistic LIKE '%range_low' THEN x.value
      WHEN x.statistic LIKE '%range_high' THEN y.value
    END) AS band_low,
    MAX(CASE
      WHEN x.statistic LIKE '%upper_bound' OR x.statistic LIKE '%range_high' OR x.statistic = 'policy_threshold' THEN x.value
      WHEN x.statistic LIKE '%range_low' THEN y.value
    END) AS band_high
  FROM published AS x
  LEFT JOIN published AS y
    ON y.benchmark_id != x.benchmark_id
      AND y.is_band
      AND y.metric = x.metric
      AND y.base_statistic = x.base_statistic
      AND y.statistic != x.statistic
      AND y.unit = x.unit
      AND y.industry = x.industry
      AND y.platform = x.platform
      AND COALESCE(y.region, '') = COALESCE(x.region, '')
      AND COALESCE(y.segment, '') = COALESCE(x.segment, '')
      AND COALESCE(y.period, '') = COALESCE(x.period, '')
      AND y.publisher = x.publisher
      AND y.url = x.url
  WHERE x.is_band OR x.statistic = 'policy_threshold'
  GROUP BY x.benchmark_id
),
pair AS (
  SELECT
    b.benchmark_id,
    c.definition AS own_definition,
    c.is_own,
    b.origin,
    COALESCE(m.metric, b.metric) AS metric,
    b.metric AS benchmark_metric,
    b.statistic,
    b.base_statistic,
    b.is_band,
    b.percentile_of,
    b.weighting,
    CASE
      WHEN m.statistic IS NOT NULL THEN m.statistic
      WHEN b.percentile_of NOT IN ('apps', 'users', 'unknown')
        AND b.base_statistic IN ('mean', 'median', 'p10', 'p25', 'p75', 'p90', 'p95', 'p99')
        THEN b.base_statistic
    END AS own_statistic,
    m.metric IS NOT NULL AND m.statistic IS NULL AS is_distribution,
    m.metric IS NULL AS is_unmeasured,
    COALESCE(m.needs_rule, FALSE) AS needs_rule,
    m.sample_unit,
    CASE
      WHEN m.metric LIKE '%_ga4' AND NOT g.yes THEN 'not measured: the app does not count engagement as Google Analytics 4 does'
      ELSE m.absent
    END AS absent,
    m.oldest_cohort,
    m.rule AS lookalike_rule,
    m.reason AS lookalike,
    b.value,
    b.unit,
    CASE b.unit WHEN 'percent' THEN 100 ELSE 1 END AS factor,
    CASE b.unit WHEN 'minutes' THEN 60 WHEN 'hours' THEN 3600 WHEN 'days' THEN 86400 ELSE 1 END AS divisor,
    b.industry,
    CASE WHEN b.industry = s.industry THEN 'exact' WHEN b.industry = s.parent_industry THEN 'parent' ELSE 'all' END
      AS industry_match,
    s.industry AS own_industry,
    b.platform,
    s.platform AS own_platform,
    b.app_kind,
    s.app_kind AS own_app_kind,
    b.region,
    s.region AS own_region,
    b.segment,
    b.rule_class,
    c.rule_class AS own_rule_class,
    b.duration_kind,
    c.duration_kind AS own_duration_kind,
    b.zero_length_sessions,
    b.retention_anchor,
    b.retention_clock,
    b.denominator,
    b.printed_window,
    b.sample_apps,
    s.timezone AS own_timezone,
    b.publisher,
    b.report,
    b.period,
    b.age_years,
    b.url,
    b.source_kind,
    b.is_strict,
    b.definition,
    b.caution
  FROM published AS b
  CROSS JOIN setting AS s
  CROSS JOIN counted_as_ga4 AS g
  CROSS JOIN cutter AS c
  LEFT JOIN mart.benchmark_metrics AS m
    ON m.published = CASE WHEN b.metric = 'push_open_rate' THEN b.metric || '_' || b.denominator ELSE b.metric END
  WHERE (b.industry IN (s.industry, 'all') OR b.industry = s.parent_industry)
    AND (
      c.is_own
      OR (
        c.rule_class = b.rule_class AND b.rule_class NOT IN ('unknown', s.rule_class)
        AND (
          b.metric IN ('sessions_per_user_day', 'time_in_app_per_user_day')
          OR (b.metric = 'session_duration' AND b.base_statistic = 'mean')
        )
      )
    )
),
first_day AS (
  SELECT MIN(l.date) AS date
  FROM mart.daily_ledger AS l
  WHERE l.date BETWEEN DATE '2000-01-01' AND @as_of AND l.events_staged > 0
),
covered AS (
  SELECT COUNT(*) AS days
  FROM mart.daily_ledger AS l
  WHERE l.date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of AND l.events_staged > 0
),
finding AS (
  -- The rules of docs/benchmarks.md, a SELECT for each thing that they say; rule is ten times the number there.
  -- severity 3 refuses the comparison, 2 only shows the two, 1 warns.
  -- Not measured, and names that are not ours (rules 4, 6 to 12).
  SELECT p.benchmark_id, p.own_definition, p.lookalike_rule AS rule, 3 AS severity, p.lookalike AS reason
  FROM pair AS p
  WHERE p.lookalike IS NOT NULL
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 40, 3, 'the publisher does not say which type of retention it is'
  FROM pair AS p
  WHERE p.is_unmeasured AND p.lookalike IS NULL AND p.benchmark_metric LIKE '%_unspecified'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 180, 3, 'not measured: the tables have nothing to set against it'
  FROM pair AS p
  WHERE p.is_unmeasured AND p.lookalike IS NULL AND p.benchmark_metric NOT LIKE '%_unspecified'
  UNION ALL
  -- 1: the pause that ends a session.
  SELECT p.benchmark_id, p.own_definition, 10, 3,
    'a pause of class ' || p.rule_class || ' ends a session there, of class ' || p.own_rule_class
      || ' here (A none, B to 60 s, C to 10 min, D to 45 min, E longer)'
  FROM pair AS p
  WHERE p.needs_rule AND p.rule_class NOT IN ('unknown', p.own_rule_class) AND p.own_rule_class != 'unknown'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 11, 1, 'the publisher does not say which pause ends a session'
  FROM pair AS p
  WHERE p.needs_rule AND p.rule_class = 'unknown'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 12, 1, 'which pause ends a session here is the source of the events to know'
  FROM pair AS p
  WHERE p.needs_rule AND p.rule_class != 'unknown' AND p.own_rule_class = 'unknown'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 13, 1, 'ours is that of the definition ' || p.own_definition || ', which is compared only'
  FROM pair AS p
  WHERE NOT p.is_own
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 14, 1,
    'the definition ' || p.own_definition || ' saw ' || CAST(o.days AS STRING) || ' of the 28 days'
  FROM pair AS p
  JOIN mart.fct_own_figures AS o ON o.metric = p.metric AND o.statistic = p.own_statistic AND o.definition = p.own_definition
  WHERE NOT p.is_own AND o.days < 28
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 15, 1, 'who has not come back yet has no interval: long ones are missing'
  FROM pair AS p
  WHERE p.metric = 'session_interval'
  UNION ALL
  -- 2: which time counts.
  SELECT p.benchmark_id, p.own_definition, 20, 3, 'published as ' || p.duration_kind || ' time, ours is ' || p.own_duration_kind || ' time'
  FROM pair AS p
  WHERE p.duration_kind NOT IN (p.own_duration_kind, 'unknown') AND p.metric NOT LIKE '%_ga4'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 21, 1, 'the publisher does not say which time counts: elapsed, foreground or engaged'
  FROM pair AS p
  WHERE p.duration_kind = 'unknown'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 22, 3, 'sessions of a single event are left out there and count as 0 here'
  FROM pair AS p
  WHERE p.zero_length_sessions = 'dropped'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 23, 1, 'the publisher does not say whether sessions of a single event count'
  FROM pair AS p
  WHERE p.zero_length_sessions = 'unknown'
  UNION ALL
  -- 3: mean and median.
  SELECT p.benchmark_id, p.own_definition, 30, 3,
    CASE
      WHEN p.base_statistic LIKE '%unspecified' THEN 'the publisher does not say whether it is a mean or a median'
      WHEN p.percentile_of = 'none' THEN 'a figure of the statistic ' || p.statistic || ' has no counterpart among our sessions'
      ELSE 'a ' || p.statistic || ' over ' || p.percentile_of
        || ' has no counterpart among our sessions, and a mean is never set against a median'
    END
  FROM pair AS p
  WHERE p.is_distribution AND p.own_statistic IS NULL
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 31, 3, 'a ' || p.statistic || ' over ' || p.percentile_of || ' is no figure of an app as a whole'
  FROM pair AS p
  WHERE NOT p.is_distribution AND p.percentile_of IN ('sessions', 'users')
  UNION ALL
  -- 4: types of retention, first days, cohorts.
  SELECT p.benchmark_id, p.own_definition, 41, 1, 'day 0 is the install there, the first session here'
  FROM pair AS p
  WHERE p.retention_anchor = 'install'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 42, 1, 'the publisher does not say what day 0 is, here it is the first session'
  FROM pair AS p
  WHERE p.retention_anchor = 'unknown'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 43, 1,
    'the publisher does not say whether a day is a calendar day or 24 hours, ours is a calendar day in ' || p.own_timezone
  FROM pair AS p
  WHERE p.retention_anchor IS NOT NULL AND p.retention_clock = 'unknown' AND p.metric LIKE '%nday'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 43, 1, 'a day is one of UTC there, of ' || p.own_timezone || ' here'
  FROM pair AS p
  WHERE p.retention_clock = 'calendar_utc' AND p.own_timezone != 'UTC'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 43, 3, 'a day is 24 hours from the first use there, a calendar day here'
  FROM pair AS p
  WHERE p.retention_clock = '24_hours'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 44, 1,
    CASE p.metric
      WHEN 'retention_week1_window' THEN 'the publisher does not spell out the first week, ours is the days 1 to 7'
      WHEN 'retention_month2_window' THEN 'the publisher does not spell out the second month, ours is the days 31 to 60'
      ELSE 'the publisher does not spell out the first month, ours is the days 1 to 30'
    END
  FROM pair AS p
  WHERE p.metric LIKE '%_window'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 45, 1, 'the publisher does not say how long users were watched, ours were for 30 to 57 days'
  FROM pair AS p
  WHERE p.metric = 'single_session_user_share'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 46, 1, 'cohorts of the first 28 days with data hold users who came before'
  FROM pair AS p
  CROSS JOIN first_day AS d
  WHERE UNIX_DATE(@as_of) - UNIX_DATE(d.date) < p.oldest_cohort + 28
  UNION ALL
  -- 5: who is averaged.
  SELECT p.benchmark_id, p.own_definition, 50, 1,
    CASE p.weighting
      WHEN 'apps' THEN 'an average over apps, each counted alike, shows a distance, not a rank'
      ELSE 'an average of unstated weighting shows a distance, not a rank'
    END
  FROM pair AS p
  WHERE NOT p.is_distribution AND p.base_statistic = 'mean' AND p.weighting IN ('apps', 'unknown')
  UNION ALL
  -- 6: permission for push.
  SELECT p.benchmark_id, p.own_definition, 61, 3, 'Android allowed push without asking before version 13, of 2022'
  FROM pair AS p
  WHERE p.benchmark_metric = 'push_opt_in_rate' AND p.platform = 'android' AND (p.age_years IS NULL OR EXTRACT(YEAR FROM @as_of) - p.age_years < 2023)
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 62, 1, 'iOS and Android are blended, and ask for push in different ways'
  FROM pair AS p
  WHERE p.benchmark_metric = 'push_opt_in_rate' AND p.platform = 'all'
  UNION ALL
  -- 7: opens of what.
  SELECT p.benchmark_id, p.own_definition, 71, 1, 'a user counts once for each campaign and day here, the publisher does not say how often'
  FROM pair AS p
  WHERE p.metric = 'push_open_rate_users_reached'
  UNION ALL
  -- 8: crashes and limits.
  SELECT p.benchmark_id, p.own_definition, 81, 2, 'a limit of the store, not a norm'
  FROM pair AS p
  WHERE p.statistic = 'policy_threshold'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 82, 1, 'only crashes that a user noticed count there, all crashes in a session here'
  FROM pair AS p
  WHERE p.metric = 'user_perceived_crash_rate_dau'
  UNION ALL
  -- 11: which users.
  SELECT p.benchmark_id, p.own_definition, 111, 1, 'the publisher does not say whether users who did not come on that day count; here they do not'
  FROM pair AS p
  WHERE p.metric LIKE '%_on_day%'
  UNION ALL
  -- 12: windows.
  SELECT p.benchmark_id, p.own_definition, 121, 1, 'a window of 28 days is not a calendar month'
  FROM pair AS p
  WHERE p.metric LIKE '%per_user_month' OR p.metric IN ('power_user_share_10plus_month', 'stickiness_dau_mau')
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 122, 1, CAST(28 - c.days AS STRING) || ' of the 28 days have no data'
  FROM pair AS p
  CROSS JOIN covered AS c
  WHERE c.days < 28
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 123, 1, 'printed beside a ' || p.printed_window || ' of use, but the length of one session'
  FROM pair AS p
  WHERE p.printed_window IS NOT NULL
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 124, 1, 'it grows with the window, which the publisher does not state; ours is 28 days'
  FROM pair AS p
  WHERE p.metric = 'engagement_time_per_user_ga4'
  UNION ALL
  -- 13: age.
  SELECT p.benchmark_id, p.own_definition, 130, 1, 'the figure is ' || CAST(p.age_years AS STRING) || ' years old'
  FROM pair AS p
  WHERE p.age_years BETWEEN 4 AND 6
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 131, 3, 'history only: the figure is ' || CAST(p.age_years AS STRING) || ' years old'
  FROM pair AS p
  WHERE p.age_years > 6
  UNION ALL
  -- 14: industry, part, platform, region.
  SELECT p.benchmark_id, p.own_definition, 140, 1, 'a figure for all ' || p.industry || ', not for ' || p.own_industry
  FROM pair AS p
  WHERE p.industry_match = 'parent'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 141, 1, 'a figure for all categories, not for ' || p.own_industry
  FROM pair AS p
  WHERE p.industry_match = 'all'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 142, 1, 'published for a part only: ' || p.segment
  FROM pair AS p
  WHERE p.segment IS NOT NULL
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 143, 1, 'a figure for platform ' || p.platform || ', the app is on ' || p.own_platform
  FROM pair AS p
  WHERE p.app_kind = p.own_app_kind AND p.platform != p.own_platform
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 144, 1,
    CASE
      WHEN p.region IS NULL THEN 'the publisher does not say for which region the figure is'
      WHEN p.region = 'global' THEN 'a figure for all countries'
      ELSE 'a figure for region ' || p.region
    END || CASE WHEN p.own_region IS NULL THEN ', the app is not for one country' ELSE ', the app is for ' || p.own_region END
  FROM pair AS p
  WHERE p.region IS NULL OR p.region != COALESCE(p.own_region, 'global')
  UNION ALL
  -- 15: the web.
  SELECT p.benchmark_id, p.own_definition, 150, 3, 'a figure for ' || p.app_kind || ' against a product of kind ' || p.own_app_kind
  FROM pair AS p
  WHERE p.app_kind != p.own_app_kind
  UNION ALL
  -- 16: small samples; ours is judged below.
  SELECT p.benchmark_id, p.own_definition, 160, 1, 'a figure over ' || CAST(p.sample_apps AS STRING) || ' apps only'
  FROM pair AS p
  WHERE p.sample_apps < 10
  UNION ALL
  -- 17: bands.
  SELECT p.benchmark_id, p.own_definition, 170, 2, 'a band, not a point: ours is inside or outside of it'
  FROM pair AS p
  WHERE p.is_band
  UNION ALL
  -- What else is no point to compare with.
  SELECT p.benchmark_id, p.own_definition, 181, 2, 'quoted elsewhere, not read where the publisher says it'
  FROM pair AS p
  WHERE p.source_kind != 'primary'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 182, 2, 'the period is not stated'
  FROM pair AS p
  WHERE p.period IS NULL
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 183, 2,
    CASE
      WHEN p.statistic = 'peak' THEN 'the highest point of a series'
      WHEN p.statistic LIKE '%unspecified' THEN 'which statistic it is is not stated'
      ELSE 'the statistic ' || p.statistic || ' is no point of a distribution'
    END
  FROM pair AS p
  WHERE NOT p.is_strict AND NOT p.is_band AND p.source_kind = 'primary' AND p.period IS NOT NULL AND p.statistic != 'policy_threshold'
  UNION ALL
  SELECT p.benchmark_id, p.own_definition, 184, 1, 'doubtful: ' || p.caution
  FROM pair AS p
  WHERE p.caution IS NOT NULL
),
judged AS (
  SELECT f.benchmark_id, f.own_definition, MAX(f.severity) AS severity,
    STRING_AGG(f.reason, '; ' ORDER BY f.severity DESC, f.rule) AS reasons
  FROM finding AS f
  GROUP BY f.benchmark_id, f.own_definition
),
compared AS (
  SELECT
    p.benchmark_id,
    p.own_definition,
    SAFE_DIVIDE(p.factor * o.value, p.divisor) AS own_value,
    SAFE_DIVIDE(p.factor * o.low, p.divisor) AS own_low,
    SAFE_DIVIDE(p.factor * o.high, p.divisor) AS own_high,
    o.sample AS own_sample,
    p.own_statistic IS NOT NULL AND o.value IS NULL AS is_absent,
    o.sample < 100 AS is_thin,
    CASE
      WHEN p.own_statistic IS NOT NULL AND o.value IS NULL AND p.is_own THEN p.absent
      WHEN p.own_statistic IS NOT NULL AND o.value IS NULL THEN 'no session in the window'
      WHEN o.sample < 100 THEN 'own sample too small: ' || CAST(o.sample AS STRING) || ' ' || p.sample_unit || ', want 100'
    END AS refusal
  FROM pair AS p
  LEFT JOIN mart.fct_own_figures AS o
    ON o.metric = p.metric AND o.statistic = p.own_statistic AND o.definition = p.own_definition
),
verdict AS (
  SELECT
    c.benchmark_id,
    c.own_definition,
    c.own_value,
    c.own_low,
    c.own_high,
    c.own_sample,
    CASE
      WHEN c.is_absent OR j.severity = 3 THEN 'refuse'
      WHEN j.severity = 2 THEN 'show'
      WHEN c.is_thin THEN 'thin'
      WHEN j.severity = 1 THEN 'flag'
      ELSE 'ok'
    END AS verdict,
    COALESCE(c.is_thin, FALSE) AS is_thin,
    CASE
      WHEN c.refusal IS NULL THEN COALESCE(j.reasons, '')
      WHEN j.reasons IS NULL THEN c.refusal
      ELSE c.refusal || '; ' || j.reasons
    END AS reasons
  FROM compared AS c
  LEFT JOIN judged AS j ON j.benchmark_id = c.benchmark_id AND j.own_definition = c.own_definition
),
reached AS (
  -- Percentiles over apps that may be compared with, and whether ours reaches them.
  SELECT
    p.benchmark_id,
    p.own_definition,
    p.metric,
    p.publisher,
    COALESCE(p.report, '') AS report,
    p.period,
    COALESCE(p.segment, '') AS segment,
    p.industry,
    p.platform,
    COALESCE(p.region, '') AS region,
    CASE WHEN p.statistic = 'median' THEN 50 WHEN LENGTH(p.statistic) <= 3 THEN CAST(SUBSTR(p.statistic, 2) AS INT64) END AS percent,
    v.own_value >= p.value AS is_reached
  FROM pair AS p
  JOIN verdict AS v ON v.benchmark_id = p.benchmark_id AND v.own_definition = p.own_definition
  WHERE p.is_strict AND p.percentile_of = 'apps' AND v.verdict IN ('ok', 'flag')
),
ranked AS (
  SELECT r.benchmark_id, r.own_definition, MAX(CASE WHEN o.is_reached THEN o.percent END) AS above, MIN(CASE WHEN NOT o.is_reached THEN o.percent END) AS below
  FROM reached AS r
  JOIN reached AS o
    ON o.own_definition = r.own_definition AND o.metric = r.metric AND o.publisher = r.publisher AND o.report = r.report
      AND o.period = r.period AND o.segment = r.segment AND o.industry = r.industry AND o.platform = r.platform AND o.region = r.region
  GROUP BY r.benchmark_id, r.own_definition
),
ordinal AS (
  SELECT
    r.benchmark_id,
    r.own_definition,
    CAST(r.above AS STRING) || CASE WHEN r.above IN (11, 12, 13) THEN 'th' WHEN MOD(r.above, 10) = 1 THEN 'st' WHEN MOD(r.above, 10) = 2 THEN 'nd' WHEN MOD(r.above, 10) = 3 THEN 'rd' ELSE 'th' END AS above,
    CAST(r.below AS STRING) || CASE WHEN r.below IN (11, 12, 13) THEN 'th' WHEN MOD(r.below, 10) = 1 THEN 'st' WHEN MOD(r.below, 10) = 2 THEN 'nd' WHEN MOD(r.below, 10) = 3 THEN 'rd' ELSE 'th' END AS below
  FROM ranked AS r
)
SELECT
  p.benchmark_id,
  p.origin,
  p.metric,
  p.benchmark_metric,
  p.statistic,
  CASE WHEN p.percentile_of = 'apps' AND NOT p.is_distribution AND NOT p.is_unmeasured THEN 'one app' ELSE p.own_statistic END AS own_statistic,
  p.own_definition AS definition,
  p.industry,
  p.industry_match,
  p.platform,
  p.region,
  p.segment,
  DATE_SUB(@as_of, INTERVAL 27 DAY) AS window_start,
  @as_of AS window_end,
  v.own_value,
  v.own_low,
  v.own_high,
  v.own_sample,
  p.sample_unit AS own_sample_unit,
  p.value AS benchmark_value,
  b.band_low,
  b.band_high,
  p.unit,
  CASE WHEN v.verdict IN ('ok', 'flag') THEN v.own_value - p.value END AS difference,
  CASE WHEN v.verdict IN ('ok', 'flag') THEN SAFE_DIVIDE(v.own_value, p.value) END AS ratio,
  CASE
    WHEN v.verdict IN ('refuse', 'thin') OR v.is_thin OR v.own_value IS NULL THEN NULL
    WHEN p.statistic = 'policy_threshold' AND v.own_value > b.band_high THEN 'beyond the limit'
    WHEN p.statistic = 'policy_threshold' THEN 'within the limit'
    WHEN v.own_value < b.band_low OR v.own_value > b.band_high THEN 'outside'
    WHEN p.is_band THEN 'inside'
    WHEN o.above IS NOT NULL AND o.below IS NOT NULL
      THEN 'between the ' || o.above || ' and ' || o.below || ' percentile of apps'
    WHEN o.above IS NOT NULL THEN 'at or above the ' || o.above || ' percentile of apps'
    WHEN o.below IS NOT NULL THEN 'below the ' || o.below || ' percentile of apps'
  END AS position,
  v.verdict,
  v.reasons,
  p.publisher,
  p.report,
  p.period,
  p.age_years,
  p.url,
  p.source_kind,
  p.is_strict,
  p.definition AS benchmark_definition
FROM pair AS p
JOIN verdict AS v ON v.benchmark_id = p.benchmark_id AND v.own_definition = p.own_definition
LEFT JOIN band AS b ON b.benchmark_id = p.benchmark_id
LEFT JOIN ordinal AS o ON o.benchmark_id = p.benchmark_id AND o.own_definition = p.own_definition
