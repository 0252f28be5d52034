-- fct_length: how long sessions last, by four measures, of all sessions and of those that a cap or a crash ended.
-- Grain: date, cut, segment, measure, population.
-- Reads: daily_length.
-- Partition: filter on date.
-- Nulls: segment of the total and where unknown. There is no row without sessions.
CREATE OR REPLACE VIEW mart.fct_length AS
SELECT
  l.date,
  l.cut,
  l.segment,
  l.measure,
  l.population,
  l.sessions,
  SAFE_DIVIDE(l.sessions, MAX(CASE WHEN l.population = 'all' THEN l.sessions END) OVER (
    PARTITION BY l.date, l.cut, l.segment, l.measure
  )) AS share_of_sessions,
  l.users,
  l.zero_length_sessions,
  l.zero_length_share,
  l.sum_seconds,
  l.mean_seconds,
  l.p5_seconds,
  l.p10_seconds,
  l.p25_seconds,
  l.p50_seconds AS median_seconds,
  l.p75_seconds,
  l.p90_seconds,
  l.p95_seconds,
  l.p99_seconds,
  l.max_seconds,
  l.is_final,
  l.definition_digest
FROM mart.daily_length AS l
WHERE l.date BETWEEN DATE '2000-01-01' AND @as_of
