-- fct_retention: the retention triangle: users of each cohort with a session exactly N days after their first day.
-- Grain: cohort_date, day_n, cut, segment.
-- Reads: daily_retention, daily_ledger.
-- Partition: filter on cohort_date.
-- Nulls: retained_users and retention_rate of a cell that is not complete: its day is still to come or has no data.
CREATE OR REPLACE VIEW mart.fct_retention AS
WITH digit AS (
  SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
  UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9
),
age AS (
  SELECT CAST(10 * tens.d + ones.d AS INT64) AS day_n
  FROM digit AS tens
  CROSS JOIN digit AS ones
  WHERE 10 * tens.d + ones.d <= 30 OR 10 * tens.d + ones.d IN (60, 90)
),
cohort AS (
  SELECT r.cohort_date, r.cut, r.segment, r.cohort_users, r.definition_digest
  FROM mart.daily_retention AS r
  WHERE r.date BETWEEN DATE '2000-01-01' AND @as_of AND r.day_n = 0
),
returned AS (
  SELECT r.cohort_date, r.day_n, r.cut, r.segment, r.retained_users
  FROM mart.daily_retention AS r
  WHERE r.date BETWEEN DATE '2000-01-01' AND @as_of
),
day_with_data AS (
  SELECT l.date
  FROM mart.daily_ledger AS l
  WHERE l.date BETWEEN DATE '2000-01-01' AND @as_of AND l.events_staged > 0
),
cell AS (
  SELECT
    c.cohort_date,
    a.day_n,
    DATE_ADD(c.cohort_date, INTERVAL (a.day_n) DAY) AS return_date,
    c.cut,
    c.segment,
    c.cohort_users,
    c.definition_digest
  FROM cohort AS c
  CROSS JOIN age AS a
)
SELECT
  c.cohort_date,
  c.day_n,
  c.return_date,
  c.cut,
  c.segment,
  c.cohort_users,
  CASE WHEN d.date IS NOT NULL THEN COALESCE(r.retained_users, 0) END AS retained_users,
  CASE WHEN d.date IS NOT NULL THEN SAFE_DIVIDE(COALESCE(r.retained_users, 0), c.cohort_users) END AS retention_rate,
  d.date IS NOT NULL AS is_complete,
  c.definition_digest
FROM cell AS c
LEFT JOIN day_with_data AS d ON d.date = c.return_date
LEFT JOIN returned AS r
  ON r.cohort_date = c.cohort_date
  AND r.day_n = c.day_n
  AND r.cut = c.cut
  AND COALESCE(r.segment, '') = COALESCE(c.segment, '')
