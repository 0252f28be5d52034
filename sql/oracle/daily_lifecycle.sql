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
-- By attributes also users who are not active.
in_cuts AS (
  SELECT m.date, m.user_id, m.cut, m.segment
  FROM mart.members AS m
  WHERE m.cut <> 'platform'
  UNION ALL
  SELECT u.date, u.user_id, 'platform', u.platform
  FROM mart.users AS u
)
SELECT
  s.date, c.cut, c.segment, CAST(s.lapse_days AS INT64) AS lapse_days,
  COUNT(*) AS users,
  CAST(SUM(s.is_active) AS INT64) AS active_users,
  CAST(SUM(s.is_new) AS INT64) AS new_users,
  CAST(SUM(s.is_returning) AS INT64) AS returning_users,
  CAST(SUM(s.is_resurrected) AS INT64) AS resurrected_users,
  CAST(COUNT(*) - SUM(s.is_active) AS INT64) AS dormant_users,
  CAST(SUM(s.is_recent) AS INT64) AS recent_users,
  CAST(SUM(s.is_churned) AS INT64) AS churned_users
FROM standing AS s
JOIN in_cuts AS c ON c.date = s.date AND c.user_id = s.user_id
GROUP BY s.date, c.cut, c.segment, s.lapse_days
