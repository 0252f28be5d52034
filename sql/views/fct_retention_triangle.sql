-- fct_retention_triangle: every retention as a triangle: users of each cohort who came back, by period or bracket.
-- Grain: retention, cohort_date, period_n, last_period_n, cut, segment.
-- Reads: cohort_retention, fct_retention.
-- Partition: filter on cohort_date.
-- Nulls: retained_users, retention_rate and as_of_date of a cell that is not complete; last_period_n of on_or_after.
CREATE OR REPLACE VIEW mart.fct_retention_triangle AS
WITH declared AS (
  SELECT
    r.date, r.cut, r.segment, r.retention, r.cohort_date, r.period_n, r.last_period_n, r.period_unit, r.mode,
    r.cohort_users, r.retained_users, r.retention_rate, r.definition_digest,
    ROW_NUMBER() OVER (
      PARTITION BY r.retention, r.cohort_date, r.cut, r.segment, r.period_n, r.last_period_n
      ORDER BY r.date DESC
    ) AS age
  FROM mart.cohort_retention AS r
  WHERE r.date BETWEEN DATE '2000-01-01' AND @as_of
),
latest AS (
  SELECT
    d.date, d.cut, d.segment, d.retention, d.cohort_date, d.period_n, d.last_period_n,
    d.retained_users, d.retention_rate
  FROM declared AS d
  WHERE d.age = 1
),
cohort AS (
  SELECT
    d.retention, d.cohort_date, d.cut, d.segment, d.period_unit, d.mode,
    MAX(d.cohort_users) AS cohort_users,
    MAX(d.definition_digest) AS definition_digest
  FROM declared AS d
  GROUP BY d.retention, d.cohort_date, d.cut, d.segment, d.period_unit, d.mode
),
-- A cell is known once any cohort has come so far.
cell AS (
  SELECT DISTINCT d.retention, d.period_n, d.last_period_n
  FROM declared AS d
)
SELECT
  c.retention,
  c.period_unit,
  c.mode,
  c.cohort_date,
  k.period_n,
  k.last_period_n,
  c.cut,
  c.segment,
  c.cohort_users,
  l.retained_users,
  l.retention_rate,
  l.date IS NOT NULL AND c.mode <> 'on_or_after' AS is_complete,
  l.date AS as_of_date,
  c.definition_digest
FROM cohort AS c
JOIN cell AS k ON k.retention = c.retention
LEFT JOIN latest AS l
  ON l.retention = c.retention
  AND l.cohort_date = c.cohort_date
  AND l.cut = c.cut
  AND COALESCE(l.segment, '') = COALESCE(c.segment, '')
  AND l.period_n = k.period_n
  AND COALESCE(l.last_period_n, -1) = COALESCE(k.last_period_n, -1)
UNION ALL
SELECT
  'daily',
  'day',
  'exact',
  f.cohort_date,
  f.day_n,
  f.day_n,
  f.cut,
  f.segment,
  f.cohort_users,
  f.retained_users,
  f.retention_rate,
  f.is_complete,
  CASE WHEN f.is_complete THEN f.return_date END,
  f.definition_digest
FROM mart.fct_retention AS f
