-- daily_retention: users of a cohort who came back on a day, looked up in sessions.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
active AS (
  SELECT DISTINCT s.user_id, s.session_date AS date FROM mart.sessions AS s
),
newcomers AS (
  SELECT s.user_id, s.session_date AS cohort_date, s.platform, s.country, s.acquisition_source
  FROM mart.sessions AS s
  WHERE s.is_first_session
),
cohort AS (
  SELECT n.user_id, n.cohort_date, 'total' AS cut, CAST(NULL AS STRING) AS segment FROM newcomers AS n
  UNION ALL SELECT n.user_id, n.cohort_date, 'platform', n.platform FROM newcomers AS n
  UNION ALL SELECT n.user_id, n.cohort_date, 'country', n.country FROM newcomers AS n
  UNION ALL SELECT n.user_id, n.cohort_date, 'acquisition_source', n.acquisition_source FROM newcomers AS n
  -- Of other cuts, the segment at the end of the first day.
  UNION ALL
  SELECT n.user_id, n.cohort_date, m.cut, m.segment
  FROM newcomers AS n
  JOIN mart.members AS m ON m.user_id = n.user_id AND m.date = n.cohort_date
  WHERE m.cut NOT IN ('total', 'platform')
),
cell AS (
  SELECT
    d.date,
    c.cohort_date,
    UNIX_DATE(d.date) - UNIX_DATE(c.cohort_date) AS day_n,
    c.cut,
    c.segment,
    c.user_id
  FROM days AS d
  JOIN cohort AS c ON d.date >= c.cohort_date
)
SELECT
  e.date,
  e.cohort_date,
  CAST(e.day_n AS INT64) AS day_n,
  e.cut,
  e.segment,
  COUNT(*) AS cohort_users,
  COUNT(a.user_id) AS retained_users,
  SAFE_DIVIDE(COUNT(a.user_id), COUNT(*)) AS retention_rate
FROM cell AS e
LEFT JOIN active AS a ON a.user_id = e.user_id AND a.date = e.date
WHERE e.day_n <= 30 OR e.day_n IN (60, 90)
GROUP BY e.date, e.cohort_date, e.day_n, e.cut, e.segment
