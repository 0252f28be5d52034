-- daily_onboarding_retention: who comes back with and without the onboarding, looked up in sessions and steps.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
horizon AS (
  SELECT 1 AS day_n UNION ALL SELECT 7
),
newcomer AS (
  SELECT s.user_id, s.session_date AS cohort_date FROM mart.sessions AS s WHERE s.is_first_session
),
done AS (
  SELECT s.user_id, MIN(s.date) AS done_date FROM mart.session_steps AS s WHERE s.event_name = 'booking_completed' GROUP BY s.user_id
),
active AS (
  SELECT DISTINCT s.user_id, s.session_date AS date FROM mart.sessions AS s
),
members AS (
  SELECT m.date, m.user_id, m.cut, m.segment FROM mart.members AS m WHERE m.cut <> 'platform'
  UNION ALL
  SELECT u.date, u.user_id, 'platform' AS cut, u.platform AS segment FROM mart.users AS u
),
place AS (
  SELECT
    d.date, m.cut, m.segment, h.day_n, n.cohort_date,
    CASE WHEN c.done_date <= n.cohort_date THEN 'completed' ELSE 'not_completed' END AS onboarding,
    CASE WHEN a.user_id IS NOT NULL THEN 1 ELSE 0 END AS retained
  FROM days AS d
  CROSS JOIN horizon AS h
  JOIN newcomer AS n ON UNIX_DATE(d.date) - UNIX_DATE(n.cohort_date) = h.day_n
  JOIN members AS m ON m.date = n.cohort_date AND m.user_id = n.user_id
  LEFT JOIN done AS c ON c.user_id = n.user_id
  LEFT JOIN active AS a ON a.user_id = n.user_id AND a.date = d.date
)
SELECT
  p.date,
  p.cut,
  p.segment,
  CAST(p.day_n AS INT64) AS day_n,
  p.onboarding,
  p.cohort_date,
  COUNT(*) AS cohort_users,
  CAST(SUM(p.retained) AS INT64) AS retained_users,
  SAFE_DIVIDE(SUM(p.retained), COUNT(*)) AS retention_rate
FROM place AS p
GROUP BY p.date, p.cut, p.segment, p.day_n, p.onboarding, p.cohort_date
