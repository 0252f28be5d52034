-- cohort_retention: who came back by each declared retention, from the parts of sessions and the steps of days.
WITH asked AS (
  SELECT 'books' AS retention, 'trip_view' AS anchor, FALSE AS recurring, 'booking_completed' AS back, 'day' AS period_unit, 'brackets' AS mode
  UNION ALL SELECT 'searches', 'search', TRUE, 'session', 'day', 'exact'
  UNION ALL SELECT 'weekly', 'first_session', FALSE, 'engaged_session', 'week', 'exact'
  UNION ALL SELECT 'rolling', 'first_session', FALSE, 'session', '24h', 'exact'
  UNION ALL SELECT 'opened', 'push_open', TRUE, 'booking_completed', '24h', 'on_or_after'
  UNION ALL SELECT 'monthly', 'first_session', FALSE, 'session', 'month', 'on_or_after'
  UNION ALL SELECT 'installed', 'install', FALSE, 'session', 'day', 'exact'
),
numbers AS (
  SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
  UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8
),
-- A cell is of periods period_n to last_period_n and is known with the end of known_period.
cells AS (
  SELECT 'books' AS retention, 0 AS period_n, 0 AS last_period_n, 0 AS known_period
  UNION ALL SELECT 'books', 1, 3, 3
  UNION ALL SELECT 'books', 4, 7, 7
  UNION ALL SELECT 'books', 8, 14, 14
  UNION ALL SELECT 'searches', n.n, n.n, n.n FROM numbers AS n WHERE n.n <= 7
  UNION ALL SELECT 'weekly', n.n, n.n, n.n FROM numbers AS n WHERE n.n <= 3
  UNION ALL SELECT 'rolling', n.n, n.n, n.n FROM numbers AS n WHERE n.n <= 5
  UNION ALL SELECT 'opened', n.n, 1000, 7 FROM numbers AS n WHERE n.n <= 7
  UNION ALL SELECT 'opened', n.n, 1000, 8 FROM numbers AS n
  UNION ALL SELECT 'monthly', n.n, 1000, 1 FROM numbers AS n WHERE n.n <= 1
  UNION ALL SELECT 'installed', n.n, n.n, n.n FROM numbers AS n WHERE n.n <= 3
),
days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
happened AS (
  SELECT
    p.user_id, p.date, 'session' AS what, UNIX_MICROS(p.started_at) AS began, UNIX_MICROS(p.ended_at) AS ended
  FROM mart.session_days AS p
  WHERE p.started_at IS NOT NULL AND p.date = p.session_date
  UNION ALL
  SELECT p.user_id, p.date, 'engaged_session', UNIX_MICROS(p.started_at), UNIX_MICROS(p.ended_at)
  FROM mart.session_days AS p
  WHERE p.started_at IS NOT NULL AND p.is_engaged
  UNION ALL
  SELECT s.user_id, s.session_date, 'first_session', UNIX_MICROS(s.started_at), UNIX_MICROS(s.started_at)
  FROM mart.sessions AS s
  WHERE s.is_first_session
  UNION ALL
  SELECT t.user_id, t.date, t.event_name, UNIX_MICROS(t.step_at), UNIX_MICROS(t.step_at)
  FROM mart.session_steps AS t
  WHERE t.is_declared
  UNION ALL
  SELECT t.user_id, t.date, 'install', UNIX_MICROS(t.step_at), UNIX_MICROS(t.step_at)
  FROM mart.session_steps AS t
  WHERE t.role = 'install'
),
anchors AS (
  SELECT
    a.retention, a.recurring, a.back, a.period_unit, a.mode, h.user_id, h.date AS anchor_date, h.began AS anchor_at,
    CASE a.period_unit
      -- From Sundays on, as the configuration says.
      WHEN 'week' THEN DATE_SUB(h.date, INTERVAL (CAST(MOD(UNIX_DATE(h.date) + 4, 7) AS INT64)) DAY)
      WHEN 'month' THEN DATE_SUB(h.date, INTERVAL (CAST(EXTRACT(DAY FROM h.date) - 1 AS INT64)) DAY)
      ELSE h.date
    END AS cohort_date
  FROM asked AS a
  JOIN happened AS h ON h.what = a.anchor
),
ranked AS (
  SELECT
    a.retention, a.recurring, a.back, a.period_unit, a.mode, a.user_id, a.anchor_date, a.anchor_at, a.cohort_date,
    ROW_NUMBER() OVER (PARTITION BY a.retention, a.user_id ORDER BY a.anchor_at) AS ever,
    ROW_NUMBER() OVER (PARTITION BY a.retention, a.user_id, a.cohort_date ORDER BY a.anchor_at) AS of_cohort
  FROM anchors AS a
),
cohort_dates AS (
  SELECT DISTINCT r.retention, r.period_unit, r.mode, r.cohort_date
  FROM ranked AS r
),
-- The first instant of the day after a cohort's: at midnight of UTC, less what the clocks of the zone are ahead.
guess AS (
  SELECT DISTINCT c.cohort_date, s.timezone, (UNIX_DATE(c.cohort_date) + 1) * 86400000000 AS midnight
  FROM cohort_dates AS c
  CROSS JOIN mart.settings AS s
),
ahead AS (
  SELECT
    g.cohort_date, g.timezone, g.midnight,
    g.midnight - 60000000 * (
      1440 * UNIX_DATE(CAST(DATETIME(TIMESTAMP_MICROS(g.midnight), g.timezone) AS DATE))
      + 60 * EXTRACT(HOUR FROM DATETIME(TIMESTAMP_MICROS(g.midnight), g.timezone))
      + EXTRACT(MINUTE FROM DATETIME(TIMESTAMP_MICROS(g.midnight), g.timezone))
      - 1440 * (UNIX_DATE(g.cohort_date) + 1)
    ) AS nearer
  FROM guess AS g
),
next_day AS (
  SELECT
    a.cohort_date, a.timezone,
    a.midnight - (
      60000000 * (
        1440 * UNIX_DATE(CAST(DATETIME(TIMESTAMP_MICROS(a.nearer), a.timezone) AS DATE))
        + 60 * EXTRACT(HOUR FROM DATETIME(TIMESTAMP_MICROS(a.nearer), a.timezone))
        + EXTRACT(MINUTE FROM DATETIME(TIMESTAMP_MICROS(a.nearer), a.timezone))
      ) - a.nearer
    ) AS start
  FROM ahead AS a
),
spans AS (
  SELECT
    d.retention, d.cohort_date, d.mode, c.period_n, c.last_period_n, c.known_period,
    CASE d.period_unit
      WHEN 'week' THEN DATE_ADD(d.cohort_date, INTERVAL (7 * c.period_n) DAY)
      WHEN 'month' THEN CAST(DATE_ADD(d.cohort_date, INTERVAL (c.period_n) MONTH) AS DATE)
      ELSE DATE_ADD(d.cohort_date, INTERVAL (c.period_n) DAY)
    END AS first_date,
    CASE d.period_unit
      WHEN 'week' THEN DATE_ADD(d.cohort_date, INTERVAL (7 * c.known_period + 6) DAY)
      WHEN 'month' THEN DATE_SUB(DATE_ADD(d.cohort_date, INTERVAL (c.known_period + 1) MONTH), INTERVAL 1 DAY)
      WHEN '24h' THEN CAST(DATETIME(TIMESTAMP_MICROS(n.start + (c.known_period + 1) * 86400000000 - 1), n.timezone) AS DATE)
      ELSE DATE_ADD(d.cohort_date, INTERVAL (c.known_period) DAY)
    END AS over_date
  FROM cohort_dates AS d
  JOIN cells AS c ON c.retention = d.retention
  JOIN next_day AS n ON n.cohort_date = d.cohort_date
),
known AS (
  SELECT
    s.retention, s.cohort_date, s.period_n, s.last_period_n, s.known_period, s.first_date, s.over_date,
    MIN(CASE WHEN d.date >= s.over_date THEN d.date END) AS date
  FROM spans AS s
  CROSS JOIN days AS d
  GROUP BY s.retention, s.mode, s.cohort_date, s.period_n, s.last_period_n, s.known_period, s.first_date, s.over_date
  HAVING MIN(CASE WHEN d.date >= s.over_date THEN d.date END) IS NOT NULL
    AND (s.mode = 'on_or_after' OR MAX(CASE WHEN d.date BETWEEN s.first_date AND s.over_date THEN 1 ELSE 0 END) = 1)
),
of_user AS (
  SELECT
    k.date, r.retention, r.cohort_date, r.user_id, r.anchor_date, r.period_unit, r.mode, k.period_n, k.last_period_n, k.known_period,
    MAX(CASE
      WHEN h.user_id IS NULL OR h.date > k.date THEN 0
      WHEN r.period_unit <> '24h' AND h.date >= k.first_date AND (h.date <= k.over_date OR r.mode = 'on_or_after') THEN 1
      WHEN r.period_unit = '24h'
        AND DIV(CASE WHEN h.began > r.anchor_at THEN h.began - r.anchor_at ELSE 0 END, 86400000000) BETWEEN k.period_n AND k.last_period_n THEN 1
      ELSE 0
    END) AS retained
  FROM ranked AS r
  JOIN known AS k ON k.retention = r.retention AND k.cohort_date = r.cohort_date
  LEFT JOIN happened AS h
    ON h.user_id = r.user_id AND h.what = r.back AND h.date >= r.anchor_date AND h.ended >= r.anchor_at
  WHERE r.of_cohort = 1 AND (r.recurring OR r.ever = 1)
  GROUP BY
    k.date, r.retention, r.cohort_date, r.user_id, r.anchor_date, r.period_unit, r.mode, k.period_n, k.last_period_n, k.known_period
),
in_cuts AS (
  SELECT
    u.date, 'total' AS cut, CAST(NULL AS STRING) AS segment, u.retention, u.cohort_date, u.period_n, u.last_period_n, u.known_period,
    u.period_unit, u.mode, u.user_id, u.retained
  FROM of_user AS u
  UNION ALL
  SELECT
    u.date, m.cut, m.segment, u.retention, u.cohort_date, u.period_n, u.last_period_n, u.known_period,
    u.period_unit, u.mode, u.user_id, u.retained
  FROM of_user AS u
  JOIN mart.members AS m ON m.date = u.anchor_date AND m.user_id = u.user_id AND m.cut <> 'total'
)
SELECT
  c.date, c.cut, c.segment, c.retention, c.cohort_date, CAST(c.period_n AS INT64) AS period_n,
  CAST(CASE WHEN c.mode <> 'on_or_after' THEN c.last_period_n END AS INT64) AS last_period_n,
  c.period_unit, c.mode,
  COUNT(DISTINCT c.user_id) AS cohort_users,
  COUNT(DISTINCT CASE WHEN c.retained = 1 THEN c.user_id END) AS retained_users,
  SAFE_DIVIDE(COUNT(DISTINCT CASE WHEN c.retained = 1 THEN c.user_id END), COUNT(DISTINCT c.user_id)) AS retention_rate
FROM in_cuts AS c
GROUP BY c.date, c.cut, c.segment, c.retention, c.cohort_date, c.period_n, c.last_period_n, c.period_unit, c.mode
