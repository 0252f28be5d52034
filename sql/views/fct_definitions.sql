-- fct_definitions: the same days under each session definition, and how many of the app's own sessions it changes.
-- Grain: date, definition.
-- Reads: definition_differences.
-- Partition: filter on date.
-- Nulls: ratios of nothing; the counts of changes for the app's own definition.
CREATE OR REPLACE VIEW mart.fct_definitions AS
SELECT
  d.date,
  d.definition,
  d.definition_digest,
  CAST(SUM(CASE WHEN d.change = 'all' THEN d.sessions END) AS INT64) AS sessions,
  CAST(SUM(CASE WHEN d.change = 'all' THEN d.users END) AS INT64) AS users,
  MAX(CASE WHEN d.change = 'all' THEN d.sessions_per_user END) AS sessions_per_user,
  MAX(CASE WHEN d.change = 'all' THEN d.duration_p50_seconds END) AS duration_median_seconds,
  CAST(SUM(CASE WHEN d.change = 'same' THEN d.sessions END) AS INT64) AS own_same,
  CAST(SUM(CASE WHEN d.change = 'split' THEN d.sessions END) AS INT64) AS own_split,
  CAST(SUM(CASE WHEN d.change = 'merged' THEN d.sessions END) AS INT64) AS own_merged,
  CAST(SUM(CASE WHEN d.change = 'dropped' THEN d.sessions END) AS INT64) AS own_dropped,
  CAST(SUM(CASE WHEN d.change = 'longer' THEN d.sessions END) AS INT64) AS own_longer,
  CAST(SUM(CASE WHEN d.change = 'shorter' THEN d.sessions END) AS INT64) AS own_shorter,
  CAST(SUM(CASE WHEN d.change = 'added' THEN d.sessions END) AS INT64) AS added,
  MIN(CASE WHEN d.is_final THEN 1 ELSE 0 END) = 1 AS is_final
FROM mart.definition_differences AS d
WHERE d.date BETWEEN DATE '2000-01-01' AND @as_of
GROUP BY d.date, d.definition, d.definition_digest
