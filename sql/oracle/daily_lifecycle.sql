-- daily_lifecycle: where active users come from and who is gone, from sessions and the days that have data.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
lapses AS (
  SELECT 1 AS lapse_days UNION ALL SELECT 28
),
of_user AS (
  SELECT
    d.date,
    p.lapse_days,
    s.user_id,
    MIN(s.session_date) AS first_date,
    MAX(s.session_date) AS last_date,
    MAX(CASE WHEN s.session_date < d.date THEN s.session_date END) AS before_date
  FROM days AS d
  CROSS JOIN lapses AS p
  JOIN mart.sessions AS s ON s.session_date <= d.date
  GROUP BY d.date, p.lapse_days, s.user_id
),
standing AS (
  SELECT
    o.date, o.lapse_days, o.user_id,
    CASE WHEN o.last_date = o.date THEN 1 ELSE 0 END AS is_active,
    CASE WHEN o.first_date = o.date THEN 1 ELSE 0 END AS is_new,
    CASE WHEN o.last_date = o.date AND UNIX_DATE(o.date) - UNIX_DATE(o.before_date) <= o.lapse_days THEN 1 ELSE 0 END AS is_returning,
    CASE WHEN o.last_date = o.date AND UNIX_DATE(o.date) - UNIX_DATE(o.before_date) > o.lapse_days THEN 1 ELSE 0 END AS is_resurrected,
    CASE WHEN UNIX_DATE(o.date) - UNIX_DATE(o.last_date) < o.lapse_days THEN 1 ELSE 0 END AS is_recent,
    CASE WHEN UNIX_DATE(o.date) - UNIX_DATE(o.last_date) = o.lapse_days THEN 1 ELSE 0 END AS is_churned
  FROM of_user AS o
),
in_cuts AS (
  SELECT
    s.date, m.cut, m.segment, s.lapse_days, 1 AS is_user, s.is_active, s.is_new, s.is_returning, s.is_resurrected, s.is_recent, 0 AS is_churned
  FROM standing AS s
  JOIN mart.members AS m ON m.date = s.date AND m.user_id = s.user_id
  UNION ALL
  -- Who is gone is in the segments of the day before.
  SELECT s.date, m.cut, m.segment, s.lapse_days, 0, 0, 0, 0, 0, 0, 1
  FROM standing AS s
  JOIN mart.members AS m ON UNIX_DATE(s.date) - UNIX_DATE(m.date) = 1 AND m.user_id = s.user_id
  WHERE s.is_churned = 1
)
SELECT
  c.date, c.cut, c.segment, CAST(c.lapse_days AS INT64) AS lapse_days,
  CAST(SUM(c.is_user) AS INT64) AS users,
  CAST(SUM(c.is_active) AS INT64) AS active_users,
  CAST(SUM(c.is_new) AS INT64) AS new_users,
  CAST(SUM(c.is_returning) AS INT64) AS returning_users,
  CAST(SUM(c.is_resurrected) AS INT64) AS resurrected_users,
  CAST(SUM(c.is_user) - SUM(c.is_active) AS INT64) AS dormant_users,
  CAST(SUM(c.is_recent) AS INT64) AS recent_users,
  CAST(SUM(c.is_churned) AS INT64) AS churned_users
FROM in_cuts AS c
GROUP BY c.date, c.cut, c.segment, c.lapse_days
