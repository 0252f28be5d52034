-- fct_hours: when sessions begin: by hour and weekday, of each date and of the last 28 days together.
-- Grain: period, date, cut, segment, clock, weekday, hour.
-- Reads: daily_hours, daily_ledger, settings.
-- Partition: filter on date; period is date or last_28_days, which stands under the last published day.
-- Nulls: segment of the total and where unknown; users of last_28_days, because users of days do not add up; days of a local weekday that no day with data was; in cuts under min_group_users what hours that are left out would belong to: shares, and all sums of last_28_days. There is no row without sessions.
CREATE OR REPLACE VIEW mart.fct_hours AS
WITH weekdays AS (
  SELECT MOD(UNIX_DATE(d.date) + 3, 7) + 1 AS weekday, COUNT(*) AS days
  FROM mart.daily_ledger AS d
  WHERE d.date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of
  GROUP BY weekday
),
recent AS (
  SELECT
    r.cut,
    r.segment,
    r.clock,
    r.weekday,
    r.hour,
    CAST(SUM(r.sessions) AS INT64) AS sessions,
    SUM(r.engaged_seconds) AS engaged_seconds
  FROM mart.daily_hours AS r
  WHERE r.date BETWEEN DATE_SUB(@as_of, INTERVAL 27 DAY) AND @as_of
  GROUP BY r.cut, r.segment, r.clock, r.weekday, r.hour
),
periods AS (
  SELECT
    'date' AS period,
    h.date,
    h.cut,
    h.segment,
    h.clock,
    h.weekday,
    h.hour,
    1 AS days,
    h.sessions,
    h.users,
    h.engaged_seconds
  FROM mart.daily_hours AS h
  WHERE h.date BETWEEN DATE '2000-01-01' AND @as_of
  UNION ALL
  SELECT
    'last_28_days' AS period,
    @as_of AS date,
    r.cut,
    r.segment,
    r.clock,
    r.weekday,
    r.hour,
    w.days,
    r.sessions,
    CAST(NULL AS INT64) AS users,
    r.engaged_seconds
  FROM recent AS r
  LEFT JOIN weekdays AS w ON w.weekday = r.weekday
),
-- Which hours of a cut are left out for being about too few users, nobody can tell from the others.
known AS (
  SELECT
    a.period,
    a.date,
    a.cut,
    a.segment,
    a.clock,
    a.weekday,
    a.hour,
    a.days,
    a.sessions,
    a.users,
    a.engaged_seconds,
    a.cut = 'total' OR s.min_group_users <= 1 AS has_all
  FROM periods AS a
  CROSS JOIN mart.settings AS s
)
SELECT
  p.period,
  p.date,
  p.cut,
  p.segment,
  p.clock,
  p.weekday,
  p.hour,
  CAST(p.days AS INT64) AS days,
  CASE WHEN p.has_all OR p.period = 'date' THEN p.sessions END AS sessions,
  CASE WHEN p.has_all OR p.period = 'date' THEN SAFE_DIVIDE(p.sessions, p.days) END AS sessions_per_day,
  CASE WHEN p.has_all THEN
    SAFE_DIVIDE(p.sessions, SUM(p.sessions) OVER (PARTITION BY p.period, p.date, p.cut, p.segment, p.clock))
  END AS share_of_sessions,
  p.users,
  CASE WHEN p.has_all OR p.period = 'date' THEN p.engaged_seconds END AS engaged_seconds
FROM known AS p
